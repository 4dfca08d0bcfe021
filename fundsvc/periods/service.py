"""Close a unit's months, one or all until one, with nothing in flight and nothing unseen."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.closed import closed_through
from fundsvc.books.models import Period, Posting
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.periods import checklist, locks
from fundsvc.periods.checklist import Item, Span
from fundsvc.periods.facts import closing, months_moved
from fundsvc.periods.months import first_of, following, last_of, told
from fundsvc.staff.acting import hold_role
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from ledger.words import grouped

CLOSERS: Final = ("treasurer", "unit-treasurer", "approver")
SEEN: Final = "*"
"""The mark of whoever sees the list as it closes, as on the command line."""
CLOSED, OPEN = "closed", "open"


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that was closed now, and what stood then."""

    month: date
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a request to close: the months closed now (none: it was closed before)."""

    unit: str
    unit_name: str
    month: date
    closed: tuple[Closing, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What closing a month of a unit means: the earlier months still open, and what to look at.

    `months` are those to close, in order, the month itself last; none when it is closed. `reasons`
    say why it cannot be closed at all.
    """

    unit: Unit
    month: date
    months: tuple[date, ...]
    items: tuple[Item, ...]
    reasons: tuple[Reason, ...]

    @property
    def earlier(self) -> tuple[date, ...]:
        """The months before it that must be closed first or together with it."""
        return self.months[:-1]

    @property
    def mark(self) -> str:
        """The mark of the list as it is now."""
        return checklist.mark(self.items)


def plan(session: Session, unit: Unit, month: date) -> Plan:
    """Look at what closing a month of a unit would mean."""
    through = closed_through(session, unit.id)
    if through is not None and month <= through:
        return Plan(unit, month, (), (), ())
    reasons = []
    if (today := clock.today()) <= last_of(month):
        why = _(
            "Tháng %(month)s chưa hết; khóa sổ được từ ngày %(day)s.",
            month=f"{month:%m/%Y}",
            day=f"{following(month):%d/%m/%Y}",
        )
        reasons.append(Reason(why, field="month"))
    months = (*months_moved(session, unit.id, after=through, before=month), month)
    span = Span(unit.id, unit.code, months[0], last_of(month))
    found = checklist.items(session, span) if last_of(month) < today else []
    reasons += [Reason(_blocked(item)) for item in found if item.blocking]
    return Plan(unit, month, months, tuple(found), tuple(reasons))


def close(
    session: Session,
    unit_code: str,
    month: date,
    *,
    through: bool = False,
    seen: str = "",
    by: int | None,
) -> Done:
    """Close a month of a unit, and with `through` all earlier months with entries too.

    The same again changes nothing. From here to the COMMIT nobody books into these months.

    Args:
        session: the open transaction.
        unit_code: the unit.
        month: any day of the month.
        through: whether earlier months that are still open are closed in the same act.
        seen: the mark of the list that the person has seen (`Plan.mark`), or `SEEN`.
        by: the staff user who closes, None for the command line.

    Raises:
        NotFound: there is no such unit, or not for this person.
        Forbidden: the person may not close.
        Refusal: the month is not over, an earlier one is open, something blocks it, or the list
            has not been seen.
        Conflict: something large is being booked there.
    """
    unit, month = units.by_code(session, unit_code), first_of(month)
    if by is not None:
        hold_role(session, by, CLOSERS, _("Chỉ kế toán hoặc người duyệt khóa sổ được."))
    locks.hold(session, unit.id, month)
    made = plan(session, unit, month)
    _hold(made, through=through, seen=seen)
    done = tuple(_close(session, unit, each, by) for each in made.months)
    return Done(unit.code, unit.name, month, done, made.items)


def _hold(made: Plan, *, through: bool, seen: str) -> None:
    reasons = list(made.reasons)
    if made.earlier and not through:
        why = _(
            "Còn tháng %(months)s có bút toán chưa khóa. Khóa các tháng đó trước, hoặc chọn khóa"
            " đến hết tháng %(month)s.",
            months=told(made.earlier),
            month=f"{made.month:%m/%Y}",
        )
        reasons.append(Reason(why, field="through"))
    open_questions = any(item.wants_tick for item in made.items)
    if open_questions and not seen:
        why = _("Xin xem danh sách trước khi khóa sổ và đánh dấu đã xem.")
        reasons.append(Reason(why, field="seen"))
    elif open_questions and seen not in {SEEN, made.mark}:
        why = _("Danh sách đã thay đổi từ khi mở trang. Xin xem lại rồi khóa sổ.")
        reasons.append(Reason(why, field="seen"))
    if reasons:
        raise Refusal(*reasons)


def _close(session: Session, unit: Unit, month: date, by: int | None) -> Closing:
    facts = closing(session, unit.id, month)
    row = session.scalar(
        select(Period)
        .where(Period.unit_id == unit.id, Period.month == month)
        .execution_options(populate_existing=True)
    )
    if row is None:
        row = Period(unit_id=unit.id, month=month, state=OPEN)
        session.add(row)
    elif row.state == CLOSED:
        raise Conflict(_("Tháng %(month)s vừa được khóa sổ.", month=f"{month:%m/%Y}"))
    row.state, row.closed_at, row.closed_by, row.closing = CLOSED, clock.now(), by, facts
    subject = f"period:{unit.code}:{month:%Y-%m}"
    said = {"unit": unit.code, "month": f"{month:%Y-%m}", **facts}
    audit.record(session, "period.close", subject, said, by=by)
    session.flush()
    return Closing(month, facts)


def has_books(session: Session, unit_id: int, last: date) -> bool:
    """Say whether anything was booked for a unit until a day."""
    first = session.scalar(
        select(func.min(Posting.date)).where(Posting.unit_id == unit_id, Posting.date <= last)
    )
    return first is not None


def _blocked(item: Item) -> str:
    """Say what blocks a closing, part by part."""
    parts = "; ".join(f"{part.text}: {grouped(part.amount)} đ" for part in item.parts)
    return f"{item.count} {item.text}. {parts}".strip()
