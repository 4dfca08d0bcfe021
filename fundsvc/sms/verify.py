"""Compare the totals of messages and the sums of their days with the messages."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from fundsvc.books.verify import Fault
from fundsvc.inbox.models import HANDLED, InboxItem
from fundsvc.secrecy import open_phones
from fundsvc.sms.models import SmsDay, SmsMessage, SmsTotal
from fundsvc.sms.resolver import BOOKED

_PART = 10_000


def faults(session: Session) -> Iterator[Fault]:
    """Yield operators whose sums are not what their messages come to, and unreadable numbers."""
    message, total, day = SmsMessage, SmsTotal, SmsDay
    if operators := _differing(
        session,
        (message.operator, message.status, message.campaign_id),
        (total.operator, total.status, total.campaign_id, total.messages, total.gross),
    ):
        why = _("Tổng số tin nhắn của nhà mạng không khớp với các tin nhắn.")
        yield from (Fault("sms-total", f"sms:{operator}", why) for operator in operators)
    province = func.coalesce(message.province_id, 0)
    if operators := _differing(
        session,
        (message.operator, message.received_on, message.campaign_id, province),
        (day.operator, day.received_on, day.campaign_id, day.province_id, day.messages, day.gross),
        message.status == BOOKED,
    ):
        why = _("Số tin nhắn theo ngày của nhà mạng không khớp với các tin nhắn.")
        yield from (Fault("sms-day", f"sms:{operator}", why) for operator in operators)
    yield from _unreadable(session)


def _differing(session: Session, kept: Sequence[Any], told: Sequence[Any], *only: Any) -> list[str]:
    """Return operators of whose messages, grouped by `kept`, `told` gives other sums."""
    counts = (func.count(), func.coalesce(func.sum(SmsMessage.amount), 0))
    messages = select(*_named([*kept, *counts])).where(*only).group_by(*kept)
    *groups, number, gross = told
    sums = select(*_named([*groups, -func.sum(number), -func.sum(gross)])).group_by(*groups)
    both = union_all(messages, sums).subquery()
    *names, number, gross = both.c
    query = (
        select(both.c.c0)
        .group_by(*names)
        .having(or_(func.sum(number) != 0, func.sum(gross) != 0))
        .distinct()
    )
    return sorted(session.scalars(query))


def _named(columns: Sequence[Any]) -> list[Any]:
    return [column.label(f"c{place}") for place, column in enumerate(columns)]


def _unreadable(session: Session) -> Iterator[Fault]:
    """Messages whose number does not open with the data key, or is not the one that is hashed."""
    query = select(
        SmsMessage.operator, SmsMessage.request_id, SmsMessage.phone_hash, SmsMessage.phone_sealed
    )
    for part in session.execute(query).yield_per(_PART).partitions():
        _operators, _ids, hashes, sealed = zip(*part, strict=True)
        for row, phone in zip(part, open_phones(hashes, sealed), strict=True):
            if phone is None:
                why = _("Không mở được số điện thoại: đã bị sửa, hoặc khóa dữ liệu là khóa khác.")
                yield Fault("sms-phone", f"sms:{row.operator}:{row.request_id}", why)


def lost(session: Session) -> Iterator[Fault]:
    """Yield what was pushed and is said to be handled, but whose message is not there."""
    handled = select(InboxItem.led_to).where(
        InboxItem.state == HANDLED, InboxItem.led_to.is_not(None), InboxItem.source.like("sms:%")
    )
    there = select(SmsMessage.operator + literal(":") + SmsMessage.request_id)
    for name in session.scalars(handled.except_(there)):
        why = _("Tin từ cổng đã xử lý nhưng không có tin nhắn.")
        yield Fault("sms-push", f"sms:{name}", why)
