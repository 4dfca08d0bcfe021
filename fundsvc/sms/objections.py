"""What of messages stands against taking an entry back: a receipt that the donor holds."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.sms.models import SmsMessage

SOURCE = "sms:"


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which receipt must be voided first.

    A receipt locks its messages too, so none comes between the look for one and the entry.
    """
    del subject
    if not entry.source.startswith(SOURCE):
        return
    operator = entry.source.removeprefix(SOURCE)
    named = (SmsMessage.operator == operator, SmsMessage.request_id == entry.external_id)
    session.execute(select(SmsMessage.request_id).where(*named).with_for_update())
    numbers = (
        select(Receipt.number)
        .join(ReceiptSms, ReceiptSms.receipt_id == Receipt.id)
        .where(
            ReceiptSms.operator == operator,
            ReceiptSms.request_id == entry.external_id,
            ~ReceiptSms.voided,
        )
    )
    for number in session.scalars(numbers):
        yield _("Tin này có biên nhận %(number)s; hủy biên nhận trước.", number=number)
