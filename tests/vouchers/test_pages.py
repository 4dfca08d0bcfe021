"""The pages of vouchers as people use them: drafted, approved by another, posted, reversed."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from tests.support.forms import hidden, send
from tests.support.paper import flat
from tests.vouchers.pages import (
    JOURNAL,
    PAID,
    RECEIVED,
    TRANSFER,
    SignedIn,
    do,
    posted,
    state,
    write,
)

pytestmark = pytest.mark.usefixtures("clock", "money")


def test_a_voucher_goes_from_draft_to_posted_to_reversed(signed_in: SignedIn) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    assert "Không có chứng từ nào như vậy" in maker.get("/vouchers").text
    voucher = write(maker, PAID, act="save")
    page = maker.get(f"/vouchers/{voucher}").text
    for shown in ("80.500.000 đ", "Trần Thị Hường", "&lt;xã Hướng Việt&gt;", "Tỉnh Quảng Trị"):
        assert shown in page
    assert "Phiếu chi (chưa có số)" in page
    assert do(maker, voucher, "submit").status_code == 303
    assert "người khác phải duyệt" in maker.get(f"/vouchers/{voucher}").text
    assert f'href="/vouchers/{voucher}"' in approver.get("/vouchers?state=submitted").text
    page = approver.get(f"/vouchers/{voucher}").text
    assert "Duyệt và ghi sổ phiếu chi PC-2024-000001 (số dự kiến), 80.500.000 đ" in page
    assert do(approver, voucher, "approve", post="1").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Phiếu chi PC-2024-000001" in page
    assert "Người thử approver" in page
    assert "/edit" not in page
    assert "Phiếu chi: 80.500.000 đ (1)" in maker.get("/vouchers").text
    wrong = send(maker, f"/vouchers/{voucher}", f"/vouchers/{voucher}/reverse", reason="")
    assert wrong.status_code == 422
    assert "Xin ghi lý do ghi đảo." in wrong.text
    undo = {"reason": "Ghi hai lần", "date": "25/09/2024"}
    answer = send(maker, f"/vouchers/{voucher}", f"/vouchers/{voucher}/reverse", **undo)
    assert answer.status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "ngày 25/09/2024" in page
    assert "Ghi hai lần" in page
    assert "Ghi đảo khoản này" not in page
    assert "Đã ghi đảo" in maker.get("/vouchers").text
    assert "Không có khoản nào được tính" in maker.get("/vouchers").text


def entries(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Entry)) or 0


@pytest.mark.parametrize("fields", [RECEIVED, PAID, JOURNAL, TRANSFER], ids=lambda f: f["kind"])
def test_each_kind_is_written_approved_posted_and_printed(
    signed_in: SignedIn, session: Session, fields: dict[str, str]
) -> None:
    before = entries(session)
    client, voucher = posted(signed_in, fields)
    assert entries(session) == before + 1
    paper = client.get(f"/vouchers/{voucher}.pdf")
    assert paper.mimetype == "application/pdf"
    text = flat(paper.data)
    number = re.search(r"<h1>.*?([A-Z]{2}-2024-000001)", client.get(f"/vouchers/{voucher}").text)
    assert number is not None
    assert f"Số: {number[1]}" in text
    assert "BẢN NHÁP" not in text
    assert fields["description"] in text


def test_nobody_approves_their_own_and_nobody_approves_twice(
    signed_in: SignedIn, session: Session
) -> None:
    maker, approver, late = signed_in("treasurer"), signed_in("approver"), signed_in("approver")
    voucher = write(maker, PAID)
    assert "Duyệt và ghi sổ" not in maker.get(f"/vouchers/{voucher}").text
    refused = do(maker, voucher, "approve", post="1")
    assert refused.status_code == 403
    assert state(session, voucher) == "submitted"
    version = hidden(late, f"/vouchers/{voucher}")["version"]
    assert do(approver, voucher, "approve").status_code == 303
    again = do(late, voucher, "approve", version=version)
    assert again.status_code == 409
    assert "Chứng từ đã được Người thử approver duyệt lúc" in again.text
    assert state(session, voucher) == "approved"
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Ghi sổ phiếu chi PC-2024-000001 (số dự kiến)" in page
    assert do(maker, voucher, "post").status_code == 303
    assert state(session, voucher) == "posted"


def test_a_voucher_is_sent_back_with_a_reason_changed_and_submitted_again(
    signed_in: SignedIn, session: Session
) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    voucher = write(maker, PAID)
    empty = do(approver, voucher, "return", reason=" ")
    assert empty.status_code == 422
    assert "Xin ghi lý do trả lại." in empty.text
    assert do(approver, voucher, "return", reason="Thiếu <hóa đơn>").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Lý do: Thiếu &lt;hóa đơn&gt;" in page
    edit = f"/vouchers/{voucher}/edit"
    version = hidden(maker, edit)["version"]
    fields = PAID | {"amount-1": "79.000.000"}
    assert send(maker, edit, **fields, version=version, act="submit").status_code == 303
    assert state(session, voucher) == "submitted"
    assert "chỉ sửa được" in maker.get(edit, follow_redirects=True).text.lower()


def test_a_draft_can_be_put_aside_and_uses_no_number(signed_in: SignedIn, session: Session) -> None:
    maker = signed_in("treasurer")
    voucher = write(maker, PAID, act="save")
    assert do(maker, voucher, "discard").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "không vào sổ, không có số" in page
    assert "ĐÃ BỎ" in flat(maker.get(f"/vouchers/{voucher}.pdf").data)
    assert do(maker, voucher, "submit").status_code == 409


def test_a_draft_prints_as_a_draft(signed_in: SignedIn) -> None:
    maker = signed_in("treasurer")
    voucher = write(maker, RECEIVED, act="save")
    maker.set_cookie("fundsvc_language", "en")
    text = flat(maker.get(f"/vouchers/{voucher}.pdf").data)
    assert "BẢN NHÁP – CHƯA GHI SỔ" in text
    assert "Quỹ Nghĩa tình Trường Sơn" in text
