"""Lines that something else than a decision has taken: a gift by its code, a settlement, a payout.

Each is undone as the page of its own slice undoes it, by that slice's service: always a reversal.
"""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.online import arrivals, movements
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation import signed
from fundsvc.reconciliation.models import BankGift, BankLine
from fundsvc.settlements import service as settlements
from fundsvc.settlements.models import SettlementPayment
from fundsvc.staff.acting import hold_role
from fundsvc.text import clean
from fundsvc.workbench import undoing
from ledger.words import grouped

GIFT, SETTLEMENT, PAYOUT = "gift", "settlement", "payout"
KEEPERS: Final = {
    GIFT: ("treasurer", "unit-treasurer"),
    SETTLEMENT: ("treasurer",),
    PAYOUT: ("treasurer",),
}
"""Who undoes each, as on its own page."""
PAGES: Final = {
    GIFT: "/donations/{}",
    SETTLEMENT: "/sms/settlements/{}",
    PAYOUT: "/card-payments",
}
"""Where each thing is shown."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What has taken a line: a donation, a settlement (by one of its acts) or a payout."""

    what: str
    thing_id: int
    act: int = 0

    @property
    def page(self) -> str:
        """The address of the thing's own page."""
        return PAGES[self.what].format(self.thing_id)


def by_what(session: Session, line_id: int) -> Taken | None:
    """Return what else than a decision has taken a line, None when nothing has."""
    donation_id = session.scalar(
        select(Donation.id)
        .join(BankGift, BankGift.donation_id == Donation.id)
        .where(BankGift.bank_line_id == line_id, ~is_undone(Donation.entry_id))
    )
    if donation_id is not None:
        return Taken(GIFT, donation_id)
    if undoing.standing(session, line_id) is not None:
        return None
    paid = session.get(SettlementPayment, line_id)
    if paid is not None:
        return Taken(SETTLEMENT, paid.settlement_id, paid.act)
    payout_id = session.scalar(select(CardPayout.id).where(CardPayout.bank_line_id == line_id))
    return None if payout_id is None else Taken(PAYOUT, payout_id)


def would_undo(session: Session, line_id: int) -> str:
    """Say in a sentence what undoing it would do.

    Raises:
        NotFound: nothing has taken the line, or not for this person.
    """
    found = by_what(session, line_id)
    line = session.scalar(select(BankLine).where(BankLine.id == line_id))
    if found is None or line is None:
        raise NotFound
    amount = grouped(line.credit or line.debit)
    if found.what == SETTLEMENT:
        return _(
            "Ghi đảo tiền nhà mạng đã trả %(amount)s đ; quyết toán lại còn phải thu và dòng sao kê"
            " lại chờ quyết định.",
            amount=amount,
        )
    if found.what == PAYOUT:
        return _(
            "Ghi đảo tiền đợt chuyển %(amount)s đ; đợt chuyển lại chờ tiền về và dòng sao kê lại"
            " chờ quyết định.",
            amount=amount,
        )
    if numbers := undoing.valid_receipts(session, found.thing_id):
        return _(
            "Hủy biên nhận %(number)s và ghi đảo khoản ủng hộ %(amount)s đ; dòng sao kê lại chờ"
            " quyết định.",
            number=", ".join(numbers),
            amount=amount,
        )
    return _("Ghi đảo khoản ủng hộ %(amount)s đ; dòng sao kê lại chờ quyết định.", amount=amount)


def undo(session: Session, line_id: int, *, by: int, why: str) -> None:
    """Take back what has taken a line, as its own page would; the line waits again.

    Raises:
        NotFound: there is no such line, or not for this person.
        Forbidden: the person may not undo it on its own page either.
        Conflict: nothing has taken it any more, or it lies in a signed month.
        Refusal: there is no reason, or something stands against a reversal.
    """
    why = clean(why, undoing.LONGEST, "why")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do hoàn tác."), field="why"))
    if session.scalar(select(BankLine.id).where(BankLine.id == line_id)) is None:
        raise NotFound
    found = _locked(session, line_id)
    hold_role(session, by, KEEPERS[found.what], _("Chỉ kế toán hoàn tác việc này được."))
    signed.hold_line(session, line_id)
    if found.what == GIFT:
        undoing.take_back_gift(session, found.thing_id, why=why, by=by)
    elif found.what == SETTLEMENT:
        settlements.undo(session, found.thing_id, found.act, reason=why, by=by)
    else:
        arrivals.unmatch(session, found.thing_id, reason=why, by=by)
    facts = {found.what: found.thing_id, "reason": why}
    audit.record(session, "bank-line.undo", f"bank-line:{line_id}", facts, by=by)
    session.flush()


def _locked(session: Session, line_id: int) -> Taken:
    """Return what has taken a line, locked as its own page locks it.

    Raises:
        Conflict: nothing has, or no more.
    """
    found = by_what(session, line_id)
    if found is not None:
        if found.what == GIFT:
            session.get_one(BankLine, line_id, with_for_update=True)
        elif found.what == SETTLEMENT:
            settlements.taken(session, found.thing_id)
        else:
            movements.lock(session)
        session.expire_all()
    if found is None or by_what(session, line_id) != found:
        raise Conflict(_("Dòng sao kê này không còn gắn với việc đó; có thể vừa được hoàn tác."))
    return found
