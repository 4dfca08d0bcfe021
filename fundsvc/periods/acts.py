"""What happened to a month: closings, and requests to reopen with what became of them."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fundsvc.audit.models import Act
from fundsvc.periods.models import Reopening
from fundsvc.staff.models import StaffUser
from fundsvc.units.models import Unit

_ASKER, _DECIDER = aliased(StaffUser), aliased(StaffUser)


@dataclass(frozen=True, slots=True)
class ActRow:
    """Somebody's act: when, what, who (empty: the command line), and why if that was said."""

    at: datetime
    text: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to reopen, with names."""

    id: int
    unit: str
    unit_name: str
    month: date
    last_month: date | None
    reason: str
    state: str
    asked_by: int
    asker: str
    asked_at: datetime
    decider: str
    decided_at: datetime | None


def of_month(session: Session, unit: Unit, month: date) -> list[ActRow]:
    """Return what was done to a month of a unit, newest first.

    A reopening is an act on every month from the asked one to the last it opens, with a row or not.
    """
    query = (
        select(Act.at, Act.kind, Act.facts, Act.subject, StaffUser.name)
        .outerjoin(StaffUser, StaffUser.id == Act.actor_id)
        .where(Act.subject.startswith(f"period:{unit.code}:", autoescape=True))
        .order_by(Act.id.desc())
    )
    words = {
        "period.close": _("Khóa sổ"),
        "period.reopen.ask": _("Đề nghị mở lại sổ"),
        "period.reopen.confirm": _("Xác nhận mở lại sổ"),
        "period.reopen.refuse": _("Từ chối mở lại sổ"),
        "period.reopen.withdraw": _("Rút đề nghị mở lại sổ"),
    }
    own = f"{month:%Y-%m}"
    found = []
    for at, kind, facts, subject, name in session.execute(query):
        # The subject ends in the asked month; `2024-08` sorts as the month does.
        asked = subject.rpartition(":")[2]
        last = max(facts.get("months") or (asked,))
        if kind in words and asked <= own <= last:
            found.append(ActRow(at, words[kind], name or "", facts.get("reason", "")))
    return found


def requests(
    session: Session, *, unit_id: int | None = None, waiting: bool = False, most: int = 100
) -> list[Request]:
    """Return requests to reopen, newest first: of one unit or all, all or those that wait."""
    query = (
        select(Reopening, Unit.code, Unit.name, _ASKER.name, _DECIDER.name)
        .join(Unit, Unit.id == Reopening.unit_id)
        .join(_ASKER, _ASKER.id == Reopening.asked_by)
        .outerjoin(_DECIDER, _DECIDER.id == Reopening.decided_by)
        .order_by(Reopening.id.desc())
        .limit(most)
    )
    if unit_id is not None:
        query = query.where(Reopening.unit_id == unit_id)
    if waiting:
        query = query.where(Reopening.state == "asked")
    return [
        Request(
            id=row.id,
            unit=code,
            unit_name=name,
            month=row.month,
            last_month=row.last_month,
            reason=row.reason,
            state=row.state,
            asked_by=row.asked_by,
            asker=who,
            asked_at=row.asked_at,
            decider=by or "",
            decided_at=row.decided_at,
        )
        for row, code, name, who, by in session.execute(query)
    ]
