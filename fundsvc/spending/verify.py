"""What must hold of payments beyond their sums: whom and what for is what was sealed."""

from collections.abc import Iterator
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fundsvc.books import papers
from fundsvc.books.models import Entry
from fundsvc.books.verify import Fault
from fundsvc.spending.models import Payment
from fundsvc.spending.paper import PAPER
from ledger.words import grouped

# What an entry says of its payment in words of its own.
_BOOKED: Final = (
    (Entry.description, Payment.purpose),
    (Entry.external_id, Payment.key),
    (Entry.maker_id, Payment.recorded_by),
)


def faults(session: Session) -> Iterator[Fault]:
    """Yield payments that say something else than was recorded, or than their entry says."""
    yield from papers.faults(session, PAPER, "payment-paper", _called)
    query = (
        select(Payment)
        .join(Entry, Entry.id == Payment.entry_id)
        .where(or_(*(booked.is_distinct_from(meant) for booked, meant in _BOOKED)))
        .order_by(Payment.id)
    )
    for row in session.scalars(query.execution_options(yield_per=1_000)):
        why = _("%(what)s: nội dung, khóa hoặc người ghi khác với bút toán.", what=_called(row))
        yield Fault("payment-entry", f"payment:{row.id}", why)


def _called(row: Any) -> str:
    return _(
        "Khoản chi %(id)s (%(sum)s đ, ngày %(day)s)",
        id=row.id,
        sum=grouped(row.amount),
        day=f"{row.paid_on:%d/%m/%Y}",
    )
