"""Books say on which map provinces are drawn, and offer the other, as the statement does."""

import html
import io
import json
import re
import zipfile
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from fundsvc.statements.commands import group
from tests.statements import worked
from tests.support.paper import flat

SignIn = Callable[..., FlaskClient]
SPAN = "from=2024-09-01&to=2024-09-30"
BOOKS = {
    "trial-balance": "/statements/trial-balance",
    "general-ledger": "/statements/general-ledger",
    "journal": "/statements/journal",
}
NOW = "Tỉnh, thành phố theo 34 đơn vị hành chính từ 01/7/2025"
THEN = "Tỉnh, thành phố theo đơn vị hành chính như lúc ghi sổ"
OFFERED = re.compile(
    r'<select class="input" id="f-provinces" name="provinces">(.*?)</select>', re.DOTALL
)


def body(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(answer.get_data(as_text=True))


def chosen(page: str) -> str:
    """Return the map that stands in the question."""
    (offered,) = OFFERED.findall(page)
    options = re.findall(r'<option value="([^"]*)"( selected)?>([^<]+)</option>', offered)
    assert [(value, text) for value, _, text in options] == [
        ("", "34 tỉnh hiện nay"),
        ("then", "như lúc ghi sổ"),
    ]
    (found,) = (text for _, selected, text in options if selected)
    return str(found)


@pytest.mark.parametrize("path", [*BOOKS.values(), "/statements/fund"])
def test_a_page_says_on_which_map_a_province_is_drawn_and_offers_the_other(
    signed_in: SignIn, example: worked.Example, path: str
) -> None:
    client = signed_in("auditor")
    today = body(client, f"{path}?{SPAN}&province=2025:44")
    assert f"{NOW}." in today
    assert chosen(today) == "34 tỉnh hiện nay"
    for question in ("province=2025:44&provinces=then", "province=2004:44"):
        then = body(client, f"{path}?{SPAN}&{question}")
        assert f"{THEN}." in then, question
        assert NOW not in then
        assert chosen(then) == "như lúc ghi sổ", question


@pytest.mark.parametrize("path", BOOKS.values())
def test_a_book_of_all_provinces_says_nothing_of_maps(
    signed_in: SignIn, example: worked.Example, path: str
) -> None:
    page = body(signed_in("auditor"), f"{path}?{SPAN}&provinces=then")
    assert chosen(page) == "như lúc ghi sổ"
    assert NOW not in page
    assert THEN not in page


def test_the_map_decides_what_a_province_has(signed_in: SignIn, example: worked.Example) -> None:
    """70.000 đ of messages from the old Quảng Bình and Quảng Trị are today's Quảng Trị's alone."""
    client = signed_in("auditor")
    question = f"{BOOKS['trial-balance']}?{SPAN}&province=2025:44"
    assert "6.370.000" in body(client, question)
    assert "6.300.000" in body(client, f"{question}&provinces=then")


@pytest.mark.parametrize("name", BOOKS)
def test_every_file_of_a_province_says_its_map(
    app: Flask, signed_in: SignIn, example: worked.Example, name: str
) -> None:
    client = signed_in("auditor")
    page = body(client, f"{BOOKS[name]}?{SPAN}&province=2025:44&provinces=then&account=111")
    links = dict(re.findall(r'<a href="[^"]+\.([a-z]+)\?([^"]+)"', page))
    files = {kind: client.get(f"{BOOKS[name]}.{kind}?{asked}") for kind, asked in links.items()}
    assert json.loads(files["json"].data)["provinces"] == "then"
    assert THEN in flat(files["pdf"].data)
    sheets = zipfile.ZipFile(io.BytesIO(files["xlsx"].data))
    assert THEN in sheets.read("xl/worksheets/sheet1.xml").decode()
    options = ["--from", "2024-09-01", "--to", "2024-09-30", "--province", "2025:44"]
    options += ["--account", "111"] if name == "general-ledger" else []
    for kind in ([], ["--format", "html"]):
        told = CliRunner().invoke(group, [name, *options, *kind])
        assert told.exit_code == 0, told.output
        assert NOW in html.unescape(told.stdout)


@pytest.mark.parametrize("path", [*BOOKS.values(), "/statements/fund"])
def test_files_as_of_then_and_as_of_now_are_named_apart(
    signed_in: SignIn, example: worked.Example, path: str
) -> None:
    client = signed_in("auditor")
    asked = f"{SPAN}&province=2025:44"
    for kind in ("csv", "json"):
        named = [
            client.get(f"{path}.{kind}?{asked}{drawn}").headers["Content-Disposition"]
            for drawn in ("", "&provinces=now", "&provinces=then")
        ]
        assert named[0] == named[1]
        assert f"_2025-44_2024-09-01_2024-09-30.{kind}" in named[0]
        assert f"_2025-44_tinh-luc-ghi-so_2024-09-01_2024-09-30.{kind}" in named[2]


def test_a_file_without_provinces_is_named_without_a_map(
    signed_in: SignIn, example: worked.Example
) -> None:
    client = signed_in("auditor")
    for name, has_provinces in (("trial-balance", False), ("journal", True)):
        answer = client.get(f"{BOOKS[name]}.csv?{SPAN}&provinces=then")
        assert ("tinh-luc-ghi-so" in answer.headers["Content-Disposition"]) is has_provinces


def test_balances_by_account_and_by_fund_and_unit_are_named_apart(
    signed_in: SignIn, example: worked.Example
) -> None:
    client = signed_in("auditor")
    named = [
        client.get(f"{BOOKS['trial-balance']}.csv?{SPAN}{by}").headers["Content-Disposition"]
        for by in ("", "&by=all")
    ]
    assert ["quy-don-vi" in name for name in named] == [False, True]
