"""Take in an operator's own list of messages for a settlement; a newer list replaces the older."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, cast

from flask_babel import gettext as _
from sqlalchemy import Table, delete, insert
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.errors import Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.imports import Refused
from fundsvc.settlements import sheet
from fundsvc.settlements.models import OK, Settlement, SettlementMessage
from fundsvc.settlements.service import subject, taken
from fundsvc.settlements.sheet import DetailRow
from fundsvc.sms import grammar
from fundsvc.sms.grammar import Grammar, Rule, Why
from fundsvc.sms.models import Campaign
from fundsvc.text import fold

_AT_ONCE: Final = 5_000
_TOLD: Final = 20
_TABLE: Table = SettlementMessage.__table__  # type: ignore[assignment]  # A mapped class has a Table.


@dataclass(frozen=True, slots=True)
class Taken:
    """How many messages of a list are about the settlement, and how many are of others.

    `failed` are those of the settlement's that the list calls unpaid.
    """

    messages: int
    others: int
    failed: int = 0


def take_list(session: Session, settlement_id: int, data: bytes, *, name: str, by: int) -> Taken:
    """Keep an operator's list for a settlement, all of it or nothing.

    Messages that name another short code or keyword are left out: an operator may send one list
    for all its campaigns.

    Raises:
        NotFound: there is no such settlement.
        Refusal: the file or a row of it cannot be read.
    """
    row = taken(session, settlement_id)
    refused = Refused()
    reading = _Reading(session, row, refused)
    kept = reading.rows(data)
    sha256 = evidence.record(
        session, data, name=name, media_type=sheet.media_type(data), by=by, sealed=True
    )
    older = delete(SettlementMessage).where(SettlementMessage.settlement_id == row.id)
    session.execute(older)
    while some := list(islice(kept, _AT_ONCE)):
        session.execute(insert(_TABLE), some)
    if refused.count:
        raise Refusal(
            *(Reason(bad.reason, bad.row, bad.field) for bad in refused.rows[:_TOLD]),
        )
    if not reading.messages:
        raise Refusal(_("Tệp không có tin nhắn nào của quyết toán này."))
    row.detail_sha256 = sha256
    facts = {"sha256": sha256, "messages": reading.messages}
    audit.record(session, "settlement.list", subject(row.id), facts, by=by)
    session.flush()
    return Taken(reading.messages, reading.others, reading.failed)


class _Reading:
    """Turns rows of a list into rows of the table; counts them, and those of other campaigns."""

    def __init__(self, session: Session, row: Settlement, refused: Refused) -> None:
        campaign = session.get_one(Campaign, row.campaign_id)
        self._row, self._refused = row, refused
        self._short_code = campaign.short_code
        self._rule = Rule(
            fold(campaign.keyword), cast("Grammar", campaign.grammar), campaign.unit_value
        )
        self._seen: dict[str, tuple[str, int | None]] = {}
        self.messages = self.others = self.failed = 0

    def rows(self, data: bytes) -> Any:
        """Yield the rows to keep."""
        for detail in sheet.read_details(data, self._refused):
            if detail.operator and fold(detail.operator) != self._row.operator:
                self._refused.add(detail.row, "operator", _("Đây là tin của nhà mạng khác."))
                continue
            worth = grammar.read(detail.message, self._rule) if detail.message else None
            if detail.short_code not in {"", self._short_code} or worth is Why.NO_KEYWORD:
                self.others += 1
                continue
            amount = detail.amount
            if amount is None and not isinstance(worth, Why):
                amount = worth
            if self._is_new(detail, amount):
                self.messages += 1
                self.failed += detail.status != OK
                yield {
                    "settlement_id": self._row.id,
                    "request_id": detail.request_id,
                    "row": detail.row,
                    "status": detail.status,
                    "amount": amount,
                }

    def _is_new(self, detail: DetailRow, amount: int | None) -> bool:
        told = (detail.status, amount)
        known = self._seen.setdefault(detail.request_id, told)
        if known is told:
            return True
        if known != told:
            why = _("Mã tin này đã có ở dòng trên với số tiền hoặc trạng thái khác.")
            self._refused.add(detail.row, "request_id", why)
        return False
