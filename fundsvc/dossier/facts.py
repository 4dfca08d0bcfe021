"""Gather what all slices know of one donor."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fundsvc.audit.models import Act
from fundsvc.books.models import Entry, Fund
from fundsvc.donations.models import Donation
from fundsvc.donations.service import left
from fundsvc.donors import consents, editing
from fundsvc.donors.erasing import NAME as ERASED
from fundsvc.donors.merging import family
from fundsvc.donors.models import Donor, DonorConsent, DonorErasure, DonorVersion
from fundsvc.dossier import promises
from fundsvc.giving.models import Pledge
from fundsvc.receipts.models import Receipt
from fundsvc.secrecy import UnreadableError, open_text
from fundsvc.sms import donors as messages
from fundsvc.sms.donors import Gift
from fundsvc.sms.lists import home_number
from fundsvc.staff.models import StaffUser
from fundsvc.text import mask_name, mask_phone
from fundsvc.units.models import Province, Unit

_UNDOING = aliased(Entry)

MOST_ACTS: Final = 100


@dataclass(frozen=True, slots=True)
class Gave:
    """A donation of one of the donor's records, with its valid or last receipts."""

    id: int
    received_on: date
    amount: int
    method: str
    fund: str
    unit: str
    province: str
    on_behalf_of: str
    in_memory_of: str
    earmark: str
    note: str
    reversed: bool
    returned: int
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What was not taken back or returned, in đồng."""
        return 0 if self.reversed else self.amount - self.returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One donor: the record that stands, those merged into it, and what belongs to them."""

    donor: Donor
    records: list[Donor]
    unit: Unit
    donations: list[Gave]
    messages: list[Gift]
    promises: list[Pledge]
    versions: list[DonorVersion]
    consents: list[DonorConsent]
    erasures: list[DonorErasure]

    @property
    def total(self) -> int:
        """What was given and not taken back or returned, messages too, in đồng."""
        gifts = sum(gave.left for gave in self.donations)
        return gifts + sum(message.amount for message in self.messages)

    @property
    def standing(self) -> dict[str, DonorConsent]:
        """What the donor agreed to or took back last, by purpose."""
        found: dict[str, DonorConsent] = {}
        for row in self.consents:
            found.setdefault(row.purpose, row)
        return found


def gather(session: Session, donor: Donor) -> Dossier:
    """Return all that is known of a donor, of whichever record was asked."""
    records = family(session, donor)
    ids = [record.id for record in records]
    wishes = select(DonorErasure).where(DonorErasure.donor_id.in_(ids)).order_by(DonorErasure.id)
    earlier = editing.versions(session, ids)
    phones = dict.fromkeys(record.phone_hash for record in records if record.phone_hash)
    return Dossier(
        donor=records[0],
        records=records,
        unit=session.get_one(Unit, records[0].unit_id),
        donations=_donations(session, ids),
        messages=[gift for hashed in phones for gift in messages.gifts(session, hashed)],
        promises=promises.of_donor(session, records, earlier),
        versions=earlier,
        consents=consents.history(session, ids),
        erasures=list(session.scalars(wishes)),
    )


def acts(session: Session, dossier: Dossier) -> list[tuple[Act, str]]:
    """Return what was done with the donor's records and by whom, the newest first."""
    subjects = [f"donor:{record.id}" for record in dossier.records]
    query = (
        select(Act, StaffUser.name)
        .outerjoin(StaffUser, StaffUser.id == Act.actor_id)
        .where(Act.subject.in_(subjects))
        .order_by(Act.id.desc())
        .limit(MOST_ACTS)
    )
    return [(act, name or _("dòng lệnh")) for act, name in session.execute(query)]


def name_of(session: Session, user_id: int | None) -> str:
    """Return the name of a staff user; of nobody it is the command line's or a public page's."""
    found = session.get(StaffUser, user_id) if user_id else None
    return found.name if found else ""


def shown_name(record: Donor | DonorVersion, *, masked: bool) -> str:
    """Return a donor's name as a person may see it."""
    return mask_name(record.name) if masked and record.name != ERASED else record.name


def phone_of(record: Donor | DonorVersion, *, whole: bool) -> str:
    """Return a phone number as people know it, its middle hidden unless it was opened."""
    try:
        phone = open_text(record.phone_sealed)
    except UnreadableError:
        return _("không mở được bằng khóa dữ liệu hiện nay")
    return phone if whole or not phone else mask_phone(home_number(phone.replace(" ", "")))


def email_of(record: Donor | DonorVersion, *, whole: bool) -> str:
    """Return an e-mail, all but its first letter and its place hidden unless it was opened."""
    try:
        email = open_text(record.email_sealed)
    except UnreadableError:
        return _("không mở được bằng khóa dữ liệu hiện nay")
    if whole or not email:
        return email
    name, at, place = email.rpartition("@")
    return f"{name[:1]}***{at}{place}" if at else "***"


def _donations(session: Session, donor_ids: list[int]) -> list[Gave]:
    taken_back = select(_UNDOING.id).where(_UNDOING.reverses_id == Donation.entry_id).exists()
    query: Any = (
        select(Donation, Fund.name, Unit.name, Province.name, taken_back, left())
        .join(Fund, Fund.id == Donation.fund_id)
        .join(Unit, Unit.id == Donation.unit_id)
        .outerjoin(Province, Province.id == Donation.province_id)
        .where(Donation.donor_id.in_(donor_ids))
        .order_by(Donation.received_on.desc(), Donation.id.desc())
    )
    found = {
        row.id: Gave(
            id=row.id,
            received_on=row.received_on,
            amount=row.amount,
            method=row.method,
            fund=fund,
            unit=unit,
            province=province or "",
            on_behalf_of=row.on_behalf_of,
            in_memory_of=row.in_memory_of,
            earmark=row.earmark,
            note=row.note,
            reversed=undone,
            returned=row.amount - int(rest),
        )
        for row, fund, unit, province, undone, rest in session.execute(query)
    }
    of_donor = select(Donation.id).where(Donation.donor_id.in_(donor_ids))
    receipts = select(Receipt).where(Receipt.donation_id.in_(of_donor)).order_by(Receipt.id)
    for receipt in session.scalars(receipts):
        found[receipt.donation_id or 0].receipts.append(receipt)
    return list(found.values())


def moment(at: datetime | None) -> str | None:
    """Return a moment as files tell it."""
    return at.isoformat(timespec="seconds") if at else None
