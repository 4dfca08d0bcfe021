"""What card payments have to show before a month is closed."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.giving.models import Pledge
from fundsvc.inbox import service as inbox
from fundsvc.online import handling
from fundsvc.online.models import CardMovement, CardPayout
from fundsvc.periods.checklist import Item, Span

PAGE = "/card-payments"


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield events not handled, payouts that the bank does not show, and what Stripe still holds.

    Which unit an event is of is known only when it is handled: each unit that cards were promised
    to is told of all of them. What came in but was not paid out is so by Stripe's own days; it only
    wants to be known.
    """
    promised = exists().where(Pledge.unit_id == span.unit_id, Pledge.method == "card")
    if session.scalar(select(promised)):
        found = inbox.counts(session, handling.KIND)
        yield Item("card-events", sum(found.values()), _("sự kiện Stripe chưa ghi sổ"), href=PAGE)
    sent = select(func.count(), func.sum(CardPayout.amount)).where(
        CardPayout.unit_id == span.unit_id,
        CardPayout.state == "sent",
        CardPayout.arrives_on <= span.last,
    )
    text = _("đợt Stripe chuyển tiền chưa thấy trong sao kê")
    yield _item(session, "card-payouts", text, sent)
    out = select(CardPayout.id).where(CardPayout.sent_on <= span.last)
    held = select(func.count(), func.sum(CardMovement.amount - CardMovement.fee)).where(
        CardMovement.unit_id == span.unit_id,
        CardMovement.moved_on <= span.last,
        or_(CardMovement.payout_id.is_(None), CardMovement.payout_id.not_in(out)),
    )
    yield _item(session, "card-money", _("khoản qua thẻ Stripe chưa chuyển về"), held, told=True)


def _item(
    session: Session, code: str, text: str, query: Select[int, int], *, told: bool = False
) -> Item:
    count, amount = session.execute(query).one()
    return Item(code, count, text, int(amount or 0), PAGE, told=told)
