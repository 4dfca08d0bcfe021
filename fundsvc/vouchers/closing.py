"""What vouchers have to show before a month is closed: those of it that are not in the books."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.units.models import Unit
from fundsvc.vouchers import templates
from fundsvc.vouchers.kinds import APPROVED, DRAFT, STATES, SUBMITTED
from fundsvc.vouchers.models import Voucher, VoucherLine
from ledger.words import grouped

WAITING = (SUBMITTED, APPROVED)
# The bare tables, which no scope of units narrows.
_VOUCHERS: Final[Any] = Voucher.__table__
_LINES: Final[Any] = VoucherLine.__table__


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield vouchers dated in the months and not posted, and monthly drafts not yet made."""
    yield from _unposted(session, span)
    yield _undrafted(session, span)


def _unposted(session: Session, span: Span) -> Iterator[Item]:
    """Vouchers that could not be posted with their date any more, once the month is closed.

    Also those of units that this person does not see, whose lines lie in this one: of them no more
    is told than how many there are, and what their lines here come to.
    """
    there = (_LINES.c.voucher_id == _VOUCHERS.c.id, _LINES.c.unit_id == span.unit_id)
    own = _VOUCHERS.c.unit_id == span.unit_id
    part = select(func.coalesce(func.sum(_LINES.c.debit), 0)).where(*there).scalar_subquery()
    each = (
        select(_VOUCHERS.c.state, case((own, _VOUCHERS.c.amount), else_=part).label("amount"))
        .where(
            _VOUCHERS.c.state.in_((DRAFT, *WAITING)),
            _VOUCHERS.c.date.between(span.first, span.last),
            or_(own, select(_LINES.c.line).where(*there).exists()),
        )
        .subquery()
    )
    query = select(each.c.state, func.count(), func.sum(each.c.amount)).group_by(each.c.state)
    found = {state: (count, int(amount)) for state, count, amount in session.execute(query)}
    yield _item(span, found, "vouchers-waiting", _("chứng từ chờ duyệt hoặc chờ ghi sổ"), WAITING)
    yield _item(span, found, "vouchers-draft", _("chứng từ nháp"), (DRAFT,))


def _item(
    span: Span,
    found: Mapping[str, tuple[int, int]],
    code: str,
    text: str,
    states: tuple[str, ...],
) -> Item:
    """Return the vouchers of some states; those that wait for a person block the closing."""
    here = [state for state in states if state in found]
    return Item(
        code,
        sum(found[state][0] for state in here),
        text,
        sum(found[state][1] for state in here),
        _listed(span, state=here[0]) if len(here) == 1 else _listed(span),
        blocking=states == WAITING,
        parts=tuple(
            Part(_told(state, found[state][0]), found[state][1], _listed(span, state=state))
            for state in here
        ),
    )


def _told(state: str, count: int) -> str:
    """Return how many vouchers of a state there are; their amount follows after a colon."""
    return _("%(state)s (%(count)s chứng từ)", state=STATES[state], count=grouped(count))


def _undrafted(session: Session, span: Span) -> Item:
    unit = session.scalar(select(Unit.code).where(Unit.id == span.unit_id))
    own = {row.id for row in templates.listed(session) if row.unit == unit}
    due = [
        each
        for each in templates.due(session, span.last)
        if each.template_id in own and each.on >= span.first
    ]
    text = _("mẫu hằng tháng chưa lập chứng từ")
    return Item("voucher-templates", len(due), text, href="/voucher-templates")


def _listed(span: Span, **more: str) -> str:
    query = {"unit": span.unit, "from": span.first.isoformat(), "to": span.last.isoformat()}
    return f"/vouchers?{urlencode(query | more)}"
