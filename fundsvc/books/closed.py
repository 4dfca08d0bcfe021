"""Closed months: which ones no entry may be dated in, who closed them, and what can be done."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from fundsvc.books.models import Period
from fundsvc.clock import VN
from fundsvc.errors import Reason, Refusal
from fundsvc.staff.models import StaffUser

# Units live in another slice; their names are read by the table's name.
_UNIT = table("unit", column("id"), column("name"))


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month of a unit: when it was closed and by whom (empty: by the command line)."""

    unit_id: int
    unit: str
    month: date
    on: date | None
    by: str

    @property
    def fact(self) -> str:
        """That it is closed, since when and by whom."""
        facts = {"month": f"{self.month:%m/%Y}", "unit": self.unit}
        if self.on is None:
            return _("Tháng %(month)s của %(unit)s đã khóa sổ.", **facts)
        return _(
            "Tháng %(month)s của %(unit)s đã khóa sổ ngày %(day)s bởi %(who)s.",
            day=f"{self.on:%d/%m/%Y}",
            who=self.by or _("người quản trị máy chủ"),
            **facts,
        )

    @property
    def why(self) -> str:
        """Why nothing can be dated in this month, and what can be done."""
        advice = _("Chọn ngày trong tháng còn mở, hoặc đề nghị mở lại sổ.")
        return f"{self.fact} {advice}"


class ClosedMonth(Refusal):
    """Something is dated in a closed month; `fact` says of which unit, and who closed it."""

    def __init__(self, *reasons: Reason | str, fact: str = "") -> None:
        """Take reasons as any refusal does."""
        super().__init__(*reasons)
        self.fact = fact

    @classmethod
    def of(cls, closed: Closed | None) -> "ClosedMonth":
        """Refuse a date in a month, None when nobody can tell any more which it was."""
        fact = closed.fact if closed else _("Tháng này của đơn vị đã khóa sổ.")
        return cls(Reason(closed.why if closed else fact, field="date"), fact=fact)


def closed_through(session: Session, unit_id: int) -> date | None:
    """Return the last closed month of a unit, or None if none is.

    All months until then are closed, those without a row of their own among them: the opening
    balance of a closed month rests on what came before it.
    """
    return session.scalar(
        select(func.max(Period.month)).where(Period.unit_id == unit_id, Period.state == "closed")
    )


def open_day(session: Session, unit_ids: Collection[int], day: date) -> date:
    """Return a day, or the first one after it on which the books of all these units are open."""
    through = session.scalar(
        select(func.max(Period.month)).where(
            Period.unit_id.in_(unit_ids),
            Period.state == "closed",
            Period.month >= day.replace(day=1),
        )
    )
    return day if through is None else (through + timedelta(days=31)).replace(day=1)


def find_closed(session: Session, unit_id: int, day: date) -> Closed | None:
    """Return the closed month of a unit in which a day lies, or None if it is open."""
    month = day.replace(day=1)
    row = session.execute(
        select(Period.closed_at, StaffUser.name, _UNIT.c.name)
        .join(_UNIT, _UNIT.c.id == Period.unit_id)
        .outerjoin(StaffUser, StaffUser.id == Period.closed_by)
        .where(Period.unit_id == unit_id, Period.state == "closed", Period.month >= month)
        .order_by(Period.month)
        .limit(1)
    ).first()
    if row is None:
        return None
    closed_at, who, unit = row
    on = closed_at.astimezone(VN).date() if closed_at else None
    return Closed(unit_id, unit, month, on, who or "")


def first_closed(session: Session, touched: Iterable[tuple[int, date]]) -> Closed | None:
    """Return the first of some units and days that lies in a closed month.

    It looks by a connection of its own: a guard has just refused, and on PostgreSQL nothing more
    can be read in that transaction.
    """
    with Session(session.get_bind()) as apart:
        found = (find_closed(apart, unit_id, day) for unit_id, day in sorted(touched))
        return next((closed for closed in found if closed), None)
