"""Sums of the books by any of their keys: what stood before a day, and what moved until another.

Every statement, balance and opening is drawn from here, so there is one place that knows how the
journal is summed quickly.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, case, func, select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books.models import Entry, Posting

KEYS: Final = ("account", "fund", "unit", "province")
CARRY_FORWARD: Final = "carry-forward"
"""The kind of entries that carry a year's result forward; they are no receipts or payments."""
_ENTRY: FromClause = Entry.__table__


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
    columns = Columns(
        Posting.account_id,  # type: ignore[arg-type]  # a mapped attribute is a column
        Posting.fund_id,  # type: ignore[arg-type]
        Posting.unit_id,  # type: ignore[arg-type]
        func.coalesce(_ENTRY.c.province_id, 0),
    )
    inside: Any = Posting.date >= first
    if not carried:
        inside &= _ENTRY.c.kind != CARRY_FORWARD
    amount = Posting.debit - Posting.credit
    keys = [getattr(columns, f"{name}_id") for name in by]
    query = (
        select(
            *keys,
            func.sum(case((Posting.date < first, amount), else_=0)),
            func.sum(case((inside, Posting.debit), else_=0)),
            func.sum(case((inside, Posting.credit), else_=0)),
            func.count(case((inside, 1))),
        )
        .join(_ENTRY, _ENTRY.c.id == Posting.entry_id)
        .where(Posting.date <= last, *(where(columns) if where else ()))
        .group_by(*keys)
    )
    units = db.scope(session)
    if units is not None:
        query = query.where(Posting.unit_id.in_(units))
    count = len(keys)
    return [
        Total(tuple(row[:count]), *(int(figure) for figure in row[count:]))
        for row in session.execute(query)
    ]
