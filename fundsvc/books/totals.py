"""Sums of the books by any of their keys: what stood before a day, and what moved until another.

Every statement, balance and opening is drawn from here, or from `fundsvc.books.sums` below.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, Integer, and_, literal_column
from sqlalchemy.orm import Session

from fundsvc.books import sums
from fundsvc.books.grains import FIGURES, Grain
from fundsvc.books.sums import CARRY_FORWARD, KEYS, OF_SUMS, Total
from fundsvc.driver import as_day

__all__ = [
    "CARRY_FORWARD",
    "KEYS",
    "Columns",
    "Move",
    "Total",
    "Where",
    "balances",
    "moves",
    "totals",
]


@dataclass(frozen=True, slots=True)
class Columns:
    """The keys as columns, for conditions; `province_id` is 0 where an entry states none."""

    account_id: ColumnElement[int]
    fund_id: ColumnElement[int]
    unit_id: ColumnElement[int]
    province_id: ColumnElement[int]


_MOVED: Final = """
SELECT {grain} AS date, {keys} sum(debit) AS debit, sum(credit) AS credit,
    sum(entries) AS entries, (SELECT coalesce(max(last_entry), 0) FROM seal) AS sealed
FROM ({parts}) AS parts WHERE date BETWEEN :first AND :last
GROUP BY {keys} {grain} ORDER BY {grain}
"""


@dataclass(frozen=True, slots=True)
class Move:
    """What moved on a day or in a month, in đồng; `key` as in `Total`."""

    on: date
    key: tuple[int, ...]
    debit: int
    credit: int
    entries: int


Where = Callable[[Columns], Sequence[ColumnElement[bool]]]
_KEYS: Final = Columns(*(literal_column(getattr(OF_SUMS, f"{name}_id"), Integer) for name in KEYS))


def totals(
    session: Session,
    by: Collection[str],
    first: date,
    last: date,
    *,
    where: Where | None = None,
    carried: bool = True,
) -> list[Total]:
    """Sum the journal by some of `KEYS`, from a first to a last day, within the session's scope.

    Args:
        session: for reading.
        by: the keys wanted, as `("account", "fund")`; the sums come in no order.
        first: the first day of the turnover; all before it is `before`.
        last: the last day; what is dated later counts nowhere.
        where: conditions on the keys.
        carried: whether the turnover counts the entries that carry a year's result forward; what
            stood before counts them in any case.
    """
    conditions = _conditions(session, where)
    return sums.summed(session, tuple(by), first, last, conditions, carried=carried)


def balances(
    session: Session, by: Collection[str], at: date, *, where: Where | None = None
) -> dict[tuple[int, ...], int]:
    """Return debit less credit at the end of a day by some of `KEYS`, within the session's scope.

    Entries are not counted for it, so it reads far less than `totals` where much is not sealed.
    """
    conditions = _conditions(session, where)
    found = sums.summed(session, tuple(by), at, at, conditions, counted=False)
    return {total.key: total.after for total in found}


def moves(
    session: Session,
    by: Collection[str],
    first: date,
    last: date | None = None,
    *,
    where: Where | None = None,
    monthly: bool = False,
    carried: bool = True,
) -> list[Move]:
    """Sum what moved on each day, or in each month, by some of `KEYS`, within the session's scope.

    Args:
        session: for reading.
        by: the keys wanted; the sums come in the order of their days.
        first: the first day; with `monthly` the first of a month.
        last: the last day, none when it is left open; with `monthly` the last of a month.
        where: conditions on the keys.
        monthly: sum months instead of days; each stands under its first day.
        carried: whether to count the entries that carry a year's result forward.
    """
    keys = ", ".join(f"{name}_id" for name in by)
    conditions = sums.within(session, _conditions(session, where))
    if not carried:
        conditions = f"{conditions} AND carried = 0"
    span = {"first": first, "last": last or date.max}
    engine = session.get_bind().dialect.name
    rows = sums.unsealed_since(
        session, lambda sealed: _moves(keys, conditions, monthly, engine, sealed), span
    )
    return [
        Move(as_day(on), tuple(key), int(debit), int(credit), int(entries))
        for on, *key, debit, credit, entries, _sealed in rows
    ]


@lru_cache(maxsize=64)
def _moves(keys: str, conditions: str, monthly: bool, engine: str, sealed: int) -> str:  # noqa: FBT001 - a key of the cache
    """Return the sum of one roll-up and the tail, day by day or month by month."""
    grain = Grain.MONTH if monthly else Grain.DAY
    columns = ", ".join(filter(None, (keys, "date", *FIGURES)))
    rolled = sums.rolled(grain, columns, "date BETWEEN :first AND :last", conditions)
    tail = sums.tail(columns, ":last", conditions, sealed, engine)
    return _MOVED.format(
        keys=f"{keys}," if keys else "",
        parts=f"{rolled} UNION ALL {tail}",
        grain=grain.start_in_sql(engine, "date"),
    )


def _conditions(session: Session, where: Where | None) -> tuple[str, ...]:
    """Return the conditions on the keys as text: every part of the sum takes the same ones."""
    found = where(_KEYS) if where else ()
    if not found:
        return ()
    compiled = and_(*found).compile(
        dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
    )
    return (str(compiled),)
