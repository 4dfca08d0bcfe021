"""What a phone number gave by messages, and one receipt for several of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, literal, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry, Fund
from fundsvc.errors import Reason, Refusal
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.sms.lists import shown_phones
from fundsvc.sms.models import Campaign, SmsMessage
from fundsvc.sms.resolver import BOOKED
from fundsvc.units.models import Unit

_ENTRY, _REVERSAL = aliased(Entry), aliased(Entry)

MOST: Final = 500
FIELD: Final = "message"

Identity = tuple[str, str]
"""operator and request id"""


@dataclass(frozen=True, slots=True)
class Gift:
    """A booked message of a number (đồng), with number and code of its receipt if it has one."""

    operator: str
    request_id: str
    received_at: datetime
    received_on: date
    campaign: str
    amount: int
    fund_id: int
    fund_name: str
    unit_id: int
    unit_name: str
    receipt: str | None
    code: str | None

    @property
    def identity(self) -> Identity:
        """What the operator calls it by."""
        return self.operator, self.request_id


def gifts(session: Session, hashed: str) -> list[Gift]:
    """Return the booked messages of a number by its hash, the newest first, each as it stands now.

    One whose entry was reversed was not a gift.
    """
    message = SmsMessage
    rows = session.execute(
        select(message, Campaign, Fund.name, Unit.name, Receipt.number, Receipt.code)
        .join(Campaign, Campaign.id == message.campaign_id)
        .join(Fund, Fund.id == Campaign.fund_id)
        .join(Unit, Unit.id == Campaign.unit_id)
        .outerjoin(
            ReceiptSms,
            and_(
                ReceiptSms.operator == message.operator,
                ReceiptSms.request_id == message.request_id,
                ~ReceiptSms.voided,
            ),
        )
        .outerjoin(Receipt, Receipt.id == ReceiptSms.receipt_id)
        .where(message.phone_hash == hashed, message.status == BOOKED, ~is_taken_back())
        .order_by(message.received_at.desc(), message.operator, message.request_id)
        .limit(MOST)
    )
    return [
        Gift(
            operator=found.operator,
            request_id=found.request_id,
            received_at=found.received_at,
            received_on=found.received_on,
            campaign=f"{campaign.keyword} – {campaign.short_code}",
            amount=found.amount or 0,
            fund_id=campaign.fund_id,
            fund_name=fund,
            unit_id=campaign.unit_id,
            unit_name=unit,
            receipt=number,
            code=code,
        )
        for found, campaign, fund, unit, number, code in rows
    ]


def is_taken_back() -> ColumnElement[bool]:
    """Say whether the entry of a message was reversed."""
    return exists().where(
        _ENTRY.source == literal("sms:") + SmsMessage.operator,
        _ENTRY.external_id == SmsMessage.request_id,
        _REVERSAL.reverses_id == _ENTRY.id,
    )


def shown_phone(session: Session, hashed: str) -> str:
    """Return a number by its hash as pages show it, its middle hidden."""
    found = session.scalars(select(SmsMessage).where(SmsMessage.phone_hash == hashed).limit(1))
    return "".join(shown_phones(found.all()))


def issue_receipt(session: Session, hashed: str, chosen: Collection[Identity]) -> Receipt:
    """Issue one receipt for some messages of a number; call it last in a transaction.

    Raises:
        Refusal: none is chosen, one is not of this number, or they are of several funds.
        Conflict: one of them has a receipt already.
    """
    _lock(session, hashed)
    wanted = [gift for gift in gifts(session, hashed) if gift.identity in set(chosen)]
    if not wanted or len(wanted) != len(set(chosen)):
        raise Refusal(Reason(_("Xin chọn ít nhất một tin nhắn trong danh sách."), field=FIELD))
    if len({(gift.fund_id, gift.unit_id) for gift in wanted}) > 1:
        why = _("Một biên nhận chỉ ghi được tin nhắn của một quỹ.")
        raise Refusal(Reason(why, field=FIELD))
    days = [gift.received_on for gift in wanted]
    order = receipts.Order(
        unit_id=wanted[0].unit_id,
        fund_id=wanted[0].fund_id,
        amount=sum(gift.amount for gift in wanted),
        received_on=max(days),
        first_on=min(days),
        method="sms",
        phone=shown_phone(session, hashed),
        messages=tuple(gift.identity for gift in wanted),
    )
    return receipts.issue(session, order, by=None)


def _lock(session: Session, hashed: str) -> None:
    """Let two who want receipts for the same number stand in line."""
    rows: Any = select(SmsMessage.request_id).where(SmsMessage.phone_hash == hashed)
    session.execute(rows.order_by(SmsMessage.operator, SmsMessage.request_id).with_for_update())
