"""Ask for money of a donation to go back: a payment voucher is drafted, and tied to it."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock, secrecy
from fundsvc.books.models import Fund
from fundsvc.books.reversing import undone
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.repayments.models import DonationRefund
from fundsvc.text import clean
from fundsvc.units.models import Province, Unit
from fundsvc.vouchers import service as vouchers
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.kinds import APPROVED, BANK_OUT, CASH_OUT, DRAFT, SUBMITTED
from fundsvc.vouchers.models import Voucher
from fundsvc.vouchers.storing import LONGEST
from ledger.accounts import CASH, income

LONGEST_REASON: Final = 200
OPEN: Final = (DRAFT, SUBMITTED, APPROVED)
_KEY: Final = "refund:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What shall go back: whole đồng, why, out of which till (`111`, `112.CODE`), to whom.

    `party` is who takes the money; in cash somebody must sign for it.
    """

    amount: int
    reason: str
    till: str
    party: str = ""


def of_voucher(session: Session, voucher_id: int) -> DonationRefund | None:
    """Return what a voucher gives back, or None if it is about something else."""
    return session.scalar(select(DonationRefund).where(DonationRefund.voucher_id == voucher_id))


def of_donation(session: Session, donation_id: int) -> list[tuple[DonationRefund, Voucher]]:
    """Return what was asked for of a donation with its vouchers, the newest first."""
    query = (
        select(DonationRefund, Voucher)
        .join(Voucher, Voucher.id == DonationRefund.voucher_id)
        .where(DonationRefund.donation_id == donation_id)
        .order_by(DonationRefund.voucher_id.desc())
    )
    return [(row, voucher) for row, voucher in session.execute(query)]


def left(session: Session, donation: Donation) -> int:
    """Return what of a donation can still be asked for: not given back, nor asked for."""
    asked = session.scalar(
        select(func.coalesce(func.sum(DonationRefund.amount), 0))
        .join(Voucher, Voucher.id == DonationRefund.voucher_id)
        .where(DonationRefund.donation_id == donation.id, Voucher.state.in_(OPEN))
    )
    return donation.amount - donations.returned(session, donation.id) - int(asked or 0)


def account(donation: Donation) -> str:
    """Return the account a donation was booked as income on; what goes back is taken off it."""
    return income(donation.method)


def province(session: Session, donation: Donation) -> str | None:
    """Return the key of the province a donation came from; what goes back is taken off it."""
    if donation.province_id is None:
        return None
    return session.get_one(Province, donation.province_id).key


def ask(session: Session, donation_id: int, asked: Asked, *, key: str, by: int) -> int:
    """Draft the payment voucher of a refund and return its id; the same key again adds nothing.

    The voucher goes its own way: submitted, approved by another person, posted.

    Raises:
        NotFound: there is no such donation, it came by card, or it is not for this person.
        Refusal: it is more than is left, there is no reason, or the till is not of its fund.
        Forbidden: the person makes no vouchers.
        Conflict: the key was used for something else.
    """
    donation = donations.locked(session, donation_id)
    if donation.method == "card":
        raise NotFound
    why = clean(asked.reason, LONGEST_REASON, "reason")
    asked = replace(asked, reason=why, party=clean(asked.party, LONGEST["party"], "party"))
    again = _before(session, donation, asked, key)
    if again is not None:
        return again
    reasons = []
    if not 0 < asked.amount <= left(session, donation):
        told = _("Không hoàn lại được nhiều hơn số còn lại.")
        reasons.append(Reason(told, field="amount"))
    if not why:
        reasons.append(Reason(_("Xin ghi lý do hoàn tiền."), field="reason"))
    if not asked.till:
        reasons.append(Reason(_("Chọn nơi chi tiền."), field="till"))
    if asked.till == CASH and not asked.party:
        reasons.append(Reason(_("Thiếu họ tên người nhận tiền."), field="party"))
    if undone(session, donation.entry_id) is not None:
        reasons.append(Reason(_("Khoản ủng hộ này đã ghi đảo; không còn gì để hoàn lại.")))
    if reasons:
        raise Refusal(*reasons)
    number = vouchers.create(session, _draft(session, donation, asked), key=_KEY + key, by=by)
    session.add(
        DonationRefund(
            voucher_id=number,
            unit_id=donation.unit_id,
            donation_id=donation.id,
            amount=asked.amount,
            reason=why,
            asked_at=clock.now(),
            digest=_digest(asked),
        )
    )
    session.flush()
    return number


def _before(session: Session, donation: Donation, asked: Asked, key: str) -> int | None:
    """Return the voucher that this form made before, if it asked for the same."""
    known = session.scalar(
        select(DonationRefund)
        .join(Voucher, Voucher.id == DonationRefund.voucher_id)
        .where(Voucher.key == _KEY + key)
    )
    if known is None:
        return None
    said = (donation.id, asked.amount, asked.reason)
    same = known.digest in {None, _digest(asked)}
    if not same or (known.donation_id, known.amount, known.reason) != said:
        why = _("Phiếu này đã được lưu trước đó với nội dung khác; xin xem lại trong danh sách.")
        raise Conflict(Reason(why, field="key"))
    return known.voucher_id


def _digest(asked: Asked) -> str:
    """Return what the same facts are known by."""
    return secrecy.fingerprint(json.dumps(asdict(asked), sort_keys=True).encode())


def _draft(session: Session, donation: Donation, asked: Asked) -> Draft:
    """Return the voucher: N the income the donation was booked as, C the till it goes out of."""
    day = f"{donation.received_on:%d/%m/%Y}"
    return Draft(
        unit=session.get_one(Unit, donation.unit_id).code,
        kind=CASH_OUT if asked.till == CASH else BANK_OUT,
        date=clock.today(),
        fund=session.get_one(Fund, donation.fund_id).code,
        description=f"Hoàn trả tiền ủng hộ ngày {day}: {asked.reason}",
        party=asked.party,
        province=province(session, donation),
        till=asked.till,
        lines=(DraftLine(account=account(donation), amount=asked.amount),),
    )
