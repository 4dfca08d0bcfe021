"""What must hold of dues totals: each says what its entry says, and no entry is without one."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Posting
from fundsvc.books.verify import Fault
from fundsvc.dues.models import DuesTotal
from fundsvc.dues.service import SOURCE


def faults(session: Session) -> Iterator[Fault]:
    """Yield every row that differs from its entry, and every entry without a row."""
    booked = (
        select(func.sum(Posting.debit))
        .where(
            Posting.entry_id == DuesTotal.entry_id,
            Posting.fund_id == DuesTotal.fund_id,
            Posting.unit_id == DuesTotal.unit_id,
        )
        .correlate(DuesTotal)
        .scalar_subquery()
    )
    differing = (
        select(DuesTotal.id)
        .outerjoin(Entry, Entry.id == DuesTotal.entry_id)
        .where(
            or_(
                Entry.id.is_(None),
                Entry.source != SOURCE,
                Entry.date != DuesTotal.paid_on,
                Entry.unit_id != DuesTotal.unit_id,
                func.coalesce(booked, 0) != DuesTotal.amount,
            )
        )
        .order_by(DuesTotal.id)
    )
    for row_id in session.scalars(differing):
        why = _("Khoản hội phí, chân quỹ số %(id)s khác với bút toán của nó.", id=row_id)
        yield Fault("dues-total", f"dues-total:{row_id}", why)
    lonely = (
        select(Entry.id)
        .outerjoin(DuesTotal, DuesTotal.entry_id == Entry.id)
        .where(Entry.source == SOURCE, DuesTotal.id.is_(None))
        .order_by(Entry.id)
    )
    for entry_id in session.scalars(lonely):
        why = _("Bút toán %(id)s thu hội phí, chân quỹ không có khoản nào đi kèm.", id=entry_id)
        yield Fault("dues-total", f"entry:{entry_id}", why)
