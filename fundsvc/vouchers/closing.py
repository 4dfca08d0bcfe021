"""What vouchers have to show before a month is closed: those of it that are not in the books."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.units.models import Unit
from fundsvc.vouchers import templates
from fundsvc.vouchers.kinds import APPROVED, DRAFT, STATES, SUBMITTED
from fundsvc.vouchers.models import Voucher, VoucherLine

WAITING = (SUBMITTED, APPROVED)


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield vouchers dated in the months and not posted, and monthly drafts not yet made."""
    yield from _unposted(session, span)
    yield _undrafted(session, span)


def _unposted(session: Session, span: Span) -> Iterator[Item]:
    """Vouchers that could not be posted with their date any more, once the month is closed."""
    touching = select(VoucherLine.voucher_id).where(VoucherLine.unit_id == span.unit_id)
    query = (
        select(Voucher.state, func.count(), func.sum(Voucher.amount))
        .where(
            Voucher.state.in_((DRAFT, SUBMITTED, APPROVED)),
            Voucher.date.between(span.first, span.last),
            or_(Voucher.unit_id == span.unit_id, Voucher.id.in_(touching)),
        )
        .group_by(Voucher.state)
    )
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
            Part(f"{STATES[state]}: {found[state][0]}", found[state][1], _listed(span, state=state))
            for state in here
        ),
    )


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
