"""Months as the books name them: by their first day."""

from collections.abc import Iterable
from datetime import date, timedelta

DECEMBER = 12


def first_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def following(month: date) -> date:
    """Return the first day of the month after a month."""
    if month.month == DECEMBER:
        return date(month.year + 1, 1, 1)
    return date(month.year, month.month + 1, 1)


def before(month: date) -> date:
    """Return the first day of the month before a month."""
    return first_of(first_of(month) - timedelta(days=1))


def last_of(month: date) -> date:
    """Return the last day of a month."""
    return following(month) - timedelta(days=1)


def of_year(year: int) -> tuple[date, ...]:
    """Return the twelve months of a year."""
    return tuple(date(year, number, 1) for number in range(1, DECEMBER + 1))


def told(months: Iterable[date]) -> str:
    """Return months in words' order, as `07/2024, 08/2024`."""
    return ", ".join(f"{month:%m/%Y}" for month in months)
