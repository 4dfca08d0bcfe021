"""What becomes of a donation when the voucher that gives it back goes its way."""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.donations import returns
from fundsvc.donations import service as donations
from fundsvc.errors import Reason, Refusal
from fundsvc.repayments import service
from fundsvc.units.models import Unit
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.models import Voucher

RETURNED: Final = "Hoàn trả tiền theo {number}: {reason}"


def taken(session: Session, row: Voucher) -> None:
    """Lock the donation of a voucher before units and numbers are locked."""
    found = service.of_voucher(session, row.id)
    if found is not None:
        donations.locked(session, found.donation_id)


def edited(session: Session, row: Voucher, draft: Draft) -> None:
    """Hold that a voucher keeps to what it gives back.

    Raises:
        Refusal: it would give something else back, out of another fund, or before it was given.
    """
    found = service.of_voucher(session, row.id)
    if found is None:
        return
    donation = donations.locked(session, found.donation_id)
    unit = session.get_one(Unit, donation.unit_id).code
    fund = session.get_one(Fund, donation.fund_id).code
    line = DraftLine(account=service.account(donation), amount=found.amount)
    province = service.province(session, donation)
    said = (draft.unit, draft.fund, draft.province, draft.amount, draft.lines)
    if said != (unit, fund, province, found.amount, (line,)):
        why = _(
            "Phiếu này hoàn trả một khoản ủng hộ: đơn vị, quỹ, tỉnh, số tiền và định khoản giữ"
            " nguyên. Muốn hoàn số khác thì bỏ phiếu này và lập lại từ khoản ủng hộ."
        )
        raise Refusal(Reason(why, field="amount"))
    if draft.date < donation.received_on:
        day = f"{donation.received_on:%d/%m/%Y}"
        why = _("Ngày hoàn tiền không thể trước ngày nhận (%(day)s).", day=day)
        raise Refusal(Reason(why, field="date"))


def posted(session: Session, row: Voucher, by: int) -> None:
    """Note what went back by a voucher that was posted, and let the receipt state what is left."""
    found = service.of_voucher(session, row.id)
    if found is None:
        return
    if row.entry_id is None:
        msg = "a posted voucher has an entry"
        raise RuntimeError(msg)
    key = f"voucher:{row.id}"
    returns.give_back(
        session, found.donation_id, found.amount, on=row.date, entry_id=row.entry_id, key=key
    )
    reason = RETURNED.format(number=row.number, reason=found.reason)
    returns.renew_receipt(session, found.donation_id, reason=reason, by=by)
