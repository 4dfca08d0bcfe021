"""The screen: four figures, the list, one line in full, forms that need no script, undo, many."""

import io
import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.reconciliation.models import BankDecision, BankLine, BankNote
from fundsvc.units.models import Unit
from fundsvc.workbench import screen
from tests.reconciliation.test_import import add
from tests.support import periods
from tests.support.forms import hidden
from tests.support.gifts import give
from tests.workbench.deciding import book, money_in, money_out, stands, waiting

pytestmark = pytest.mark.usefixtures("app", "clock")

SignedIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def form(number: int, what: str, **more: str) -> dict[str, Any]:
    return {"what": what, "key": f"k-{number}-{what}", **more}


def post(
    browser: FlaskClient, address: str, data: dict[str, Any], headers: dict[str, str] | None = None
) -> TestResponse:
    """Send a form as a page does, with its token."""
    return browser.post(address, data=hidden(browser, "/workbench") | data, headers=headers or {})


def test_the_screen_shows_four_figures_the_list_and_the_first_line(signed_in: SignedIn) -> None:
    first, _second = book("VCB1", money_in(), money_in("300.000", "QUYEN GOP", day=3))
    page = signed_in("treasurer").get("/workbench/VCB1")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    for words in ("Số dư ngân hàng", "Số dư sổ sách", "Chênh lệch", "Chờ đối chiếu: 2 dòng"):
        assert words in text
    assert f'data-panel="{first}"' in text
    assert "500.000 đ" in text


def test_the_accounts_lead_to_their_screens(signed_in: SignedIn) -> None:
    book("VCB1", money_in())
    assert 'href="/workbench/VCB1"' in signed_in("auditor").get("/workbench").get_data(as_text=True)


def test_accounts_with_waiting_lines_come_first_and_one_without_a_statement_asks_for_it(
    signed_in: SignedIn,
) -> None:
    book("ABB1", money_in())
    add("AAA1", number="0099887766")
    text = signed_in("treasurer").get("/workbench").get_data(as_text=True)
    assert re.findall(r'href="/workbench/([A-Z0-9]+)"', text) == ["ABB1", "AAA1"]
    assert 'href="/imports/bank?account=AAA1"' in text


def test_a_gift_is_booked_by_its_form_and_the_next_line_comes(
    signed_in: SignedIn, session: Session
) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    browser = signed_in("treasurer")
    told = form(first, "given", donor="Nguyễn Văn Thử", next=str(second), sort="big")
    done = post(browser, f"/workbench/VCB1/lines/{first}", data=told)
    assert done.status_code == 303
    assert done.location == f"/workbench/VCB1?sort=big&line={second}"
    page = browser.get(done.location).get_data(as_text=True)
    assert "Đã ghi: Khoản ủng hộ." in page
    assert f'data-panel="{second}"' in page
    assert session.scalars(select(Donation)).one().amount == 200_000


def test_what_was_typed_stays_when_it_is_refused(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_out())
    told = form(line, "spent", line="gift", payee="Cửa hàng Thử", purpose="")
    page = post(signed_in("treasurer"), f"/workbench/VCB1/lines/{line}", data=told)
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
    page = post(
        signed_in("treasurer"), f"/workbench/VCB1/lines/{line}", data=form(line, what, **more)
    )
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
    told = form(line, "split", **parts)
    assert (
        post(signed_in("treasurer"), f"/workbench/VCB1/lines/{line}", data=told).status_code == 303
    )
    assert stands(session, "7118") == -50_000
    assert stands(session, "7113") == -150_000


def test_the_script_is_told_in_json(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    quiet = {"X-Workbench": "1"}
    wrong = post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "accept"), headers=quiet)
    assert (wrong.status_code, list(wrong.get_json())) == (422, ["reasons"])
    done = post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "given"), headers=quiet)
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
    post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "given"))
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


