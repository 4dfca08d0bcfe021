"""The ledger of a parent account: the lines of the accounts below it, in one order of books."""

import csv
import io
import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from fundsvc.db import db, transaction
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.statements import book_lines, book_page, general_ledger
from fundsvc.statements.book_options import BookOptions, Turn
from ledger.entries import Entry
from tests.statements import books, worked
from tests.statements.conftest import post, set_up
from tests.statements.test_books import FIRST, LAST, SPAN, SignIn, body, pages, run
from tests.support.heard import heard

pytestmark = pytest.mark.both_engines

BANKS = ("VCB1", "VCB2", "VCB3", "VCB")


@pytest.fixture
def entries(session: Session) -> list[Entry]:
    """A book of 400 entries over four bank accounts; the last has the code others begin with."""
    set_up(session)
    with transaction() as writing:
        for place, code in enumerate(BANKS[1:]):
            add_bank_account(
                writing,
                code=code,
                bank="Vietcombank",
                number=f"222333444{place}",
                fund="base",
                unit="TW",
                by=None,
            )
    chance = random.Random(5)  # noqa: S311 - a book to test with, no secret
    book: list[worked.Numbered] = []
    for entry, of in worked.random_book(11, 400):
        if of is None:
            bank = f"112.{chance.choice(BANKS)}"
            moved = tuple(
                replace(line, account=bank) if line.account.startswith("112.") else line
                for line in entry.postings
            )
            book.append((replace(entry, postings=moved), None))
        else:
            taken = book[of - 1][0]
            back = tuple(
                replace(line, debit=-line.debit, credit=-line.credit) for line in taken.postings
            )
            book.append((replace(entry, postings=back), of))
    post(session, book)
    return [entry for entry, _of in book]


QUESTIONS = (
    BookOptions(FIRST, LAST, account="112"),
    BookOptions(FIRST, LAST, account="112", fund="base", unit="TW"),
    BookOptions(FIRST, LAST, account="112", province="2025:44"),
    BookOptions(FIRST, LAST, account="138"),
    BookOptions(date(2024, 9, 3), date(2024, 9, 3), account="112"),
    BookOptions(FIRST, LAST, account="113"),
)


@pytest.mark.parametrize("asked", QUESTIONS, ids=range(len(QUESTIONS)))
@pytest.mark.parametrize("most", [2, 400])
def test_a_parent_has_the_lines_of_all_below_it(
    session: Session,
    entries: list[Entry],
    asked: BookOptions,
    most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book_lines, "_MOST_PARTS", most)
    monkeypatch.setattr(book_lines, "_FEWEST", 3)
    monkeypatch.setattr(book_lines, "CHUNK", 7)
    inside = books.wanted(fund=asked.fund, unit=asked.unit, province=asked.province)
    moved = books.by_hand(
        entries,
        asked.first,
        asked.last,
        lambda entry, line: line.account.startswith(asked.account or "") and inside(entry, line),
    ).values()
    ledger = general_ledger.ledger(session, asked)
    assert ledger.opening == sum(one.opening for one in moved)
    assert (ledger.debit, ledger.credit) == (
        sum(one.debit for one in moved), sum(one.credit for one in moved),
    )  # fmt: skip
    forwards = list(pages(session, ledger, Turn(start=True)))
    told: list[general_ledger.LedgerLine] = [line for page in forwards for line in page.lines]
    balance = ledger.opening
    for one in told:
        balance += one.line.debit - one.line.credit
        assert one.balance == balance
    assert balance == ledger.closing
    assert [one.line.mark for one in told] == sorted({one.line.mark for one in told})
    assert len(told) == sum(one.entries for one in moved)
    backwards = list(pages(session, ledger, Turn()))
    assert [line for page in reversed(backwards) for line in page.lines] == told
    every = [line for chunk in book_lines.every(session, ledger.scope) for line in chunk]
    assert every == [one.line for one in told]


def test_what_stands_behind_a_dot_has_nothing_below_it(
    session: Session, entries: list[Entry]
) -> None:
    ledger = general_ledger.ledger(session, BookOptions(FIRST, LAST, account="112.VCB"))
    assert ledger.scope.below == ()
    alone = general_ledger.ledger(session, BookOptions(FIRST, LAST, account="112", alone=True))
    assert (alone.opening, alone.debit, alone.closing) == (0, 0, 0)


def test_each_line_names_its_account_on_the_page_and_in_files(
    signed_in: SignIn, entries: list[Entry], tmp_path: Path
) -> None:
    client = signed_in("auditor")
    page = body(client, f"/statements/general-ledger?account=112&{SPAN}")
    assert page.count('href="/entries/') == 50
    assert "TK 112.VCB2" in page
    assert "Gồm 4 tài khoản chi tiết." in page
    alone = body(client, f"/statements/general-ledger?account=112&alone=1&{SPAN}")
    assert "Riêng tài khoản này, không gồm tài khoản chi tiết." in alone
    assert alone.count('href="/entries/') == 0
    assert "tài khoản chi tiết" not in body(
        client, f"/statements/general-ledger?account=111&{SPAN}"
    )
    told = client.get(f"/statements/general-ledger.csv?account=112&{SPAN}")
    rows = list(csv.DictReader(io.StringIO(told.get_data().decode("utf-8-sig"))))
    assert {row["account"] for row in rows if row["kind"] == "line"} == {
        f"112.{bank}" for bank in BANKS
    }
    facts = json.loads(run("general-ledger", "--account", "112", "--json").stdout)
    assert facts["accounts"] == ["112", "112.VCB", "112.VCB1", "112.VCB2", "112.VCB3"]
    assert facts["closing"] == facts["rows"][-1]["balance"]
    text = run("general-ledger", "--account", "112").stdout
    assert "TK chi tiết" in text
    assert "Gồm 4 tài khoản chi tiết" in text
    assert (
        json.loads(run("general-ledger", "--account", "112", "--alone", "--json").stdout)["rows"]
        == []
    )
    for kind in ("xlsx", "pdf", "html"):
        out = tmp_path / f"so-cai.{kind}"
        done = run("general-ledger", "--account", "112", "--format", kind, "--out", str(out))
        assert done.exit_code == 0, done.output


def test_a_figure_of_one_account_leads_to_its_own_lines(session: Session) -> None:
    set_up(session)
    scope = general_ledger.ledger(session, BookOptions(FIRST, LAST, account="111")).scope
    assert "account=138&alone=1&" in book_page.ledger_href(scope, "138")
    for code in ("111", "112.VCB1", "138.viettel"):
        assert "alone" not in book_page.ledger_href(scope, code)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_page_of_a_parent_walks_down_the_index_of_each_account(
    session: Session, entries: list[Entry]
) -> None:
    ledger = general_ledger.ledger(session, BookOptions(FIRST, LAST, account="112"))
    with heard(db.engine) as told:
        newest = general_ledger.page(session, ledger, Turn())
    assert len(newest.lines) == 50
    lines = [sql for sql, _values in told if "UNION ALL" in sql and "FROM posting" in sql]
    assert len(lines) == 1
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lines[0]}").all()
    plan = [row[3] for row in rows]
    assert sum("ix_posting_account_id_date" in step for step in plan) == len(BANKS)
    assert not [step for step in plan if step.startswith("SCAN posting USING")]
