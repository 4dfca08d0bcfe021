"""Forget a donor everywhere: records, donations, promises, and letters that took receipts."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donations import annual_printing, forgetting, return_letters
from fundsvc.donations.models import AnnualReceipt, Donation, DonationReturn
from fundsvc.donors import editing, erasing
from fundsvc.donors.merging import family
from fundsvc.donors.models import DonorErasure
from fundsvc.donors.service import by_id
from fundsvc.dossier import promises
from fundsvc.errors import NotFound
from fundsvc.giving import service as giving
from fundsvc.outbox import service as outbox
from fundsvc.receipts import mailing
from fundsvc.receipts.models import Receipt


def approve(session: Session, erasure_id: int, *, by: int) -> list[int]:
    """Erase a donor as another person asked for; return the ids of the records.

    Entries, receipts and their originals stay, as the law on accounting wants: no seal changes,
    and a receipt that the donor holds can still be verified.

    Raises:
        NotFound: there is no such wish, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before, the record became a part of another one, or a letter to
            the donor is on its way at this moment.
    """
    wished = session.scalar(select(DonorErasure).where(DonorErasure.id == erasure_id))
    if wished is None:
        raise NotFound
    # Promises without money are found by what is about to be forgotten.
    records = family(session, by_id(session, wished.donor_id))
    versions = editing.versions(session, [record.id for record in records])
    promised = [one.id for one in promises.of_donor(session, records, versions)]
    ids = erasing.approve(session, erasure_id, by=by)
    donations = list(session.scalars(select(Donation.id).where(Donation.donor_id.in_(ids))))
    forgetting.forget(session, ids)
    giving.erase(session, donations, promised)
    for key in _letters(session, ids):
        outbox.forget(session, key)
    return ids


def _letters(session: Session, donor_ids: list[int]) -> list[str]:
    """Return the keys of the letters that told a donor of receipts, lists of them, and returns."""
    own = (
        select(Receipt.number)
        .join(Donation, Donation.id == Receipt.donation_id)
        .where(Donation.donor_id.in_(donor_ids))
    )
    returns = (
        select(DonationReturn.id)
        .join(Donation, Donation.id == DonationReturn.donation_id)
        .where(Donation.donor_id.in_(donor_ids))
    )
    lists = select(AnnualReceipt.number).where(AnnualReceipt.donor_id.in_(donor_ids))
    return [
        *map(mailing.key_of, session.scalars(own)),
        *map(return_letters.key_of, session.scalars(returns)),
        *map(annual_printing.key_of, session.scalars(lists)),
    ]
