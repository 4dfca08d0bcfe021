"""What a donor promised on campaign pages, whether money came or not."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor, DonorVersion
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge, PledgeDonation
from fundsvc.secrecy import UnreadableError, email_hash


def of_donor(
    session: Session, records: Collection[Donor], versions: Collection[DonorVersion]
) -> list[Pledge]:
    """Return the promises of a donor, the newest first.

    Those whose money came are the donor's by their donation. Of the others only those with the same
    name and the same phone or e-mail, as they are or once were written down.
    """
    known: list[Donor | DonorVersion] = [*records, *versions]
    became = (
        select(PledgeDonation.pledge_id)
        .join(Donation, Donation.id == PledgeDonation.donation_id)
        .where(Donation.donor_id.in_([record.id for record in records]))
    )
    names = {record.name for record in known}
    query = select(Pledge).where(
        Pledge.unit_id == next(iter(records)).unit_id,
        Pledge.erased_at.is_(None),
        or_(Pledge.id.in_(became), Pledge.name.in_(names)),
    )
    own = set(session.scalars(became))
    phones = {record.phone_hash for record in known if record.phone_hash}
    emails = {record.email_hash for record in known if record.email_hash}
    return [
        found
        for found in session.scalars(query.order_by(Pledge.id.desc()))
        if found.id in own or found.phone_hash in phones or _hash(found) in emails
    ]


def _hash(promised: Pledge) -> str | None:
    try:
        return email_hash(giving.email(promised)) or None
    except UnreadableError:
        return None
