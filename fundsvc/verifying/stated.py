"""What receipts state, compared with what they were issued for, and the seals they were printed by.

A receipt's facts are frozen, so whatever can be derived of them is derived again here: from the
donation or the messages, from what the donor was ever called, and from the chain of seals. Whoever
makes the chain anew would have to change every receipt that knew the old one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from fundsvc import clock
from fundsvc.audit.models import Act
from fundsvc.books.models import Fund, Seal
from fundsvc.books.verify import Fault
from fundsvc.donations.models import AnnualReceipt, Donation
from fundsvc.donations.service import PROMISED
from fundsvc.donors.models import Donor, DonorVersion
from fundsvc.receipts.document import words
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.sms.models import Campaign, SmsMessage
from fundsvc.units.models import Province, Unit

RULE: Final = "receipt-facts"
BATCH: Final = 500
MOST_NAMED: Final = 5
NEAR: Final = timedelta(minutes=1)
"""The day printed was read before the moment kept, maybe on the other side of midnight."""
LABELS: Final[dict[str, Callable[[], str]]] = {
    "amount_words": lambda: _("số tiền bằng chữ"),
    "received_on": lambda: _("ngày nhận"),
    "first_on": lambda: _("ngày của tin nhắn đầu tiên"),
    "issued_on": lambda: _("ngày cấp"),
    "method": lambda: _("cách ủng hộ"),
    "fund_code": lambda: _("quỹ"),
    "unit_code": lambda: _("đơn vị"),
    "unit_name": lambda: _("tên đơn vị"),
    "unit_address": lambda: _("địa chỉ đơn vị"),
    "province": lambda: _("tỉnh, thành phố"),
    "earmark": lambda: _("mục đích"),
    "on_behalf_of": lambda: _("nhân danh"),
    "in_memory_of": lambda: _("tưởng nhớ"),
    "donor_name": lambda: _("tên người ủng hộ"),
    "donor_kind": lambda: _("loại người ủng hộ"),
    "donor_address": lambda: _("địa chỉ người ủng hộ"),
    "replaces": lambda: _("biên nhận được thay thế"),
    "series": lambda: _("dãy số"),
}
"""What each fact is called for whoever reads a receipt."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield receipts that state something else than they stand for, and heads that are not ours."""
    yield from _heads(session)
    known = _Known(session)
    for row in session.execute(_OF_DONATIONS.execution_options(yield_per=BATCH)):
        yield from _unlike(row, known.of_donation(row))
    for row in session.execute(_OF_MESSAGES.execution_options(yield_per=BATCH)):
        yield from _unlike(row, known.of_messages(row))


def _unlike(row: Any, meant: dict[str, set[Any]]) -> Iterator[Fault]:
    facts = {"series": row.series, **row.facts}
    wrong = [name for name, values in meant.items() if facts.get(name) not in values]
    if wrong:
        why = _(
            "Biên nhận %(number)s ghi khác với khoản ủng hộ của nó: %(what)s.",
            number=row.number,
            what=", ".join(LABELS[name]() for name in wrong),
        )
        yield Fault(RULE, f"receipt:{row.number}", why)


class _Known:
    """What units and donors were ever called, read once."""

    def __init__(self, session: Session) -> None:
        self._units: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
        changed = select(Act.subject, Act.facts).where(Act.kind == "unit.change")
        for subject, facts in session.execute(changed):
            for name, (old, new) in facts.items():
                self._units[subject.removeprefix("unit:"), name].update((old, new))
        self._donors: defaultdict[int, list[Any]] = defaultdict(list)
        earlier = select(
            DonorVersion.donor_id, DonorVersion.name, DonorVersion.kind, DonorVersion.address
        )
        for row in session.execute(earlier):
            self._donors[row.donor_id].append(row)

    def of_donation(self, row: Any) -> dict[str, set[Any]]:
        """Return what the receipt of a donation may state."""
        meant = self._of_any(row) | {
            "received_on": {row.received_on.isoformat()},
            "method": {row.method},
            "province": {row.province or ""},
            "earmark": {row.earmark},
            "replaces": {row.replaced or ""},
        }
        if row.donor_id is None:
            return meant | {"donor_name": {""}, "donor_address": {""}}
        if row.erased_at is not None:
            # A receipt from before keeps the name, for the law wants it; nothing proves it here.
            return meant
        called = [row, *self._donors[row.donor_id]]
        promised = row.donation_key.startswith(PROMISED)
        return meant | {
            "on_behalf_of": {row.on_behalf_of},
            "in_memory_of": {row.in_memory_of},
            "donor_name": {one.name for one in called},
            "donor_kind": {one.kind for one in called},
            "donor_address": {""} if promised else {one.address for one in called},
        }

    def of_messages(self, row: Any) -> dict[str, set[Any]]:
        """Return what the receipt of messages may state."""
        return self._of_any(row) | {
            "received_on": {row.last_on.isoformat()},
            "first_on": {row.first_on.isoformat()},
            "method": {"sms"},
            "donor_name": {""},
            "replaces": {""},
        }

    def _of_any(self, row: Any) -> dict[str, set[Any]]:
        moments = (row.issued_at, row.issued_at - NEAR)
        return {
            "amount_words": {words(row.facts["amount"])},
            "issued_on": {moment.astimezone(clock.VN).date().isoformat() for moment in moments},
            "fund_code": {row.fund},
            "series": {row.prefix},
            "unit_code": {row.unit},
            "unit_name": {row.unit_name} | self._units[row.unit, "name"],
            "unit_address": {row.unit_address} | self._units[row.unit, "address"],
        }


