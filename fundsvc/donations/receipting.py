"""Hand the facts of a donation to receipts, and say where its donor is written to."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books.reversing import undone
from fundsvc.donations.models import Donation
from fundsvc.donations.service import PROMISED, locked, returned
from fundsvc.donors import service as donors
from fundsvc.donors.models import Donor
from fundsvc.errors import Refusal
from fundsvc.receipts import mailing
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt
from fundsvc.secrecy import UnreadableError
from fundsvc.units.models import Province


def issue_receipt(
    session: Session,
    donation_id: int,
    *,
    by: int | None,
    issuer: str = "",
    to: str | None = None,
    locale: str | None = None,
) -> Receipt:
    """Issue the receipt of a donation; call it last in a transaction (see `receipts.issue`).

    It is mailed to whoever gave an e-mail: to `to`, or else to the address the donor is known by
    (`address_of`); also to those who do not wish to be written to, for a receipt is the voucher of
    their gift. If no language is told, it is that of the first letter about this donation
    (`mailing.language`).
    That of a promise bears no postal address: a stranger who knows somebody's name and phone reads
    it, and no address was typed.

    Raises:
        NotFound: there is no such donation, or not for this person.
        Refusal: the donation was taken back.
        Conflict: it has a valid receipt.
    """
    donation = locked(session, donation_id)
    if undone(session, donation.entry_id) is not None:
        raise Refusal(_("Khoản ủng hộ này đã ghi đảo; không cấp được biên nhận."))
    amount = donation.amount - returned(session, donation.id)
    if amount <= 0:
        raise Refusal(_("Khoản ủng hộ này đã hoàn lại hết; không cấp được biên nhận."))
    donor = donors.by_id(session, donation.donor_id) if donation.donor_id else None
    order = _order(session, donation, donor, amount)
    receipt = receipts.issue(session, order, by=by, issuer=issuer)
    known = address_of(session, donation, donor) if to is None else to
    _send(session, donation, receipt, known, locale)
    return receipt


def issue_first(
    session: Session,
    donation: Donation,
    donor: Donor | None,
    *,
    by: int | None,
    to: str | None,
    locale: str,
) -> Receipt:
    """Issue the receipt of a donation that this very transaction recorded (see `issue_receipt`).

    Nobody else knows of it yet, so nothing can stand against it and it need not be held.
    """
    order = _order(session, donation, donor, donation.amount)
    receipt = receipts.issue(session, order, by=by, first=True)
    _send(session, donation, receipt, _email_of(donor) if to is None else to, locale)
    return receipt


def _order(
    session: Session, donation: Donation, donor: Donor | None, amount: int
) -> receipts.Order:
    """Return what the receipt of a donation is wanted for."""
    if donor is not None and donor.erased_at is not None:
        donor = None  # Whoever wished to be forgotten is anonymous from then on.
    province = session.get_one(Province, donation.province_id) if donation.province_id else None
    promised = donation.key.startswith(PROMISED)
    return receipts.Order(
        donation_id=donation.id,
        unit_id=donation.unit_id,
        fund_id=donation.fund_id,
        amount=amount,
        received_on=donation.received_on,
        method=donation.method,
        donor_name=donor.name if donor else "",
        donor_kind=donor.kind if donor else "person",
        donor_address=donor.address if donor and not promised else "",
        on_behalf_of=donation.on_behalf_of,
        in_memory_of=donation.in_memory_of,
        earmark=donation.earmark,
        province=province.name if province else "",
    )


def _send(
    session: Session, donation: Donation, receipt: Receipt, address: str, locale: str | None
) -> None:
    if address:
        told = locale or mailing.language(session, donation.id)
        mailing.send(session, receipt, address, told)


def address_of(session: Session, donation: Donation, donor: Donor | None) -> str:
    """Return where a donor is written to about a donation; none if nobody knows.

    Who gave without a name has no record, and is known by the letter that took the receipt there.
    """
    return _email_of(donor) if donor else mailing.address(session, donation.id)


def _email_of(donor: Donor | None) -> str:
    """Return the address a donor is known by; none if it cannot be read."""
    try:
        return donor.email if donor else ""
    except UnreadableError:
        return ""
