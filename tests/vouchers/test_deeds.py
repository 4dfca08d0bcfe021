"""What rows and the log of acts tell otherwise of who did something is named."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.donors import erasing, merging
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts
from fundsvc.receipts import service as receipts
from fundsvc.verifying import deeds
from tests.support import gifts
from tests.support.tampering import unguarded
from tests.vouchers.conftest import Desk

LATER = "2025-01-01T00:00:00.000000+00:00"
CHANGES = {
    "maker": ("UPDATE voucher SET maker_id = maker_id + 50 WHERE id = 1", "voucher:1"),
    "approver": ("UPDATE voucher SET approver_id = approver_id + 50 WHERE id = 1", "voucher:1"),
    "poster": ("UPDATE voucher SET posted_by = posted_by + 50 WHERE id = 1", "voucher:1"),
    "moment": (f"UPDATE voucher SET approved_at = '{LATER}' WHERE id = 1", "voucher:1"),
    "number": ("UPDATE voucher SET number = 'PC-2024-000009' WHERE id = 1", "voucher:1"),
    "no voucher": ("DELETE FROM voucher WHERE id = 1", "voucher:1"),
    "no approval": ("DELETE FROM act WHERE kind = 'voucher.approve'", "voucher:1"),
    "no posting": ("DELETE FROM act WHERE kind = 'voucher.post'", "voucher:1"),
    "other actor": ("UPDATE act SET actor_id = 99 WHERE kind = 'voucher.submit'", "voucher:1"),
    "reason": ("UPDATE receipt SET void_reason = 'x'", "receipt:NT-2024-000001"),
    "who voided": ("UPDATE receipt SET voided_by = 7", "receipt:NT-2024-000001"),
    "when voided": (f"UPDATE receipt SET voided_at = '{LATER}'", "receipt:NT-2024-000001"),
    "valid again": (
        "UPDATE receipt SET voided_at = NULL, void_reason = NULL",
        "receipt:NT-2024-000001",
    ),
    "no act of voiding": ("DELETE FROM act WHERE kind = 'receipt.void'", "receipt:NT-2024-000001"),
    "who forgot": ("UPDATE donor_erasure SET decided_by = 99", "donor:1"),
    "nobody asked": ("DELETE FROM act WHERE kind = 'donor.erasure.ask'", "donor:1"),
    "no wish": ("DELETE FROM donor_erasure", "donor:1"),
}


@pytest.fixture
def done(desk: Desk) -> None:
    """A posted voucher and one that was sent back, a voided receipt, two records forgotten."""
    desk.posted()
    returned = desk.submitted()
    desk.act("return_", returned, "Thiếu hóa đơn", by=desk.people.approver)
    desk.act("submit", returned)
    number = gifts.give_with_receipt()
    gifts.give(donor=DonorFacts(name="Nguyễn Thị Hường", phone="0987654321"))
    with transaction() as session:
        receipts.void(session, number, "Sai tên", by=desk.people.maker)
        one, other = session.query(Donor).order_by(Donor.id).all()
        merging.merge(session, one.id, other.id, by=desk.people.maker)
        wish = erasing.ask(session, one.id, "Theo đơn", by=desk.people.maker)
        erasing.approve(session, wish.id, by=desk.people.approver)


@pytest.mark.usefixtures("done")
def test_what_was_done_by_the_service_has_no_fault(session: Session) -> None:
    assert list(deeds.faults(session)) == []


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize("what", CHANGES)
def test_each_change_is_named_in_its_place(session: Session, what: str) -> None:
    spoil, place = CHANGES[what]
    with unguarded("voucher", "receipt", "act", "donor_erasure") as connection:
        connection.execute(text(spoil))
    assert place in {fault.place for fault in deeds.faults(session)}


@pytest.mark.usefixtures("done")
def test_a_fault_is_told_in_words(session: Session) -> None:
    with unguarded("voucher") as connection:
        connection.execute(text("UPDATE voucher SET approver_id = 99 WHERE id = 1"))
    (fault,) = deeds.faults(session)
    assert fault.text == (
        "Chứng từ PC-2024-000001: việc duyệt chứng từ không có trong nhật ký, hoặc nhật ký ghi"
        " người, thời điểm hay nội dung khác."
    )