@pytest.mark.parametrize("sort", ["old", "new", "big"])
def test_a_line_beyond_the_first_page_begins_the_list(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    lines = [
        money_in(f"{9 - abs(5 - day)}00.00{day}", f"UNG HO {day}", day) for day in range(1, 10)
    ]
    numbers = book("VCB1", *lines)
    monkeypatch.setattr(screen, "rows", partial(screen.rows, limit=2))
    browser = signed_in("treasurer")
    for number in numbers:
        page = browser.get(f"/workbench/VCB1?line={number}&sort={sort}").get_data(as_text=True)
        assert re.findall(r'bench__line--now" data-line="([0-9]+)"', page) == [str(number)]


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


def test_sorting_and_filtering_keep_what_is_ticked(signed_in: SignedIn) -> None:
    first, second = book("VCB1", money_in(), money_out())
    browser = signed_in("treasurer")
    page = browser.get(f"/workbench/VCB1?pick={second}&way=in&sort=new").get_data(as_text=True)
    assert f'<input type="hidden" name="pick" value="{second}">' in page
    assert f'data-line="{first}"' in page
    assert f'data-line="{second}"' not in page
    page = browser.get(f"/workbench/VCB1?pick={second}").get_data(as_text=True)
    assert f'value="{second}" checked' in page


def test_the_first_page_tells_of_the_most_money_that_waits_first(signed_in: SignedIn) -> None:
    book("VCB1", money_in("900.000.000"))
    give()
    page = signed_in("treasurer").get("/").get_data(as_text=True)
    places = [page.index(text) for text in ("dòng sao kê chờ xác định", "chưa có biên nhận")]
    assert places == sorted(places)
    assert "900.000.000 đ" in page


def test_ticks_beyond_what_one_preview_takes_are_told(signed_in: SignedIn) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    ticks = "&".join(f"pick={number}" for number in (line, *range(9_000, 9_500)))
    for address in ("/workbench/VCB1", "/workbench/VCB1/many"):
        page = browser.get(f"{address}?{ticks}").get_data(as_text=True)
        assert "nhiều nhất 500 dòng; còn 1 dòng đã chọn chưa đưa vào" in page, address
        page = browser.get(f"{address}?pick={line}").get_data(as_text=True)
        assert "chưa đưa vào" not in page


def test_filters_show_only_what_they_say(signed_in: SignedIn) -> None:
    first, second, third = book(
        "VCB1", money_in(), money_in("900.000", "HOI PHI", day=3), money_out(day=4)
    )
    browser = signed_in("treasurer")

    def shown(query: str) -> list[int]:
        page = browser.get(f"/workbench/VCB1?{query}").get_data(as_text=True)
        return [int(one) for one in re.findall(r'data-line="([0-9]+)"', page)]

    assert shown("") == [first, second, third]
    assert shown("sort=new") == [third, second, first]
    assert shown("sort=big") == [second, first, third]
    assert shown("way=out") == [third]
    assert shown("q=hoi+phi") == [second]
    assert shown("q=H%E1%BB%99i+ph%C3%AD") == [second]
    assert shown("q=100%25") == []
    assert shown("q=%CC%81") == []
    assert shown("state=held") == []
    assert shown(f"sort=big&after=900000.{second}") == [first, third]
    assert shown(f"after=2024-09-02.{first}") == [second, third]
    assert shown("after=x.y&sort=?&way=%20&line=abc&pick=x") == [first, second, third]


@pytest.mark.parametrize("memo", ["Chuyển tiền ủng hộ", "CHUYỂN TIỀN ỦNG HỘ", "chuyen tien UNG HO"])
def test_words_are_found_however_the_bank_writes_them(signed_in: SignedIn, memo: str) -> None:
    (line,) = book("VCB1", money_in(memo=memo))
    browser = signed_in("treasurer")
    for words in ("ủng hộ", "ỦNG HỘ", "UNG HO", "ung ho", "tiền ủng"):
        if words.isascii() and not memo.isascii():
            continue  # Marks that the bank wrote are looked for with them.
        page = browser.get(f"/workbench/VCB1?q={quote(words)}").get_data(as_text=True)
        assert f'data-line="{line}"' in page, words


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
    refused = post(
        browser, f"/workbench/VCB1/lines/{first}", data=form(first, "given", donor="Thử")
    )
    assert refused.status_code == 422
    assert 'value="Thử"' in refused.get_data(as_text=True)
    held = post(
        browser, f"/workbench/VCB1/lines/{first}", data=form(first, "held", note="Chờ mở sổ")
    )
    assert held.status_code == 303
    session.rollback()
    assert session.scalars(select(BankDecision.kind)).all() == ["held"]


def test_one_line_that_is_refused_stops_no_other(signed_in: SignedIn, session: Session) -> None:
    first, second = book("VCB1", money_in(), money_out())
    told = {"pick": [str(first), str(second), "77"], "what": "given", "key": "k"}
    browser = signed_in("treasurer")
    done = post(browser, "/workbench/VCB1/many", data=told, headers={"X-Workbench": "1"}).get_json()
    assert done["done"] == 1
    assert [one for one, _why in done["wrong"]] == [second, 77]
    assert waiting(session) == 1


def test_only_treasurers_decide(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    for role in ("auditor", "approver"):
        browser = signed_in(role)
        page = browser.get("/workbench/VCB1")
        assert page.status_code == 200
        assert "data-accept" not in page.get_data(as_text=True)
        sent = post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "given"))
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
    sent = post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "given"))
    assert sent.status_code == 404
    assert waiting(session) == 1


def test_a_line_of_another_account_is_not_shown_here(signed_in: SignedIn) -> None:
    (first,) = book("VCB1", money_in())
    book("BIDV1", money_in())
    browser = signed_in("treasurer")
    assert browser.get(f"/workbench/BIDV1?line={first}").status_code == 404
    assert browser.get("/workbench/NONE").status_code == 404
    assert browser.get(f"/workbench/BIDV1?line={2**64}").status_code == 200


def test_a_line_that_was_decided_meanwhile_says_so(signed_in: SignedIn, session: Session) -> None:
    (line,) = book("VCB1", money_in())
    browser = signed_in("treasurer")
    post(browser, f"/workbench/VCB1/lines/{line}", data=form(line, "given"))
    told = form(line, "given") | {"key": "another"}
    page = post(browser, f"/workbench/VCB1/lines/{line}", data=told)
    assert page.status_code == 409
    assert "đã được quyết định" in page.get_data(as_text=True)
    assert session.scalar(select(func.count()).select_from(Donation)) == 1


def test_every_line_that_waits_is_on_some_page(signed_in: SignedIn, session: Session) -> None:
    lines = [f"{n},{1 + n % 28:02}/09/2024,52.{n},,{n}.000,,ung ho {n}" for n in range(1, 91)]
    book("VCB1", *lines)
    browser = signed_in("treasurer")
    for sort in ("old", "new", "big"):
        address, seen = f"/workbench/VCB1?sort={sort}", []
        while address:
            page = browser.get(address).get_data(as_text=True)
            seen += re.findall(r'data-line="([0-9]+)"', page)
            more = re.search(r'rel="next" href="([^"]+)"', page)
            address = more[1].replace("&amp;", "&") if more else ""
        assert len(seen) == len(set(seen)) == 90
    assert session.scalar(select(func.count()).select_from(BankLine)) == 90
