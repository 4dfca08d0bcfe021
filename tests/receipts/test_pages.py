"""The pages of a receipt: view, PDF, copy, void, and who may."""

from collections.abc import Callable

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.receipts import service
from fundsvc.receipts.models import Receipt
from tests import corpus
from tests.support.forms import alike, send
from tests.support.gifts import give_with_receipt

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]


@pytest.fixture
def treasurer(signed_in: SignedIn) -> FlaskClient:
    return signed_in("treasurer")


def text(data: bytes) -> str:
    opened = pypdfium2.PdfDocument(data)
    return " ".join(page.get_textpage().get_text_range() for page in opened)


def test_the_page_tells_what_the_paper_tells(treasurer: FlaskClient, session: Session) -> None:
    number = give_with_receipt(in_memory_of="Liệt sĩ Ngữ")
    code = service.by_number(session, number).code
    page = treasurer.get(f"/receipts/{number}").text
    for part in (number, "1.200.000 đ", "Nguyễn Thị Hường", "Liệt sĩ Ngữ", code[:4], "Có hiệu lực"):
        assert part in page
    assert f"/v/{number}?c={code}" in page


def test_pdf_and_copy(treasurer: FlaskClient, session: Session) -> None:
    number = give_with_receipt()
    first = treasurer.get(f"/receipts/{number}.pdf")
    assert first.mimetype == "application/pdf"
    assert f'filename="{number}.pdf"' in first.headers["Content-Disposition"]
    copy = treasurer.get(f"/receipts/{number}.pdf?copy=1")
    assert "BẢN SAO" in text(copy.data)
    assert treasurer.get(f"/receipts/{number}.pdf").data == first.data


def test_void_and_replace(treasurer: FlaskClient, session: Session) -> None:
    number = give_with_receipt()
    page = f"/receipts/{number}"
    empty = send(treasurer, page, to=f"{page}/void", reason=" ")
    assert empty.status_code == 422
    assert 'href="#f-reason"' in empty.text
    done = send(treasurer, page, to=f"{page}/void", reason="Ghi sai tên người nộp")
    assert done.status_code == 303
    shown = treasurer.get(page).text
    assert "Đã hủy" in shown
    assert "Ghi sai tên người nộp" in shown
    assert "ĐÃ HỦY" in text(treasurer.get(f"{page}.pdf").data)
    twice = send(treasurer, "/donations/new", to=f"{page}/void", reason="lần nữa")
    assert twice.status_code == 303
    assert "đã hủy trước đây" in treasurer.get(page).text
    session.rollback()
    donation = session.scalars(select(Receipt.donation_id)).one()
    issued = send(treasurer, f"/donations/{donation}", to=f"/donations/{donation}/receipt")
    newer = issued.location.rpartition("/")[2]
    assert newer in treasurer.get(page).text
    assert number in treasurer.get(f"/receipts/{newer}").text
    assert f"Thay cho biên nhận số {number}" in text(treasurer.get(f"/receipts/{newer}.pdf").data)


@pytest.mark.parametrize("role", ["treasurer", "approver", "auditor", "unit-treasurer", "admin"])
def test_who_may_do_what(signed_in: SignedIn, treasurer: FlaskClient, role: str) -> None:
    number = give_with_receipt()
    browser = signed_in(role, units=["TW"])
    reads, writes = role != "admin", role in {"treasurer", "unit-treasurer"}
    page = browser.get(f"/receipts/{number}")
    assert page.status_code == (200 if reads else 403)
    assert browser.get(f"/receipts/{number}.pdf").status_code == (200 if reads else 403)
    assert ("Hủy biên nhận này" in page.text) == writes
    token = send(browser, "/v", to=f"/receipts/{number}/void", reason="x") if writes else None
    assert token is None or token.status_code == 303


def test_foreign_and_missing_look_the_same(signed_in: SignedIn) -> None:
    number = give_with_receipt()
    browser = signed_in("unit-treasurer", units=[])
    for suffix in ("", ".pdf"):
        foreign = browser.get(f"/receipts/{number}{suffix}")
        missing = browser.get(f"/receipts/NT-2024-000009{suffix}")
        assert alike(foreign) == alike(missing)
        assert foreign.status_code == 404


def test_strange_numbers_are_not_found(treasurer: FlaskClient) -> None:
    for typed in ("x", "%00", "%ff", "NT-2024-1", "é", "%2e%2e", "a" * 3000, "١"):
        for suffix in ("", ".pdf"):
            assert 400 <= treasurer.get(f"/receipts/{typed}{suffix}").status_code < 500, typed


def test_hostile_reasons_never_break_the_page(treasurer: FlaskClient) -> None:
    number = give_with_receipt()
    page = f"/receipts/{number}"
    for typed in (*corpus.UNKEEPABLE, *corpus.LONG):
        reason = typed.encode("utf-8", "surrogatepass")
        assert send(treasurer, page, to=f"{page}/void", reason=reason).status_code < 500
