"""How old what stands on a clearing account is: what came first is taken to have gone first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

LIMITS: Final = (30, 90, 180)
"""The last day of age of all columns but the last, which has no end."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What an account moved on a day, in đồng; negative amounts take earlier ones back."""

    on: date
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Age:
    """What is open, by age (0–30 days, 31–90, 91–180, older), and since when; in đồng."""

    amounts: tuple[int, ...]
    since: date | None


def open_days(moved: Iterable[Moved]) -> list[tuple[date, int]]:
    """Return the days that make up a balance and what of each is open, the oldest first.

    A balance on the credit side is made up of credits and stands below zero.
    """
    days = sorted(moved, key=lambda day: day.on)
    sign = 1 if sum(day.debit - day.credit for day in days) >= 0 else -1
    came: list[tuple[date, int]] = []
    gone = 0
    for day in days:
        into, out = (day.debit, day.credit) if sign > 0 else (day.credit, day.debit)
        came.append((day.on, max(into, 0) + max(-out, 0)))
        gone += max(out, 0) + max(-into, 0)
    found = []
    for on, amount in came:
        settled = min(amount, gone)
        gone -= settled
        if amount > settled:
            found.append((on, sign * (amount - settled)))
    return found


def age(found: Iterable[tuple[date, int]], at: date) -> Age:
    """Return open days by their age at the end of a day."""
    amounts, since = [0] * (len(LIMITS) + 1), None
    for on, amount in found:
        since = min(since or on, on)
        days = (at - on).days
        place = next((n for n, limit in enumerate(LIMITS) if days <= limit), len(LIMITS))
        amounts[place] += amount
    return Age(tuple(amounts), since)
