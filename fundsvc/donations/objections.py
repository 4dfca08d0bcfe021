"""What of donations stands against taking an entry back: a receipt that the donor holds."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.donations.models import Donation
from fundsvc.receipts import service as receipts


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which receipt must be voided first; whoever makes one waits until the entry is there."""
    del subject
    found = select(Donation.id).where(Donation.entry_id == entry.id).with_for_update()
    donation_id = session.scalar(found)
    if donation_id is None:
        return
    for receipt in receipts.of_donation(session, donation_id):
        if receipt.voided_at is None:
            yield _("Hủy biên nhận %(number)s trước.", number=receipt.number)
