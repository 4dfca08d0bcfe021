"""Which days the demo year covers: this year up to today, or last year while this one is young."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from fundsvc import clock

FIRST_FULL_MONTH = 4
SEED = 1959
"""The year the road was opened; it makes every part of the demo the same each time."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of the demo: from 1 January to `last`; nothing happens later."""

    year: int
    last: date

    @property
    def eve(self) -> date:
        """The day before, on which the books are opened."""
        return date(self.year - 1, 12, 31)

    def day(self, month: int, day: int) -> date | None:
        """Return a day of the year, or None if it has not come yet."""
        on = date(self.year, month, day)
        return on if on <= self.last else None

    def some_day(self, rng: Random, first: date | None = None, last: date | None = None) -> date:
        """Return a random day of the whole year, or of a part of it, come or not."""
        first, last = first or date(self.year, 1, 1), last or date(self.year, 12, 31)
        return first + timedelta(days=rng.randrange((last - first).days + 1))


def span_of(today: date) -> Span:
    """Return the span for a day; before April the last year is shown."""
    if today.month < FIRST_FULL_MONTH:
        return Span(today.year - 1, date(today.year - 1, 12, 31))
    return Span(today.year, today)


def at(on: date, number: int = 0) -> AbstractContextManager[None]:
    """Hold the clock at working hours of a day, but never later than now."""
    moment = datetime.combine(on, time(8 + number % 9, number % 60), clock.VN)
    return clock.fixed(min(moment, clock.now()))


def chance(part: str) -> Random:
    """Return the generator of one part, so that parts do not disturb each other."""
    return Random(f"{SEED}:{part}")  # noqa: S311 - it must be the same each time


def likely(rng: Random, per_mille: int) -> bool:
    """Say yes so many times in a thousand."""
    return rng.randrange(1_000) < per_mille