_OLDER = aliased(Receipt)
_ANY: Final = (
    Receipt.number,
    Receipt.series,
    Receipt.facts,
    Receipt.issued_at,
    Unit.code.label("unit"),
    Unit.name.label("unit_name"),
    Unit.address.label("unit_address"),
    Fund.code.label("fund"),
    Fund.prefix,
)
_OF_DONATIONS: Final = (
    select(
        *_ANY,
        Donation.received_on,
        Donation.method,
        Donation.earmark,
        Donation.on_behalf_of,
        Donation.in_memory_of,
        Donation.key.label("donation_key"),
        Donation.donor_id,
        Province.name.label("province"),
        Donor.name,
        Donor.kind,
        Donor.address,
        Donor.erased_at,
        _OLDER.number.label("replaced"),
    )
    .join(Donation, Donation.id == Receipt.donation_id)
    .join(Unit, Unit.id == Donation.unit_id)
    .join(Fund, Fund.id == Donation.fund_id)
    .outerjoin(Province, Province.id == Donation.province_id)
    .outerjoin(Donor, Donor.id == Donation.donor_id)
    .outerjoin(_OLDER, _OLDER.replaced_by_id == Receipt.id)
    .order_by(Receipt.id)
)
_TOLD = (
    select(
        ReceiptSms.receipt_id,
        func.min(SmsMessage.received_on).label("first_on"),
        func.max(SmsMessage.received_on).label("last_on"),
        func.min(SmsMessage.campaign_id).label("campaign_id"),
    )
    .join(
        SmsMessage,
        (SmsMessage.operator == ReceiptSms.operator)
        & (SmsMessage.request_id == ReceiptSms.request_id),
    )
    .group_by(ReceiptSms.receipt_id)
    .subquery()
)
_OF_MESSAGES: Final = (
    select(*_ANY, _TOLD.c.first_on, _TOLD.c.last_on)
    .join(_TOLD, _TOLD.c.receipt_id == Receipt.id)
    .join(Campaign, Campaign.id == _TOLD.c.campaign_id)
    .join(Unit, Unit.id == Campaign.unit_id)
    .join(Fund, Fund.id == Campaign.fund_id)
    .where(Receipt.donation_id.is_(None))
    .order_by(Receipt.id)
)


def _heads(session: Session) -> Iterator[Fault]:
    """Yield seals whose heads papers know otherwise: the chain was made anew, or the paper."""
    heads = {seal.number: seal.head for seal in session.execute(select(Seal.number, Seal.head))}
    heads[0] = ""
    unlike: defaultdict[int, list[str]] = defaultdict(list)
    for paper in (Receipt, AnnualReceipt):
        query = select(paper.number, paper.facts).order_by(paper.id)
        for number, facts in session.execute(query.execution_options(yield_per=BATCH)):
            seal = facts.get("seal", 0)
            if heads.get(seal) != facts.get("head", ""):
                unlike[seal].append(number)
    for seal, papers in sorted(unlike.items()):
        why = _(
            "Mã của niêm phong số %(seal)s khác với mã đã in trên %(count)s giấy (%(papers)s).",
            seal=seal,
            count=len(papers),
            papers=", ".join(papers[:MOST_NAMED]) + ("…" if len(papers) > MOST_NAMED else ""),
        )
        yield Fault("printed-head", f"seal:{seal}", why)
