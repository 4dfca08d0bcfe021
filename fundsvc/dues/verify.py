"""What must hold of totals of dues beyond their sums: the month is the one that the entry says."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Fund
from fundsvc.books.verify import Fault
from fundsvc.dues.models import DuesTotal
from fundsvc.dues.service import WORDS, described
from fundsvc.units.models import Unit
from ledger.words import grouped


def faults(session: Session) -> Iterator[Fault]:
    """Yield totals of another month than their entry, which is sealed, says."""
    query = (
        select(
            DuesTotal.id, DuesTotal.month, DuesTotal.amount, Fund.code, Unit.code, Entry.description
        )
        .join(Entry, Entry.id == DuesTotal.entry_id)
        .join(Fund, Fund.id == DuesTotal.fund_id)
        .join(Unit, Unit.id == DuesTotal.unit_id)
        .order_by(DuesTotal.id)
        .execution_options(yield_per=1_000)
    )
    for number, month, amount, fund, unit, description in session.execute(query):
        # The unit's name, which ends it, may be another one by now.
        if fund not in WORDS or not description.startswith(described(fund, month, "")):
            why = _(
                "Khoản nộp %(id)s của %(unit)s (%(amount)s đ) ghi tháng %(month)s, bút toán của nó"
                " ghi “%(said)s”.",
                id=number,
                unit=unit,
                amount=grouped(amount),
                month=f"{month:%m/%Y}",
                said=description,
            )
            yield Fault("dues-month", f"dues-total:{number}", why)
