"""What comes every month: drafts that are made from a template, once for each month."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.closed import closed_through, find_closed
from fundsvc.books.firsts import first_day
from fundsvc.books.sums import OF_SUMS
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.text import clean
from fundsvc.units.models import Unit
from fundsvc.vouchers import service, storing, workflow
from fundsvc.vouchers.drafting import Draft, as_json, from_json, on_day
from fundsvc.vouchers.kinds import KINDS
from fundsvc.vouchers.models import Voucher, VoucherTemplate

LONGEST_NAME: Final = 100
MONTHS_BACK: Final = 12
"""How far back a month that was missed is still asked for."""
_LAST_DAY: Final = 31
_DAY: Final = re.compile(r"[0-9]{1,2}", re.ASCII)
_KEY: Final[Any] = Voucher.__table__.c.key


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A template as lists show it."""

    id: int
    name: str
    unit: str
    unit_name: str
    kind: str
    kind_name: str
    day: int
    amount: int
    active: bool
    draft: Draft


@dataclass(frozen=True, slots=True)
class Due:
    """A draft that a template still has to make: for which month, and dated when."""

    template_id: int
    name: str
    month: date
    on: date


def add(session: Session, name: str, day: int | str, draft: Draft, *, by: int) -> int:
    """Keep a draft as what comes on a day of every month; return the template's id.

    Raises:
        Refusal: a name, day, code, text or amount cannot be.
        NotFound: there is no such unit or province, or not for this person.
        Forbidden: the person makes no vouchers.
    """
    workflow.hold_role(session, "edit", by)
    called, on = _named(name, day)
    resolved = storing.resolve(session, draft)
    row = VoucherTemplate(
        unit_id=resolved.unit_id,
        name=called,
        kind=draft.kind,
        day=on,
        facts=as_json(resolved.draft),
        made_by=by,
        made_at=clock.now(),
    )
    session.add(row)
    session.flush()
    audit.record(session, "voucher-template.add", f"voucher-template:{row.id}", {}, by=by)
    return row.id


def switch(session: Session, template_id: int, *, active: bool, by: int) -> None:
    """Switch a template on or off; drafts that it made stay.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: the person makes no vouchers.
    """
    workflow.hold_role(session, "edit", by)
    row = _taken(session, template_id)
    row.active = active
    kind = "voucher-template.on" if active else "voucher-template.off"
    audit.record(session, kind, f"voucher-template:{row.id}", {}, by=by)
    session.flush()


def draft_from(session: Session, template_id: int, month: date, *, by: int) -> int:
    """Make the draft of a month and return its id; the same month again makes no other.

    Raises:
        NotFound: there is no such template, or not for this person.
        Forbidden: the person makes no vouchers.
        Refusal: the template is switched off, what it names is no longer there, or the month has
            not come yet, is closed, or lies before the unit's books begin.
    """
    workflow.hold_role(session, "edit", by)
    row = _taken(session, template_id)
    key = _key(row.id, month)
    made = session.scalar(select(Voucher.id).where(Voucher.key == key))
    if made is not None:
        return made
    if not row.active:
        raise Refusal(Reason(_("Mẫu này đã ngừng dùng."), field="template"))
    draft = replace(from_json(row.facts), date=on_day(month.replace(day=1), row.day))
    _hold_month(session, row.unit_id, draft.date)
    return service.create(session, draft, key=key, by=by, template_id=row.id)


def _hold_month(session: Session, unit_id: int, on: date) -> None:
    """Hold that a unit's books can take in the month of a day.

    Raises:
        Refusal: it has not come yet, is closed, or lies before the books begin.
    """
    month, running = on.replace(day=1), clock.today().replace(day=1)
    if month > running:
        why = _(
            "Tháng %(month)s chưa đến; mẫu chỉ lập chứng từ cho đến tháng này (%(running)s).",
            month=f"{month:%m/%Y}",
            running=f"{running:%m/%Y}",
        )
        raise Refusal(Reason(why, field="month"))
    closed = find_closed(session, unit_id, on)
    if closed is not None:
        raise Refusal(Reason(closed.fact, field="month"))
    first = first_day(session, running, [f"{OF_SUMS.unit_id} = {unit_id:d}"])
    if first is not None and month < first.replace(day=1):
        why = _(
            "Sổ của đơn vị bắt đầu từ tháng %(first)s; tháng %(month)s ở trước đó, không có sổ để"
            " ghi.",
            first=f"{first:%m/%Y}",
            month=f"{month:%m/%Y}",
        )
        raise Refusal(Reason(why, field="month"))


def listed(session: Session) -> list[TemplateRow]:
    """Return the templates of the units this person may see, those in use first."""
    query = (
        select(VoucherTemplate, Unit.code, Unit.name)
        .join(Unit, Unit.id == VoucherTemplate.unit_id)
        .order_by(VoucherTemplate.active.desc(), VoucherTemplate.name, VoucherTemplate.id)
    )
    rows = []
    for row, code, name in session.execute(query):
        draft = from_json(row.facts)
        rows.append(
            TemplateRow(
                id=row.id,
                name=row.name,
                unit=code,
                unit_name=name,
                kind=row.kind,
                kind_name=str(KINDS[row.kind].name),
                day=row.day,
                amount=draft.total,
                active=row.active,
                draft=draft,
            )
        )
    return rows


def due(session: Session, today: date) -> list[Due]:
    """Return the drafts that templates in use should have made until a day, oldest first.

    A template asks for its draft of every open month since it was made, a year back at most.
    """
    found = []
    query = select(VoucherTemplate).where(VoucherTemplate.active).order_by(VoucherTemplate.id)
    for row in session.scalars(query):
        made_on = row.made_at.astimezone(clock.VN).date()
        through = closed_through(session, row.unit_id) or date.min
        months = [
            month
            for month in _months(today)
            if on_day(month, row.day) <= today
            and month >= made_on.replace(day=1)
            and month > through
        ]
        keys = {_key(row.id, month): month for month in months}
        # A draft that was moved to a unit this person does not see was made all the same.
        made = set(session.scalars(select(_KEY).where(_KEY.in_(keys))))
        found += [
            Due(row.id, row.name, month, on_day(month, row.day))
            for key, month in keys.items()
            if key not in made
        ]
    return sorted(found, key=lambda each: (each.on, each.template_id))


def _named(name: str, day: int | str) -> tuple[str, int]:
    """Read what a template is called, and the day of the month it comes on.

    Raises:
        Refusal: one of them cannot be, or both.
    """
    reasons: list[Reason] = []
    called = ""
    try:
        called = clean(name, LONGEST_NAME, "name")
        if not called:
            reasons.append(Reason(_("Thiếu tên mẫu."), field="name"))
    except Refusal as refusal:
        reasons += refusal.reasons
    found = _DAY.fullmatch(str(day).strip())
    on = int(found[0]) if found else 0
    if not 1 <= on <= _LAST_DAY:
        reasons.append(Reason(_("Ngày trong tháng là số từ 1 đến 31."), field="day"))
    if reasons:
        raise Refusal(*reasons)
    return called, on


def _taken(session: Session, template_id: int) -> VoucherTemplate:
    query = select(VoucherTemplate).where(VoucherTemplate.id == template_id).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(Reason(_("Không có mẫu chứng từ này."), field="template"))
    return row


def _key(template_id: int, month: date) -> str:
    return f"template:{template_id}:{month:%Y-%m}"


def _months(today: date) -> Iterator[date]:
    """Yield the first days of the last months until this one."""
    for back in range(MONTHS_BACK - 1, -1, -1):
        years, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        yield date(years, month + 1, 1)
