"""The list of donors: found by name, phone, e-mail or receipt number; a page of it by keyset."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry
from fundsvc.donations.models import Donation
from fundsvc.donations.service import left
from fundsvc.donors.merging import parts
from fundsvc.donors.models import Donor
from fundsvc.donors.service import BETWEEN, hash_of_phone
from fundsvc.receipts.models import Receipt
from fundsvc.receipts.service import tidy_number
from fundsvc.secrecy import email_hash
from fundsvc.text import fold
from fundsvc.units.models import Unit

_RECORD, _UPPER, _UNDOING = aliased(Donor), aliased(Donor), aliased(Entry)

PAGE: Final = 50
_PHONE: Final = re.compile(r"\+?[0-9]{8,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which donors to show; what is empty does not matter."""

    wanted: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a donor gave: how often, how much (đồng), when last; taken back is not given."""

    count: int = 0
    amount: int = 0
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A donor as the list shows it, with what all of the donor's records gave."""

    id: int
    donor: Donor
    unit_code: str
    unit: str
    given: Given


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and the donor after whom the next one begins, if there is one."""

    rows: tuple[Row, ...]
    after: int | None


def count(session: Session, wanted: Filter) -> int:
    """Return how many donors fit."""
    query = select(func.count()).select_from(Donor).join(Unit, Unit.id == Donor.unit_id)
    return session.scalar(query.where(*_conditions(wanted))) or 0


def page(session: Session, wanted: Filter, after: int | None = None) -> Page:
    """Return the page of donors that begins after one of them, in the order of their names."""
    query = _rows(wanted)
    if after is not None:
        mark = session.get(Donor, after)
        if mark is not None:
            query = query.where(
                or_(
                    Donor.folded > mark.folded,
                    and_(Donor.folded == mark.folded, Donor.id > mark.id),
                )
            )
    found = session.execute(query.limit(PAGE + 1)).all()
    rows = tuple(_told(session, found[:PAGE]))
    return Page(rows, rows[-1].id if len(found) > PAGE else None)


def every(session: Session, wanted: Filter) -> Iterator[Row]:
    """Yield all donors that fit, in the order of the list."""
    for found in session.execute(_rows(wanted)).partitions(1_000):
        yield from _told(session, found)


def _rows(wanted: Filter) -> Select[Any]:
    query: Any = (
        select(Donor, Unit.code, Unit.name)
        .join(Unit, Unit.id == Donor.unit_id)
        .where(*_conditions(wanted))
        .order_by(Donor.folded, Donor.id)
    )
    found: Select[Any] = query
    return found


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Donor.merged_into_id.is_(None), Donor.erased_at.is_(None)]
    if wanted.unit:
        found.append(Unit.code == wanted.unit)
    if wanted.wanted:
        found.append(Donor.id.in_(_standing(_matching(wanted.wanted))))
    return found


def _matching(text: str) -> Select[Any]:
    """Return the records that a text may mean: a name, a phone, an e-mail, a receipt."""
    means: list[ColumnElement[bool]] = []
    if folded := fold(text):
        means.append(_RECORD.folded.contains(folded, autoescape=True))
    if _PHONE.fullmatch(text.translate(BETWEEN)):
        means.append(_RECORD.phone_hash == hash_of_phone(text))
    if "@" in text:
        means.append(_RECORD.email_hash == email_hash(text))
    of_receipt = (
        select(Donation.donor_id)
        .join(Receipt, Receipt.donation_id == Donation.id)
        .where(Receipt.number == tidy_number(text), Donation.donor_id.is_not(None))
    )
    means.append(_RECORD.id.in_(of_receipt))
    columns: Any = select(_RECORD.id.label("id"), _RECORD.merged_into_id.label("above"))
    found: Select[Any] = columns.where(or_(*means))
    return found


def _standing(records: Select[Any]) -> Select[Any]:
    """Return the ids of the donors that records are, or were merged into."""
    climb = records.cte("climb", recursive=True)
    climb = climb.union(
        select(_UPPER.id, _UPPER.merged_into_id).join(climb, _UPPER.id == climb.c.above)
    )
    return select(climb.c.id)


def _told(session: Session, found: Sequence[Any]) -> Iterator[Row]:
    sums = given(session, [donor for donor, _code, _name in found])
    for donor, code, name in found:
        yield Row(donor.id, donor, code, name, sums[donor.id])


def given(session: Session, donors: Iterable[Donor]) -> dict[int, Given]:
    """Return what each of some donors gave, with the records that were merged into them."""
    standing = {donor.id: donor.id for donor in donors}
    tops = dict(standing)
    for record in parts(session, list(standing)):
        tops[record.id] = tops[record.merged_into_id or 0]
    taken_back = select(_UNDOING.id).where(_UNDOING.reverses_id == Donation.entry_id).exists()
    query = (
        select(
            Donation.donor_id,
            func.count(),
            func.sum(left()),
            func.max(Donation.received_on),
        )
        .where(Donation.donor_id.in_(tops), ~taken_back, left() > 0)
        .group_by(Donation.donor_id)
    )
    sums: defaultdict[int, Given] = defaultdict(Given)
    for donor_id, number, amount, last in session.execute(query):
        top = tops[donor_id or 0]
        before = sums[top]
        newest = max(day for day in (before.last, last) if day)
        sums[top] = Given(before.count + number, before.amount + int(amount), newest)
    return sums
