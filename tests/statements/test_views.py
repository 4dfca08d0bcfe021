"""The pages of statements: figures that can be followed, and who sees what."""

import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.statements.schemas import usual_periods
from tests.statements import worked
from tests.statements.conftest import post, set_up

SEPTEMBER = "fund=nghia-tinh&from=2024-09-01&to=2024-09-30"
SignIn = Callable[..., FlaskClient]


def same(answer: TestResponse) -> str:
    """Return a page without the token of its forms, which tells the second it was made in."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.get_data(as_text=True))


def body(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return html.unescape(answer.get_data(as_text=True))


def test_the_page_opens_with_this_year_of_the_charity_fund(
    signed_in: SignIn, example: worked.Example, clock: object
) -> None:
    page = body(signed_in("treasurer"), "/statements/fund")
    assert "Từ ngày 01/01/2024 đến ngày 30/09/2024" in page
    assert "Quỹ Nghĩa tình Trường Sơn" in page
    assert "12.370.000" in page


def test_every_figure_leads_to_entries_with_the_same_total(
    signed_in: SignIn, example: worked.Example
) -> None:
    client = signed_in("auditor")
    for asked in ("", "&province=2025:44", "&unit=HTQT"):
        page = body(client, f"/statements/fund?{SEPTEMBER}{asked}")
        linked = re.findall(
            r'<a href="(/statements/fund/entries\?[^"]+)"><span class="amount[^"]*">([^<]+)<', page
        )
        assert len(linked) > 8
        for address, amount in dict.fromkeys(linked):
            behind = body(client, address)
            assert f">{amount.strip()} đ" in behind
            assert parse_qs(urlsplit(address).query)["from"] == ["2024-09-01"]


def test_a_row_leads_to_its_own_statement(signed_in: SignIn, example: worked.Example) -> None:
    client = signed_in("approver")
    page = body(client, f"/statements/fund?{SEPTEMBER}")
    (address,) = re.findall(r'<a href="([^"]+)">Tỉnh Quảng Trị</a>', page)
    row = body(client, address)
    assert "Theo đơn vị" in row
    assert "2.230.000" in row
    (back,) = set(re.findall(r'<li><a href="([^"]+)">Báo cáo thu chi quỹ</a>', body(
        client, "/statements/fund/entries?part=closing&of=all&province=2025:44&" + SEPTEMBER
    )))  # fmt: skip
    assert "province=" not in back


def test_downloads_tell_what_the_page_shows(signed_in: SignIn, example: worked.Example) -> None:
    client = signed_in("treasurer")
    page = body(client, f"/statements/fund?{SEPTEMBER}&province=2025:44")
    links = {
        kind: address
        for address, kind in re.findall(r'<a href="(/statements/fund\.([a-z]+)\?[^"]+)"', page)
    }
    assert set(links) == {"pdf", "xlsx", "csv", "json"}
    told = json.loads(client.get(links["json"]).data)
    assert (told["province"], told["closing"]) == ("2025:44", -2_230_000)
    assert client.get(links["pdf"]).data.startswith(b"%PDF")
    assert zipfile.ZipFile(io.BytesIO(client.get(links["xlsx"]).data)).testzip() is None
    answer = client.get(links["csv"])
    assert answer.content_type == "text/csv; charset=utf-8"
    name = "thu-chi_nghia-tinh_2025-44_2024-09-01_2024-09-30.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert client.get(f"/statements/fund.exe?{SEPTEMBER}").status_code == 404


REFUSED = {
    "fund=nothing": "fund",
    "fund=": "fund",
    "fund=%ED%A0%80": "fund",
    "unit=NOWHERE": "unit",
    f"unit={'x' * 5000}": "unit",
    "province=2025:99": "province",
    "province=44": "province",
    "province=2004:44&provinces=now": "province",
    "provinces=sometimes": "provinces",
    "from=2024-09-30&to=2024-09-01": "to",
    "from=2024-02-30": "from",
    "from=0001-01-01": "from",
    "to=9999-12-31": "to",
    "to=tomorrow": "to",
    "from=%D9%A2%D9%A0%D9%A2%D9%A4-01-01": "from",
}
NO_SUCH = (
    "", "part=all", "part=opening&line=sms", "part=receipts&line=house", "part=payments&line=x",
    "part=closing&before=1", "part=closing&before=2024-09-30.", "part=closing&before=.5",
    "part=closing&before=2024-09-30.%C2%B2", "part=closing&before=2024-09-30.-1",
    "part=closing&before=2024-09-30.99999999999999999999",
)  # fmt: skip


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused_beside_its_field(signed_in: SignIn, clock: object) -> None:
    client = signed_in("treasurer")
    for asked, field in (REFUSED | {"province=2025:44&unit=TW": "unit"}).items():
        page = body(client, f"/statements/fund?{asked}", 422)
        assert f'href="#f-{field}"' in page
        assert "Chưa lập được báo cáo" in page
        body(client, f"/statements/fund.csv?{asked}", 422)
    for asked in REFUSED:
        body(client, f"/statements/fund/entries?part=opening&{asked}", 422)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_there_is_no_such_figure_or_page(signed_in: SignIn, clock: object) -> None:
    client = signed_in("treasurer")
    for asked in NO_SUCH:
        body(client, f"/statements/fund/entries?{SEPTEMBER}&{asked}", 422)


def test_a_unit_sees_itself_and_cannot_tell_foreign_from_missing(
    signed_in: SignIn, example: worked.Example
) -> None:
    client = signed_in("unit-treasurer", units=["HTQT"])
    page = body(client, f"/statements/fund?{SEPTEMBER}")
    assert "Hội Trường Sơn HTQT" in page
    for foreign in ("HTHU", "DV11", "TW"):
        assert f'value="{foreign}"' not in page
    assert "2.500.000" in page
    foreign_page, missing = (
        client.get(f"/statements/fund?{SEPTEMBER}&unit={unit}") for unit in ("HTHU", "HTXX")
    )
    assert foreign_page.status_code == missing.status_code == 422
    assert same(foreign_page).replace("HTHU", "HTXX") == same(missing)
    behind = body(client, f"/statements/fund/entries?part=closing&{SEPTEMBER}&province=none")
    assert "DV11" not in behind


ADDRESSES = ["/statements/fund", "/statements/fund.json", "/statements/fund/entries"]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_asked_to_sign_in(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("address", ADDRESSES)
def test_who_runs_the_service_sees_no_money(signed_in: SignIn, address: str) -> None:
    assert signed_in("admin").get(address).status_code == 403


@pytest.mark.parametrize("asked", ["from=2024-13-01", "province=2025:99", "fund=x&unit=y"])
def test_a_program_is_refused_in_json(signed_in: SignIn, clock: object, asked: str) -> None:
    answer = signed_in("auditor").get(f"/statements/fund.json?{asked}")
    assert answer.status_code == 422
    assert answer.json
    fields = {reason["field"] for reason in answer.json["refused"]}
    assert fields == {part.partition("=")[0] for part in asked.split("&")}
    assert all(reason["reason"] for reason in answer.json["refused"])


def test_an_empty_book_says_what_to_do(signed_in: SignIn, session: Session, clock: object) -> None:
    set_up(session)
    page = body(signed_in("treasurer"), "/statements/fund?fund=dues")
    assert "Chưa có bút toán nào của quỹ này" in page
    behind = body(signed_in("treasurer"), "/statements/fund/entries?part=closing&fund=dues")
    assert "Chưa có bút toán nào" in behind


def test_long_lists_go_on_page_by_page(signed_in: SignIn, session: Session) -> None:
    set_up(session)
    post(session, worked.random_book(7, 120))
    client, seen, page = signed_in("treasurer"), 0, ""
    address = f"/statements/fund/entries?part=closing&{SEPTEMBER}"
    for _page in range(9):
        page = body(client, address)
        seen += page.count('<tr><th scope="row"')
        found = re.findall(r'rel="next" href="([^"]+)"', page)
        if not found:
            break
        address = found[0]
    (count,) = set(re.findall(r"([0-9]+) bút toán", page))
    assert seen == int(count)
    assert seen > 50


def test_usual_periods() -> None:
    told = {
        label: (str(first), str(last)) for label, first, last in usual_periods(date(2024, 2, 29))
    }
    assert list(told.values()) == [
        ("2024-02-01", "2024-02-29"),
        ("2024-01-01", "2024-01-31"),
        ("2024-01-01", "2024-02-29"),
        ("2023-10-01", "2023-12-31"),
        ("2024-01-01", "2024-02-29"),
        ("2023-01-01", "2023-12-31"),
    ]
