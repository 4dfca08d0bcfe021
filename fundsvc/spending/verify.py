"""What must hold of each payment: it says what its entry says, and no entry is without one."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Posting
from fundsvc.books.verify import Fault
from fundsvc.spending.models import Payment
from fundsvc.spending.service import SOURCE


def faults(session: Session) -> Iterator[Fault]:
    """Yield every row that differs from its entry, and every entry without a row."""
    booked = (
        select(func.sum(Posting.debit))
        .where(
            Posting.entry_id == Payment.entry_id,
            Posting.fund_id == Payment.fund_id,
            Posting.unit_id == Payment.unit_id,
        )
        .correlate(Payment)
        .scalar_subquery()
    )
    differing = (
        select(Payment.id)
        .outerjoin(Entry, Entry.id == Payment.entry_id)
        .where(
            or_(
                Entry.id.is_(None),
                Entry.source != SOURCE,
                Entry.date != Payment.paid_on,
                Entry.unit_id != Payment.unit_id,
                func.coalesce(booked, 0) != Payment.amount,
            )
        )
        .order_by(Payment.id)
    )
    for row_id in session.scalars(differing):
        why = _("Khoản chi số %(id)s khác với bút toán của nó.", id=row_id)
        yield Fault("payment", f"payment:{row_id}", why)
    lonely = (
        select(Entry.id)
        .outerjoin(Payment, Payment.entry_id == Entry.id)
        .where(Entry.source == SOURCE, Payment.id.is_(None))
        .order_by(Entry.id)
    )
    for entry_id in session.scalars(lonely):
        why = _("Bút toán chi %(id)s không có khoản chi nào đi kèm.", id=entry_id)
        yield Fault("payment", f"entry:{entry_id}", why)
