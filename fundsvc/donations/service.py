"""Record donations, book them at once, and take wrong ones back."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fundsvc import clock, db
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.models import Fund
from fundsvc.books.reversing import Reversed, Undone, take_back, undone
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.donors import service as donors
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.units.models import Province, Unit
from ledger import card_recipes, recipes

SOURCE = "donation"
PROMISED = "pledge:"
"""How the keys of donations begin that strangers promised on a public page."""
LONGEST_TEXT = 300
_RECIPES = {
    "cash": recipes.cash_donation,
    "bank": recipes.bank_donation,
    "card": card_recipes.donation,
}
# Names stay out of the books, so that a donor can be forgotten and the books stay whole.
_DESCRIPTIONS = {
    "cash": "Thu tiền mặt ủng hộ",
    "bank": "Thu ủng hộ chuyển khoản",
    "card": "Thu ủng hộ qua thẻ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DonationFacts:
    """What was given: codes of unit and fund, whole đồng, accounting date, how the money came.

    Money by bank stands among the unidentified money of the same fund and unit already. `donor` is
    None for an anonymous donation. `province` (as `2025:44`) is where the donor gives from, if
    known; `earmark` is what the donor wants it spent on. `online` facts were typed by a stranger on
    a public page, who changes nothing of a donor we know.
    """

    unit: str
    fund: str
    amount: int
    received_on: date
    method: str = "cash"
    donor: DonorFacts | None = None
    province: str | None = None
    earmark: str = ""
    on_behalf_of: str = ""
    in_memory_of: str = ""
    note: str = ""
    online: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The donation's id; `new` is False when the same request was recorded before.

    `made` are the donation and its donor when they were written down just now.
    """

    id: int
    entry_id: int
    new: bool
    made: tuple[Donation, Donor | None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """Facts with everything looked up."""

    facts: DonationFacts
    unit: Unit
    fund: Fund
    province: Province | None


def record(session: Session, facts: DonationFacts, key: str, by: int | None) -> Recorded:
    """Record a donation and book it as its money came: in cash, N 111 / C 7114.

    `key` names the request. The same key with the same facts gives the same donation again; with
    other facts it is refused, because somebody would believe it was recorded.

    Args:
        session: the open transaction.
        facts: what was given.
        key: the idempotency key.
        by: the staff user who records.

    Raises:
        Refusal: with a reason for every fact that cannot be.
        Conflict: the key was used for other facts.
    """
    known = _look_up(session, facts)
    facts = known.facts
    earlier = session.scalar(select(Donation).where(Donation.key == key))
    if earlier is not None:
        return _again(session, earlier, known)
    entry = _RECIPES[facts.method](
        on=facts.received_on,
        unit=facts.unit,
        fund=facts.fund,
        amount=facts.amount,
        description=_DESCRIPTIONS[facts.method],
        province=facts.province,
    )
    try:
        posted = books.post(session, entry, source=SOURCE, external_id=key, maker_id=by)
    except Refusal as refusal:
        raise _in_form_words(refusal) from refusal
    if not posted.new:
        # Another request with the same key was first by a moment; its donation is there now.
        earlier = session.scalar(select(Donation).where(Donation.key == key))
        if earlier is None:
            raise Conflict(_("Yêu cầu này đã được ghi sổ với nội dung khác."))
        return _again(session, earlier, known)
    find = donors.find_or_make if facts.online else donors.remember
    donor = find(session, known.unit.id, facts.donor) if facts.donor else None
    if donor is not None:
        books.bind(session, posted.id, donors.commitment(donor, SOURCE, key))
    donation = Donation(
        unit_id=known.unit.id,
        fund_id=known.fund.id,
        amount=facts.amount,
        received_on=facts.received_on,
        method=facts.method,
        entry_id=posted.id,
        key=key,
        recorded_at=clock.now(),
        donor_id=donor.id if donor else None,
        province_id=known.province.id if known.province else None,
        earmark=facts.earmark,
        on_behalf_of=facts.on_behalf_of,
        in_memory_of=facts.in_memory_of,
        note=facts.note,
        recorded_by=by,
    )
    session.add(donation)
    session.flush()
    return Recorded(donation.id, posted.id, new=True, made=(donation, donor))


def reverse(
    session: Session, donation_id: int, *, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Take a donation back: its money leaves the till on that day (today when None).

    Raises:
        NotFound: there is no such donation, or not for this person.
        Refusal: it has a valid receipt (`donations.objections`), or its money is no longer there;
            more in `fundsvc.books.reversing.take_back`.
        Conflict: it was reversed before with another reason or day.
    """
    donation = locked(session, donation_id)
    units.lock(session, donation.unit_id)
    subject = f"donation:{donation.id}"
    return take_back(session, donation.entry_id, subject=subject, on=on, reason=reason, by=by)


def returned(session: Session, donation_id: int) -> int:
    """Return how much of a donation went back to its donor, in đồng (`returns.give_back`)."""
    amount = func.coalesce(func.sum(DonationReturn.amount), 0)
    query = select(amount).where(DonationReturn.donation_id == donation_id)
    return int(session.scalar(query) or 0)


def left() -> ColumnElement[int]:
    """Return what is left of a donation after what went back to its donor, within a query of it."""
    went = (
        select(func.coalesce(func.sum(DonationReturn.amount), 0))
        .where(DonationReturn.donation_id == Donation.id)
        .correlate(Donation)
        .scalar_subquery()
    )
    return Donation.amount - went


def undoing(session: Session, donation_id: int) -> Undone | None:
    """Return how a donation was taken back, or None if it stands."""
    entry_id = session.scalar(select(Donation.entry_id).where(Donation.id == donation_id))
    return undone(session, entry_id) if entry_id else None


def locked(session: Session, donation_id: int) -> Donation:
    """Return a donation; those who issue its receipt or take it back at once stand in line."""
    found = session.scalar(select(Donation).where(Donation.id == donation_id).with_for_update())
    if found is None:
        raise NotFound(Reason(_("Không có khoản ủng hộ này."), field="donation"))
    return found


def _look_up(session: Session, facts: DonationFacts) -> _Known:
    """Look up every code and clean every text; tell all that is wrong at once."""
    reasons: list[Reason] = []
    found: dict[str, Any] = {"unit": None, "fund": None, "province": None, "donor": None}

    def gather(name: str, look: Any) -> None:
        try:
            found[name] = look()
        except Refusal as refusal:
            reasons.extend(refusal.reasons)

    gather("unit", lambda: _unit(session, facts.unit))
    gather("fund", lambda: _fund(session, facts.fund))
    if facts.province:
        gather("province", lambda: units.province(session, facts.province or ""))
    if facts.donor is not None:
        gather("donor", facts.donor.cleaned)
    for name in ("earmark", "on_behalf_of", "in_memory_of", "note"):
        gather(name, lambda name=name: clean(getattr(facts, name), LONGEST_TEXT, name))
    reasons += _dates(facts, found["unit"])
    if reasons:
        raise Refusal(*reasons)
    texts = {name: found[name] for name in ("earmark", "on_behalf_of", "in_memory_of", "note")}
    kept = replace(facts, province=facts.province or None, donor=found["donor"], **texts)
    return _Known(kept, found["unit"], found["fund"], found["province"])


def _dates(facts: DonationFacts, unit: Unit | None) -> list[Reason]:
    """Say what is wrong with the date: the future, or a day on which the unit did not exist."""
    on = facts.received_on
    if on > clock.today():
        return [Reason(_("Ngày nhận nằm trong tương lai."), field="received_on")]
    if unit is None:
        return []
    if (unit.valid_from and on < unit.valid_from) or (unit.valid_to and on > unit.valid_to):
        why = _("Đơn vị không hoạt động vào ngày này.")
        return [Reason(why, field="received_on")]
    return []


def _in_form_words(refusal: Refusal) -> Refusal:
    """Return a refusal of the books with the names that our facts have (`received_on`)."""
    reasons = (
        replace(reason, field="received_on") if reason.field == "date" else reason
        for reason in refusal.reasons
    )
    return type(refusal)(*reasons)


def _unit(session: Session, code: str) -> Unit:
    """Return a unit: by its key where that is known, for then it may be held already."""
    number, scope = keys.read(session).units.get(code), db.scope(session)
    if number is None or (scope is not None and number not in scope):
        return units.by_code(session, code)
    return session.get_one(Unit, number)


def _fund(session: Session, code: str) -> Fund:
    number = keys.read(session).funds.get(code)
    asked = select(Fund).where(Fund.code == code)
    found = session.get(Fund, number) if number else session.scalar(asked)
    if found is None:
        raise NotFound(Reason(_("Không có quỹ “%(code)s”.", code=code[:60]), field="fund"))
    return found


def _again(session: Session, earlier: Donation, known: _Known) -> Recorded:
    """Return the donation that a repeated request recorded before, if it says the same."""
    facts = known.facts
    donor = donors.by_id(session, earlier.donor_id) if earlier.donor_id else None
    said = (
        facts.amount,
        facts.received_on,
        facts.method,
        True,
        facts.earmark,
        facts.on_behalf_of,
        facts.in_memory_of,
        facts.note,
        known.unit.id,
        known.fund.id,
        known.province.id if known.province else None,
    )
    kept = (
        earlier.amount,
        earlier.received_on,
        earlier.method,
        _same_donor(session, donor, facts.donor),
        earlier.earmark,
        earlier.on_behalf_of,
        earlier.in_memory_of,
        earlier.note,
        earlier.unit_id,
        earlier.fund_id,
        earlier.province_id,
    )
    if said != kept:
        raise Conflict(_("Yêu cầu này đã được ghi sổ với nội dung khác."))
    return Recorded(earlier.id, earlier.entry_id, new=False)


def _same_donor(session: Session, donor: Donor | None, told: DonorFacts | None) -> bool:
    if donor is None or told is None:
        return donor is None and told is None
    return donors.says_same(session, donor, told)
