"""What of the bank stands against taking an entry back: its lines, and what was signed of them."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.errors import Conflict
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import (
    BankAccount,
    BankDecision,
    BankDecisionPart,
    BankGift,
    BankLine,
)
from fundsvc.reconciliation.signed import hold_line


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which donation of this line must be taken back first."""
    yield from _of_decision(session, entry, subject)
    yield from _of_signed_gift(session, entry)
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


def _of_signed_gift(session: Session, entry: Entry) -> Iterator[str]:
    """Tell of a donation whose line lies in a signed month: the line would wait again."""
    line_id = session.scalar(
        select(BankGift.bank_line_id)
        .join(Donation, Donation.id == BankGift.donation_id)
        .where(Donation.entry_id == entry.id)
    )
    if line_id is None:
        return
    try:
        hold_line(session, line_id)
    except Conflict as refusal:
        yield str(refusal)


def _of_decision(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell which line rests on this entry, or is decided itself: that is undone at the workbench.

    Whoever undoes a decision notes so first, and is not held.
    """
    del subject
    stands = BankDecision.undone_at.is_(None)
    part = (
        select(BankDecisionPart.id)
        .where(
            BankDecisionPart.decision_id == BankDecision.id, BankDecisionPart.entry_id == entry.id
        )
        .exists()
    )
    own = select(BankLine.id).where(BankLine.entry_id == entry.id)
    wanted = or_(BankDecision.entry_id == entry.id, part, BankDecision.bank_line_id.in_(own))
    found = session.execute(
        select(BankLine.booked_on, BankAccount.code)
        .join(BankDecision, BankDecision.bank_line_id == BankLine.id)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(stands, BankDecision.kind != decided.HELD, wanted)
        .limit(1)
    ).first()
    if found is not None:
        yield _(
            "Bút toán này gắn với một dòng sao kê đã quyết định (%(code)s, ngày %(day)s); hoàn tác"
            " ở bàn đối soát trước.",
            code=found.code,
            day=f"{found.booked_on:%d/%m/%Y}",
        )
