"""What of donations stands against taking an entry back: a receipt that the donor holds."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.donations.models import Donation
from fundsvc.donations.service import returned
from fundsvc.receipts import service as receipts


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which receipt must be voided first; whoever makes one waits until the entry is there.

    What came by card goes back to the card, and of what went back in part no whole is taken back.
    """
    del subject
    found = select(Donation).where(Donation.entry_id == entry.id).with_for_update()
    donation = session.scalar(found)
    if donation is None:
        return
    if donation.method == "card":
        yield _("Khoản ủng hộ qua thẻ chỉ hoàn lại qua cổng thanh toán, không ghi đảo.")
        return
    if returned(session, donation.id):
        yield _("Khoản ủng hộ này đã hoàn lại một phần; không ghi đảo được nữa.")
        return
    for receipt in receipts.of_donation(session, donation.id):
        if receipt.voided_at is None:
            yield _("Hủy biên nhận %(number)s trước.", number=receipt.number)
