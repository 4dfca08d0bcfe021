"""Sums of the books as text for the driver: roll-ups of what is sealed, postings of what is not.

What is sealed is read from the roll-ups: whole years where there are some, then quarters, months,
ten days and days, of all provinces together unless one is asked for; what is not sealed yet, from
the postings. So a sum costs the same however old and large the books are, and equals that of all
postings at any moment (`tests/books/test_totals.py`). Nothing here needs SQLAlchemy, so a command
that only reads can do without.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from fundsvc.books.grains import FIGURES, Grain, Rollup, pieces
from fundsvc.driver import Rows, engine_of, read_plain, scope

if TYPE_CHECKING:
    from fundsvc.driver import Reader

KEYS: Final = ("account", "fund", "unit", "province")
CARRY_FORWARD: Final = "carry-forward"
"""The kind of entries that carry a year's result forward; they are no receipts or payments."""
_DAY: Final = timedelta(days=1)
_SEALED: Final = "SELECT coalesce(max(last_entry), 0) FROM seal"

_SUM: Final = """
SELECT {keys} CAST(coalesce(sum(before), 0) AS bigint), CAST(coalesce(sum(debit), 0) AS bigint),
    CAST(coalesce(sum(credit), 0) AS bigint), CAST(coalesce(sum(entries), 0) AS bigint),
    (SELECT coalesce(max(last_entry), 0) FROM seal)
FROM ({parts}) AS parts {group}
"""
_NONE: Final = "CAST(0 AS bigint)"
_ROLLED: Final = "SELECT {columns} FROM {table} AS part WHERE ({days}) AND {conditions}"
# What is not sealed yet begins at the first entry that is not, whatever the conditions. On SQLite a
# plus hides the keys from the indexes, or it may walk through all the postings of an account for
# the few that are not sealed, and it takes the tables of a CROSS JOIN in their order. PostgreSQL
# knows how few there are, and must see the keys to know how many are left; but what is said of
# provinces it would ask of all entries first, and look up each one's lines, without the OFFSET. The
# casts give the columns the types of the roll-ups, or PostgreSQL turns all of those into another.
_LINES: Final = """
SELECT posting.date, {hide}posting.account_id AS account_id, {hide}posting.fund_id AS fund_id,
    {hide}posting.unit_id AS unit_id, posting.entry_id, posting.debit, posting.credit,
    CAST(1 AS bigint) AS entries
FROM posting WHERE posting.entry_id > {sealed} AND posting.date <= {last}
"""
_LINES_WITH_ENTRIES: Final = f"""
SELECT posting.date, {{hide}}posting.account_id AS account_id, {{hide}}posting.fund_id AS fund_id,
    {{hide}}posting.unit_id AS unit_id, posting.entry_id, posting.debit, posting.credit,
    CAST(1 AS bigint) AS entries, coalesce(entry.province_id, 0) AS province_id,
    CAST(CASE entry.kind WHEN '{CARRY_FORWARD}' THEN 1 ELSE 0 END AS smallint) AS carried
FROM posting CROSS JOIN entry
WHERE posting.entry_id > {{sealed}} AND posting.date <= {{last}}
    AND entry.id = posting.entry_id AND entry.id > {{sealed}}{{fence}}
"""  # noqa: S608 - own names
# As a roll-up would have them: an entry counts once however many of its lines stand on one key.
_COUNTED: Final = """
SELECT {columns}, CAST(sum(debit) AS bigint) AS debit, CAST(sum(credit) AS bigint) AS credit,
    CAST(1 AS bigint) AS entries
FROM ({lines}) AS lines GROUP BY entry_id, {columns}
"""


