"""Everything that rows say somebody did, and that the log of acts must tell likewise."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import String, and_, cast, func, literal
from sqlalchemy.orm import Session

from fundsvc.books.verify import Fault
from fundsvc.donors.models import DonorErasure, DonorVersion
from fundsvc.online.models import RefundRequest
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation.decided import HELD
from fundsvc.reconciliation.models import BankAccount, BankDecision
from fundsvc.settlements.models import Settlement, SettlementLoss
from fundsvc.verifying.deed import Deed, compared, named_by
from fundsvc.vouchers.models import Voucher
from fundsvc.workbench.models import BankSignoff


def _settlement(name: str) -> str:
    return _("Quyết toán số %(id)s", id=name)


def _donor(name: str) -> str:
    return _("Hồ sơ người ủng hộ số %(id)s", id=name)


def _receipts() -> Iterator[Deed]:
    subject = literal("receipt:") + Receipt.number
    yield Deed(
        what=lambda: _("hủy biên nhận"),
        acts=("receipt.void",),
        subject=subject,
        place=subject,
        name=Receipt.number,
        called=lambda name: _("Biên nhận %(number)s", number=name),
        key=Receipt.id,
        by=Receipt.voided_by,
        at=Receipt.voided_at,
        only=Receipt.voided_at.is_not(None),
        facts={"reason": Receipt.void_reason},
        final=True,
    )


def _vouchers() -> Iterator[Deed]:
    subject = named_by("voucher", Voucher.id)
    common: dict[str, Any] = {
        "subject": subject,
        "place": subject,
        "name": func.coalesce(Voucher.number, cast(Voucher.id, String)),
        "called": lambda name: _("Chứng từ %(number)s", number=name),
        "key": Voucher.id,
    }
    # Who edits a draft is its maker from then on.
    made = ("voucher.create", "voucher.edit")
    yield Deed(what=lambda: _("lập chứng từ"), acts=made, by=Voucher.maker_id, **common)
    yield Deed(
        what=lambda: _("gửi duyệt chứng từ"),
        acts=("voucher.submit",),
        by=Voucher.submitted_by,
        at=Voucher.submitted_at,
        only=Voucher.submitted_at.is_not(None),
        **common,
    )
    yield Deed(
        what=lambda: _("duyệt chứng từ"),
        acts=("voucher.approve",),
        by=Voucher.approver_id,
        at=Voucher.approved_at,
        only=Voucher.approver_id.is_not(None),
        **common,
    )
    yield Deed(
        what=lambda: _("ghi sổ chứng từ"),
        acts=("voucher.post",),
        by=Voucher.posted_by,
        at=Voucher.posted_at,
        only=Voucher.entry_id.is_not(None),
        facts={"number": Voucher.number, "entry": Voucher.entry_id},
        final=True,
        **common,
    )


def _bank() -> Iterator[Deed]:
    subject = named_by("bank-line", BankDecision.bank_line_id)
    common: dict[str, Any] = {
        "subject": subject,
        "place": named_by("bank_decision", BankDecision.id),
        "name": cast(BankDecision.bank_line_id, String),
        "called": lambda name: _("Dòng sao kê số %(id)s", id=name),
        "key": BankDecision.id,
    }
    yield Deed(
        what=lambda: _("quyết định dòng sao kê"),
        acts=("bank-line.decide",),
        by=BankDecision.decided_by,
        at=BankDecision.decided_at,
        facts={"decision": BankDecision.id, "entry": BankDecision.entry_id},
        final=True,
        **common,
    )
    yield Deed(
        what=lambda: _("hoàn tác quyết định dòng sao kê"),
        acts=("bank-line.undo",),
        by=BankDecision.undone_by,
        at=BankDecision.undone_at,
        # What was only held back ends without an act of its own, when the line is decided.
        only=and_(BankDecision.undone_at.is_not(None), BankDecision.kind != HELD),
        facts={"decision": BankDecision.id, "reason": BankDecision.undone_why},
        **common,
    )


def _signed_months() -> Iterator[Deed]:
    row = BankSignoff
    common: dict[str, Any] = {
        "place": named_by("bank_signoff", row.id),
        "name": BankAccount.code,
        "called": lambda name: _("Tài khoản ngân hàng %(code)s", code=name),
        "key": row.id,
        "subject": named_by("bank-month", BankAccount.code)
        + literal(":")
        + func.substr(cast(row.month, String), 1, 7),
        "joined": (BankAccount, BankAccount.id == row.bank_account_id),
    }
    named = {"signoff": row.id, "balance": row.bank_balance}
    yield Deed(
        what=lambda: _("gửi duyệt đối soát ngân hàng"),
        acts=("bank-month.submit",),
        by=row.submitted_by,
        at=row.submitted_at,
        facts=named,
        final=True,
        **common,
    )
    yield Deed(
        what=lambda: _("duyệt đối soát ngân hàng"),
        acts=("bank-month.approve",),
        by=row.decided_by,
        at=row.decided_at,
        only=row.state.in_(("approved", "reopening", "reopened")),
        facts=named,
        final=True,
        **common,
    )
    yield Deed(
        what=lambda: _("xác nhận mở lại đối soát ngân hàng"),
        acts=("bank-month.reopen.confirm",),
        by=row.reopened_by,
        at=row.reopened_at,
        only=row.state == "reopened",
        facts=named,
        final=True,
        **common,
    )


def _refunds() -> Iterator[Deed]:
    row = RefundRequest
    subject = named_by("refund_request", row.id)
    common: dict[str, Any] = {
        "subject": subject,
        "place": subject,
        "name": cast(row.id, String),
        "called": lambda name: _("Đề nghị hoàn tiền số %(id)s", id=name),
        "key": row.id,
        "final": True,
    }
    yield Deed(
        what=lambda: _("đề nghị hoàn tiền thẻ"),
        acts=("refund.ask",),
        by=row.asked_by,
        at=row.asked_at,
        facts={"amount": row.amount},
        **common,
    )
    yield Deed(
        what=lambda: _("duyệt hoàn tiền thẻ"),
        acts=("refund.approve",),
        by=row.decided_by,
        at=row.decided_at,
        only=row.state.in_(("approved", "sent", "failed")),
        **common,
    )


def _settlements() -> Iterator[Deed]:
    row = SettlementLoss
    subject = named_by("settlement", Settlement.id)
    yield Deed(
        what=lambda: _("chấp nhận quyết toán"),
        acts=("settlement.accept",),
        subject=subject,
        place=subject,
        name=cast(Settlement.id, String),
        called=_settlement,
        key=Settlement.id,
        by=Settlement.accepted_by,
        at=Settlement.accepted_at,
        only=Settlement.accepted_at.is_not(None),
        facts={
            "messages": Settlement.messages,
            "gross": Settlement.gross,
            "fee": Settlement.fee,
            "net": Settlement.net,
        },
    )
    subject = named_by("settlement", row.settlement_id)
    common: dict[str, Any] = {
        "subject": subject,
        "place": subject,
        "name": cast(row.settlement_id, String),
        "called": _settlement,
        "key": row.id,
        "facts": {"loss": row.id, "amount": row.amount},
        "final": True,
    }
    yield Deed(
        what=lambda: _("đề nghị xóa nợ nhà mạng"),
        acts=("settlement.ask-loss",),
        by=row.asked_by,
        at=row.asked_at,
        **common,
    )
    yield Deed(
        what=lambda: _("duyệt xóa nợ nhà mạng"),
        acts=("settlement.approve-loss",),
        by=row.decided_by,
        at=row.decided_at,
        only=row.state.in_(("approved", "reversed")),
        **common,
    )


def _erasures() -> Iterator[Deed]:
    """Of a record that was merged into another, the wish and its approval are the other's."""
    row = DonorErasure
    common: dict[str, Any] = {
        "subject": None,
        "place": named_by("donor", row.donor_id),
        "name": cast(row.donor_id, String),
        "called": _donor,
        "key": row.id,
        "final": True,
    }
    yield Deed(
        what=lambda: _("đề nghị xóa dữ liệu người ủng hộ"),
        acts=("donor.erasure.ask",),
        by=row.asked_by,
        at=row.asked_at,
        **common,
    )
    yield Deed(
        what=lambda: _("duyệt xóa dữ liệu người ủng hộ"),
        acts=("donor.erasure.approve",),
        by=row.decided_by,
        at=row.decided_at,
        only=row.state == "approved",
        **common,
    )


def _donors() -> Iterator[Deed]:
    subject = named_by("donor", DonorVersion.donor_id)
    yield Deed(
        what=lambda: _("sửa hồ sơ người ủng hộ"),
        acts=("donor.edit",),
        subject=subject,
        place=subject,
        name=cast(DonorVersion.donor_id, String),
        called=_donor,
        key=DonorVersion.id,
        by=DonorVersion.changed_by,
        at=DonorVersion.until,
    )


def deeds() -> Iterator[Deed]:
    """Yield everything that rows say was done, and that the log tells of."""
    yield from _receipts()
    yield from _vouchers()
    yield from _bank()
    yield from _signed_months()
    yield from _refunds()
    yield from _settlements()
    yield from _erasures()
    yield from _donors()


def faults(session: Session) -> Iterator[Fault]:
    """Yield what rows and the log of acts tell otherwise of each other."""
    for deed in deeds():
        yield from compared(session, deed)
