"""What was decided lately, by somebody or by all and by the machine: each with its undoing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.reversing import is_undone
from fundsvc.clock import VN
from fundsvc.donations.models import Donation
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankGift, BankLine
from fundsvc.settlements.models import SettlementPayment
from fundsvc.staff.models import StaffUser
from fundsvc.workbench.taken import GIFT, PAYOUT, SETTLEMENT, by_what

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Act:
    """A decision as the log shows it; `undone_why` says that it was undone.

    What became of a line without a decision has the id 0. Without `who` nobody looked at it.
    """

    id: int
    at: datetime
    code: str
    line_id: int
    on: date
    amount: int
    memo: str
    kind: str
    note: str
    automatic: bool
    undone_why: str | None
    who: str = ""

    @property
    def undo(self) -> str:
        """The address of the page that undoes it."""
        if self.id:
            return f"/workbench/decisions/{self.id}/undo"
        return f"/workbench/{self.code}/lines/{self.line_id}/undo"


def lately(session: Session, user_id: int, most: int) -> list[Act]:
    """Return what somebody decided last and what still stands, the newest first."""
    query = _acts().where(BankDecision.decided_by == user_id, BankDecision.undone_at.is_(None))
    since = datetime.combine(clock.today(), time.min, VN)
    return _read(session, query.where(BankDecision.decided_at >= since).limit(most))


def of_day(session: Session, user_id: int, day: date) -> list[Act]:
    """Return what somebody decided on a day, the newest first."""
    first = datetime.combine(day, time.min, VN)
    last = datetime.combine(day, time.max, VN)
    query = _acts().where(
        BankDecision.decided_by == user_id, BankDecision.decided_at.between(first, last)
    )
    return _read(session, query.limit(MOST))


def of_all(session: Session, day: date) -> tuple[list[Act], bool]:
    """Return what all people and the machine made of lines on a day, the newest first.

    It is what the workbench decided and what other pages did; also whether there is more.
    """
    first = datetime.combine(day, time.min, VN)
    last = datetime.combine(day, time.max, VN)
    query = _acts().where(BankDecision.decided_at.between(first, last)).limit(MOST + 1)
    found = _read(session, query)
    for what, at, by, found_by in _WAYS:
        taken = (
            select(BankLine, BankAccount.code, at, by)
            .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
            .where(at.between(first, last), _undecided())
            .order_by(at.desc())
            .limit(MOST + 1)
        )
        for line, code, moment, who in session.execute(found_by(taken)):
            found.append(_taken(line, code, what, moment, who))
    found.sort(key=lambda act: (act.at, act.line_id), reverse=True)
    shown = found[:MOST]
    ids = {int(act.who) for act in shown if act.who}
    people = select(StaffUser.id, StaffUser.name).where(StaffUser.id.in_(ids))
    names = {str(row.id): row.name for row in session.execute(people)}
    return [replace(act, who=names.get(act.who, "")) for act in shown], len(found) > MOST


def of_line(session: Session, code: str, line_id: int) -> Act | None:
    """Return what has taken a line without a decision, within the session's scope."""
    line = session.scalar(
        select(BankLine)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankLine.id == line_id, BankAccount.code == code)
    )
    found = by_what(session, line_id) if line is not None else None
    if line is None or found is None:
        return None
    return _taken(line, code, found.what, clock.now(), None)


def one(session: Session, decision_id: int) -> Act | None:
    """Return a decision within the session's scope."""
    found = _read(session, _acts().where(BankDecision.id == decision_id))
    return found[0] if found else None


def _acts() -> Select[BankDecision, BankLine, str]:
    return (
        select(BankDecision, BankLine, BankAccount.code)
        .join(BankLine, BankLine.id == BankDecision.bank_line_id)
        .join(BankAccount, BankAccount.id == BankDecision.bank_account_id)
        .order_by(BankDecision.decided_at.desc(), BankDecision.id.desc())
    )


def _undecided() -> ColumnElement[bool]:
    """Whether no decision of a line stands: what is decided is told by its decision."""
    return ~exists().where(
        BankDecision.bank_line_id == BankLine.id,
        BankDecision.undone_at.is_(None),
        BankDecision.kind != decided.HELD,
    )


def _gifts(query: Select[Any]) -> Select[Any]:
    return (
        query.join(BankGift, BankGift.bank_line_id == BankLine.id)
        .join(Donation, Donation.id == BankGift.donation_id)
        .where(~is_undone(Donation.entry_id))
    )


def _settlements(query: Select[Any]) -> Select[Any]:
    return query.join(SettlementPayment, decided.behind(SettlementPayment.bank_line_id))


def _payouts(query: Select[Any]) -> Select[Any]:
    return query.join(CardPayout, decided.behind(CardPayout.bank_line_id))


_WAYS: Final[tuple[tuple[str, Any, Any, Callable[[Select[Any]], Select[Any]]], ...]] = (
    (GIFT, Donation.recorded_at, Donation.recorded_by, _gifts),
    (SETTLEMENT, SettlementPayment.confirmed_at, SettlementPayment.confirmed_by, _settlements),
    (PAYOUT, CardPayout.matched_at, CardPayout.matched_by, _payouts),
)
"""When and by whom other pages made something of a line, and how their rows are found."""


def _taken(line: BankLine, code: str, what: str, at: datetime, who: int | None) -> Act:
    return Act(
        id=0,
        at=at,
        code=code,
        line_id=line.id,
        on=line.booked_on,
        amount=line.credit - line.debit,
        memo=line.memo,
        kind=what,
        note="",
        automatic=who is None,
        undone_why=None,
        who=str(who) if who else "",
    )


def _read(session: Session, query: Select[BankDecision, BankLine, str]) -> list[Act]:
    return [
        Act(
            id=row.id,
            at=row.decided_at,
            code=code,
            line_id=line.id,
            on=line.booked_on,
            amount=row.amount,
            memo=line.memo,
            kind=row.kind,
            note=row.note,
            automatic=row.automatic,
            undone_why=row.undone_why,
            who=str(row.decided_by) if row.decided_by else "",
        )
        for row, line, code in session.execute(query)
    ]
