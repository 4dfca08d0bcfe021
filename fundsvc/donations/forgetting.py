"""Forget what donations tell of people, when their donor is forgotten; the money stays."""

from collections.abc import Collection

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from fundsvc.donations.models import Donation


def forget(session: Session, donor_ids: Collection[int]) -> None:
    """Empty the words about people in the donations of donors who were erased before.

    What the money is for stays, for it binds whoever spends it.
    """
    session.execute(
        update(Donation)
        .where(
            Donation.donor_id.in_(donor_ids),
            or_(Donation.on_behalf_of != "", Donation.in_memory_of != "", Donation.note != ""),
        )
        .values(on_behalf_of="", in_memory_of="", note="")
    )
