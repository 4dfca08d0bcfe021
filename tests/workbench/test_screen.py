"""The screen: four figures, the list with its order, filters and pages, and one line in full."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.reconciliation.models import BankLine
from fundsvc.workbench import screen
from tests.reconciliation.importing import add
from tests.support.gifts import give
from tests.workbench.deciding import book, money_in, money_out

pytestmark = pytest.mark.usefixtures("app", "clock")

SignedIn = Callable[..., FlaskClient]


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


def test_a_line_of_another_account_is_not_shown_here(signed_in: SignedIn) -> None:
    (first,) = book("VCB1", money_in())
    book("BIDV1", money_in())
    browser = signed_in("treasurer")
    assert browser.get(f"/workbench/BIDV1?line={first}").status_code == 404
    assert browser.get("/workbench/NONE").status_code == 404
    assert browser.get(f"/workbench/BIDV1?line={2**64}").status_code == 200


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
