"""Sums of the books for pages: what funds have, how it moved month by month, what came in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund, Posting
from fundsvc.books.totals import Columns, Where, moves, totals
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
    """Return each fund's balance at the end of every month that begins on one of `starts`.

    The months follow each other, and the last one counts until `last`. Only the units in scope are
    counted.
    """
    where = _on(_net(session))
    ends = totals(session, ("fund",), starts[0], last, where=where)
    before = {total.key[0]: -total.before for total in ends}
    closing = {total.key[0]: -total.after for total in ends}
    whole = starts[-1] - timedelta(days=1)
    moved = {
        (move.key[0], move.on): move.credit - move.debit
        for move in moves(session, ("fund",), starts[0], whole, where=where, monthly=True)
    }
    found = []
    for fund in funds(session):
        balance = before.get(fund.id, 0)
        balances = list(
            accumulate((moved.get((fund.id, start), 0) for start in starts[:-1]), initial=balance)
        )
        ends_ = (*balances[1:], closing.get(fund.id, 0))
        found.append(FundBalances(fund.code, fund.name, fund.name_en, balance, ends_))
    return found


def unit_balances(
    session: Session, last: date, unit_ids: Collection[int] | None = None
) -> dict[tuple[int, str], int]:
    """Return the net balance of each fund of each unit in scope, by unit id and fund code."""
    codes = {fund.id: fund.code for fund in funds(session)}
    found = totals(session, ("unit", "fund"), last, last, where=_on(_net(session), unit_ids))
    return {(total.key[0], codes[total.key[1]]): -total.after for total in found}


def came_in(session: Session, first: date, last: date, limit: int) -> list[CameIn]:
    """Return what came in, newest day first: sums per day, fund and way in."""
    named = select(Account.id, Account.code, Account.name, Account.name_en)
    ways = {
        row.id: row
        for row in session.execute(
            named.where((Account.type == "income") | (Account.code == UNIDENTIFIED_IN))
        )
    }
    codes = {fund.id: fund.code for fund in funds(session)}
    found = [
        CameIn(move.on, codes[move.key[0]], *ways[move.key[1]][1:], move.entries, move.credit)
        for move in moves(session, ("fund", "account"), first, last, where=_on(ways), carried=False)
        if move.credit
    ]
    found.sort(key=lambda row: (row.on, row.amount), reverse=True)
    return found[:limit]


def _net(session: Session) -> list[int]:
    return list(session.scalars(select(Account.id).where(Account.type.in_(NET_TYPES))))


def _on(accounts: Collection[int], unit_ids: Collection[int] | None = None) -> Where:
    """Return the condition that holds for some accounts, and if told for some units."""

    def where(columns: Columns) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [columns.account_id.in_(accounts)]
        return found if unit_ids is None else [*found, columns.unit_id.in_(unit_ids)]

    return where


def is_empty(session: Session) -> bool:
    """Say whether nothing has been booked yet, in the units in scope."""
    return session.scalar(select(Posting.entry_id).limit(1)) is None
