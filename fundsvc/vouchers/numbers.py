"""Numbers of vouchers: one book per kind, unit and year, without gaps."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import series
from fundsvc.books.models import Series
from fundsvc.units.models import Unit
from fundsvc.vouchers.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a voucher: its book, the year, its place, and as it is printed."""

    series: str
    year: int
    serial: int
    text: str


def take(session: Session, kind: str, unit: Unit, on: date) -> Number:
    """Take the next number; until the transaction ends nobody else gets one of this book."""
    book = book_of(kind, unit.code)
    return _number(kind, unit, on, series.next_number(session, book, on.year))


def expected(session: Session, kind: str, unit: Unit, on: date) -> str:
    """Return the number that would come next; somebody else may be quicker."""
    found = session.get(Series, (book_of(kind, unit.code), on.year), populate_existing=True)
    return _number(kind, unit, on, (found.last if found else 0) + 1).text


def book_of(kind: str, unit_code: str) -> str:
    """Return the name of the book of numbers of a kind and unit."""
    return f"voucher:{KINDS[kind].prefix}:{unit_code}"


def text_of(kind: str, unit: Unit, year: int, serial: int) -> str:
    """Return a number as it is printed; the centre's needs no code of its own."""
    own = "" if unit.kind == "centre" else f"{unit.code}-"
    return f"{KINDS[kind].prefix}-{own}{year}-{serial:06}"


def _number(kind: str, unit: Unit, on: date, serial: int) -> Number:
    text = text_of(kind, unit, on.year, serial)
    return Number(book_of(kind, unit.code), on.year, serial, text)


def unit_of(session: Session, unit_id: int) -> Unit:
    """Return a unit by its id."""
    return session.execute(select(Unit).where(Unit.id == unit_id)).scalar_one()
