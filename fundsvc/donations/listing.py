"""The list of donations: what fits a filter, its total, and one page of it by keyset."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry, Fund
from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.receipts.models import Receipt
from fundsvc.text import fold
from fundsvc.units.models import Province, Unit

# Made once: for each new name SQLAlchemy copies all columns of a table.
_NEWER = aliased(Receipt)
_UNDOING = aliased(Entry)

PAGE = 50


@dataclass(frozen=True, slots=True)
class Mark:
    """The row after which a list goes on; lists run from the newest to the oldest."""

    received_on: date
    id: int

    def __str__(self) -> str:
        """Return the mark as it stands in an address."""
        return f"{self.received_on.isoformat()}.{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which donations to show; what is empty does not matter.

    `wanted` is part of a donor's name, diacritics aside. `receipt` is `with`, `without` or empty.
    """

    fund: str = ""
    unit: str = ""
    first: date | None = None
    last: date | None = None
    wanted: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A donation as the list shows it; the names are those of today."""

    id: int
    received_on: date
    amount: int
    donor: str | None
    on_behalf_of: str
    in_memory_of: str
    earmark: str
    fund: str
    unit_code: str
    unit: str
    province: str | None
    receipt: str | None
    receipt_voided: bool
    reversed: bool
    donor_id: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many donations fit the filter and what they come to, in đồng."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the mark where the next one begins, if there is one."""

    rows: tuple[Row, ...]
    after: Mark | None


def total(session: Session, wanted: Filter) -> Total:
    """Return count and sum of all donations that fit; those taken back do not count."""
    query = (
        select(func.count(), func.coalesce(func.sum(Donation.amount), 0))
        .select_from(Donation)
        .join(Fund, Fund.id == Donation.fund_id)
        .join(Unit, Unit.id == Donation.unit_id)
        .outerjoin(Donor, Donor.id == Donation.donor_id)
        .where(*_conditions(wanted), ~_taken_back().exists())
    )
    count, amount = session.execute(query).one()
    return Total(count, int(amount))


def page(session: Session, wanted: Filter, after: Mark | None = None) -> Page:
    """Return the page of donations that begins after a mark, newest first."""
    query = _rows(wanted)
    if after is not None:
        query = query.where(
            or_(
                Donation.received_on < after.received_on,
                and_(Donation.received_on == after.received_on, Donation.id < after.id),
            )
        )
    rows = [_row(row) for row in session.execute(query.limit(PAGE + 1))]
    more = len(rows) > PAGE
    shown = tuple(rows[:PAGE])
    return Page(shown, Mark(shown[-1].received_on, shown[-1].id) if more else None)


def every(session: Session, wanted: Filter) -> Iterator[Row]:
    """Yield all donations that fit, in the order of the list."""
    for row in session.execute(_rows(wanted).execution_options(yield_per=1_000)):
        yield _row(row)


def one(session: Session, donation_id: int) -> Row | None:
    """Return a donation as the list shows it, or None."""
    row = session.execute(_query().where(Donation.id == donation_id)).first()
    return _row(row) if row else None


def _row(found: Any) -> Row:
    return Row(*found)


def _rows(wanted: Filter) -> Select[Any]:
    return (
        _query()
        .where(*_conditions(wanted))
        .order_by(Donation.received_on.desc(), Donation.id.desc())
    )


def _query() -> Select[Any]:
    last_receipt = (
        select(func.max(_NEWER.id)).where(_NEWER.donation_id == Donation.id).scalar_subquery()
    )
    query: Any = (
        select(
            Donation.id,
            Donation.received_on,
            Donation.amount,
            Donor.name,
            Donation.on_behalf_of,
            Donation.in_memory_of,
            Donation.earmark,
            Fund.code,
            Unit.code,
            Unit.name,
            Province.name,
            Receipt.number,
            Receipt.voided_at.is_not(None),
            _taken_back().exists(),
            Donation.donor_id,
        )
        .select_from(Donation)
        .join(Fund, Fund.id == Donation.fund_id)
        .join(Unit, Unit.id == Donation.unit_id)
        .outerjoin(Donor, Donor.id == Donation.donor_id)
        .outerjoin(Province, Province.id == Donation.province_id)
        .outerjoin(Receipt, Receipt.id == last_receipt)
    )
    found: Select[Any] = query
    return found


def _taken_back() -> Select[int]:
    return select(_UNDOING.id).where(_UNDOING.reverses_id == Donation.entry_id).correlate(Donation)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.fund:
        found.append(Fund.code == wanted.fund)
    if wanted.unit:
        found.append(Unit.code == wanted.unit)
    if wanted.first:
        found.append(Donation.received_on >= wanted.first)
    if wanted.last:
        found.append(Donation.received_on <= wanted.last)
    if folded := fold(wanted.wanted):
        found.append(Donor.folded.contains(folded, autoescape=True))
    if wanted.receipt:
        valid = (
            select(Receipt.id)
            .where(Receipt.donation_id == Donation.id, Receipt.voided_at.is_(None))
            .correlate(Donation)
            .exists()
        )
        found.append(valid if wanted.receipt == "with" else ~valid)
    return found
