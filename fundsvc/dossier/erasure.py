"""Forget a donor everywhere: in the records, in donations, in letters that were written."""

from sqlalchemy.orm import Session

from fundsvc.donations import forgetting
from fundsvc.donors import erasing


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
    return ids
