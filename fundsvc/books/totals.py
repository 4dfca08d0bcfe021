"""Sums of the books by any of their keys: what stood before a day, and what moved until another.

Every statement, balance and opening is drawn from here. What is sealed is read from the roll-ups:
whole months from those by month, parts of months from those by day; what is not sealed yet, from
the postings. So a sum costs the same however old and large the books are, and equals that of all
postings at any moment (`tests/books/test_totals.py`).
"""

from calendar import monthrange
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    distinct,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books.models import Entry, Posting, RollupDay, RollupMonth, Seal
from fundsvc.db import Day

KEYS: Final = ("account", "fund", "unit", "province")
CARRY_FORWARD: Final = "carry-forward"
"""The kind of entries that carry a year's result forward; they are no receipts or payments."""
_ENTRY: FromClause = Entry.__table__
_POSTING: FromClause = Posting.__table__
_DAY: FromClause = RollupDay.__table__
_MONTH: FromClause = RollupMonth.__table__
_SEAL: FromClause = Seal.__table__
_SEALED = select(func.coalesce(func.max(_SEAL.c.last_entry), 0)).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Columns:
    """The keys as columns, for conditions; `province_id` is 0 where an entry states none."""

    account_id: ColumnElement[int]
    fund_id: ColumnElement[int]
    unit_id: ColumnElement[int]
    province_id: ColumnElement[int]


@dataclass(frozen=True, slots=True)
class Total:
    """What the books say of one key, in đồng.

    `key` has the ids that were asked for, in their order; province 0 is none. `before` is debit
    less credit before the first day; `debit`, `credit` and `entries` (each entry once per account,
    fund, unit and day) are those of the days asked for.
    """

    key: tuple[int, ...]
    before: int
    debit: int
    credit: int
    entries: int

    @property
    def after(self) -> int:
        """Debit less credit at the end of the last day."""
        return self.before + self.debit - self.credit


Where = Callable[[Columns], Sequence[ColumnElement[bool]]]


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
    while True:
        sealed = int(session.scalar(select(_SEALED)) or 0)
        query = _query(tuple(by), first, last, where, carried=carried, units=db.scope(session))
        rows = session.execute(query, {"sealed": sealed}).all()
        # A seal that came between the two looks is in the roll-ups and in the tail alike: look
        # again. (The tail begins at a plain number, because plans for a looked-up one scan all.)
        if all(row[-1] == sealed for row in rows[:1]):
            break
    count = len(by)
    return [
        Total(tuple(row[:count]), *(int(figure or 0) for figure in row[count:-1])) for row in rows
    ]


def _query(
    by: tuple[str, ...],
    first: date,
    last: date,
    where: Where | None,
    *,
    carried: bool,
    units: frozenset[int] | None,
) -> Select[*tuple[Any, ...]]:
    """Return the sum of roll-ups and tail; `:sealed` is the last entry that is sealed."""
    parts = union_all(
        *(
            _part(source, _days(source.c.date, first, last, months=source is _MONTH), where, units)
            for source in (_MONTH, _DAY)
        ),
        _tail(last, where, units),
    ).subquery("parts")
    column = parts.c
    before = column.date < bindparam("first", first, type_=Day())
    inside: Any = column.date >= bindparam("first", first, type_=Day())
    if not carried:
        inside = and_(inside, column.carried == 0)
    keys = [column[f"{name}_id"] for name in by]
    return select(
        *keys,
        func.sum(case((before, column.debit - column.credit), else_=0)),
        func.sum(case((inside, column.debit), else_=0)),
        func.sum(case((inside, column.credit), else_=0)),
        func.sum(case((inside, column.entries), else_=0)),
        _SEALED,
    ).group_by(*keys)


def _days(column: Any, first: date, last: date, *, months: bool) -> ColumnElement[bool]:
    """Hold which months, and which days of other months, a sum reads.

    Whole months before the first day and within the days asked for; of the months in which the
    first and the last day lie, the days, unless the whole month is wanted.
    """
    starts = first.replace(day=1)
    ends = last.replace(day=1)
    if months:
        whole = column <= ends if last == _end(ends) else column < ends
        # The first day's own month is whole when it begins with it and does not end too early.
        return whole if first == starts else and_(whole, column != starts)
    wanted = []
    if first != starts:
        wanted.append(column.between(starts, min(_end(starts), last)))
    if last != _end(ends) and (first == starts or ends != starts):
        wanted.append(column.between(ends, last))
    return or_(*wanted) if wanted else false()


def _part(
    source: FromClause, days: ColumnElement[bool], where: Where | None, units: frozenset[int] | None
) -> Select[*tuple[Any, ...]]:
    c = source.c
    columns = Columns(c.account_id, c.fund_id, c.unit_id, c.province_id)
    names = ("date", "account_id", "fund_id", "unit_id", "province_id", "carried")
    query = select(*(c[name] for name in names), c.debit, c.credit, c.entries)
    return query.where(days, *_conditions(columns, where, units))


def _tail(
    last: date, where: Where | None, units: frozenset[int] | None
) -> Select[*tuple[Any, ...]]:
    """Sum what is not sealed yet, by day and all keys, as a roll-up would."""
    c = _POSTING.c
    province = func.coalesce(_ENTRY.c.province_id, 0)
    is_carried = case((_ENTRY.c.kind == CARRY_FORWARD, 1), else_=0)
    columns = Columns(c.account_id, c.fund_id, c.unit_id, province)
    keys = (c.date, c.account_id, c.fund_id, c.unit_id, province, is_carried)
    return (
        select(
            *keys[:4],
            province.label("province_id"),
            is_carried.label("carried"),
            func.sum(c.debit).label("debit"),
            func.sum(c.credit).label("credit"),
            func.count(distinct(c.entry_id)).label("entries"),
        )
        .select_from(_POSTING.join(_ENTRY, _ENTRY.c.id == c.entry_id))
        .where(
            c.entry_id > bindparam("sealed"), c.date <= last, *_conditions(columns, where, units)
        )
        .group_by(*keys)
    )


def _conditions(
    columns: Columns, where: Where | None, units: frozenset[int] | None
) -> list[ColumnElement[bool]]:
    found = list(where(columns)) if where else []
    if units is not None:
        found.append(columns.unit_id.in_(units))
    return found


def _end(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])
