"""The trial balance: as added up by hand, as a page, and as every kind of file."""

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.statements.book_options import BookOptions
from fundsvc.statements.commands import group
from fundsvc.statements.trial_balance import sums, trial_balance
from ledger.statements import UnprovenError
from tests.statements import books, worked
from tests.statements.conftest import post, set_up

pytestmark = pytest.mark.both_engines

SignIn = Callable[..., FlaskClient]
FIRST, LAST = SEPTEMBER = date(2024, 9, 1), date(2024, 9, 30)
ASKED = "from=2024-09-01&to=2024-09-30"


def same(answer: TestResponse) -> str:
    """Return a page without the token of its forms, which tells the second it was made in."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.get_data(as_text=True))


def body(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return html.unescape(answer.get_data(as_text=True))


def run(*arguments: str) -> Result:
    span = ("--from", "2024-09-01", "--to", "2024-09-30")
    return CliRunner().invoke(group, ["trial-balance", *span, *arguments])


def test_it_agrees_with_adding_up_by_hand(session: Session) -> None:
    set_up(session)
    book = worked.random_book(3, 150)
    post(session, book)
    entries = [entry for entry, _of in book]
    asked = product(
        [None, "nghia-tinh", "base"],
        [SEPTEMBER, (date(2024, 8, 10), date(2024, 8, 10)), (date(2024, 1, 1), date(2024, 12, 31))],
        [(None, "now"), ("2025:44", "now"), ("2004:44", "then"), ("none", "now")],
        [None, "TW", "HTQT"],
    )
    for fund, (first, last), (province, provinces), unit in asked:
        drawn = trial_balance(session, BookOptions(first, last, fund, unit, province, provinces))
        holds = books.wanted(fund=fund, unit=unit, province=province, provinces=provinces)
        by_hand = books.by_hand(entries, first, last, holds)
        told = {
            (row.account, row.fund, row.unit): (row.opening, row.debit, row.credit, row.closing)
            for row in drawn.rows
        }
        assert told == {
            key: (moved.opening, moved.debit, moved.credit, moved.closing)
            for key, moved in by_hand.items()
        }
        for apart in (True, False):
            whole = sums(drawn.shown(apart=apart))
            assert whole.debit == whole.credit
            assert whole.opening_debit == whole.opening_credit
            assert whole.closing_debit == whole.closing_credit


def test_json_has_a_row_per_account_fund_and_unit(app: Flask, example: worked.Example) -> None:
    result = run("--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    entries = [entry for entry, _of in example.entries]
    by_hand = books.by_hand(entries, *SEPTEMBER, books.wanted())
    keys = ("account", "name", "fund", "unit", "opening", "debit", "credit", "closing")
    for row in told["rows"]:
        assert tuple(row) == keys
        moved = by_hand.pop((row["account"], row["fund"], row["unit"]))
        assert (row["opening"], row["closing"]) == (moved.opening, moved.closing)
    assert by_hand == {}
    assert told["debit"] == told["credit"] > 0


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_format_goes_to_a_file(app: Flask, example: worked.Example, tmp_path: Path) -> None:
    begins = {"json": b"{", "csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF", "html": b"<!"}
    for kind, beginning in begins.items():
        out = tmp_path / f"balance.{kind}"
        result = run("--fund", "nghia-tinh", "--format", kind, "--out", str(out), "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["fund"] == "nghia-tinh"
        assert out.read_bytes().startswith(beginning)
    assert "BẢNG CÂN ĐỐI TÀI KHOẢN" in run("--unit", "HTQT").stdout
    assert run("--json", "--format", "pdf").exit_code == 2
    assert run("--out", str(tmp_path / "missing" / "x.txt")).exit_code == 1


def test_csv_and_xlsx_tell_what_the_page_shows(signed_in: SignIn, example: worked.Example) -> None:
    client = signed_in("treasurer")
    page = body(client, f"/statements/trial-balance?{ASKED}&by=all")
    links = {
        kind: address
        for address, kind in re.findall(
            r'<a href="(/statements/trial-balance\.([a-z]+)\?[^"]+)"', page
        )
    }
    assert set(links) == {"pdf", "xlsx", "csv", "json"}
    text_of = client.get(links["csv"]).get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text_of)))
    assert rows[-1]["kind"] == "total"
    assert len(rows) - 1 == page.count('<tr><th scope="row"><a')
    assert int(rows[-1]["debit"]) == sum(int(row["debit"]) for row in rows[:-1])
    book = zipfile.ZipFile(io.BytesIO(client.get(links["xlsx"]).data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "Cộng" in sheet
    assert client.get(links["pdf"]).data.startswith(b"%PDF")
    assert client.get(f"/statements/trial-balance.exe?{ASKED}").status_code == 404


@pytest.mark.parametrize("asked", ["", "&by=all", "&unit=HTQT", "&province=2025:44&by=all"])
def test_an_opening_leads_to_what_it_is_made_of_from_the_first_entry_on(
    signed_in: SignIn, example: worked.Example, asked: str
) -> None:
    """Books that were opened on 1 August, the unit's by its first gift on 31 August."""
    client = signed_in("auditor")
    page = body(client, f"/statements/trial-balance?{ASKED}{asked}")
    opened = "2024-08-31" if "2025:44" in asked or "HTQT" in asked else "2024-08-01"
    links = re.findall(r'<a href="([^"]+to=2024-08-31)"><span class="amount">\s*([0-9.]+)', page)
    assert links
    for address, amount in links:
        assert f"from={opened}&" in address
        ledger = json.loads(client.get(address.replace("ledger?", "ledger.json?")).data)
        assert ledger["opening"] == 0
        assert abs(ledger["closing"]) == int(amount.replace(".", ""))


