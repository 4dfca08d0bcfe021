"""Compare messages with the books and with their totals, and name each difference."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry, Posting
from fundsvc.books.verify import Fault
from fundsvc.sms.models import SmsMessage, SmsTotal
from fundsvc.sms.resolver import BOOKED

SOURCE = "sms:"
DEBIT_LINE = 1


def faults(session: Session) -> Iterator[Fault]:
    """Yield every difference between messages, entries and totals."""
    yield from _without_entry(session)
    yield from _without_message(session)
    yield from _totals(session)


def _without_entry(session: Session) -> Iterator[Fault]:
    """Booked messages whose entry is missing, or has another date or amount."""
    debit = aliased(Posting)
    its_entry = and_(
        Entry.source == literal(SOURCE) + SmsMessage.operator,
        Entry.external_id == SmsMessage.request_id,
    )
    rows = session.execute(
        select(SmsMessage.operator, SmsMessage.request_id)
        .join(Entry, its_entry, isouter=True)
        .join(debit, and_(debit.entry_id == Entry.id, debit.line == DEBIT_LINE), isouter=True)
        .where(
            SmsMessage.status == BOOKED,
            or_(
                debit.debit.is_(None),
                debit.debit != SmsMessage.amount,
                Entry.date != SmsMessage.received_on,
            ),
        )
        .order_by(SmsMessage.operator, SmsMessage.request_id)
    )
    for operator, request_id in rows:
        why = _("Tin nhắn đã ghi sổ không khớp với bút toán của nó.")
        yield Fault("sms-booked", f"{SOURCE}{operator}/{request_id}", why)


def _without_message(session: Session) -> Iterator[Fault]:
    """Entries of messages that are not kept as booked."""
    its_message = and_(
        Entry.source == literal(SOURCE) + SmsMessage.operator,
        Entry.external_id == SmsMessage.request_id,
        SmsMessage.status == BOOKED,
    )
    rows = session.scalars(
        select(Entry.id)
        .join(SmsMessage, its_message, isouter=True)
        .where(Entry.source.startswith(SOURCE, autoescape=True), SmsMessage.operator.is_(None))
        .order_by(Entry.id)
    )
    for number in rows:
        yield Fault("sms-entry", f"entry:{number}", _("Bút toán tin nhắn không có tin nhắn."))


def _totals(session: Session) -> Iterator[Fault]:
    """Operators whose totals are not what their messages come to."""
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
        yield Fault("sms-total", f"{SOURCE}{operator}", why)
