"""How old receivables are: what was owed first is taken to be paid first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

LIMITS: Final = (30, 90, 180)
"""The last day of age of all buckets but the last, which has no end."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a receivable's account moved on one day, in đồng."""

    on: date
    debit: int
    credit: int


def by_age(days: Iterable[Day], at: date) -> tuple[int, ...]:
    """Return what is still owed at the end of a day: 0–30 days old, 31–90, 91–180, older.

    What came in beyond all that was owed stands below zero in the first bucket. A debit that was
    taken back by a negative amount counts as paid.
    """
    owed: list[tuple[date, int]] = []
    paid = 0
    for day in sorted(days, key=lambda day: day.on):
        owed.append((day.on, max(day.debit, 0)))
        paid += day.credit - min(day.debit, 0)
    buckets = [0] * (len(LIMITS) + 1)
    for on, amount in owed:
        settled = min(amount, max(paid, 0))
        paid -= settled
        age = (at - on).days
        place = next((at for at, limit in enumerate(LIMITS) if age <= limit), len(LIMITS))
        buckets[place] += amount - settled
    buckets[0] -= max(paid, 0)
    return tuple(buckets)
