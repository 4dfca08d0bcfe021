"""Periods as lists show them: what was closed or reopened, and what units did in each month."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Period, Posting
from fundsvc.books.totals import totals
from fundsvc.clock import VN
from fundsvc.periods.months import first_of, last_of, of_year
from fundsvc.staff.models import StaffUser
from fundsvc.text import short_unit
from fundsvc.units import service as units
from fundsvc.units.models import Unit

BEGINNING: Final = date(1900, 1, 1)


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


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of a unit in the year's grid.

    `state` is `closed`, `reopened`, `due` (over, with entries, not closed), `running` (not over)
    or `empty`; `covered` marks a closed month without entries, closed by a later one.
    """

    month: date
    state: str
    covered: bool = False
    closed_on: date | None = None
    closed_by: str = ""
    entries: int = 0
    debit: int = 0


@dataclass(frozen=True, slots=True)
class UnitYear:
    """The twelve months of a unit."""

    code: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was booked or closed in the year."""
        return all(cell.state == "empty" for cell in self.cells)


def grid(session: Session, year: int, unit: Unit | None = None) -> list[UnitYear]:
    """Return a year of the units this person may see, or of one, in the order of lists."""
    chosen = [unit] if unit is not None else units.all_units(session)
    moved = {month: _moved(session, month) for month in of_year(year) if month <= clock.today()}
    rows = {(row.unit, row.month): row for row in stored(session, year=year)}
    through = _through(session)
    return [
        UnitYear(
            each.code,
            short_unit(each.name),
            tuple(
                _cell(
                    month,
                    rows.get((each.code, month)),
                    through.get(each.id),
                    moved.get(month, {}).get(each.id, 0),
                )
                for month in of_year(year)
            ),
        )
        for each in chosen
    ]


def due(session: Session) -> tuple[date, int]:
    """Return last month, and how many units with books have not closed it."""
    month = first_of(first_of(clock.today()) - timedelta(days=1))
    through = _through(session)
    return month, sum(
        1
        for unit_id in _moved(session, BEGINNING, last_of(month))
        if (closed := through.get(unit_id)) is None or closed < month
    )


def years(session: Session) -> list[int]:
    """Return the years to choose from, from the first entry to this one, newest first."""
    first = session.scalar(select(func.min(Posting.date)))
    this = clock.today().year
    return list(range(this, min(first.year if first else this, this) - 1, -1))


def _cell(month: date, row: PeriodRow | None, through: date | None, entries: int) -> Cell:
    covered = through is not None and month <= through
    if row is not None:
        state = "closed" if row.state == "closed" or covered else "reopened"
        debit = int(row.closing.get("debit", 0))
        counted = int(row.closing.get("entries", 0)) if state == "closed" else entries
        return Cell(
            month,
            state,
            closed_on=row.closed_on,
            closed_by=row.closed_by,
            entries=counted,
            debit=debit,
        )
    if covered:
        return Cell(month, "closed", covered=True)
    if not entries:
        return Cell(month, "empty")
    return Cell(month, "due" if last_of(month) < clock.today() else "running", entries=entries)


def _moved(session: Session, month: date, last: date | None = None) -> dict[int, int]:
    """Return by unit how many times accounts were moved in a month, or until a last day."""
    rows = totals(session, ("unit",), month, last or last_of(month))
    return {row.key[0]: row.entries for row in rows if row.entries}


def _through(session: Session) -> dict[int, date]:
    """Return the last closed month of each unit."""
    query = (
        select(Period.unit_id, func.max(Period.month))
        .where(Period.state == "closed")
        .group_by(Period.unit_id)
    )
    return {unit_id: month for unit_id, month in session.execute(query)}  # noqa: C416 - typed rows
