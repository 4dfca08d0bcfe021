"""Forget a donor everywhere: in the records, in donations, in letters that were written."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donations import annual_printing, forgetting
from fundsvc.donations.models import AnnualReceipt, Donation
from fundsvc.donors import erasing
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
        Conflict: it was decided before, or the record became a part of another one.
    """
    ids = erasing.approve(session, erasure_id, by=by)
    forgetting.forget(session, ids)
    for key in _letters(session, ids):
        outbox.forget(session, key)
    return ids


def _letters(session: Session, donor_ids: list[int]) -> list[str]:
    """Return the keys of the letters that took receipts, and lists of them, to a donor."""
    own = (
        select(Receipt.number)
        .join(Donation, Donation.id == Receipt.donation_id)
        .where(Donation.donor_id.in_(donor_ids))
    )
    lists = select(AnnualReceipt.number).where(AnnualReceipt.donor_id.in_(donor_ids))
    return [
        *map(mailing.key_of, session.scalars(own)),
        *map(annual_printing.key_of, session.scalars(lists)),
    ]
