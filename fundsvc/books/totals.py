"""Sums of the books by any of their keys: what stood before a day, and what moved until another.

Every statement, balance and opening is drawn from here. What is sealed is read from the roll-ups:
whole years where there are some, then quarters, months, ten days and days, of all provinces
together unless one is asked for; what is not sealed yet, from the postings. So a sum costs the same
however old and large the books are, and equals that of all postings at any moment
(`tests/books/test_totals.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Integer,
    Row,
    TextClause,
    TextualSelect,
    and_,
    bindparam,
    literal_column,
    text,
)
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books.grains import FIGURES, Grain, Piece, Rollup, joined, pieces
from fundsvc.db import Day

KEYS: Final = ("account", "fund", "unit", "province")
CARRY_FORWARD: Final = "carry-forward"
"""The kind of entries that carry a year's result forward; they are no receipts or payments."""
_DAY: Final = timedelta(days=1)
_SEALED: Final = text("SELECT coalesce(max(last_entry), 0) FROM seal")

_SUM: Final = """
SELECT {keys} CAST(sum(debit - credit) FILTER (WHERE date < :first) AS bigint),
    CAST(sum(debit) FILTER (WHERE {inside}) AS bigint),
    CAST(sum(credit) FILTER (WHERE {inside}) AS bigint),
    CAST(sum(entries) FILTER (WHERE {inside}) AS bigint),
    (SELECT coalesce(max(last_entry), 0) FROM seal)
FROM ({parts}) AS parts {group}
"""
_ROLLED: Final = "SELECT {columns} FROM {table} AS part WHERE ({days}) AND {conditions}"
# What is not sealed yet is summed by day and all keys first, as a roll-up would be, so that an
# entry counts once however many of its lines stand on one account. It is read as a whole, and the
# conditions on the keys come behind: with them in sight, either engine may walk through all the
# postings of an account, or look up each entry, for the few that are not sealed. SQLite takes the
# tables of a CROSS JOIN in their order, and so begins at the first entry that is not sealed. The
# casts give the columns the types of the roll-ups, or PostgreSQL turns all of those into another.
_TAIL: Final = f"""
SELECT {{columns}} FROM (
    WITH tail AS MATERIALIZED (
        SELECT posting.date, posting.account_id, posting.fund_id, posting.unit_id,
            coalesce(entry.province_id, 0) AS province_id,
            CAST(CASE entry.kind WHEN '{CARRY_FORWARD}' THEN 1 ELSE 0 END AS smallint) AS carried,
            posting.debit, posting.credit, posting.entry_id
        FROM entry CROSS JOIN posting
        WHERE entry.id > {{sealed}} AND posting.entry_id > {{sealed}}
            AND posting.entry_id = entry.id AND posting.date <= :last
    )
    SELECT date, account_id, fund_id, unit_id, province_id, carried,
        CAST(sum(debit) AS bigint) AS debit, CAST(sum(credit) AS bigint) AS credit,
        CAST(1 AS bigint) AS entries
    FROM tail AS part WHERE {{conditions}}
    GROUP BY entry_id, date, account_id, fund_id, unit_id, province_id, carried
) AS part
"""  # noqa: S608 - own names


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
_KEYS: Final = Columns(*(literal_column(f"part.{name}_id", Integer) for name in KEYS))


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
    before = pieces(date.min, first - _DAY) if first > date.min else ()
    spans = list(joined([*before, *pieces(first, last)]))
    shape = tuple(piece.grain for piece in spans)
    conditions = _conditions(session, where)
    days = {"first": first, "last": last} | _ends(spans)
    rows = _unsealed_since(
        session,
        lambda sealed: _query(tuple(by), shape, conditions, sealed, carried=carried),
        days,
    )
    count = len(by)
    return [
        Total(tuple(row[:count]), before or 0, debit or 0, credit or 0, entries or 0)
        for row in rows
        for before, debit, credit, entries in (row[count:-1],)
    ]


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
    conditions = _conditions(session, where)
    if not carried:
        conditions = f"{conditions} AND carried = 0"
    span = {"first": first, "last": last or date.max}
    engine = session.get_bind().dialect.name
    rows = _unsealed_since(
        session, lambda sealed: _moves(keys, conditions, monthly, engine, sealed), span
    )
    return [
        Move(row.date, tuple(row[1:-4]), int(row.debit), int(row.credit), int(row.entries))
        for row in rows
    ]


