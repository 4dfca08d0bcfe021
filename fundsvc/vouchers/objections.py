"""What of vouchers stands against taking an entry back: it is done by the voucher alone."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.vouchers.models import Voucher

OWN = "voucher:"


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Send whoever takes back a voucher's entry to the voucher, where its checks are made."""
    if subject.startswith(OWN):
        return
    if session.scalar(select(Voucher.id).where(Voucher.entry_id == entry.id)) is not None:
        yield _("Bút toán này của một chứng từ; ghi đảo tại trang của chứng từ đó.")
