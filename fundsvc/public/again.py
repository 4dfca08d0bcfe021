"""Find a receipt again by a code of it and the e-mail or phone of whoever gave."""

import hmac
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.errors import Refusal
from fundsvc.giving import codes
from fundsvc.giving.models import Pledge, PledgeDonation
from fundsvc.outbox import addresses
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.receipts import mailing
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.receipts.service import CODE_LENGTH, tidy_code
from fundsvc.secrecy import UnreadableError, email_hash, phone_hash, unseal
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.phones import BETWEEN, LONGEST

# Tables and not models: whoever has the code may ask, whatever units somebody signed in may see.
_RECEIPT: Final = Receipt.__table__
_PLEDGE, _GIVEN = Pledge.__table__, PledgeDonation.__table__
_DONATION, _DONOR, _SMS = Donation.__table__, Donor.__table__, SmsMessage.__table__
_TAKEN: Final = ReceiptSms.__table__


def find(session: Session, secret: str, contact: str) -> tuple[str, str] | None:
    """Return number and verification code of the receipt that a code means, the newest of its kind.

    The code is the one on the receipt, or the one in the memo of the transfer. Without the e-mail
    or the phone that was given with the gift the answer is None, as for a code that is unknown.
    """
    hashed = _hashed(contact)
    for row in _by_code(session, secret):
        known = [kept for kept in _contacts(session, row) if kept]
        # All are compared, so that the time tells nothing.
        if sum(hmac.compare_digest(hashed.encode(), kept.encode()) for kept in known):
            newest = _newest(session, row)
            return newest.number, newest.code
    return None


def _hashed(contact: str) -> str:
    """Return the keyed hash of what may be an e-mail or a phone; "-" of what is neither."""
    text = contact.strip()[:LONGEST]
    if "@" in text:
        try:
            return email_hash(addresses.parse(text))
        except Refusal:
            return "-"
    digits = text.translate(BETWEEN)
    return phone_hash(digits) if digits else "-"


def _by_code(session: Session, secret: str) -> list[Any]:
    columns = select(_RECEIPT.c.id, _RECEIPT.c.number, _RECEIPT.c.code, _RECEIPT.c.donation_id)
    typed = tidy_code(secret)
    if len(typed) == CODE_LENGTH:
        found = list(session.execute(columns.where(_RECEIPT.c.code == typed)))
        if found:
            return found
    memos = codes.find(secret[:LONGEST])
    if not memos:
        return []
    promised = (
        columns.join(_GIVEN, _GIVEN.c.donation_id == _RECEIPT.c.donation_id)
        .join(_PLEDGE, _PLEDGE.c.id == _GIVEN.c.pledge_id)
        .where(_PLEDGE.c.code.in_(memos))
    )
    return list(session.execute(promised.order_by(_RECEIPT.c.id.desc())))


def _newest(session: Session, row: Any) -> Any:
    """Return the receipt that stands today for the one that was found."""
    if row.donation_id is None:
        return row
    columns = select(_RECEIPT.c.id, _RECEIPT.c.number, _RECEIPT.c.code, _RECEIPT.c.donation_id)
    same = columns.where(_RECEIPT.c.donation_id == row.donation_id)
    return session.execute(same.order_by(_RECEIPT.c.id.desc()).limit(1)).one()


def _contacts(session: Session, row: Any) -> Iterator[str | None]:
    """Yield the hashes of every e-mail and phone that was given with a receipt's money."""
    if row.donation_id is None:
        yield session.scalar(
            select(_SMS.c.phone_hash)
            .join(
                _TAKEN,
                (_TAKEN.c.operator == _SMS.c.operator) & (_TAKEN.c.request_id == _SMS.c.request_id),
            )
            .where(_TAKEN.c.receipt_id == row.id)
            .limit(1)
        )
        return
    donors = select(_DONOR.c.email_hash, _DONOR.c.phone_hash).join(
        _DONATION, _DONATION.c.donor_id == _DONOR.c.id
    )
    for donor in session.execute(donors.where(_DONATION.c.id == row.donation_id)):
        yield from donor
    pledges = select(_PLEDGE.c.email_sealed, _PLEDGE.c.phone_hash).join(
        _GIVEN, _GIVEN.c.pledge_id == _PLEDGE.c.id
    )
    for sealed, hashed in session.execute(pledges.where(_GIVEN.c.donation_id == row.donation_id)):
        yield hashed
        try:
            yield email_hash(unseal(sealed).decode()) if sealed else None
        except UnreadableError:
            continue
    letter = session.scalar(select(Letter).where(Letter.key == mailing.key_of(row.number)))
    message = outbox.opened(letter) if letter else None
    yield email_hash(message.to) if message else None
