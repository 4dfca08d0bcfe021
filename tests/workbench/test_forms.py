"""Forms of the workbench: what they book, what they keep when refused, and who may send them."""

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.reconciliation.models import BankDecision, BankNote
from fundsvc.units.models import Unit
from tests.support import periods
from tests.support.forms import hidden
from tests.workbench.deciding import book, money_in, money_out, stands, waiting

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"

pytestmark = pytest.mark.usefixtures("app", "clock")

SignedIn = Callable[..., FlaskClient]


def post(
    browser: FlaskClient, address: str, data: dict[str, Any], headers: dict[str, str] | None = None
) -> TestResponse:
    """Send a form as a page does, with its token."""
    return browser.post(address, data=hidden(browser, "/workbench") | data, headers=headers or {})


def decide(
    browser: FlaskClient,
    number: int,
    what: str,
    headers: dict[str, str] | None = None,
    /,
    **more: str,
) -> TestResponse:
    """Send the form of a line."""
    told = {"what": what, "key": f"k-{number}-{what}"} | more
    return post(browser, f"/workbench/VCB1/lines/{number}", told, headers)


def test_a_gift_is_booked_by_its_form_and_the_next_line_comes(
    signed_in: SignedIn, session: Session
) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    browser = signed_in("treasurer")
    done = decide(browser, first, "given", donor="Nguyễn Văn Thử", next=str(second), sort="big")
    assert done.status_code == 303
    assert done.location == f"/workbench/VCB1?sort=big&line={second}"
    page = browser.get(done.location).get_data(as_text=True)
    assert "Đã ghi: Khoản ủng hộ." in page
    assert f'data-panel="{second}"' in page
    assert session.scalars(select(Donation)).one().amount == 200_000


def test_what_was_typed_stays_when_it_is_refused(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_out())
    page = decide(
        signed_in("treasurer"), line, "spent", line="gift", payee="Cửa hàng Thử", purpose=""
    )
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert "Cửa hàng Thử" in text
    assert 'href="#f-purpose"' in text
    assert waiting(session) == 1


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("", {}),
        ("nonsense", {}),
        ("accept", {}),
        ("accept", {"offer": "0" * 16}),
        ("posted", {"account": "999", "description": "x"}),
        ("posted", {"account": "515"}),
        ("mirrored", {}),
        ("mirrored", {"other": "x"}),
        ("mirrored", {"other": "99999999999999999999"}),
        ("held", {"note": " "}),
        ("collected", {"unit": "TW", "month": "13/2024"}),
        ("split", {}),
        ("split", {"amount-1": "-5", "what-1": "given"}),
        ("split", {"amount-1": "100000", "what-1": "?", "amount-2": "100000", "what-2": "given"}),
        ("split", {"amount-1": "100000", "what-1": "given"}),
        ("spent", {"line": "gift", "payee": "A", "purpose": "B"}),
    ],
)
def test_forms_that_cannot_be_change_nothing(
    signed_in: SignedIn, session: Session, what: str, more: dict[str, str]
) -> None:
    (line,) = book("VCB1", money_in())
    page = decide(signed_in("treasurer"), line, what, **more)
    assert page.status_code in {404, 409, 422}
    assert 'class="notice notice--bad"' in page.get_data(as_text=True)
    assert waiting(session) == 1


