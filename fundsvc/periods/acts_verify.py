"""Closed months and reopenings, compared with the log of acts that says who did it and when.

A month that lies closed in the log and open in the books was opened behind the service's back; one
that lies closed without an act was never closed by anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books import keys
from fundsvc.books.models import Period
from fundsvc.books.verify import Fault
from fundsvc.periods.models import Reopening
from fundsvc.periods.service import CLOSED, OPEN

CLOSING, ASKING, CONFIRMING = "period.close", "period.reopen.ask", "period.reopen.confirm"
DECIDING: Final = {
    "confirmed": CONFIRMING,
    "refused": "period.reopen.refuse",
    "withdrawn": "period.reopen.withdraw",
}
NEAR: Final = timedelta(minutes=1)
"""Row and act are written one after the other in one transaction."""
Month = tuple[str, str]
"""A unit's code and a month as `2024-08`."""


@dataclass(slots=True)
class _Told:
    """What the log says of a month: who closed it last and how it stood; whether it is open."""

    by: int | None
    at: datetime
    closing: dict[str, Any]
    reopening: int | None = None


@dataclass(frozen=True, slots=True)
class _Log:
    months: dict[Month, _Told]
    asked: dict[int, Any]
    decided: dict[int, Any]


def faults(session: Session) -> Iterator[Fault]:
    """Yield months and reopenings that the log tells otherwise, and what it alone knows of."""
    units = {number: code for code, number in keys.read(session).units.items()}
    log = _read(session)
    yield from _months(session, units, log.months)
    yield from _reopenings(session, units, log)


def _read(session: Session) -> _Log:
    """Go through the log from its beginning."""
    months: dict[Month, _Told] = {}
    asked: dict[int, Any] = {}
    decided: dict[int, Any] = {}
    query = select(Act.kind, Act.subject, Act.at, Act.actor_id, Act.facts).where(
        Act.kind.in_((CLOSING, ASKING, *DECIDING.values()))
    )
    for act in session.execute(query.order_by(Act.id)):
        _period, unit, month = (*act.subject.split(":"), "", "")[:3]
        if act.kind == CLOSING:
            stood = {name: act.facts[name] for name in act.facts if name not in {"unit", "month"}}
            months[unit, month] = _Told(act.actor_id, act.at, stood)
            continue
        number = act.facts.get("reopening", 0)
        (asked if act.kind == ASKING else decided)[number] = act
        if act.kind == CONFIRMING:
            for (of, opened), told in months.items():
                if of == unit and opened >= month and told.reopening is None:
                    told.reopening = number
    return _Log(months, asked, decided)


def _months(session: Session, units: dict[int, str], months: dict[Month, _Told]) -> Iterator[Fault]:
    left = dict(months)
    for row in session.scalars(select(Period).order_by(Period.unit_id, Period.month)):
        key = units.get(row.unit_id, ""), f"{row.month:%Y-%m}"
        told = left.pop(key, None)
        if told is None:
            why = _("không có nhật ký khóa sổ của tháng này")
        elif row.state == OPEN and told.reopening is None:
            why = _("nhật ký ghi tháng này đang khóa sổ mà nay đang mở")
        elif row.state == CLOSED and told.reopening is not None:
            why = _("nhật ký ghi tháng này đã mở lại mà nay đang khóa sổ")
        elif told.reopening is not None and told.reopening != row.reopening_id:
            why = _("được mở lại theo một đề nghị khác với nhật ký")
        elif told.by != row.closed_by or not _near(told.at, row.closed_at):
            why = _("người hoặc thời điểm khóa sổ khác với nhật ký")
        elif told.closing != row.closing:
            why = _("số liệu lúc khóa sổ khác với nhật ký")
        else:
            continue
        yield _fault(key, why)
    for key in sorted(left):
        yield _fault(key, _("nhật ký ghi đã khóa sổ mà nay không còn dấu vết khóa sổ"))


def _reopenings(session: Session, units: dict[int, str], log: _Log) -> Iterator[Fault]:
    asked, decided = dict(log.asked), dict(log.decided)
    for row in session.scalars(select(Reopening).order_by(Reopening.id)):
        key = units.get(row.unit_id, ""), f"{row.month:%Y-%m}"
        ask, decision = asked.pop(row.id, None), decided.pop(row.id, None)
        if not _asked_so(row, key, ask):
            yield _fault(key, _("đề nghị mở lại sổ không có trong nhật ký, hoặc khác với nhật ký"))
        elif not _decided_so(row, key, decision):
            yield _fault(key, _("quyết định về đề nghị mở lại sổ không khớp với nhật ký"))
        elif row.state == "confirmed" and ask.actor_id == decision.actor_id:
            yield _fault(key, _("một người vừa đề nghị vừa xác nhận mở lại sổ"))
    for act in (*asked.values(), *decided.values()):
        _period, unit, month = (*act.subject.split(":"), "", "")[:3]
        why = _("nhật ký ghi có đề nghị mở lại sổ mà nay không còn đề nghị ấy")
        yield _fault((unit, month), why)


def _asked_so(row: Reopening, key: Month, ask: Any) -> bool:
    return ask is not None and (
        (ask.subject, ask.actor_id, ask.facts.get("reason"))
        == (f"period:{key[0]}:{key[1]}", row.asked_by, row.reason)
        and _near(ask.at, row.asked_at)
    )


def _decided_so(row: Reopening, key: Month, decision: Any) -> bool:
    if row.state not in DECIDING or decision is None:
        return row.state == "asked" and decision is None
    last = max(decision.facts.get("months") or [key[1]])
    opened = f"{row.last_month or date.min:%Y-%m}"
    return (
        (decision.kind, decision.actor_id) == (DECIDING[row.state], row.decided_by)
        and _near(decision.at, row.decided_at)
        and (row.state != "confirmed" or last == opened)
    )


def _near(one: datetime, other: datetime | None) -> bool:
    return other is not None and abs(one - other) <= NEAR


def _fault(key: Month, why: str) -> Fault:
    unit, month = key
    told = _("Tháng %(month)s của %(unit)s: %(why)s.",
             month="/".join(reversed(month.split("-"))), unit=unit, why=why)  # fmt: skip
    return Fault("period-act", f"period:{unit}:{month}", told)
