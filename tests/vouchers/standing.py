"""What tests of the service of vouchers look at: reasons, states, and what is booked."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.errors import Reason, Refusal
from fundsvc.vouchers import service
from fundsvc.vouchers.models import Voucher


def reasons(caught: pytest.ExceptionInfo[Refusal]) -> list[Reason]:
    return list(caught.value.reasons)


def state(session: Session, number: int) -> tuple[str, int]:
    session.rollback()
    row = session.get_one(Voucher, number)
    return row.state, row.version


def booked(session: Session) -> int:
    session.rollback()
    query = select(func.count(Entry.id)).where(Entry.source == service.SOURCE)
    return session.scalar(query) or 0