def _unsealed_since(
    session: Session, query: Callable[[int], Executable], values: Mapping[str, date]
) -> Sequence[Row[Any]]:
    """Return the rows of a query whose tail begins behind the last entry that is sealed.

    Each row tells in its last column which one that was when it was read. A seal that came between
    is in the roll-ups and in the tail alike; so the query is asked again with the newer number. The
    first guess is what the same database said last time, which spares asking for it.
    """
    bind = session.get_bind()
    sealed, asked = _last_known.get(bind), False
    while True:
        if sealed is None:
            sealed, asked = int(session.scalar(_SEALED) or 0), True
        rows = session.execute(query(sealed), values).all()
        # Where there is no row, a guess could be wrong unseen.
        if rows[0][-1] == sealed if rows else asked:
            _last_known[bind] = sealed
            return rows
        sealed = None


_last_known: Final[WeakKeyDictionary[Engine | Connection, int]] = WeakKeyDictionary()


@lru_cache(maxsize=64)
def _moves(keys: str, conditions: str, monthly: bool, engine: str, sealed: int) -> TextualSelect:  # noqa: FBT001 - a key of the cache
    """Return the sum of one roll-up and the tail, day by day or month by month."""
    grain = Grain.MONTH if monthly else Grain.DAY
    columns = ", ".join(filter(None, (keys, "date", *FIGURES)))
    rolled = _ROLLED.format(
        columns=columns,
        table=Rollup(grain, _whole(keys, conditions)).table,
        days="date BETWEEN :first AND :last",
        conditions=conditions,
    )
    tail = _TAIL.format(columns=columns, conditions=conditions, sealed=sealed)
    query = _MOVED.format(
        keys=f"{keys}," if keys else "",
        parts=f"{rolled} UNION ALL {tail}",
        grain=grain.start_in_sql(engine, "date"),
    )
    bound = text(query).bindparams(*(bindparam(name, type_=Day()) for name in ("first", "last")))
    return bound.columns(date=Day())


def _whole(keys: str, conditions: str) -> bool:
    """Say whether a sum can do with all provinces together: neither asks for one."""
    return "province_id" not in keys and "province_id" not in conditions


def _conditions(session: Session, where: Where | None) -> str:
    """Return the conditions on the keys as text: every part of the sum takes the same ones.

    The text is made by hand because a sum is asked for many times a page, and building three
    queries and their union as objects takes longer than the database needs for it.
    """
    found = list(where(_KEYS)) if where else []
    units = db.scope(session)
    if units is not None:
        found.append(_KEYS.unit_id.in_(units))
    if not found:
        return "true"
    compiled = and_(*found).compile(
        dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
    )
    return str(compiled)


@lru_cache(maxsize=256)
def _query(
    by: tuple[str, ...], shape: tuple[Grain, ...], conditions: str, sealed: int, *, carried: bool
) -> TextClause:
    """Return the sum of roll-ups and tail, which begins behind the last entry that is sealed.

    That number stands in the text: a plan for any number would expect a third of all postings
    behind it, and so PostgreSQL would plan anew each time. Each piece is a part of its own, so that
    either engine walks straight to its rows.
    """
    keys = ", ".join(f"{name}_id" for name in by)
    inside = "date >= :first" if carried else "date >= :first AND carried = 0"
    # Only what is asked for is read: with other columns PostgreSQL would copy every row once more.
    columns = ", ".join(filter(None, (keys, "date", "" if carried else "carried", *FIGURES)))
    whole = _whole(keys, conditions)
    parts = [
        _ROLLED.format(
            columns=columns,
            table=Rollup(grain, whole).table,
            days=f"date BETWEEN :from_{n} AND :to_{n}",
            conditions=conditions,
        )
        for n, grain in enumerate(shape)
    ]
    parts.append(_TAIL.format(columns=columns, conditions=conditions, sealed=sealed))
    query = _SUM.format(
        keys=f"{keys}," if keys else "",
        inside=inside,
        parts=" UNION ALL ".join(parts),
        group=f"GROUP BY {keys}" if keys else "",
    )
    names = ("first", "last", *(f"{end}_{n}" for n in range(len(shape)) for end in ("from", "to")))
    return text(query).bindparams(*(bindparam(name, type_=Day()) for name in names))


def _ends(spans: Sequence[Piece]) -> dict[str, date]:
    """Return the first and last days of the pieces, as the query names them."""
    firsts = {f"from_{n}": piece.first for n, piece in enumerate(spans)}
    return firsts | {f"to_{n}": piece.last for n, piece in enumerate(spans)}
