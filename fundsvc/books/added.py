"""What a batch of entries adds to the roll-ups.

On SQLite, where whoever writes keeps all others from writing, everything is read and summed before,
and the seal's own transaction only adds finished rows; of these a batch has so few that this takes
some hundredths of a second. On PostgreSQL the database sums while it writes, for whoever books
waits neither for its rows nor for its locks.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.books.grains import FIGURES, ROLLUPS, Rollup
from fundsvc.books.models import Entry
from fundsvc.driver import as_day

ROWS: Final = 4_000
"""The rows of roll-ups after which a batch takes no more entries on SQLite."""
_PART: Final = 500
"""So many entries are summed at once, before the rows are counted."""
_ENTRY: Final = Entry.__table__.c

# Summed by day and all keys; each roll-up takes from there what it needs. An entry counts once per
# account, fund and unit, however many of its lines stand there.
_BY_DAY: Final = """
SELECT posting.fund_id, coalesce(entry.province_id, 0) AS province_id, posting.date,
    posting.account_id, posting.unit_id,
    CAST(CASE entry.kind WHEN 'carry-forward' THEN 1 ELSE 0 END AS smallint) AS carried,
    CAST(sum(posting.debit) AS bigint) AS debit, CAST(sum(posting.credit) AS bigint) AS credit,
    count(DISTINCT posting.entry_id) AS entries
FROM posting JOIN entry ON entry.id = posting.entry_id
WHERE posting.entry_id BETWEEN :first AND :last
GROUP BY 1, 2, 3, 4, 5, 6
"""
_READ: Final = text(_BY_DAY)
_SUM_UP: Final = text(f"CREATE TEMPORARY TABLE sealing AS {_BY_DAY}")
_FORGET: Final = text("DROP TABLE sealing")


class Sums:
    """What entries add to the roll-ups, row by row."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rows: dict[Rollup, dict[tuple[Any, ...], list[int]]] = {
            rollup: {} for rollup in ROLLUPS
        }

    def __len__(self) -> int:
        """Return how many rows there are."""
        return sum(map(len, self._rows.values()))

    def add(self, by_day: Iterable[Any]) -> None:
        """Add sums by day and all keys, of entries that were not added before."""
        for fund, province, day, account, unit, carried, debit, credit, entries in by_day:
            for (rollup, rows), start in zip(self._rows.items(), _starts(day), strict=True):
                key = (
                    (fund, start, account, unit, carried)
                    if rollup.whole
                    else (fund, province, start, account, unit, carried)
                )
                held = rows.get(key)
                if held is None:
                    rows[key] = [debit, credit, entries]
                else:
                    held[0] += debit
                    held[1] += credit
                    held[2] += entries

    def write(self, session: Session) -> None:
        """Add the rows to those of the database."""
        connection = session.connection()
        for rollup, rows in self._rows.items():
            # Rows lie in the order of their keys, so neighbours are written one after the other.
            given = [(*key, *figures) for key, figures in sorted(rows.items())]
            connection.exec_driver_sql(_ADD_ROW[rollup], given)


def read(
    session: Session, after: int, until: int, *, most: int, rows: int | None = ROWS
) -> tuple[int, Sums | None]:
    """Return the last entry of a batch, and on SQLite what the batch adds to the roll-ups.

    Args:
        session: for reading.
        after: the number of the entry that the batch follows.
        until: the number of the last entry that may be in it.
        most: the most entries in it.
        rows: the rows of roll-ups after which it takes no more entries on SQLite; None for any.
    """
    if session.get_bind().dialect.name != "sqlite":
        return _place(session, after, until, most), None
    sums, left = Sums(), most
    while left > 0 and after < until and (rows is None or len(sums) < rows):
        last = _place(session, after, until, min(left, _PART))
        sums.add(session.execute(_READ, {"first": after + 1, "last": last}))
        after, left = last, left - _PART
    return after, sums


def write(session: Session, first: int, last: int, sums: Sums | None) -> None:
    """Add the entries from a first to a last number to the roll-ups."""
    if sums is not None:
        sums.write(session)
        return
    session.execute(_SUM_UP, {"first": first, "last": last})
    for statement in _ADD:
        session.execute(statement)
    session.execute(_FORGET)


def _place(session: Session, after: int, until: int, count: int) -> int:
    """Return the number of the entry so many places after one; the last one if there are fewer."""
    found = session.scalar(
        select(_ENTRY.id)
        .where(_ENTRY.id > after, _ENTRY.id <= until)
        .order_by(_ENTRY.id)
        .offset(count - 1)
        .limit(1)
    )
    return until if found is None else int(found)


@lru_cache(maxsize=4_096)
def _starts(day: str) -> tuple[str, ...]:
    """Return the first day of the span of each roll-up that a day lies in, as SQLite keeps days."""
    return tuple(rollup.grain.start(as_day(day)).isoformat() for rollup in ROLLUPS)


def _added(rollup: Rollup, given: str) -> str:
    """Return the statement that adds rows to a roll-up; own names alone stand in it."""
    keys, table = ", ".join(rollup.keys), rollup.table
    summed = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in FIGURES)
    return (
        f"INSERT INTO {table} ({keys}, {', '.join(FIGURES)})"
        f" {given} ON CONFLICT ({keys}) DO UPDATE SET {summed}"
    )


_ADD: Final = tuple(
    text(
        _added(
            rollup,
            f"SELECT * FROM ({rollup.summed('postgresql', 'sealing')}) AS sums WHERE true",  # noqa: S608 - own names
        )
    )
    for rollup in ROLLUPS
)
_ADD_ROW: Final = {
    rollup: _added(rollup, f"VALUES ({', '.join('?' for _name in (*rollup.keys, *FIGURES))})")
    for rollup in ROLLUPS
}
