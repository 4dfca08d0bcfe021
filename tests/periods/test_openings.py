"""Opening balances: one for each unit, fund and account; from a form, a command or a file."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.cli import cli
from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.periods import openings
from fundsvc.periods.opening_file import import_openings
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.verify import faults
from tests import corpus
from tests.periods.conftest import Give
from tests.support import periods
from tests.support.forms import send

SignedIn = Callable[..., FlaskClient]
JANUARY = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _bank_account(people: dict[str, int]) -> None:
    with transaction() as session:
        add_bank_account(
            session,
            code="VCB",
            bank="Vietcombank",
            number="0011223344",
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )


def record(amount: int = 5_000_000, **other: Any) -> openings.Recorded:
    facts: dict[str, Any] = {"unit": "TW", "fund": "nghia-tinh", "account": "111", "on": JANUARY}
    with transaction() as session:
        return openings.record(session, openings.Opening(amount=amount, **(facts | other)), by=None)


def test_an_opening_is_booked_once(session: Session) -> None:
    done = record()
    assert done.new
    assert record() == openings.Recorded(done.entry_id, new=False)
    record(7_000_000, account="112.VCB")
    for account, amount in (("111", 5_000_000), ("112.VCB", 7_000_000), ("4311", -12_000_000)):
        assert books.balance(session, account=account, fund="nghia-tinh", unit="TW") == amount
    assert [(row.account, row.amount) for row in openings.listed(session)] == [
        ("111", 5_000_000),
        ("112.VCB", 7_000_000),
    ]


def test_a_wrong_one_is_taken_back_and_recorded_anew(session: Session) -> None:
    wrong = record()
    with pytest.raises(Conflict, match=r"đã có số dư đầu kỳ 5\.000\.000 đ ngày 01/01/2024"):
        record(6_000_000)
    with transaction() as writing:
        openings.reverse(writing, wrong.entry_id, on=JANUARY, reason="Ghi nhầm số", by=None)
    right = record(6_000_000)
    assert right.new
    with transaction() as writing:
        openings.reverse(writing, right.entry_id, on=JANUARY, reason="Nhầm nữa", by=None)
    assert record().new
    assert [row.reversed for row in openings.listed(session)] == [True, True, False]
    assert books.balance(session, account="111", fund="nghia-tinh", unit="TW") == 5_000_000


@pytest.mark.parametrize(
    ("facts", "kind", "field"),
    [
        ({"amount": 0}, Refusal, "amount"),
        ({"amount": -5}, Refusal, "amount"),
        ({"on": date(2024, 10, 6)}, Refusal, "date"),
        ({"unit": "XX"}, NotFound, "unit"),
        ({"fund": "x"}, NotFound, "fund"),
        ({"account": "7114"}, Refusal, "account"),
        ({"account": "112.VCB", "fund": "dues"}, Refusal, "account"),
        ({"account": "112.VCB", "unit": "HT-44"}, Refusal, "account"),
        ({"account": "811"}, Refusal, "account"),
    ],
)
def test_what_cannot_be(facts: dict[str, Any], kind: type[Refusal], field: str) -> None:
    with pytest.raises(kind) as refused:
        record(**facts)
    assert [reason.field for reason in refused.value.reasons] == [field]


def test_in_a_closed_month(session: Session) -> None:
    with transaction() as writing:
        unit_id = writing.scalars(select(Entry.unit_id)).first() or 1
        writing.add(periods.closed(unit_id, date(2024, 2, 1)))
    with pytest.raises(Refusal, match="Tháng 01/2024"):
        record()


GOOD = (
    "unit,fund,account,amount,date\n"
    "TW,nghia-tinh,111,5.000.000,2024-01-01\n"
    "TW,nghia-tinh,112.VCB,7000000,01/01/2024\n"
    "HT-44,dues,111,250000,2024-01-01\n"
)


def bring(text: str | bytes, *, commit: bool = True) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    with transaction() as session:
        return import_openings(session, data, commit=commit, by=None)


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Entry.id))) or 0


def test_a_file_is_looked_at_and_then_booked(session: Session) -> None:
    report = bring(GOOD, commit=False)
    assert (report.lines, report.new, report.sum_in, report.committed) == (3, 3, 12_250_000, False)
    assert count(session) == 0
    assert bring("\ufeff" + GOOD).committed
    assert count(session) == 3
    again = bring(GOOD)
    assert (again.new, again.known) == (0, 3)
    assert count(session) == 3


def test_a_file_with_a_fault_books_nothing_and_names_every_fault(session: Session) -> None:
    report = bring(
        GOOD
        + "TW,nghia-tinh,111,1,2024-01-01\n"
        + "XX,nghia-tinh,111,1,2024-01-01\n"
        + "TW,dues,111,1.5,31/02/2024\n"
        + "TW,base,7114,,2024-01-01\n"
        + ",,,,\n"
    )
    assert not report.committed
    assert [(row.row, row.field) for row in report.refused] == [
        (5, "account"),
        (6, "unit"),
        (7, "amount"),
        (7, "date"),
        (8, "amount"),
    ]
    assert count(session) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"\xff\xfe\x00",
        b"unit,fund,account,amount\n",
        b"unit,unit,fund,account,amount,date\n",
        b'unit,fund,account,amount,date\n"TW,x\n',
    ],
)
def test_a_file_that_is_none(data: bytes, session: Session) -> None:
    with pytest.raises(Refusal):
        bring(data)
    assert count(session) == 0


def test_hostile_cells_are_refused_row_by_row(session: Session) -> None:
    values = [
        value
        for value in (*corpus.NEVER_AMOUNTS, *corpus.TEXTS)
        if not any("\ud800" <= mark <= "\udfff" for mark in value) and len(value) < 1_000
    ]
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("unit", "fund", "account", "amount", "date"))
    for value in values:
        writer.writerow(("TW", "dues", "111", value, "2024-01-01"))
        writer.writerow((value or "x", value, value, "5", value))
    report = bring(out.getvalue())
    assert not report.committed
    assert report.new == 0
    assert count(session) == 0


@pytest.fixture
def _own_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the commands on the test's own database."""
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)


