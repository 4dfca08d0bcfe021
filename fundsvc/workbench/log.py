"""What somebody decided lately: the log of a session, each with what undoing it would do."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.clock import VN
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankLine

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Act:
    """A decision as the log shows it; `undone_why` says that it was undone."""

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
        )
        for row, line, code in session.execute(query)
    ]
