"""The spans that sums of the books are kept for: each day, ten days, month, quarter and year.

A sum over any days takes whole years where it can, then quarters, months, ten days and days: a
score of spans at most, however old the books are. Each span is kept twice, by province and whole:
most sums do not ask for provinces, and without them there are half as many keys.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Final


class Grain(StrEnum):
    """How long a span is; a dekad is a third of a month, its last one to the month's end."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    DEKAD = "dekad"
    DAY = "day"

    def start(self, day: date) -> date:
        """Return the first day of the span that a day lies in."""
        if self is Grain.DAY:
            return day
        if self is Grain.DEKAD:
            return day.replace(day=min((day.day - 1) // _TEN, 2) * _TEN + 1)
        months = _MONTHS[self]
        return date(day.year, (day.month - 1) // months * months + 1, 1)

    def end(self, day: date) -> date:
        """Return the last day of the span that a day lies in."""
        if self is Grain.DAY:
            return day
        start = self.start(day)
        if self is Grain.DEKAD:
            third = start.day > 2 * _TEN
            return Grain.MONTH.end(day) if third else start + (_TEN - 1) * _DAY
        if start.month + _MONTHS[self] > _MONTHS[Grain.YEAR]:
            return date(start.year, 12, 31)
        return date(start.year, start.month + _MONTHS[self], 1) - _DAY

    def start_in_sql(self, engine: str, column: str) -> str:
        """Return the first day of the span that a column's day lies in, as SQL of an engine."""
        if self is Grain.DAY:
            return column
        if engine == "postgresql" and self is Grain.DEKAD:
            ten = f"least((CAST(extract(day FROM {column}) AS int) - 1) / {_TEN}, 2) * {_TEN}"
            return f"{Grain.MONTH.start_in_sql(engine, column)} + {ten}"
        if engine == "postgresql":
            return f"CAST(date_trunc('{self}', {column}) AS date)"
        return _IN_SQLITE[self].format(column=column)


_DAY: Final = timedelta(days=1)
_TEN: Final = 10
_MONTHS: Final = {Grain.YEAR: 12, Grain.QUARTER: 3, Grain.MONTH: 1}
# SQLite keeps days as ISO text.
_IN_SQLITE: Final = {
    Grain.YEAR: "substr({column}, 1, 4) || '-01-01'",
    Grain.QUARTER: (
        "substr({column}, 1, 5) || substr('01010104040407070710101010',"
        " 2 * CAST(substr({column}, 6, 2) AS INTEGER) - 1, 2) || '-01'"
    ),
    Grain.MONTH: "substr({column}, 1, 7) || '-01'",
    Grain.DEKAD: (
        "substr({column}, 1, 8) || CASE WHEN substr({column}, 9) < '11' THEN '01'"
        " WHEN substr({column}, 9) < '21' THEN '11' ELSE '21' END"
    ),
}


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums of spans of one length; `whole` has all provinces of a key together."""

    grain: Grain
    whole: bool

    @property
    def table(self) -> str:
        """The table's name; `date` in it is the first day of the span."""
        return f"rollup_{self.grain}{'_whole' if self.whole else ''}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell its rows apart."""
        place = () if self.whole else ("province_id",)
        return "fund_id", *place, "date", "account_id", "unit_id", "carried"

    def summed(self, engine: str, source: str) -> str:
        """Return the query that makes its rows, as SQL, from rows by day and province."""
        starts = {"date": f"{self.grain.start_in_sql(engine, 'date')} AS date"}
        named = ", ".join(starts.get(key, key) for key in self.keys)
        figures = ", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in FIGURES)
        grouped = ", ".join(str(n) for n, _key in enumerate(self.keys, start=1))
        return f"SELECT {named}, {figures} FROM {source} GROUP BY {grouped}"  # noqa: S608 - own names


FIGURES: Final = ("debit", "credit", "entries")
ROLLUPS: Final = tuple(Rollup(grain, whole) for whole in (False, True) for grain in Grain)
"""All tables of sums."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole spans in a row, to be added to a sum or (`less`) taken from it."""

    grain: Grain
    first: date
    last: date
    less: bool = False

    @property
    def rows(self) -> int:
        """About how many rows of a hundred keys it reads; each piece costs some by itself."""
        days = (self.last - self.first).days + 1
        return _PIECE + _ROWS[self.grain] * -(-days // _LONGEST[self.grain])


# Of a hundred keys, so many have moved in a span; a piece takes as long as some rows.
_ROWS: Final = {
    Grain.YEAR: 100, Grain.QUARTER: 100, Grain.MONTH: 100, Grain.DEKAD: 65, Grain.DAY: 35
}  # fmt: skip
_LONGEST: Final = {
    Grain.YEAR: 366, Grain.QUARTER: 92, Grain.MONTH: 31, Grain.DEKAD: 11, Grain.DAY: 1
}  # fmt: skip
_PIECE: Final = 10


@lru_cache(maxsize=4096)
def pieces(first: date, last: date, grains: tuple[Grain, ...] = tuple(Grain)) -> tuple[Piece, ...]:
    """Cut the days from a first to a last into whole spans that take the fewest rows to read.

    Most days of a long span cost less as the long one without the others: until 17 June is two
    quarters less 13 days. Nothing lies in days that end before they begin.

    Args:
        first: the first day; `date.min` for all days until the last.
        last: the last day.
        grains: the spans there are, from long to short; the shortest is the day.
    """
    if first > last:
        return ()
    grain, finer = grains[0], grains[1:]
    begins, ends = grain.start(first) == first, grain.end(last) == last
    if grain is Grain.DAY or (begins and ends):
        return (Piece(grain, first, last),)
    if grain.end(first) >= last:
        start, end = grain.start(first), grain.end(last)
        rest = (
            *(pieces(start, first - _DAY, finer) if first > start else ()),
            *(pieces(last + _DAY, end, finer) if last < end else ()),
        )
        without = (Piece(grain, start, end), *(replace(one, less=not one.less) for one in rest))
        return min(pieces(first, last, finer), without, key=_rows)
    begin = first if begins else grain.end(first) + _DAY
    end = last if ends else grain.start(last) - _DAY
    return tuple(
        joined(
            (
                *(() if begins else pieces(first, begin - _DAY, grains)),
                *((Piece(grain, begin, end),) if begin <= end else ()),
                *(() if ends else pieces(end + _DAY, last, grains)),
            )
        )
    )


def _rows(cut: Iterable[Piece]) -> int:
    return sum(piece.rows for piece in cut)


def joined(cut: Iterable[Piece]) -> Iterator[Piece]:
    """Join pieces of the same grain that follow each other, whatever stands between them."""
    held: list[Piece] = []
    for piece in sorted(cut, key=attrgetter("less", "grain", "first")):
        last = held[-1] if held else None
        if (
            last
            and (last.less, last.grain) == (piece.less, piece.grain)
            and last.last + _DAY == piece.first
        ):
            held[-1] = replace(last, last=piece.last)
        else:
            held.append(piece)
    return iter(held)