class Total(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class Names:
    """What the keys are called in a statement, for conditions as text."""

    account_id: str
    fund_id: str
    unit_id: str
    province_id: str


OF_SUMS: Final = Names(*(f"part.{name}_id" for name in KEYS))
"""The keys in `summed`; `province_id` is 0 where an entry states none."""
OF_POSTINGS: Final = Names(
    account_id="posting.account_id",
    fund_id="posting.fund_id",
    unit_id="posting.unit_id",
    province_id="coalesce(entry.province_id, 0)",
)
"""The keys of postings joined with their entries."""


def among(name: str, ids: Iterable[int]) -> str:
    """Return the condition that a key is one of some numbers."""
    listed = ", ".join(f"{number:d}" for number in ids)
    return f"{name} IN ({listed})" if listed else "false"


def summed(
    session: "Reader",
    by: Sequence[str],
    first: date,
    last: date,
    conditions: Sequence[str] = (),
    *,
    carried: bool = True,
    counted: bool = True,
) -> list[Total]:
    """Sum the journal by some of `KEYS`; see `totals.totals`, which is this with objects.

    Args:
        session: for reading.
        by: the keys wanted; the sums come in no order.
        first: the first day of the turnover; all before it is `before`.
        last: the last day; what is dated later counts nowhere.
        conditions: text about the names of `OF_SUMS`.
        carried: whether the turnover counts the entries that carry a year's result forward.
        counted: whether `entries` is wanted; else it may count an entry more than once.
    """
    held = within(session, conditions)
    asked = _Asked(engine_of(session), tuple(by), first, last, held, carried, counted)
    rows = unsealed_since(session, lambda sealed: _query(asked, sealed))
    count = len(by)
    return [Total(row[:count], *row[count:-1]) for row in rows]


def within(session: "Reader", conditions: Sequence[str], names: Names = OF_SUMS) -> str:
    """Return conditions and the session's scope as one text."""
    units = scope(session)
    if units is not None:
        conditions = (*conditions, among(names.unit_id, sorted(units)))
    return " AND ".join(f"({condition})" for condition in conditions) or "true"


def unsealed_since(
    session: "Reader", query: Callable[[int], str], values: Mapping[str, date] | None = None
) -> Rows:
    """Return the rows of a query whose tail begins behind the last entry that is sealed.

    Each row tells in its last column which one that was when it was read. A seal that came between
    is in the roll-ups and in the tail alike; so the query is asked again with the newer number. The
    first guess is what the same database said a moment ago, which spares asking for it; behind an
    older one a long tail may have been sealed since, and reading that takes far longer.
    """
    bind = session.get_bind()
    sealed, said_at = last_known.get(bind, (None, 0.0))
    asked = False
    while True:
        if sealed is None or time.monotonic() - said_at > GUESS_SECONDS:
            sealed, asked = int(read_plain(session, _SEALED)[0][0]), True
            said_at = time.monotonic()
        rows = read_plain(session, query(sealed), values)
        # Where there is no row, a guess could be wrong unseen.
        if rows[0][-1] == sealed if rows else asked:
            last_known[bind] = sealed, said_at
            return rows
        sealed = None


def believe(session: "Reader", sealed: int) -> None:
    """Take it that this is the last entry that is sealed: it was just read."""
    last_known[session.get_bind()] = sealed, time.monotonic()


GUESS_SECONDS: Final = 2.0
last_known: Final[WeakKeyDictionary[Any, tuple[int, float]]] = WeakKeyDictionary()
"""The last entry that was sealed, as each database said last time, and when it did."""


def rolled(grain: Grain, columns: str, days: str, conditions: str) -> str:
    """Return the rows of a roll-up: all provinces together if nothing asks for one."""
    table = Rollup(grain, whole=not _of_province(columns, conditions)).table
    return _ROLLED.format(columns=columns, table=table, days=days, conditions=conditions)


def tail(
    columns: str, last: str, conditions: str, sealed: int, engine: str, *, counted: bool = True
) -> str:
    """Return what is not sealed yet until a last day, as rows of a roll-up or line by line."""
    place = _of_province(columns, conditions) or "carried" in f"{columns} {conditions}"
    hide, fence = ("+", "") if engine == "sqlite" else ("", " OFFSET 0")
    rows = _LINES_WITH_ENTRIES if place else _LINES
    rows = rows.format(last=last, sealed=sealed, hide=hide, fence=fence)
    held = f"SELECT {{columns}} FROM ({rows}) AS part WHERE {conditions}"  # noqa: S608 - own names
    if not counted:
        return held.format(columns=columns)
    keys = "date, account_id, fund_id, unit_id" + (", province_id, carried" if place else "")
    counts = _COUNTED.format(columns=keys, lines=held.format(columns="*"))
    return f"SELECT {columns} FROM ({counts}) AS part"  # noqa: S608 - own names


def _of_province(*texts: str) -> bool:
    return any("province_id" in text for text in texts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a sum is of: all that its statement depends on, but for what is sealed."""

    engine: str
    by: tuple[str, ...]
    first: date
    last: date
    conditions: str
    carried: bool
    counted: bool


@lru_cache(maxsize=256)
def _query(asked: _Asked, sealed: int) -> str:
    """Return the sum of roll-ups and tail, which begins behind the last entry that is sealed.

    That number and the days stand in the text: a plan for any number would expect a third of all
    postings behind it, and so PostgreSQL would plan anew each time; and binding two days a piece
    takes longer than reading some. Each piece is a part of its own, so that either engine walks
    straight to its rows, and counts wholly for what stood before or wholly for the turnover.
    """
    first, conditions = asked.first, asked.conditions
    keys = "".join(f"{name}_id, " for name in asked.by)
    once = "" if asked.carried else " * (1 - carried)"
    before = pieces(date.min, first - _DAY) if first > date.min else ()
    spans = [(piece, True) for piece in before]
    spans += [(piece, False) for piece in pieces(first, asked.last)]
    parts = [
        rolled(
            piece.grain,
            keys + _figures(once, before=is_before, less=piece.less),
            f"date BETWEEN '{piece.first}' AND '{piece.last}'",
            conditions,
        )
        for piece, is_before in spans
    ]
    figures = ", ".join(
        f"CASE WHEN date {side} '{first}' THEN {figure} ELSE 0 END AS {name}"
        for name, side, figure in (
            ("before", "<", "debit - credit"),
            ("debit", ">=", f"debit{once}"),
            ("credit", ">=", f"credit{once}"),
            ("entries", ">=", f"entries{once}"),
        )
    )
    columns, last = f"{keys}{figures}, entries AS found", f"'{asked.last}'"
    parts.append(tail(columns, last, conditions, sealed, asked.engine, counted=asked.counted))
    group = f"GROUP BY {keys[:-2]}" if keys else ""
    # What was added and taken away again was never there; what comes to nothing was.
    if keys and any(piece.less for piece, _is_before in spans):
        group += " HAVING sum(found) > 0"
    return _SUM.format(keys=keys, parts=" UNION ALL ".join(parts), group=group)


def _figures(once: str, *, before: bool, less: bool) -> str:
    """Return the figures of a part as columns; `found` says that anything is there."""
    sign = "-" if less else ""
    stood = f"{sign}(debit - credit)" if before else _NONE
    moved = (_NONE if before else f"{sign}{figure}{once}" for figure in FIGURES)
    named = zip(("before", *FIGURES), (stood, *moved), strict=True)
    figures = ", ".join(f"{figure} AS {name}" for name, figure in named)
    return f"{figures}, {sign}entries AS found"
