"""What must hold of receipts of a span of dates: numbers without gaps, sums of real receipts."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Series
from fundsvc.books.verify import Fault
from fundsvc.donations.annual import BOOK, PREFIX
from fundsvc.donations.models import AnnualReceipt
from fundsvc.receipts.models import Receipt


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault, year by year, then paper by paper."""
    counters = {
        row.year: row.last for row in session.scalars(select(Series).where(Series.book == BOOK))
    }
    counted = select(AnnualReceipt.year, func.count(), func.max(AnnualReceipt.serial)).group_by(
        AnnualReceipt.year
    )
    found = {year: (count, top) for year, count, top in session.execute(counted)}
    for year in sorted({*counters, *found}):
        last, numbers = counters.get(year), found.get(year)
        if numbers != (last, last):
            why = _("Dãy số %(series)s-%(year)s không liền nhau hoặc lệch bộ đếm.",
                    series=PREFIX, year=year)  # fmt: skip
            yield Fault("annual-numbers", f"annual-receipts:{PREFIX}-{year}", why)
    papers = select(AnnualReceipt).order_by(AnnualReceipt.id)
    for paper in session.scalars(papers):
        lines = paper.facts["lines"]
        query = select(Receipt.number, Receipt.facts).where(
            Receipt.number.in_([line[2] for line in lines])
        )
        stated = {number: facts["amount"] for number, facts in session.execute(query)}
        agree = all(stated.get(line[2]) == line[3] for line in lines)
        if (
            not agree
            or paper.facts["amount"] != sum(line[3] for line in lines)
            or paper.facts["number"] != paper.number
        ):
            why = _("Giấy xác nhận %(number)s không khớp với các biên nhận của nó.",
                    number=paper.number)  # fmt: skip
            yield Fault("annual-receipt", f"annual-receipt:{paper.number}", why)
