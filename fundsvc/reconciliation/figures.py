"""How many lines of an account wait and what they come to, quickly however many there are.

Asking of each line whether anything has taken it walks five tables once a line. What was taken is
told apart much sooner, so the figures are those of all lines less those of the lines that are
decided, or gone in another way: the same to the đồng as `decided.waiting` tells line by line.
"""

from collections import defaultdict
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, func, literal_column, select, union
from sqlalchemy.orm import Session

from fundsvc.reconciliation import decided, sums
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankLine

# Written out, for SQLite reads what is not held from its index alone only if it sees the word.
_HELD: ColumnElement[str] = literal_column(f"'{decided.HELD}'")
_FIGURES = func.count(), func.coalesce(func.sum(BankLine.credit + BankLine.debit), 0)


class Day(NamedTuple):
    """What waits of an account and unit from one day, in đồng."""

    bank_account_id: int
    unit_id: int
    on: date
    money_in: int
    money_out: int


def waiting(
    session: Session, account_id: int, *only: ColumnElement[bool], way: str = ""
) -> tuple[int, int]:
    """Return count and sum of an account's waiting lines.

    Args:
        session: for reading.
        account_id: the bank account.
        only: conditions on `BankLine`, for those of some lines alone.
        way: `in` or `out` for lines of money that came in or went out alone.
    """
    ways = {"": (), "in": (BankLine.credit > 0,), "out": (BankLine.debit > 0,)}[way]
    here = BankLine.bank_account_id == account_id, *only, *ways
    gone = _gone()
    undecided = *here, ~decided.by_decision()
    otherwise = select(*_FIGURES).join(gone, gone.c.bank_line_id == BankLine.id).where(*undecided)
    if not only:
        whole = sums.of_account(session, account_id).of(way)
        return _less(session, whole, [_decided(account_id, way), otherwise])
    lines, amount = session.execute(select(*_FIGURES).where(*undecided)).one()
    return _less(session, (lines, int(amount)), [otherwise])


def waiting_until(session: Session, account_id: int, last: date) -> tuple[int, int]:
    """Return count and sum of an account's waiting lines that were booked until a day.

    Months are closed soon after their end, so there are few lines after the day, and all less
    those is told sooner than those until it.
    """
    lines, amount = waiting(session, account_id)
    lines_after, amount_after = waiting(session, account_id, BankLine.booked_on > last)
    return lines - lines_after, amount - amount_after


def money_in(session: Session) -> tuple[int, int]:
    """Return count and sum of all waiting lines of money that came in, within the scope."""
    gone = _gone()
    came = BankLine.credit > 0
    whole = sums.of_accounts(session, session.scalars(select(BankAccount.id)).all())
    less: list[Select[int, int]] = [
        select(func.count(), func.coalesce(func.sum(BankDecision.amount), 0)).where(
            BankDecision.undone_at.is_(None),
            BankDecision.kind != _HELD,
            BankDecision.amount > 0,
        ),
        select(func.count(), func.coalesce(func.sum(BankLine.credit), 0))
        .join(gone, gone.c.bank_line_id == BankLine.id)
        .where(came, ~decided.by_decision()),
    ]
    ways = [one.of("in") for one in whole.values()]
    figures = sum(lines for lines, _money in ways), sum(money for _lines, money in ways)
    return _less(session, figures, less)


def by_day(session: Session, until: date) -> list[Day]:
    """Return what waits of each account by the day it came, until a day: money in and money out.

    As above: what all lines come to, less what is decided, less what went in another way.
    """
    gone = _gone()
    lines = select(*_of_day()).where(BankLine.booked_on <= until)
    decision = lines.join(BankDecision, decided.behind(BankDecision.bank_line_id)).where(
        BankDecision.undone_at.is_(None), BankDecision.kind != _HELD
    )
    otherwise = lines.join(gone, gone.c.bank_line_id == BankLine.id).where(~decided.by_decision())
    found: dict[tuple[int, int, date], list[int]] = defaultdict(lambda: [0, 0])
    for sign, part in ((1, lines), (-1, decision), (-1, otherwise)):
        grouped = part.group_by(BankLine.bank_account_id, BankLine.unit_id, BankLine.booked_on)
        for account_id, unit_id, on, into, out in session.execute(grouped):
            rest = found[account_id, unit_id, on]
            rest[0] += sign * int(into)
            rest[1] += sign * int(out)
    return [Day(*key, *rest) for key, rest in found.items() if any(rest)]


def _less(
    session: Session, figures: tuple[int, int], parts: list[Select[int, int]]
) -> tuple[int, int]:
    """Return count and sum less those of some parts."""
    lines, amount = figures
    for part in parts:
        gone, money = session.execute(part).one()
        lines, amount = lines - gone, amount - int(money)
    return lines, amount


def _of_day() -> tuple[Any, ...]:
    return (
        BankLine.bank_account_id,
        BankLine.unit_id,
        BankLine.booked_on,
        func.sum(BankLine.credit),
        func.sum(BankLine.debit),
    )


def _decided(account_id: int, way: str) -> Select[int, int]:
    """Return the figures of what decisions have taken: each is for the whole of its line."""
    ways = {"": (), "in": (BankDecision.amount > 0,), "out": (BankDecision.amount < 0,)}[way]
    return select(func.count(), func.coalesce(func.sum(func.abs(BankDecision.amount)), 0)).where(
        BankDecision.bank_account_id == account_id,
        BankDecision.undone_at.is_(None),
        BankDecision.kind != _HELD,
        *ways,
    )


@cache
def _gone() -> Subquery:
    """Return the lines that no decision but something else took: all accounts, few beside all."""
    return union(*decided.gone()).subquery()
