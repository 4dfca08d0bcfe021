"""Clearing accounts: what should be zero, what is open, how old, and who may see it."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.reconciliation import service
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankLine
from fundsvc.seals import service as seals
from fundsvc.units.models import Unit
from fundsvc.workbench import choices, clearing, open_entries
from fundsvc.workbench.ages import Age, Moved, age, open_days
from fundsvc.workbench.clearing_facts import Standing
from fundsvc.workbench.decisions import decide
from ledger import recipes
from ledger.entries import Posting

SignIn = Callable[..., FlaskClient]
FILE = (
    b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    b"1,01/03/2024,5213.1,,50.000,,ung ho\r\n"
    b"1,02/09/2024,5213.2,20.000,,,mua gao\r\n"
    b"1,29/09/2024,5213.3,,700.000,,CHUYEN TIEN\r\n"
)

pytestmark = pytest.mark.usefixtures("app", "clock")


@pytest.fixture(autouse=True)
def _lines(app: Flask, clock: object) -> None:
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Tỉnh hội A", folded="tinh hoi a", kind="provincial"))
        session.flush()
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="nghia-tinh", unit="TW", by=None
        )
        told = service.read(session, FILE, name="f.csv", account_code="VCB1", commit=True)
        service.import_bank(session, told, by=None)


def standing() -> list[Standing]:
    with transaction() as session:
        return clearing.standing(session, service_clock.today(), clearing.UNIDENTIFIED)


def test_what_came_first_went_first() -> None:
    days = [
        Moved(date(2024, 1, 1), 100, 0),
        Moved(date(2024, 2, 1), 50, 120),
        Moved(date(2024, 3, 1), -10, 0),
    ]
    assert open_days(days) == [(date(2024, 2, 1), 20)]
    found = age(open_days(days), date(2024, 3, 2))
    assert (found.amounts, found.since) == ((20, 0, 0, 0), date(2024, 2, 1))


def test_a_balance_on_the_other_side_is_made_of_credits() -> None:
    days = [Moved(date(2024, 1, 1), 0, 100), Moved(date(2024, 2, 1), 40, 0)]
    assert open_days(days) == [(date(2024, 1, 1), -60)]


def test_money_that_nobody_has_said_what_for_is_open_by_age(session: Session) -> None:
    for _sealed in range(2):
        rows = clearing.standing(session, service_clock.today(), clearing.UNIDENTIFIED)
        assert [(row.account, row.balance, row.age.amounts) for row in rows] == [
            ("1388", 20_000, (20_000, 0, 0, 0)),
            ("3381", -750_000, (-700_000, 0, 0, -50_000)),
        ]
        session.rollback()
        with transaction() as writing:
            seals.seal_within(writing)


def test_a_waiting_line_keeps_its_age_when_a_later_one_is_decided(session: Session) -> None:
    line_id = session.scalars(select(BankLine.id).where(BankLine.credit == 700_000)).one()
    with transaction() as writing:
        decide(writing, line_id, choices.Posted("515", "Lãi"), by=None, key="k")
    (row,) = (row for row in standing() if row.account == "3381")
    assert row.balance == -50_000
    assert row.age == Age((0, 0, 0, -50_000), date(2024, 3, 1))


def test_what_no_line_tells_of_is_aged_by_turns_and_all_adds_up() -> None:
    for number, (debit, credit, amount, on) in enumerate(
        [
            ("111", "3381", 30_000, date(2024, 2, 1)),
            ("3381", "111", 10_000, date(2024, 8, 20)),
        ]
    ):
        lines = (
            Posting(debit, "nghia-tinh", "TW", debit=amount),
            Posting(credit, "nghia-tinh", "TW", credit=amount),
        )
        entry = recipes.voucher_entry("voucher", lines, on=on, unit="TW", description="Tiền lạ")
        with transaction() as writing:
            books.post(writing, entry, source="voucher", external_id=str(number))
    (row,) = (row for row in standing() if row.account == "3381")
    assert row.balance == sum(row.age.amounts) == -770_000
    assert row.age == Age((-700_000, 0, 0, -70_000), date(2024, 2, 1))


def test_each_open_line_is_listed_once_and_pages_go_on(session: Session) -> None:
    first = clearing.lines(session, most=2)
    assert [item.left for item in first.items] == [-50_000, 20_000]
    second = clearing.lines(session, first.after or "", most=2)
    assert [item.left for item in second.items] == [-700_000]
    assert second.after is None


def test_what_units_owe_each_other_comes_to_zero_in_all(session: Session) -> None:
    lines = recipes.transfer(
        amount=300_000, fund="dues", unit="HT-44", to_fund="dues", to_unit="TW"
    )
    with transaction() as writing:
        entry = recipes.voucher_entry(
            "transfer", lines, on=date(2024, 9, 1), unit="TW", description="Nộp lên cấp trên"
        )
        books.post(writing, entry, source="voucher", external_id="x")
    rows = clearing.standing(session, service_clock.today(), clearing.BETWEEN)
    assert [(row.account, row.unit, row.balance) for row in rows] == [
        ("136", "TW", 300_000), ("336", "HT-44", -300_000)
    ]  # fmt: skip
    items = [item for row in rows for item in open_entries.entries(session, row)]
    assert [item.left for item in items] == [300_000, -300_000]


def test_a_page_shows_the_newest_entries_and_the_csv_has_all(
    session: Session, signed_in: SignIn
) -> None:
    with transaction() as writing:
        for number in range(60):
            entry = recipes.sms_message(
                operator="viettel",
                amount=20_000,
                fund="nghia-tinh",
                unit="TW",
                on=date(2024, 7 if number < 30 else 8, 1 + number % 30),
                description=f"Tin {number}",
            )
            books.post(writing, entry, source="sms", external_id=str(number))
        paid = recipes.operator_money(
            operator="viettel",
            amount=50_000,
            fund="nghia-tinh",
            unit="TW",
            on=date(2024, 9, 1),
            description="Trả",
        )
        books.post(writing, paid, source="settlement", external_id="x")
    (row,) = clearing.standing(session, service_clock.today(), clearing.SMS)
    items = list(open_entries.entries(session, row))
    assert [item.left for item in items] == [10_000] + [20_000] * 57
    assert [item.on for item in items] == sorted(item.on for item in items)
    newest = list(open_entries.entries(session, row, open_entries.MOST))
    assert newest == items[-open_entries.MOST :]
    client = signed_in("treasurer")
    page = client.get("/clearing/sms").text
    assert "50 khoản mới nhất; các khoản cũ hơn còn 150.000" in page.replace("\xa0", " ")
    assert "Tin 59" in page
    assert "Tin 9<" not in page
    told = client.get("/clearing/sms.csv").data.decode("utf-8-sig")
    assert told.count("Tin ") == 58


def test_the_pages_say_it(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    page = client.get("/clearing").text
    for shown in ("Tiền chờ xác định", "-730.000", "Đã về 0", "01/03/2024"):
        assert shown.replace("-", "\u2212") in page or shown in page, shown
    page = client.get("/clearing/unidentified").text
    for shown in ("CHUYEN TIEN", "mua gao", "/entries/1", "/bank-accounts/VCB1?before="):
        assert shown in page, shown
    for channel in clearing.CHANNELS:
        assert client.get(f"/clearing/{channel}").status_code == 200
    told = client.get("/clearing/unidentified.csv").data.decode("utf-8-sig")
    assert "CHUYEN TIEN" in told
    assert "-750000" in client.get("/clearing.csv").data.decode("utf-8-sig")
    for nowhere in ("/clearing/none", "/clearing/none.csv", "/clearing/unidentified?after=x"):
        assert client.get(nowhere).status_code == 404, nowhere


def test_a_unit_sees_nothing_of_others(signed_in: SignIn) -> None:
    client = signed_in("unit-treasurer", units=["HT-44"])
    for address in ("/clearing", "/clearing/unidentified", "/clearing/unidentified.csv"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "750.000" not in answer.text
        assert "CHUYEN TIEN" not in answer.text
