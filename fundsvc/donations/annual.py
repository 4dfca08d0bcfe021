"""Receipts of a span of dates: what a donor gave, each gift by its own receipt, on one paper.

A gift that has a receipt is listed by it; one that has none gets its own within the same
transaction. So no money is ever receipted twice, and the paper adds nothing to the sums.
"""

import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from fundsvc import clock
from fundsvc.books import series
from fundsvc.books.models import Entry
from fundsvc.books.sealing import last_seal
from fundsvc.donations import annual_others, receipting, service
from fundsvc.donations.annual_document import AnnualFacts
from fundsvc.donations.models import AnnualReceipt, Donation
from fundsvc.donors.models import Donor
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.receipts import service as receipts
from fundsvc.receipts.document import words
from fundsvc.receipts.models import Receipt
from fundsvc.units.models import Unit

_REVERSAL = aliased(Entry)

PREFIX: Final = "XN"
BOOK: Final = "annual-receipt"
MOST: Final = 1_000
"""So many gifts fit one paper; whoever gave more chooses a shorter span."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who would get a paper: so many gifts (đồng), some without a receipt of their own yet."""

    donor_id: int
    name: str
    gifts: int
    amount: int
    without: int
    has_email: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """The paper; `new` is False when the same one had been issued before."""

    receipt: AnnualReceipt
    new: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stranger with number and code is told of a paper; `stale` names voided receipts."""

    state: str
    facts: AnnualFacts | None = None
    replaced_by: str | None = None
    original: str | None = None
    stale: tuple[str, ...] = ()


def check_span(first: date | None, last: date | None) -> tuple[date, date]:
    """Return a span of dates of which both ends were given.

    Raises:
        Refusal: one is missing, or the span reaches into the future.
    """
    if first is None or last is None:
        field = "from" if first is None else "to"
        raise Refusal(Reason(_("Xin ghi cả ngày đầu và ngày cuối."), field=field))
    if last > clock.today():
        raise Refusal(Reason(_("Ngày cuối nằm trong tương lai."), field="to"))
    return first, last


def candidates(session: Session, first: date, last: date) -> list[Candidate]:
    """Return who gave in a span of dates and would get a paper, by name; nothing is changed."""
    receipted = and_(Receipt.donation_id == Donation.id, Receipt.voided_at.is_(None))
    query = (
        select(
            Donation.donor_id,
            func.count(),
            func.sum(service.left()),
            func.count(Receipt.id),
        )
        .outerjoin(Receipt, receipted)
        .where(Donation.donor_id.is_not(None), *_within(first, last))
        .group_by(Donation.donor_id)
    )
    given = {row[0]: (row[1], int(row[2]), row[3]) for row in session.execute(query)}
    donors = {donor.id: donor for donor in session.scalars(select(Donor))} if given else {}
    sums: dict[int, list[int]] = {}
    for donor_id, (gifts, amount, with_own) in given.items():
        root = _root(donors, donor_id)
        if root is None:
            continue
        found = sums.setdefault(root.id, [0, 0, 0])
        for at, more in enumerate((gifts, amount, gifts - with_own)):
            found[at] += more
    found_all = [
        Candidate(
            donor_id,
            donors[donor_id].name,
            gifts,
            amount,
            without,
            donors[donor_id].email_hash != "",
        )
        for donor_id, (gifts, amount, without) in sums.items()
    ]
    return sorted(found_all, key=lambda one: (donors[one.donor_id].folded, one.donor_id))


def issue(
    session: Session, donor_id: int, first: date, last: date, *, by: int | None, issuer: str = ""
) -> Issued:
    """Issue the paper of a donor; the same again is the same paper. Call it last.

    If anything of it has changed since, the earlier one is voided and replaced; so are papers of
    records that were merged into this one since, and those that list its gifts from before it was
    parted from another: no two papers of two records list one gift.

    Raises:
        NotFound: there is no such donor, or not for this person.
        Refusal: nothing was given in the span, or too much for one paper.
    """
    donor, family = _locked(session, donor_id)
    lines = _lines(session, family, first, last, by=by, issuer=issuer)
    if not lines:
        raise Refusal(_("Không có khoản ủng hộ nào trong khoảng ngày này."))
    annual_others.void_parted(session, family, lines, first, last, by=by)
    earlier = session.scalar(
        select(AnnualReceipt).where(
            AnnualReceipt.donor_id == donor.id,
            AnnualReceipt.from_on == first,
            AnnualReceipt.to_on == last,
            AnnualReceipt.voided_at.is_(None),
        )
    )
    facts = _facts(session, donor, lines, first, last, issuer, earlier)
    if earlier is not None:
        if _same(AnnualFacts.from_json(earlier.facts), facts):
            annual_others.replace_merged(session, family - {donor.id}, earlier)
            return Issued(earlier, new=False)
        earlier.voided_at = clock.now()
        session.flush()
    year = facts["issued_on"].year
    serial = series.next_number(session, BOOK, year)
    number = f"{PREFIX}-{year}-{serial:06}"
    made = AnnualReceipt(
        number=number,
        year=year,
        serial=serial,
        unit_id=donor.unit_id,
        donor_id=donor.id,
        from_on=first,
        to_on=last,
        facts=AnnualFacts(number=number, **facts).as_json(),
        code="".join(secrets.choice(receipts.LETTERS) for _one in range(receipts.CODE_LENGTH)),
        issued_at=clock.now(),
        issued_by=by,
    )
    session.add(made)
    session.flush()
    if earlier is not None:
        earlier.replaced_by_id = made.id
        session.flush()
    annual_others.replace_merged(session, family - {donor.id}, made)
    return Issued(made, new=True)


def by_number(session: Session, number: str, *, lock: bool = False) -> AnnualReceipt:
    """Return a paper by its number.

    Raises:
        NotFound: there is none, or not for this person.
    """
    query = select(AnnualReceipt).where(AnnualReceipt.number == receipts.tidy_number(number))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound(Reason(_("Không có giấy xác nhận này."), field="number"))
    return found


def facts_of(found: AnnualReceipt) -> AnnualFacts:
    """Return what a paper states, with the day it was voided, if it was."""
    voided = found.voided_at.astimezone(clock.VN).date() if found.voided_at else None
    return AnnualFacts.from_json(found.facts, voided_on=voided)


def verify(session: Session, number: str, code: str) -> Verdict:
    """Tell a stranger whether a paper is valid; a wrong code looks like an unknown number."""
    paper, newer = AnnualReceipt.__table__, AnnualReceipt.__table__.alias("newer")
    row = session.execute(
        select(paper.c.code, paper.c.facts, paper.c.voided_at, paper.c.pdf_sha256, newer.c.number)
        .select_from(paper.outerjoin(newer, newer.c.id == paper.c.replaced_by_id))
        .where(paper.c.number == receipts.tidy_number(number))
    ).first()
    held = row.code if row else "-" * receipts.CODE_LENGTH
    if not hmac.compare_digest(receipts.tidy_code(code).encode(), held.encode()) or row is None:
        return Verdict("unknown")
    voided = row.voided_at.astimezone(clock.VN).date() if row.voided_at else None
    facts = AnnualFacts.from_json(row.facts, voided_on=voided)
    own = Receipt.__table__
    stale = session.scalars(
        select(own.c.number)
        .where(own.c.number.in_([line[2] for line in facts.lines]), own.c.voided_at.is_not(None))
        .order_by(own.c.number)
    )
    state = "voided" if voided else "valid"
    return Verdict(state, facts, row.number, row.pdf_sha256, tuple(stale))


def _within(first: date, last: date) -> Iterable[ColumnElement[bool]]:
    """Yield what holds of gifts of a span that were not taken back or returned as a whole."""
    yield Donation.received_on.between(first, last)
    yield ~exists(select(_REVERSAL.id).where(_REVERSAL.reverses_id == Donation.entry_id))
    yield service.left() > 0


def _lines(
    session: Session, donors: Collection[int], first: date, last: date, **who: Any
) -> list[list[Any]]:
    """Return the gifts of a span by their receipts, issuing those that are missing."""
    # All are locked before the first number is drawn, and in one order: whoever issues the receipt
    # of a single gift locks it first and then waits for the number.
    query = (
        select(Donation.id, Donation.received_on)
        .where(Donation.donor_id.in_(donors), *_within(first, last))
        .order_by(Donation.id)
        .limit(MOST + 1)
        .with_for_update(of=Donation)
    )
    rows = sorted(session.execute(query), key=lambda row: (row.received_on, row.id))
    gifts = [row.id for row in rows]
    if len(gifts) > MOST:
        why = _("Có hơn %(most)d khoản. Xin chọn khoảng ngày ngắn hơn.", most=MOST)
        raise Refusal(Reason(why, field="to"))
    valid = select(Receipt).where(Receipt.donation_id.in_(gifts), Receipt.voided_at.is_(None))
    own = {receipt.donation_id: receipt for receipt in session.scalars(valid)}
    lines = []
    for gift in gifts:
        # One letter goes with the paper that lists them all.
        receipt = own.get(gift) or receipting.issue_receipt(session, gift, to="", **who)
        facts = receipts.facts_of(receipt)
        day = facts.received_on.isoformat()
        lines.append([day, facts.fund_name, facts.number, facts.amount])
    return lines


def _facts(
    session: Session,
    donor: Donor,
    lines: list[list[Any]],
    first: date,
    last: date,
    issuer: str,
    earlier: AnnualReceipt | None,
) -> dict[str, Any]:
    """Gather what the paper will state, all but its number."""
    unit = session.get_one(Unit, donor.unit_id)
    parent = session.get(Unit, unit.parent_id) if unit.parent_id else None
    sealed = last_seal(session)
    amount = sum(line[3] for line in lines)
    return {
        "unit_code": unit.code,
        "unit_name": unit.name,
        "unit_address": unit.address,
        "parent_name": parent.name if parent else "",
        "donor_name": donor.name,
        "donor_kind": donor.kind,
        "donor_address": donor.address,
        "from_on": first,
        "to_on": last,
        "lines": lines,
        "amount": amount,
        "amount_words": words(amount),
        "issued_on": clock.today(),
        "issued_by": issuer,
        "replaces": earlier.number if earlier else "",
        "seal": sealed.number,
        "head": sealed.head,
    }


def _same(kept: AnnualFacts, facts: dict[str, Any]) -> bool:
    """Say whether a paper would say the same of the donor and the gifts."""
    told = ("donor_name", "donor_kind", "donor_address", "lines")
    return all(getattr(kept, name) == facts[name] for name in told)


def _locked(session: Session, donor_id: int) -> tuple[Donor, set[int]]:
    """Return a donor and the ids of all records that are this one, locked in the order of ids.

    Whoever merges or parts locks both records in this order too, so the family stays as it is.

    Raises:
        NotFound: there is no such donor, or not for this person.
    """
    family = {donor_id}
    while True:
        query = select(Donor).where(Donor.id.in_(family)).order_by(Donor.id).with_for_update()
        locked = {
            one.id: one for one in session.scalars(query.execution_options(populate_existing=True))
        }
        donor = locked.get(donor_id)
        if donor is None or donor.erased_at is not None or donor.merged_into_id is not None:
            raise NotFound
        now = _family(session, donor)
        if now <= family:
            return donor, now
        family |= now


def _family(session: Session, donor: Donor) -> set[int]:
    """Return the record of a donor and all that were merged into it."""
    found, new = {donor.id}, {donor.id}
    while new:
        query = select(Donor.id).where(Donor.merged_into_id.in_(new))
        new = set(session.scalars(query)) - found
        found |= new
    return found


def _root(donors: dict[int, Donor], donor_id: int | None) -> Donor | None:
    """Return the record that a donor is read as; None for one who was erased."""
    donor = donors.get(donor_id or 0)
    while donor is not None and donor.merged_into_id is not None:
        donor = donors.get(donor.merged_into_id)
    return None if donor is None or donor.erased_at is not None else donor
