"""The first day of the books, or of a part of them, without a walk through their entries."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from fundsvc.books.grains import Grain, Rollup
from fundsvc.books.sums import tail, unsealed_since, within
from fundsvc.driver import as_day, engine_of, read_plain

if TYPE_CHECKING:
    from fundsvc.driver import Reader

_STEPS: Final = (Grain.YEAR, Grain.MONTH, Grain.DAY)
# By province, though none need be asked for: these tables have an index by day.
_TABLES: Final = {grain: Rollup(grain, whole=False).table for grain in _STEPS}
_FIRST: Final = """
SELECT min(part.date) FROM {table} AS part
WHERE part.date BETWEEN '{first}' AND '{last}' AND {conditions}
"""
_UNSEALED: Final = """
SELECT min(date), (SELECT coalesce(max(last_entry), 0) FROM seal) FROM ({lines}) AS lines
"""


def first_day(session: "Reader", last: date, conditions: Sequence[str] = ()) -> date | None:
    """Return the first day until a last one on which anything was booked; None if there is none.

    The first year that has sums is looked for, in it the month, and in that the day; so it costs
    the same however old and large the books are. What is not sealed is looked at before: what is
    sealed meanwhile is in the sums by then.

    Args:
        session: for reading.
        last: the last day; what is dated later counts for nothing.
        conditions: text about the names of `OF_SUMS`.
    """
    held, engine = within(session, conditions), engine_of(session)

    def query(sealed: int) -> str:
        lines = tail("date", f"'{last}'", held, sealed, engine, counted=False)
        return _UNSEALED.format(lines=lines)

    ((unsealed, _sealed),) = unsealed_since(session, query)
    found = [as_day(unsealed)] if unsealed is not None else []
    first, end = date.min, last
    for grain, table in _TABLES.items():
        statement = _FIRST.format(table=table, first=first, last=end, conditions=held)
        ((start,),) = read_plain(session, statement)
        if start is None:
            break
        first = as_day(start)
        end = min(grain.end(first), last)
    else:
        found.append(first)
    return min(found, default=None)
