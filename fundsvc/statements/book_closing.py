"""Whether the months of a book are closed, and so no line of it can come or go any more."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from fundsvc.books.standing import closed_through
from fundsvc.books.sums import summed
from fundsvc.periods.months import first_of, last_of
from fundsvc.statements.book_scope import BookScope

if TYPE_CHECKING:
    from fundsvc.driver import Reader


def closed_on(session: "Reader", scope: BookScope) -> date | None:
    """Return the day as of which a book is closed, or None while one of its units is open.

    Months are closed whole, so a book that ends within one is closed as of the month's last day.
    """
    month = first_of(scope.last)
    through, units = closed_through(session), _units(session, scope)
    if units and all(through.get(unit_id, date.min) >= month for unit_id in units):
        return last_of(month)
    return None


def _units(session: "Reader", scope: BookScope) -> set[int]:
    """Return the units whose entries stand in a book, or would if they were of its account or fund.

    A unit that has not moved the account yet may still do so while its month is open.
    """
    if scope.unit is not None:
        return {scope.unit.id}
    every = replace(scope, account=None, fund_id=None)
    found = summed(session, ("unit",), every.first, every.last, every.conditions(), counted=False)
    return {total.key[0] for total in found}
