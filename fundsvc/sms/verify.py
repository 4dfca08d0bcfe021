"""Compare the totals of messages with the messages."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session

from fundsvc.books.verify import Fault
from fundsvc.sms.models import SmsMessage, SmsTotal


def faults(session: Session) -> Iterator[Fault]:
    """Yield operators whose totals are not what their messages come to."""
    kept = select(
        SmsMessage.operator,
        SmsMessage.status,
        SmsMessage.campaign_id,
        func.count().label("messages"),
        func.coalesce(func.sum(SmsMessage.amount), 0).label("gross"),
    ).group_by(SmsMessage.operator, SmsMessage.status, SmsMessage.campaign_id)
    told = select(
        SmsTotal.operator,
        SmsTotal.status,
        SmsTotal.campaign_id,
        (-func.sum(SmsTotal.messages)).label("messages"),
        (-func.sum(SmsTotal.gross)).label("gross"),
    ).group_by(SmsTotal.operator, SmsTotal.status, SmsTotal.campaign_id)
    both = union_all(kept, told).subquery()
    rows = session.scalars(
        select(both.c.operator)
        .group_by(both.c.operator, both.c.status, both.c.campaign_id)
        .having(or_(func.sum(both.c.messages) != 0, func.sum(both.c.gross) != 0))
        .order_by(both.c.operator)
        .distinct()
    )
    for operator in rows:
        why = _("Tổng số tin nhắn của nhà mạng không khớp với các tin nhắn.")
        yield Fault("sms-total", f"sms:{operator}", why)
