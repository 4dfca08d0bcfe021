"""What of donations went back to their donors, and the receipts that then state what is left."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.donations import receipting, return_letters, service
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.donors import service as donors
from fundsvc.donors.models import Donor
from fundsvc.errors import Reason, Refusal
from fundsvc.receipts import mailing
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
    locale: str | None = None,
) -> Receipt | None:
    """Let the receipt state what is left of a donation: void it, and issue another if need be.

    Return the new receipt, mailed as `receipting.issue_receipt` says. A donation that never had one
    gets none. When all went back, a letter says so, in the language of the letter that took the
    receipt to the donor. Call it last in a transaction.

    These letters are about a gift that the donor made, and hand over or take back its voucher: they
    go also to those who do not wish to be written to (`donors.consents`), whose words are about
    letters on the use of the money.
    """
    donation: Donation = service.locked(session, donation_id)
    left = donation.amount - service.returned(session, donation.id)
    issued = receipts.of_donation(session, donation.id)
    valid = [receipt for receipt in issued if receipt.voided_at is None]
    if left and (not issued or any(receipt.facts["amount"] == left for receipt in valid)):
        return None
    donor = donors.by_id(session, donation.donor_id) if donation.donor_id else None
    # Asked first: with a receipt its letter goes that was not sent yet, and what it tells.
    known = receipting.address_of(session, donation, donor) if to is None else to
    for receipt in valid:
        receipts.void(session, receipt.number, reason, by=by)
    if not left:
        void = [receipt.number for receipt in valid]
        _tell(session, donation, donor, void, to=known, locale=locale)
        return None
    return receipting.issue_receipt(session, donation.id, by=by, to=known, locale=locale)


def _tell(
    session: Session,
    donation: Donation,
    donor: Donor | None,
    void: list[str],
    *,
    to: str,
    locale: str | None,
) -> None:
    """Tell the donor that all went back, if there is an address."""
    last = session.scalars(
        select(DonationReturn)
        .where(DonationReturn.donation_id == donation.id)
        .order_by(DonationReturn.id.desc())
        .limit(1)
    ).first()
    if donor is not None and donor.erased_at is not None:
        return
    if last is not None and to:
        told = locale or mailing.language(session, donation.id)
        return_letters.send(session, donation, last, donor, void, to=to, locale=told)