def test_one_row_an_account_or_one_for_each_fund_and_unit(
    signed_in: SignIn, example: worked.Example
) -> None:
    client = signed_in("auditor")
    together = body(client, f"/statements/trial-balance?{ASKED}")
    apart = body(client, f"/statements/trial-balance?{ASKED}&by=all")
    assert together.count("<b>111</b>") == 1
    assert apart.count("<b>111</b>") > 1
    body(client, f"/statements/trial-balance?{ASKED}&by=nonsense", 422)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_books_that_do_not_agree_are_not_drawn(session: Session, example: worked.Example) -> None:
    with transaction():
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'posting'")
        ).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(
            text("UPDATE posting SET debit = debit + 1 WHERE entry_id = 1 AND debit > 0")
        )
    with pytest.raises(UnprovenError):
        trial_balance(session, BookOptions(*SEPTEMBER))


REFUSED: dict[str, Any] = {
    "fund": {"fund": "nothing"},
    "unit": {"unit": "NOWHERE"},
    "province": {"province": "2025:99"},
}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", REFUSED)
def test_what_is_not_there_is_refused_beside_its_field(session: Session, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        trial_balance(session, BookOptions(*SEPTEMBER, **REFUSED[field]))
    assert [reason.field for reason in refused.value.reasons] == [field]


def test_a_unit_sees_its_own_rows_only(signed_in: SignIn, example: worked.Example) -> None:
    client = signed_in("unit-treasurer", units=["HTQT"])
    page = body(client, f"/statements/trial-balance?{ASKED}&by=all")
    told = json.loads(client.get(f"/statements/trial-balance.json?{ASKED}&by=all").data)
    assert {row["unit"] for row in told["rows"]} == {"HTQT"}
    for foreign in ("HTHU", "DV11"):
        assert foreign not in page
    foreign_page, missing = (
        client.get(f"/statements/trial-balance?{ASKED}&unit={unit}") for unit in ("HTHU", "HTXX")
    )
    assert foreign_page.status_code == missing.status_code == 422
    assert same(foreign_page).replace("HTHU", "HTXX") == same(missing)


def test_an_empty_book_says_what_to_do(signed_in: SignIn, session: Session, clock: object) -> None:
    assert "Chưa có bút toán nào" in body(signed_in("treasurer"), "/statements/trial-balance")
