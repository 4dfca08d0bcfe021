"""What of refunds stands against taking an entry back: what the donor was told, and what waits."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.donations.models import Donation
from fundsvc.repayments.models import DonationRefund
from fundsvc.repayments.service import OPEN
from fundsvc.vouchers.models import Voucher


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell that a refund stays, and of vouchers that would give back what was taken back.

    Whoever asks for a refund holds the donation, which `donations.objections` has locked by now.
    """
    del subject
    tied = select(DonationRefund.voucher_id).join(Voucher, Voucher.id == DonationRefund.voucher_id)
    if session.scalar(tied.where(Voucher.entry_id == entry.id)) is not None:
        yield _(
            "Chứng từ này đã hoàn trả một khoản ủng hộ: biên nhận đã hủy hoặc thay. Nếu tiền trở"
            " lại quỹ, hãy ghi một khoản ủng hộ mới."
        )
    open_ones = tied.join(Donation, Donation.id == DonationRefund.donation_id).where(
        Donation.entry_id == entry.id, Voucher.state.in_(OPEN)
    )
    if session.scalars(open_ones.limit(1)).first() is not None:
        yield _("Khoản ủng hộ này có phiếu hoàn tiền chưa ghi sổ; hãy bỏ phiếu đó trước.")
