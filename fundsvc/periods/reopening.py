"""Reopen closed months: one person asks with a reason, another one confirms; both are recorded.

Reopening a month reopens the later closed months of the unit with it. Their opening balances rest
on it, so they would be closed in name only; and to refuse until each was asked for and confirmed by
itself, from the last one back, would be the same thing by more work of two people.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.closed import closed_through
from fundsvc.books.models import Period
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.periods import locks
from fundsvc.periods.models import Reopening
from fundsvc.periods.months import first_of
from fundsvc.periods.service import CLOSED, CLOSERS, OPEN
from fundsvc.staff.acting import hold_role
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.units.models import Unit

LONGEST_REASON: Final = 300
CONFIRMERS: Final = ("approver",)
ASKED, CONFIRMED, REFUSED, WITHDRAWN = "asked", "confirmed", "refused", "withdrawn"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to reopen; `new` is False when this person had asked the same before."""

    id: int
    month: date
    months: tuple[date, ...]
    new: bool


def ask(session: Session, unit_code: str, month: date, reason: str, *, by: int) -> Asked:
    """Ask to open a unit's books again from a closed month on.

    Raises:
        NotFound: there is no such unit, or not for this person.
        Forbidden: the person may not ask.
        Refusal: there is no reason, or the month is open.
        Conflict: another request of this unit waits.
    """
    unit, month = units.by_code(session, unit_code), first_of(month)
    hold_role(session, by, CLOSERS, _("Chỉ kế toán hoặc người duyệt đề nghị mở lại sổ được."))
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do mở lại sổ."), field="reason"))
    locks.act(session, unit.id)
    months = closed_from(session, unit.id, month)
    if not months:
        raise Refusal(
            Reason(_("Tháng %(month)s chưa khóa sổ.", month=f"{month:%m/%Y}"), field="month")
        )
    pending = pending_of(session, unit.id)
    if pending is not None:
        if (pending.month, pending.reason, pending.asked_by) == (month, why, by):
            return Asked(pending.id, month, months, new=False)
        waiting = _(
            "Đơn vị đã có đề nghị mở lại sổ từ tháng %(month)s đang chờ xác nhận.",
            month=f"{pending.month:%m/%Y}",
        )
        raise Conflict(Reason(waiting, field="month"))
    row = Reopening(
        unit_id=unit.id, month=month, reason=why, asked_by=by, asked_at=clock.now(), state=ASKED
    )
    session.add(row)
    session.flush()
    _note(session, "ask", unit, row, by, months)
    return Asked(row.id, month, months, new=True)


def confirm(session: Session, reopening_id: int, *, by: int) -> tuple[date, ...]:
    """Open the months that were asked for, and the later closed ones; return them.

    Raises:
        NotFound: there is no such request, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before, or nothing is closed any more.
    """
    row, unit = _waiting(session, reopening_id)
    _hold_other(session, row, by)
    months = closed_from(session, unit.id, row.month)
    if not months:
        why = _("Các tháng này không còn khóa sổ; xin rút đề nghị.")
        raise Conflict(why)
    row.state, row.decided_by, row.decided_at = CONFIRMED, by, clock.now()
    row.last_month = months[-1]
    # First the decision, then what it opens: the database looks for it.
    session.flush()
    for period in session.scalars(
        select(Period)
        .where(Period.unit_id == unit.id, Period.state == CLOSED, Period.month >= row.month)
        .execution_options(populate_existing=True)
    ):
        period.state, period.reopening_id = OPEN, row.id
    session.flush()
    _note(session, "confirm", unit, row, by, months)
    return months


def refuse(session: Session, reopening_id: int, *, by: int) -> None:
    """Say no to a request; the months stay closed.

    Raises:
        NotFound: there is no such request, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before.
    """
    row, unit = _waiting(session, reopening_id)
    _hold_other(session, row, by)
    _decide(session, row, unit, REFUSED, by)


def withdraw(session: Session, reopening_id: int, *, by: int) -> None:
    """Take one's own request back.

    Raises:
        NotFound: there is no such request, or not for this person.
        Forbidden: somebody else asked for it.
        Conflict: it was decided before.
    """
    row, unit = _waiting(session, reopening_id)
    if row.asked_by != by:
        raise Forbidden(Reason(_("Chỉ người đề nghị rút được đề nghị này."), field="by"))
    _decide(session, row, unit, WITHDRAWN, by)


def pending_of(session: Session, unit_id: int) -> Reopening | None:
    """Return the request of a unit that waits, if there is one."""
    return session.scalar(
        select(Reopening).where(Reopening.unit_id == unit_id, Reopening.state == ASKED)
    )


def closed_from(session: Session, unit_id: int, month: date) -> tuple[date, ...]:
    """Return the closed months of a unit from one on; none when that month itself is open.

    The month itself is always the first: closed with a later one, it has no row of its own.
    """
    through = closed_through(session, unit_id)
    if through is None or month > through:
        return ()
    rows = session.scalars(
        select(Period.month).where(
            Period.unit_id == unit_id, Period.state == CLOSED, Period.month >= month
        )
    )
    return tuple(sorted({month, *rows}))


def _waiting(session: Session, reopening_id: int) -> tuple[Reopening, Unit]:
    """Return a request that waits, with the periods of its unit held."""
    unit_id = session.scalar(select(Reopening.unit_id).where(Reopening.id == reopening_id))
    if unit_id is None:
        raise NotFound(Reason(_("Không có đề nghị này."), field="reopening"))
    locks.act(session, unit_id)
    # As it is now: whoever was before us in the line may have decided.
    row = session.scalars(
        select(Reopening)
        .where(Reopening.id == reopening_id)
        .execution_options(populate_existing=True)
    ).one()
    if row.state != ASKED:
        raise Conflict(_("Đề nghị này đã được xử lý."))
    return row, session.get_one(Unit, unit_id)


def _hold_other(session: Session, row: Reopening, by: int) -> None:
    hold_role(session, by, CONFIRMERS, _("Chỉ người duyệt xử lý được đề nghị mở lại sổ."))
    if row.asked_by == by:
        why = _("Người đề nghị không tự xác nhận được; cần một người duyệt khác.")
        raise Forbidden(Reason(why, field="by"))


def _decide(session: Session, row: Reopening, unit: Unit, state: str, by: int) -> None:
    row.state, row.decided_by, row.decided_at = state, by, clock.now()
    session.flush()
    months = closed_from(session, unit.id, row.month)
    _note(session, "refuse" if state == REFUSED else "withdraw", unit, row, by, months)


def _note(
    session: Session, act: str, unit: Unit, row: Reopening, by: int, months: tuple[date, ...]
) -> None:
    facts = {
        "unit": unit.code,
        "reopening": row.id,
        "reason": row.reason,
        "months": [f"{month:%Y-%m}" for month in months],
    }
    subject = f"period:{unit.code}:{row.month:%Y-%m}"
    audit.record(session, f"period.reopen.{act}", subject, facts, by=by)
