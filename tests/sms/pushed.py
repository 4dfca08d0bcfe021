"""What tests of pushes share: sending and handling, and what has become of them."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.inbox.models import InboxItem
from fundsvc.sms import handling
from tests.support import pushes


def standard(row: dict[str, str], **facts: Any) -> pushes.Made:
    """Push a row after the specification, sent now."""
    return pushes.standard(row, clock.now(), **facts)


def handle() -> dict[str, int]:
    """Handle what waits."""
    return dict(handling.handle())


def items(session: Session) -> list[tuple[str, str | None]]:
    """Return state and reason of each item, in the order they came."""
    session.rollback()
    rows = session.execute(select(InboxItem.state, InboxItem.why).order_by(InboxItem.id))
    return [(state, why) for state, why in rows]


def booked(session: Session) -> tuple[int, int]:
    """Return how many messages are booked, and for how much by the books."""
    session.rollback()
    count = session.scalar(select(func.count(Entry.id)))
    return count or 0, -books.balance(session, account="7111", fund="nghia-tinh", unit="TW")
