"""General ledger and journal: balances of every page against adding up all lines, both ways."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock, longpdf
from fundsvc.books.models import Period
from fundsvc.db import db, read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.statements import book_lines, book_pdf, book_views, general_ledger, journal
from fundsvc.statements.book_options import BookOptions, Turn
from fundsvc.statements.commands import group
from fundsvc.statements.general_ledger import Ledger, LedgerLine, LedgerPage
from fundsvc.units.models import Unit
from ledger import recipes
from ledger.entries import Entry
from tests.statements import books, worked
from tests.statements.conftest import post, set_up
from tests.support.heard import heard

pytestmark = pytest.mark.both_engines

SignIn = Callable[..., FlaskClient]
FIRST, LAST = date(2024, 8, 10), date(2024, 10, 20)
SPAN = f"from={FIRST}&to={LAST}"


def body(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return html.unescape(answer.get_data(as_text=True))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--from", str(FIRST), "--to", str(LAST)])


@pytest.fixture
def entries(session: Session) -> list[Entry]:
    """A book of 400 entries, many of them on the same day."""
    set_up(session)
    book = worked.random_book(11, 400)
    post(session, book)
    return [entry for entry, _of in book]


def pages(session: Session, ledger: Ledger, turn: Turn) -> Iterator[LedgerPage]:
    """Yield the pages of a ledger, forwards from its start or backwards from its end."""
    forwards = turn.start
    while True:
        page = general_ledger.page(session, ledger, turn)
        yield page
        if not (page.later if forwards else page.earlier):
            return
        marks = page.lines[0].line.mark, page.lines[-1].line.mark
        turn = Turn(after=marks[1]) if forwards else Turn(before=marks[0])


QUESTIONS = (
    BookOptions(FIRST, LAST, account="111"),
    BookOptions(FIRST, LAST, account="111", fund="nghia-tinh", unit="TW"),
    BookOptions(FIRST, LAST, account="112.VCB1", province="2025:44"),
    BookOptions(FIRST, LAST, account="7114", fund="base"),
    BookOptions(date(2024, 9, 3), date(2024, 9, 3), account="111"),
)


@pytest.mark.parametrize("asked", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_balance_of_every_page_is_the_sum_of_all_lines_before(
    session: Session, entries: list[Entry], asked: BookOptions
) -> None:
    holds = books.wanted(
        account=asked.account, fund=asked.fund, unit=asked.unit, province=asked.province
    )
    moved = books.by_hand(entries, asked.first, asked.last, holds).values()
    ledger = general_ledger.ledger(session, asked)
    assert ledger.opening == sum(one.opening for one in moved)
    assert (ledger.debit, ledger.credit) == (
        sum(one.debit for one in moved), sum(one.credit for one in moved),
    )  # fmt: skip

    forwards = list(pages(session, ledger, Turn(start=True)))
    told: list[LedgerLine] = [line for page in forwards for line in page.lines]
    balance = ledger.opening
    for one in told:
        balance += one.line.debit - one.line.credit
        assert one.balance == balance
    assert balance == ledger.closing
    assert [one.line.mark for one in told] == sorted({one.line.mark for one in told})
    assert len(told) == sum(one.entries for one in moved)

    backwards = list(pages(session, ledger, Turn()))
    assert [line for page in reversed(backwards) for line in page.lines] == told
    assert not backwards[0].later
    assert not backwards[-1].earlier


def test_the_opening_of_a_ledger_leads_to_its_first_line(
    signed_in: SignIn, entries: list[Entry]
) -> None:
    client = signed_in("auditor")
    holds = books.wanted(account="111", fund="base")
    first = min(entry.date for entry in entries if any(map(partial(holds, entry), entry.postings)))
    assert first < FIRST
    asked = f"account=111&fund=base&{SPAN}"
    told = json.loads(client.get(f"/statements/general-ledger.json?{asked}").data)
    page = body(client, f"/statements/general-ledger?{asked}")
    (address,) = re.findall(r'<a class="figure__row figure__link" href="([^"]+)"', page)
    assert f"from={first}&to=2024-08-09" in address
    before = json.loads(client.get(address.replace("ledger?", "ledger.json?")).data)
    assert (before["opening"], before["closing"]) == (0, told["opening"])
    assert before["rows"][0]["date"] == str(first)


def test_counter_accounts_stand_on_the_other_side_in_the_same_fund_and_unit(
    session: Session,
) -> None:
    set_up(session)
    transfer = worked.transfer(
        on=FIRST, unit="TW", to="HTQT", fund="base", amount=5, description="x", province=None
    )
    post(session, [(transfer, None)])
    found = {}
    for unit in ("TW", "HTQT"):
        asked = BookOptions(FIRST, LAST, account="111", unit=unit)
        (line,) = general_ledger.page(session, general_ledger.ledger(session, asked), Turn()).lines
        found[unit] = line.counter
    assert found == {"TW": ("6119",), "HTQT": ("7119",)}


def test_the_journal_has_every_line_once_in_both_directions(
    session: Session, entries: list[Entry]
) -> None:
    for asked in (BookOptions(FIRST, LAST), BookOptions(FIRST, LAST, "base", "HTQT")):
        drawn = journal.journal(session, asked)
        told: list[book_lines.Line] = []
        turn = Turn(start=True)
        while True:
            page = book_lines.page(session, drawn.scope, turn)
            told += page.lines
            if not page.later:
                break
            turn = Turn(after=page.lines[-1].mark)
        holds = books.wanted(fund=asked.fund, unit=asked.unit)
        wanted = [
            (entry.date, posting.account, posting.debit, posting.credit)
            for entry in entries
            for posting in entry.postings
            if FIRST <= entry.date <= LAST and holds(entry, posting)
        ]
        accounts = drawn.scope.accounts
        assert sorted(
            (line.mark.on, accounts[line.account_id].code, line.debit, line.credit) for line in told
        ) == sorted(wanted)
        assert [line.mark for line in told] == sorted(line.mark for line in told)
        assert drawn.debit == drawn.credit == sum(line.debit for line in told)
        back: list[book_lines.Line] = []
        turn = Turn()
        while True:
            page = book_lines.page(session, drawn.scope, turn)
            back[:0] = page.lines
            if not page.earlier:
                break
            turn = Turn(before=page.lines[0].mark)
        assert back == told


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_page_reads_the_lines_of_its_own_days_alone(
    session: Session, entries: list[Entry]
) -> None:
    ledger = general_ledger.ledger(session, BookOptions(FIRST, LAST, account="111"))
    with heard(db.engine) as told:
        newest = general_ledger.page(session, ledger, Turn())
    assert len(newest.lines) == 50
    # Balances count back from the closing one: its lines and their other sides are all it reads.
    assert len([sql for sql, _values in told if "FROM posting" in sql]) == 2
    with heard(db.engine) as told:
        middle = general_ledger.page(session, ledger, Turn(before=newest.lines[0].line.mark))
    assert (middle.earlier, middle.later) == (True, True)
    assert middle.closing == newest.opening
    plans = [sql for sql, _values in told if "FROM posting" in sql]
    assert 3 <= len(plans) <= 5
    assert not [sql for sql in plans if "LIMIT" not in sql and "date =" not in sql
                and "entry_id IN" not in sql and "rollup" not in sql]  # fmt: skip


def test_what_is_no_account_is_refused(session: Session) -> None:
    for account in (None, "999"):
        with pytest.raises(Refusal) as refused:
            general_ledger.ledger(session, BookOptions(FIRST, LAST, account=account))
        assert [reason.field for reason in refused.value.reasons] == ["account"]


def test_the_page_shows_balances_and_leads_on(signed_in: SignIn, entries: list[Entry]) -> None:
    client = signed_in("auditor")
    page = body(client, f"/statements/general-ledger?account=111&{SPAN}")
    assert page.count('href="/entries/') == 50
    assert "Dư đầu trang" in page
    (earlier,) = re.findall(r'rel="prev" href="([^"]+)"', page)
    assert page.count('rel="next"') == 0
    before = body(client, earlier)
    last = re.findall(r"Dư cuối trang</th><td[^>]*>(.*?)</td>", before, re.DOTALL)
    first = re.findall(r"Dư đầu trang</th><td[^>]*>(.*?)</td>", page, re.DOTALL)
    assert last == first
    (start,) = re.findall(r'href="([^"]+at=start)"', page)
    assert "Dư đầu kỳ</th>" in body(client, start)
    journal_page = body(client, f"/statements/journal?{SPAN}")
    assert journal_page.count("/statements/general-ledger?") >= 50


def test_commands_give_every_format(app: Flask, entries: list[Entry], tmp_path: Path) -> None:
    told = json.loads(run("general-ledger", "--account", "111", "--json").stdout)
    balance = told["opening"]
    for row in told["rows"]:
        balance += row["debit"] - row["credit"]
        assert row["balance"] == balance
    assert balance == told["closing"]
    told = json.loads(run("journal", "--unit", "HTQT", "--json").stdout)
    assert sum(row["debit"] for row in told["rows"]) == told["debit"] == told["credit"]
    begins = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF", "html": b"<!", "json": b"{"}
    for command in (("general-ledger", "--account", "111"), ("journal",)):
        assert "Từ ngày 10/08/2024" in run(*command).stdout
        for kind, beginning in begins.items():
            out = tmp_path / f"book.{kind}"
            assert run(*command, "--format", kind, "--out", str(out)).exit_code == 0
            assert out.read_bytes().startswith(beginning)
    assert run("general-ledger").exit_code == 2
    assert run("general-ledger", "--account", "999").exit_code == 1


def test_downloads_are_of_the_whole_book(signed_in: SignIn, entries: list[Entry]) -> None:
    client = signed_in("treasurer")
    answer = client.get(f"/statements/general-ledger.csv?account=111&{SPAN}")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["kind"] for row in (rows[0], *rows[-2:])] == ["opening", "turnover", "closing"]
    lines = [row for row in rows if row["kind"] == "line"]
    assert len(lines) > 50
    assert sum(int(row["debit"]) for row in lines) == int(rows[-2]["debit"])
    assert rows[-1]["balance"] == lines[-1]["balance"]
    for kind in ("pdf", "xlsx", "json"):
        for book in ("general-ledger", "journal"):
            assert client.get(f"/statements/{book}.{kind}?{SPAN}").status_code == 200


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_no_two_columns_of_a_csv_have_one_name(signed_in: SignIn, entries: list[Entry]) -> None:
    client = signed_in("treasurer")
    headers = {}
    for book in ("trial-balance", "general-ledger", "journal"):
        told = client.get(f"/statements/{book}.csv?{SPAN}").get_data().decode("utf-8-sig")
        headers[book] = next(csv.reader(io.StringIO(told)))
        assert sorted(headers[book]) == sorted(set(headers[book])), book
    assert {"kind", "entry_kind"} <= set(headers["journal"])


def close(unit: str, month: date) -> None:
    with transaction() as writing:
        of = writing.scalars(select(Unit).filter_by(code=unit)).one().id
        writing.add(
            Period(unit_id=of, month=month, state="closed", closed_at=clock.now(), closing={})
        )


def test_a_book_is_called_closed_only_when_all_its_units_are(session: Session) -> None:
    set_up(session)
    moved = worked.transfer(
        on=FIRST, unit="TW", to="HTQT", fund="base", amount=5, description="x", province=None
    )
    post(session, [(moved, None)])
    september, october = date(2024, 9, 1), date(2024, 10, 1)

    def told(last: date, unit: str | None = None) -> list[str]:
        options = BookOptions(FIRST, last, account="111", unit=unit)
        ledger = general_ledger.book(session, general_ledger.ledger(session, options))
        options = BookOptions(FIRST, last, unit=unit)
        lines = journal.book(session, journal.journal(session, options))
        feet = [book_pdf.opened(book) for book in (ledger, lines)]
        ledger.close()
        lines.close()
        return feet

    open_ = ["Ngày mở sổ: 10/08/2024. Chưa khóa sổ."] * 2
    assert told(date(2024, 9, 30)) == open_
    close("TW", september)
    closed = ["Ngày mở sổ: 10/08/2024. Ngày khóa sổ: 30/09/2024."] * 2
    assert told(date(2024, 9, 30), unit="TW") == closed
    assert told(date(2024, 9, 30)) == open_
    close("HTQT", october)
    assert told(date(2024, 9, 30)) == closed
    # Months are closed whole: a book that ends within one is closed as of its end.
    assert told(date(2024, 9, 15)) == closed
    assert told(date(2024, 10, 1)) == open_
    assert told(date(2024, 10, 1), unit="TW") == open_


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_files_are_drawn_while_no_transaction_is_open(
    signed_in: SignIn, entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, open_, render = signed_in("treasurer"), [], longpdf.render

    def watched(document: longpdf.Document, rows: Iterable[longpdf.Row], out: BinaryIO) -> int:
        open_.append(read_session().in_transaction())
        return render(document, rows, out)

    monkeypatch.setattr(longpdf, "render", watched)
    answer = client.get(f"/statements/general-ledger.pdf?account=111&{SPAN}")
    assert answer.data.startswith(b"%PDF")
    assert open_ == [False]
    monkeypatch.setattr(book_views, "LONGEST_PDF", 5)
    refused = body(client, f"/statements/general-ledger.pdf?account=111&{SPAN}", 422)
    assert "quá dài để in một lần" in refused


def test_a_unit_sees_its_own_lines_only(signed_in: SignIn, entries: list[Entry]) -> None:
    client = signed_in("unit-treasurer", units=["HTQT"])
    for address in (
        f"/statements/general-ledger?account=111&{SPAN}&at=start",
        f"/statements/general-ledger.csv?account=111&{SPAN}",
        f"/statements/journal?{SPAN}",
        f"/statements/journal.csv?{SPAN}",
        f"/statements/journal.json?{SPAN}",
    ):
        page = body(client, address)
        assert "HTQT" in page
        for foreign in ("HTHU", "DV11"):
            assert foreign not in page
    told = json.loads(client.get(f"/statements/journal.json?{SPAN}").data)
    own = books.by_hand(entries, FIRST, LAST, books.wanted(unit="HTQT")).values()
    assert told["debit"] == sum(one.debit for one in own)
    body(client, f"/statements/journal?{SPAN}&unit=HTHU", 422)


def test_the_bank_account_of_another_unit_looks_like_one_that_is_not_there(
    signed_in: SignIn, session: Session
) -> None:
    set_up(session)
    with transaction() as writing:
        for code, unit, number in (("HUE1", "HTHU", "00111"), ("QT44", "HTQT", "00222")):
            add_bank_account(writing, code=code, bank="Vietcombank", number=number,
                             fund="base", unit=unit, by=None)  # fmt: skip
    client = signed_in("unit-treasurer", units=["HTQT"])
    foreign, missing = (
        body(client, f"/statements/general-ledger?account=112.{code}&{SPAN}", 422)
        for code in ("HUE1", "HUE2")
    )
    token = re.compile(r'name="csrf_token" value="[^"]+"')
    assert token.sub("", foreign).replace("HUE1", "HUE2") == token.sub("", missing)
    own = body(client, f"/statements/general-ledger?account=112.QT44&{SPAN}")
    assert "00222" in own
    assert "00111" not in own
    assert "HUE1" not in own
    # An account that the unit's own postings stand on is seen, whosever it is.
    entry = recipes.bank_credit(
        bank_account="HUE1", on=FIRST, unit="HTQT", fund="base", amount=7, description="x"
    )
    post(session, [(entry, None)])
    assert "112.HUE1" in body(client, f"/statements/journal?{SPAN}")
    body(client, f"/statements/general-ledger?account=112.HUE1&{SPAN}")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_marks_that_no_page_gave_out_are_refused(signed_in: SignIn, clock: object) -> None:
    client = signed_in("treasurer")
    for path in ("/statements/general-ledger", "/statements/journal"):
        for asked in ("after=1", "before=2024-09-30.5", "after=2024-02-30.1.1", "before=x.1.1"):
            body(client, f"{path}?{asked}", 422)
        body(client, f"{path}?after=2024-09-30.999999999999999999.1")
