"""Periods as lists show them: what was closed or reopened, and what units did in each month."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Period
from fundsvc.clock import VN
from fundsvc.staff.models import StaffUser
from fundsvc.units import service as units
from fundsvc.units.models import Unit


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A month of a unit that was closed at least once; `closed_by` is a name, or empty."""

    unit: str
    month: date
    state: str
    closed_on: date | None
    closed_by: str
    closing: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the row as `period list --json` prints it."""
        return {
            "unit": self.unit,
            "month": f"{self.month:%Y-%m}",
            "state": self.state,
            "closed_on": self.closed_on.isoformat() if self.closed_on else None,
            "closed_by": self.closed_by or None,
            "closing": self.closing,
        }


def stored(session: Session, *, year: int, unit: str | None = None) -> list[PeriodRow]:
    """Return the periods of a year that were closed at least once, by month and unit.

    Raises:
        NotFound: there is no such unit, or not for this person.
    """
    query = (
        select(Period, Unit.code, StaffUser.name)
        .join(Unit, Unit.id == Period.unit_id)
        .outerjoin(StaffUser, StaffUser.id == Period.closed_by)
        .where(Period.month.between(date(year, 1, 1), date(year, 12, 1)))
        .order_by(Period.month, Unit.code)
    )
    if unit is not None:
        query = query.where(Period.unit_id == units.by_code(session, unit).id)
    return [
        PeriodRow(
            unit=code,
            month=row.month,
            state=row.state,
            closed_on=row.closed_at.astimezone(VN).date() if row.closed_at else None,
            closed_by=name or "",
            closing=row.closing or {},
        )
        for row, code, name in session.execute(query)
    ]