def call(*words: str, code: int = 0) -> Result:
    told = CliRunner().invoke(cli, list(words))
    assert told.exit_code == code, (told.output, told.exception)
    return told


@pytest.mark.usefixtures("_own_database")
def test_the_commands(tmp_path: Path, give: Give) -> None:
    facts = ("--unit", "TW", "--fund", "dues", "--account", "111", "--date", "2024-01-01")
    done = json.loads(call("opening", "record", *facts, "--amount", "1.000", "--json").stdout)
    assert (done["new"], done["amount"]) == (True, 1_000)
    assert "từ trước" in call("opening", "record", *facts, "--amount", "1000").stdout
    assert "đã có số dư" in call("opening", "record", *facts, "--amount", "9", code=1).stderr
    call("opening", "reverse", str(done["entry"]), "--reason", "Nhầm")
    file = tmp_path / "openings.csv"
    file.write_text(GOOD, encoding="utf-8")
    assert "--commit" in call("opening", "import", str(file)).stdout
    report = json.loads(call("opening", "import", str(file), "--commit", "--json").stdout)
    assert (report["new"], report["committed"]) == (3, True)
    file.write_text(GOOD.replace("5.000.000", "5"), encoding="utf-8")
    assert "dòng 2, amount" in call("opening", "import", str(file), "--commit", code=1).stderr


@pytest.mark.usefixtures("_own_database")
def test_the_year_is_carried_by_command(give: Give) -> None:
    give(date(2023, 5, 5), 70_000)
    give(date(2023, 5, 5), 30_000, unit="HT-44")
    told = call("period", "carry-forward", "2023", "--dry-run").stdout
    assert "TW: sẽ kết chuyển quỹ nghia-tinh: 70.000 đ." in told
    document = json.loads(call("period", "carry-forward", "2023", "--unit", "TW", "--json").stdout)
    assert document["units"][0]["carried"][0]["result"] == 70_000
    assert "HT-44: đã kết chuyển năm 2023" in call("period", "carry-forward", "2023").stdout
    assert "Không còn gì" in call("period", "carry-forward", "2023").stdout
    assert "chưa hết" in call("period", "carry-forward", "2024", code=1).stderr


def test_what_is_due_and_what_is_owed_are_opened_too(session: Session) -> None:
    record(5_000_000)
    record(3_000_000, account="138.viettel")
    owed = record(1_200_000, account="3388")
    assert owed.owed
    again = record(1_200_000, account="3388")
    assert again == openings.Recorded(owed.entry_id, new=False, owed=True)
    for account, amount in (("138.viettel", 3_000_000), ("3388", -1_200_000), ("4311", -6_800_000)):
        assert books.balance(session, account=account, fund="nghia-tinh", unit="TW") == amount
    assert sum(row.own for row in openings.listed(session)) == 6_800_000
    assert list(faults(session)) == []
    with transaction() as writing:
        openings.reverse(writing, owed.entry_id, on=None, reason="Ghi nhầm", by=None)
    session.rollback()
    assert books.balance(session, account="3388", fund="nghia-tinh", unit="TW") == 0
    assert list(faults(session)) == []


@pytest.mark.parametrize("account", ["112", "4311", "7111", "6111", "911"])
def test_only_money_and_debts_are_opened(account: str) -> None:
    with pytest.raises(Refusal):
        record(account=account)


def test_the_form_offers_debts_and_the_list_takes_them_off(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    page = "/openings/new"
    assert '<optgroup label="Phải trả">' in client.get(page).text
    typed = {"unit": "TW", "fund": "nghia-tinh", "date": "01/01/2024"}
    for account, amount in (("111", "5.000.000"), ("3388", "1.200.000")):
        assert send(client, page, **typed, account=account, amount=amount).status_code == 303
    assert "Tổng cộng 3.800.000 đ, 2 số dư" in client.get("/openings").text
