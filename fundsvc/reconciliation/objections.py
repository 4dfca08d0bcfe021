"""What of the bank stands against taking an entry back: a line that became a donation."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.reconciliation.models import BankGift, BankLine


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which donation of this line must be taken back first."""
    del subject
    line = select(BankLine.id).where(BankLine.entry_id == entry.id).with_for_update()
    line_id = session.scalar(line)
    if line_id is None:
        return
    given = session.scalar(
        select(Donation.id)
        .join(BankGift, BankGift.donation_id == Donation.id)
        .where(BankGift.bank_line_id == line_id, ~is_undone(Donation.entry_id))
    )
    if given is not None:
        yield _(
            "Dòng sao kê này đã thành khoản ủng hộ số %(id)s; ghi đảo khoản đó trước.", id=given
        )
