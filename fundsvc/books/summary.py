"""Sums of the books for pages: what funds have, how it moved month by month, what came in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund, Posting
from ledger.accounts import UNIDENTIFIED_IN

NET_TYPES = ("equity", "income", "expense")
"""The accounts whose sum is a fund's net balance: what it has less what it owes."""


@dataclass(frozen=True, slots=True)
class FundBalances:
    """A fund's net balance in đồng before a first day, and at the end of each period after it."""

    code: str
    name: str
    name_en: str
    before: int
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CameIn:
    """What came in on one day over one income account, or as unidentified money."""

    on: date
    fund: str
    account: str
    name: str
    name_en: str
    count: int
    amount: int


def funds(session: Session) -> list[Fund]:
    """Return the funds in the order of their setting up."""
    return list(session.scalars(select(Fund).order_by(Fund.id)))


def fund_balances(session: Session, starts: Sequence[date], last: date) -> list[FundBalances]:
    """Return each fund's balance at the end of every period that begins on one of `starts`.

    The last period ends with `last`. Only the units in scope are counted.
    """
    period = case(
        *((Posting.date < start, place) for place, start in enumerate(starts)), else_=len(starts)
    )
    query = (
        select(Posting.fund_id, period, func.sum(Posting.credit - Posting.debit))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.type.in_(NET_TYPES), Posting.date <= last)
        .group_by(Posting.fund_id, period)
    )
    moved = {(fund_id, place): int(amount) for fund_id, place, amount in session.execute(query)}
    found = []
    for fund in funds(session):
        balance = before = moved.get((fund.id, 0), 0)
        ends = []
        for place in range(1, len(starts) + 1):
            balance += moved.get((fund.id, place), 0)
            ends.append(balance)
        found.append(FundBalances(fund.code, fund.name, fund.name_en, before, tuple(ends)))
    return found


def unit_balances(
    session: Session, last: date, unit_ids: Collection[int] | None = None
) -> dict[tuple[int, str], int]:
    """Return the net balance of each fund of each unit in scope, by unit id and fund code."""
    query = (
        select(Posting.unit_id, Fund.code, func.sum(Posting.credit - Posting.debit))
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .where(Account.type.in_(NET_TYPES), Posting.date <= last)
        .group_by(Posting.unit_id, Fund.code)
    )
    if unit_ids is not None:
        query = query.where(Posting.unit_id.in_(unit_ids))
    return {(unit_id, code): int(amount) for unit_id, code, amount in session.execute(query)}


def came_in(session: Session, first: date, last: date, limit: int) -> list[CameIn]:
    """Return what came in, newest day first: sums per day, fund and way in."""
    accounts = select(Account.id).where(
        (Account.type == "income") | (Account.code == UNIDENTIFIED_IN)
    )
    amount = func.sum(Posting.credit)
    query = (
        select(
            Posting.date,
            Fund.code,
            Account.code,
            Account.name,
            Account.name_en,
            func.count(),
            amount,
        )
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .where(
            Posting.account_id.in_(accounts),
            Posting.date.between(first, last),
            Posting.credit != 0,
        )
        .group_by(Posting.date, Fund.id, Account.id)
        .order_by(Posting.date.desc(), amount.desc())
        .limit(limit)
    )
    return [CameIn(*row[:6], int(row[6])) for row in session.execute(query)]


def unidentified(session: Session) -> tuple[int, int]:
    """Return how much unidentified money there is in scope, and from how many bank lines it came.

    The number counts what was booked as unidentified and not yet taken out by as many decisions.
    """
    query = (
        select(
            func.coalesce(func.sum(Posting.credit - Posting.debit), 0),
            func.count(case((Posting.credit > 0, 1))) - func.count(case((Posting.debit > 0, 1))),
        )
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == UNIDENTIFIED_IN)
    )
    amount, count = session.execute(query).one()
    return int(amount), int(count)


def is_empty(session: Session) -> bool:
    """Say whether nothing has been booked yet, in the units in scope."""
    return session.scalar(select(Posting.entry_id).limit(1)) is None
