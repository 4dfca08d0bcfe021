"""Correct what is written down about a donor; what stood before is kept with its reason."""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.donors.models import Donor, DonorVersion
from fundsvc.donors.service import DonorFacts, by_id, hash_of_phone
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.secrecy import email_hash, seal_text
from fundsvc.text import clean, fold

LONGEST_REASON: Final = 300


def change(
    session: Session, donor_id: int, facts: DonorFacts, reason: str, *, by: int | None
) -> bool:
    """Write down other facts of a donor; return whether anything is different.

    The log tells which facts changed and not to what, so that it needs no erasing.

    Raises:
        NotFound: there is no such donor, or not for this person.
        Refusal: the facts cannot be kept, or no reason is given.
        Conflict: the donor was erased or is a part of another record.
    """
    facts = facts.cleaned()
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do sửa hồ sơ."), field="reason"))
    by_id(session, donor_id)
    query = select(Donor).where(Donor.id == donor_id).with_for_update()
    donor = session.scalars(query.execution_options(populate_existing=True)).one()
    hold_standing(donor)
    changed = _differing(donor, facts)
    if not changed:
        return False
    session.add(
        DonorVersion(
            unit_id=donor.unit_id,
            donor_id=donor.id,
            name=donor.name,
            kind=donor.kind,
            address=donor.address,
            phone_hash=donor.phone_hash,
            phone_sealed=donor.phone_sealed,
            email_hash=donor.email_hash,
            email_sealed=donor.email_sealed,
            until=clock.now(),
            reason=why,
            changed_by=by,
        )
    )
    donor.name, donor.folded, donor.kind = facts.name, fold(facts.name), facts.kind
    donor.address = facts.address
    if "phone" in changed:
        donor.phone_hash, donor.phone_sealed = hash_of_phone(facts.phone), seal_text(facts.phone)
    if "email" in changed:
        donor.email_hash, donor.email_sealed = email_hash(facts.email), seal_text(facts.email)
    session.flush()
    audit.record(session, "donor.edit", f"donor:{donor.id}", {"changed": changed}, by=by)
    return True


def hold_standing(donor: Donor) -> None:
    """Hold that a record may still be written to.

    Raises:
        Conflict: the donor was erased, or the record is a part of another one.
    """
    if donor.erased_at is not None:
        raise Conflict(_("Hồ sơ này đã xóa dữ liệu cá nhân."))
    if donor.merged_into_id is not None:
        raise Conflict(_("Hồ sơ này đã gộp vào hồ sơ khác; xin mở hồ sơ chính."))


def versions(session: Session, donor_ids: list[int]) -> list[DonorVersion]:
    """Return what stood before in some records, the newest first."""
    query = select(DonorVersion).where(DonorVersion.donor_id.in_(donor_ids))
    return list(session.scalars(query.order_by(DonorVersion.until.desc(), DonorVersion.id.desc())))


def _differing(donor: Donor, facts: DonorFacts) -> list[str]:
    pairs = {
        "name": (donor.name, facts.name),
        "kind": (donor.kind, facts.kind),
        "address": (donor.address, facts.address),
        "phone": (donor.phone, facts.phone),
        "email": (donor.email, facts.email),
    }
    return [name for name, (kept, told) in pairs.items() if kept != told]
