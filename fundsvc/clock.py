"""The one clock: moments are UTC, accounting dates are those of Asia/Ho_Chi_Minh."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VN = ZoneInfo("Asia/Ho_Chi_Minh")

_fixed: ContextVar[datetime | None] = ContextVar("fundsvc_fixed_moment", default=None)


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """Return the accounting date of the present moment (Asia/Ho_Chi_Minh)."""
    return now().astimezone(VN).date()


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Hold the clock at an aware moment, so that examples keep their dates.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        msg = "a fixed moment needs a time zone"
        raise ValueError(msg)
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
