"""Write donors down once, and find them again by name without diacritics."""

import secrets
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donors.models import KINDS, Donor, DonorVersion
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.secrecy import email_hash, phone_hash, seal_text
from fundsvc.text import clean, fold
from ledger import seals

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_CONTACT = 200, 300, 100
BETWEEN: Final = str.maketrans("", "", " .-()")


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
    """Return what is written down about a donor.

    Raises:
        UnreadableError: phone or e-mail were sealed with another data key.
    """
    return DonorFacts(
        name=donor.name,
        kind=donor.kind,
        address=donor.address,
        phone=donor.phone,
        email=donor.email,
    )


def hash_of_phone(phone: str) -> str:
    """Return what a phone number is found by, however it is grouped; nothing of nothing."""
    tidy = phone.translate(BETWEEN)
    return phone_hash(tidy) if tidy else ""


def says_same(session: Session, donor: Donor, facts: DonorFacts) -> bool:
    """Say whether a donor is, or once was, written down with these facts."""
    wanted = (facts.name, facts.kind, facts.address, *_hashes(facts))
    earlier = session.scalars(select(DonorVersion).where(DonorVersion.donor_id == donor.id))
    return any(
        wanted == (row.name, row.kind, row.address, row.phone_hash, row.email_hash)
        for row in (donor, *earlier)
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
        by_phone, by_email = _hashes(facts)
        known = session.scalar(
            select(Donor)
            .where(
                Donor.unit_id == unit_id,
                Donor.folded == fold(facts.name),
                Donor.name == facts.name,
                Donor.kind == facts.kind,
                Donor.address == facts.address,
                Donor.phone_hash == by_phone,
                Donor.email_hash == by_email,
            )
            .order_by(Donor.id)
            .limit(1)
        )
        if known is not None:
            known.salt = known.salt or secrets.token_hex(16)
            return known
    return _write_down(session, unit_id, facts)


def find_or_make(session: Session, unit_id: int, facts: DonorFacts) -> Donor:
    """Return the unit's donor whom a stranger's words on a public page are about.

    A known donor is taken only by phone or e-mail, exactly: every one that was typed is the known
    one's, and the name is the same, letter case and diacritics aside, for the receipt bears it and
    a family may share a phone. The name alone finds nobody. What strangers type changes nothing of
    a known donor; whoever types something new is written down anew, and may be merged later.

    Raises:
        Refusal: the facts cannot be kept (see `DonorFacts.cleaned`).
    """
    facts = facts.cleaned()
    by_phone, by_email = _hashes(facts)
    if not (by_phone or by_email):
        return _write_down(session, unit_id, facts)
    typed = [
        column == hashed
        for column, hashed in ((Donor.phone_hash, by_phone), (Donor.email_hash, by_email))
        if hashed
    ]
    known = session.scalar(
        select(Donor)
        .where(
            Donor.unit_id == unit_id,
            Donor.folded == fold(facts.name),
            Donor.kind == facts.kind,
            *typed,
        )
        .order_by(Donor.name != facts.name, Donor.id)
        .limit(1)
    )
    if known is None:
        return _write_down(session, unit_id, facts)
    known.salt = known.salt or secrets.token_hex(16)
    return known


def commitment(donor: Donor, *entry: str) -> str:
    """Return what an entry tells of its donor: a commitment, nothing without the donor's salt.

    `entry` is what names the entry, its source and external id.
    """
    return seals.commitment(donor.salt or "", donor.name, donor.kind, *entry)


def commitments(session: Session, donor: Donor, *entry: str) -> set[str]:
    """Return what an entry may tell of its donor: by the name of today, and by each before it."""
    earlier = session.execute(
        select(DonorVersion.name, DonorVersion.kind).where(DonorVersion.donor_id == donor.id)
    )
    names = {(donor.name, donor.kind), *((name, kind) for name, kind in earlier)}
    return {seals.commitment(donor.salt or "", name, kind, *entry) for name, kind in names}


def _hashes(facts: DonorFacts) -> tuple[str, str]:
    return hash_of_phone(facts.phone), email_hash(facts.email)


def _write_down(session: Session, unit_id: int, facts: DonorFacts) -> Donor:
    by_phone, by_email = _hashes(facts)
    donor = Donor(
        unit_id=unit_id,
        name=facts.name,
        folded=fold(facts.name),
        salt=secrets.token_hex(16),
        kind=facts.kind,
        address=facts.address,
        phone_hash=by_phone,
        phone_sealed=seal_text(facts.phone),
        email_hash=by_email,
        email_sealed=seal_text(facts.email),
    )
    session.add(donor)
    session.flush()
    return donor
