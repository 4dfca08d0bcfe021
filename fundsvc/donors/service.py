"""Write donors down once, and find them again by name without diacritics."""

import secrets
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donors.models import KINDS, Donor
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.text import clean, fold
from ledger import seals

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_CONTACT = 200, 300, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorFacts:
    """Who gives, as written on the paper; everything but the name may be empty."""

    name: str
    kind: str = "person"
    address: str = ""
    phone: str = ""
    email: str = ""

    def cleaned(self) -> "DonorFacts":
        """Return the facts in the form they are kept in.

        Raises:
            Refusal: the name is empty, the kind unknown, or a text too long or unreadable.
        """
        if self.kind not in KINDS:
            raise Refusal(Reason(_("Người ủng hộ là cá nhân hoặc tổ chức."), field="donor_kind"))
        name = clean(self.name, LONGEST_NAME, "donor")
        if not name:
            raise Refusal(Reason(_("Chưa có tên người ủng hộ."), field="donor"))
        return replace(
            self,
            name=name,
            address=clean(self.address, LONGEST_ADDRESS, "address"),
            phone=clean(self.phone, LONGEST_CONTACT, "phone"),
            email=clean(self.email, LONGEST_CONTACT, "email"),
        )


def facts_of(donor: Donor) -> DonorFacts:
    """Return what is written down about a donor."""
    return DonorFacts(
        name=donor.name,
        kind=donor.kind,
        address=donor.address,
        phone=donor.phone,
        email=donor.email,
    )


def find(session: Session, wanted: str, *, limit: int = 20) -> list[Donor]:
    """Return donors whose name contains a text, diacritics and case aside ("duc" finds "Đức")."""
    folded = fold(wanted)
    if not folded:
        return []
    query = select(Donor).where(Donor.folded.contains(folded, autoescape=True))
    return list(session.scalars(query.order_by(Donor.folded, Donor.id).limit(limit)))


def by_id(session: Session, donor_id: int) -> Donor:
    """Return a donor.

    Raises:
        NotFound: there is none, or not for this person.
    """
    found = session.scalar(select(Donor).where(Donor.id == donor_id))
    if found is None:
        raise NotFound
    return found


def remember(session: Session, unit_id: int, facts: DonorFacts) -> Donor:
    """Return the unit's donor with these facts, written down now if there is none yet.

    Only a donor with the same name **and** the same phone, e-mail or address is taken for the same:
    two people called Nguyễn Văn An are two people.

    Raises:
        Refusal: the facts cannot be kept (see `DonorFacts.cleaned`).
    """
    facts = facts.cleaned()
    if facts.phone or facts.email or facts.address:
        known = session.scalar(
            select(Donor)
            .where(
                Donor.unit_id == unit_id,
                Donor.folded == fold(facts.name),
                Donor.name == facts.name,
                Donor.kind == facts.kind,
                Donor.address == facts.address,
                Donor.phone == facts.phone,
                Donor.email == facts.email,
            )
            .order_by(Donor.id)
            .limit(1)
        )
        if known is not None:
            known.salt = known.salt or secrets.token_hex(16)
            return known
    donor = Donor(
        unit_id=unit_id,
        name=facts.name,
        folded=fold(facts.name),
        salt=secrets.token_hex(16),
        kind=facts.kind,
        address=facts.address,
        phone=facts.phone,
        email=facts.email,
    )
    session.add(donor)
    session.flush()
    return donor


def commitment(donor: Donor, *entry: str) -> str:
    """Return what an entry tells of its donor: a commitment, nothing without the donor's salt.

    `entry` is what names the entry, its source and external id.
    """
    return seals.commitment(donor.salt or "", donor.name, donor.kind, *entry)
