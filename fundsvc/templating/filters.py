"""How pages write figures, dates and moments, the same in both languages."""

import re
from calendar import monthrange
from datetime import date, datetime
from typing import Final

from fundsvc import clock
from fundsvc.clock import VN
from ledger.words import grouped

MINUS: Final = "\u2212"
_MONTH_LENGTH = 7
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def number(amount: int) -> str:
    """Return a whole number with dots after the thousands and a true minus, as 1.234.567."""
    return grouped(amount).replace("-", MINUS)


def dong(amount: int) -> str:
    """Return an amount of đồng as pages show it: `1.234.567 đ`."""
    return f"{number(amount)} đ"


def day(value: date | datetime | str | None) -> str:
    """Return a date as `23/11/2026`; a moment gives its day in Vietnam, None gives nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    if isinstance(value, datetime):
        value = value.astimezone(VN).date()
    return f"{value.day:02}/{value.month:02}/{value.year:04}"


def typed_day(value: date | str | None) -> str:
    """Return what belongs in a field for a date: a date as 23/11/2026, other text as typed."""
    if isinstance(value, str):
        return day(value) if _ISO.fullmatch(value) and _exists(value) else value
    return day(value)


def example_day() -> date:
    """Return a day to show how days are written: the last of this month.

    It stands behind the twelfth, so nobody can take its day for a month.
    """
    today = clock.today()
    return today.replace(day=monthrange(today.year, today.month)[1])


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def month(value: date | str | None) -> str:
    """Return a month as `11/2026`; it is given as a date in it or as `2026-11`."""
    if value is None:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(f"{value[:_MONTH_LENGTH]}-01")
    return f"{value.month:02}/{value.year:04}"


def moment(value: datetime | str | None) -> str:
    """Return an aware moment as `23/11/2026 14:05`, Vietnam time; None gives nothing.

    A text is a moment in ISO 8601.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{day(value)} {value.astimezone(VN):%H:%M}"
