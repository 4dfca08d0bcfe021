"""What of donations went back to their donors, and the receipts that then state what is left."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.donations import service
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.errors import Reason, Refusal
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt


def give_back(
    session: Session, donation_id: int, amount: int, *, on: date, entry_id: int, key: str
) -> None:
    """Note that money of a donation went back by an entry; afterwards call `renew_receipt`.

    A negative amount takes an earlier one back.

    Raises:
        NotFound: there is no such donation, or not for this person.
        Refusal: more would go back than was given.
    """
    donation = service.locked(session, donation_id)
    if not 0 <= service.returned(session, donation.id) + amount <= donation.amount:
        raise Refusal(Reason(_("Không hoàn lại được nhiều hơn số đã nhận."), field="amount"))
    session.add(
        DonationReturn(
            unit_id=donation.unit_id,
            donation_id=donation.id,
            amount=amount,
            returned_on=on,
            entry_id=entry_id,
            key=key,
            noted_at=clock.now(),
        )
    )
    session.flush()


def renew_receipt(
    session: Session,
    donation_id: int,
    *,
    reason: str,
    by: int | None,
    to: str | None = None,
    locale: str = "vi",
) -> Receipt | None:
    """Let the receipt state what is left of a donation: void it, and issue another if need be.

    Return the new receipt, mailed as `service.issue_receipt` says. A donation that never had one
    gets none. Call it last in a transaction.
    """
    donation: Donation = service.locked(session, donation_id)
    left = donation.amount - service.returned(session, donation.id)
    issued = receipts.of_donation(session, donation.id)
    valid = [receipt for receipt in issued if receipt.voided_at is None]
    if not issued or any(receipt.facts["amount"] == left for receipt in valid):
        return None
    for receipt in valid:
        receipts.void(session, receipt.number, reason, by=by)
    if not left:
        return None
    return service.issue_receipt(session, donation.id, by=by, to=to, locale=locale)
