"""Single totals: those of a unit in a year, and one by its number."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.books.reversing import is_undone
from fundsvc.dues.models import DuesTotal
from fundsvc.units.models import Unit


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A total as lists show it."""

    id: int
    unit: str
    unit_name: str
    fund: str
    month: date
    paid_on: date
    amount: int
    paid_into: str
    entry_id: int
    reversed: bool


def of_unit(session: Session, fund: str, year: int, unit_id: int) -> tuple[TotalRow, ...]:
    """Return the totals of a unit for the months of a year, those taken back among them."""
    query = (
        _query()
        .where(Fund.code == fund, DuesTotal.unit_id == unit_id)
        .where(DuesTotal.month.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(DuesTotal.month, DuesTotal.paid_on, DuesTotal.id)
    )
    return tuple(_row(*row) for row in session.execute(query))


def one(session: Session, total_id: int) -> TotalRow | None:
    """Return a total, or None if there is none for this person."""
    row = session.execute(_query().where(DuesTotal.id == total_id)).first()
    return _row(*row) if row else None


def _query() -> Select[DuesTotal, str, str, str, bool]:
    return (
        select(DuesTotal, Unit.code, Unit.name, Fund.code, is_undone(DuesTotal.entry_id))
        .join(Unit, Unit.id == DuesTotal.unit_id)
        .join(Fund, Fund.id == DuesTotal.fund_id)
    )


def _row(row: DuesTotal, unit: str, unit_name: str, fund: str, gone: object) -> TotalRow:
    return TotalRow(
        id=row.id,
        unit=unit,
        unit_name=unit_name,
        fund=fund,
        month=row.month,
        paid_on=row.paid_on,
        amount=row.amount,
        paid_into=row.paid_into,
        entry_id=row.entry_id,
        reversed=bool(gone),
    )
