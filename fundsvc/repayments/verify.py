"""What must hold of refunds by voucher: what was paid out is what donations say went back."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Posting
from fundsvc.books.verify import Fault
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.repayments.models import DonationRefund
from fundsvc.vouchers.kinds import DISCARDED, POSTED
from fundsvc.vouchers.models import Voucher
from ledger.accounts import income
from ledger.words import grouped


def faults(session: Session) -> Iterator[Fault]:
    """Yield refunds whose entry or return says something else, and returns that nobody paid."""
    yield from _told_otherwise(session)
    yield from _unpaid(session)
    yield from _beyond(session)


def _told_otherwise(session: Session) -> Iterator[Fault]:
    """Posted vouchers that the donation, or the books, tell otherwise."""
    code = case((Donation.method == "cash", income("cash")), else_=income("bank"))
    booked = (
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.entry_id == Voucher.entry_id,
            Posting.fund_id == Donation.fund_id,
            Posting.unit_id == Donation.unit_id,
            Account.code == code,
        )
        .correlate(Voucher, Donation)
        .scalar_subquery()
    )
    query = (
        select(Voucher.number, DonationRefund.amount, DonationReturn.amount, booked)
        .select_from(DonationRefund)
        .join(Voucher, Voucher.id == DonationRefund.voucher_id)
        .join(Donation, Donation.id == DonationRefund.donation_id)
        .join(
            DonationReturn,
            and_(
                DonationReturn.entry_id == Voucher.entry_id,
                DonationReturn.donation_id == DonationRefund.donation_id,
                DonationReturn.returned_on == Voucher.date,
            ),
            isouter=True,
        )
        .where(
            Voucher.state == POSTED,
            or_(
                DonationReturn.amount.is_distinct_from(DonationRefund.amount),
                Voucher.amount != DonationRefund.amount,
                booked != DonationRefund.amount,
            ),
        )
        .order_by(DonationRefund.voucher_id)
    )
    for number, asked, returned, paid in session.execute(query):
        why = _(
            "Phiếu %(number)s hoàn trả %(asked)s đ; khoản ủng hộ ghi %(returned)s đ, sổ ghi"
            " %(paid)s đ.",
            number=number,
            asked=grouped(asked),
            returned=grouped(returned or 0),
            paid=grouped(paid),
        )
        yield Fault("refund", f"voucher:{number}", why)


def _unpaid(session: Session) -> Iterator[Fault]:
    """What donations in cash or by bank say went back, without a voucher that paid it."""
    query = (
        select(DonationReturn.donation_id, DonationReturn.amount)
        .join(Donation, Donation.id == DonationReturn.donation_id)
        .join(Voucher, Voucher.entry_id == DonationReturn.entry_id, isouter=True)
        .join(
            DonationRefund,
            and_(
                DonationRefund.voucher_id == Voucher.id,
                DonationRefund.donation_id == DonationReturn.donation_id,
            ),
            isouter=True,
        )
        .where(Donation.method != "card", DonationRefund.voucher_id.is_(None))
        .order_by(DonationReturn.id)
    )
    for donation_id, amount in session.execute(query):
        why = _(
            "Khoản ủng hộ %(id)s ghi đã hoàn lại %(amount)s đ nhưng không có phiếu chi.",
            id=donation_id,
            amount=grouped(amount),
        )
        yield Fault("refund", f"donation:{donation_id}", why)


def _beyond(session: Session) -> Iterator[Fault]:
    """Donations of which more is asked for and given back than was given."""
    total = func.sum(DonationRefund.amount)
    query = (
        select(Donation.id, Donation.amount, total)
        .join(DonationRefund, DonationRefund.donation_id == Donation.id)
        .join(Voucher, Voucher.id == DonationRefund.voucher_id)
        .where(Voucher.state != DISCARDED)
        .group_by(Donation.id, Donation.amount)
        .having(total > Donation.amount)
        .order_by(Donation.id)
    )
    for donation_id, amount, asked in session.execute(query):
        why = _(
            "Khoản ủng hộ %(id)s là %(amount)s đ, các phiếu hoàn tiền cộng lại %(asked)s đ.",
            id=donation_id,
            amount=grouped(amount),
            asked=grouped(int(asked)),
        )
        yield Fault("refund", f"donation:{donation_id}", why)
