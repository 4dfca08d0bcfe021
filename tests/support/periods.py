"""Closed months for tests, straight from the table."""

from datetime import date

from fundsvc import clock
from fundsvc.books.models import Period


def closed(unit_id: int, month: date, by: int | None = None) -> Period:
    """Return a closed month of a unit, to be added to a session."""
    return Period(
        unit_id=unit_id,
        month=month,
        state="closed",
        closed_at=clock.now(),
        closed_by=by,
        closing={},
    )