def test_a_split_by_its_form(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    parts = {
        "amount-1": "150.000",
        "what-1": "given",
        "who-1": "Nguyễn Văn Thử",
        "amount-2": "50.000",
        "what-2": "account:7118",
        "words-2": "Thu khác",
    }
    done = decide(signed_in("treasurer"), line, "split", **parts)
    assert done.status_code == 303
    assert stands(session, "7118") == -50_000
    assert stands(session, "7113") == -150_000


def test_the_script_is_told_in_json(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    quiet = {"X-Workbench": "1"}
    wrong = decide(browser, line, "accept", quiet)
    assert (wrong.status_code, list(wrong.get_json())) == (422, ["reasons"])
    done = decide(browser, line, "given", quiet)
    told = done.get_json()
    assert told["lines"] == [line]
    assert "Chờ đối chiếu: 0 dòng" in told["strip"]
    assert told["sum"] == "0 dòng, 0 đ"
    assert re.fullmatch(r"/workbench/decisions/[0-9]+/undo", told["undo"])
    assert waiting(session) == 0
    piece = browser.get(f"/workbench/VCB1/lines/{line}", headers=quiet).get_data(as_text=True)
    assert piece.lstrip().startswith("<article")
    assert "đã được quyết định" in piece


def test_undoing_says_what_it_does_and_goes_back_to_the_line(
    signed_in: SignedIn, session: Session
) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    decide(browser, line, "given")
    number = session.scalars(select(BankDecision.id)).one()
    address = f"/workbench/decisions/{number}/undo"
    log = browser.get("/workbench/log").get_data(as_text=True)
    assert address in log
    page = browser.get(address).get_data(as_text=True)
    assert "Ghi đảo khoản ủng hộ 200.000 đ; dòng sao kê lại chờ quyết định." in page
    assert post(browser, address, data={"why": ""}).status_code == 422
    assert waiting(session) == 0
    done = post(browser, address, data={"why": "Nhầm"})
    assert done.location == f"/workbench/VCB1?line={line}"
    assert waiting(session) == 1
    assert "đã hoàn tác: Nhầm" in browser.get("/workbench/log").get_data(as_text=True)
    assert post(browser, address, data={"why": "Nhầm"}).status_code == 409


def test_comments_and_papers_lie_beside_the_line(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    address = f"/workbench/VCB1/lines/{line}/notes"
    assert post(browser, address, data={"words": ""}).status_code == 422
    told = {"words": "Hỏi lại ngân hàng", "file": (io.BytesIO(PDF), "giay-bao.pdf")}
    assert post(browser, address, data=told).status_code == 303
    note = session.scalars(select(BankNote)).one()
    page = browser.get("/workbench/VCB1").get_data(as_text=True)
    assert "Hỏi lại ngân hàng" in page
    assert f"/evidence/{note.sha256}" in page
    assert browser.get(f"/evidence/{note.sha256}").status_code == 200
    bad = {"file": (io.BytesIO(b"MZ..."), "x.exe")}
    assert post(browser, address, data=bad).status_code == 422


def test_many_lines_are_shown_before_they_are_held(signed_in: SignedIn, session: Session) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    browser = signed_in("treasurer")
    page = browser.get(f"/workbench/VCB1/many?pick={first}&pick={second}").get_data(as_text=True)
    assert "2 dòng, 500.000 đ" in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    told = {"pick": [str(first), str(second)], "what": "held", "key": key[1]}
    assert "Bắt buộc khi tạm giữ lại." in page
    nothing = post(browser, "/workbench/VCB1/many", data=told | {"what": ""})
    assert nothing.status_code == 422
    assert "Chưa chọn cách ghi: chọn một trong các cách" in nothing.get_data(as_text=True)
    assert post(browser, "/workbench/VCB1/many", data=told).status_code == 422
    done = post(browser, "/workbench/VCB1/many", data=told | {"note": "Chờ danh sách"})
    assert done.status_code == 303
    again = post(browser, "/workbench/VCB1/many", data=told | {"note": "Chờ danh sách"})
    assert again.status_code == 303
    session.rollback()
    assert session.scalar(select(func.count()).select_from(BankDecision)) == 2
    text = browser.get("/workbench/VCB1?state=held").get_data(as_text=True)
    assert text.count("data-line=") == 2
    assert "Đang tạm giữ: Chờ danh sách" in text


def test_one_line_that_is_refused_stops_no_other(signed_in: SignedIn, session: Session) -> None:
    first, second = book("VCB1", money_in(), money_out())
    told = {"pick": [str(first), str(second), "77"], "what": "given", "key": "k"}
    browser = signed_in("treasurer")
    done = post(browser, "/workbench/VCB1/many", data=told, headers={"X-Workbench": "1"}).get_json()
    assert done["done"] == 1
    assert [one for one, _why in done["wrong"]] == [second, 77]
    assert waiting(session) == 1


def test_a_line_of_a_closed_month_says_so_and_leads_to_the_month(
    signed_in: SignedIn, session: Session
) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    with transaction() as writing:
        writing.add(periods.closed(1, date(2024, 9, 1)))
    browser = signed_in("treasurer")
    page = browser.get("/workbench/VCB1").get_data(as_text=True)
    assert "hoặc đề nghị mở lại sổ tháng 09/2024." in page
    assert 'href="/periods/TW/2024-09"' in page
    assert page.count("đã khóa sổ</span>") == 2
    assert "Ghi đề nghị đã chọn" not in page
    assert "Ghi khoản mới (n)" not in page
    plan = browser.get(f"/workbench/VCB1/many?pick={first}&pick={second}").get_data(as_text=True)
    assert plan.count("cần xem riêng</span>") == 2
    assert "Ghi là khoản ủng hộ ẩn danh" not in plan
    refused = decide(browser, first, "given", donor="Thử")
    assert refused.status_code == 422
    assert 'value="Thử"' in refused.get_data(as_text=True)
    held = decide(browser, first, "held", note="Chờ mở sổ")
    assert held.status_code == 303
    session.rollback()
    assert session.scalars(select(BankDecision.kind)).all() == ["held"]


def test_only_treasurers_decide(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    for role in ("auditor", "approver"):
        browser = signed_in(role)
        page = browser.get("/workbench/VCB1")
        assert page.status_code == 200
        assert "data-accept" not in page.get_data(as_text=True)
        sent = decide(browser, line, "given")
        assert sent.status_code == 403
    assert waiting(session) == 1


def test_other_units_lines_look_missing(signed_in: SignedIn, session: Session) -> None:
    with transaction() as writing:
        writing.add(Unit(code="HT-44", name="Tỉnh hội A", folded="tinh hoi a", kind="provincial"))
    (line,) = book("VCB1", money_in())
    browser = signed_in("unit-treasurer", units=["HT-44"])
    assert browser.get("/workbench/VCB1").status_code == 404
    assert (
        browser.get(f"/workbench/VCB1/lines/{line}", headers={"X-Workbench": "1"}).status_code
        == 404
    )
    sent = decide(browser, line, "given")
    assert sent.status_code == 404
    assert waiting(session) == 1


def test_a_line_that_was_decided_meanwhile_says_so(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    decide(browser, line, "given")
    page = decide(browser, line, "given", key="another")
    assert page.status_code == 409
    assert "đã được quyết định" in page.get_data(as_text=True)
    assert session.scalar(select(func.count()).select_from(Donation)) == 1
