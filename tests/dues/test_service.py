"""Totals of dues and base fund money: booked once by key, and a slip is not booked twice."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry, Posting
from fundsvc.db import read_session, set_scope, transaction
from fundsvc.dues import service
from fundsvc.dues.models import DuesTotal
from fundsvc.dues.service import Recorded, Total
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.units.importing import import_units
from tests.support.tampering import unguarded

pytestmark = pytest.mark.usefixtures("clock", "units")

TOTAL = Total("QT", "dues", date(2024, 9, 1), 4_800_000, date(2024, 9, 20))


@pytest.fixture
def units(app: Flask) -> None:
    data = (
        "code,name,kind,province\nQT,Tỉnh hội Quảng Trị,provincial,2025:44\n"
        "HUE,Thành hội Huế,provincial,2025:46\n"
    ).encode()
    with transaction() as session:
        assert import_units(session, data, commit=True, by=None).committed


def record(total: Total = TOTAL, key: str | None = None, *, additional: bool = False) -> Recorded:
    with transaction() as session:
        return service.record_total(session, total, key=key, additional=additional)


def counts(session: Session) -> tuple[int, int]:
    session.rollback()
    return (
        session.scalar(select(func.count()).select_from(DuesTotal)) or 0,
        session.scalar(select(func.count()).select_from(Entry)) or 0,
    )


@pytest.mark.parametrize(
    ("fund", "account", "words"),
    [("dues", "7115", "Thu hội phí thường xuyên"), ("base", "7116", "Thu đóng góp chân quỹ")],
)
def test_a_total_is_booked_as_income_of_its_fund(
    session: Session, fund: str, account: str, words: str
) -> None:
    done = record(replace(TOTAL, fund=fund))
    rows = session.execute(
        select(Account.code, Posting.debit, Posting.credit)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == done.entry_id)
        .order_by(Posting.line)
    )
    assert [tuple(row) for row in rows] == [("111", 4_800_000, 0), (account, 0, 4_800_000)]
    entry = session.get_one(Entry, done.entry_id)
    assert entry.date == date(2024, 9, 20)
    assert entry.description == f"{words} tháng 09/2024, Tỉnh hội Quảng Trị"


def test_the_same_key_adds_nothing(session: Session) -> None:
    first, again = record(key="k1"), record(key="k1")
    assert (first.new, again.new) == (True, False)
    assert (first.id, first.entry_id) == (again.id, again.entry_id)
    assert counts(session) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 1},
        {"fund": "base"},
        {"unit": "HUE"},
        {"month": date(2024, 8, 1)},
        {"paid_on": date(2024, 9, 21)},
    ],
)
def test_the_same_key_for_something_else_is_refused(
    session: Session, other: dict[str, str]
) -> None:
    record(key="k1")
    with pytest.raises(Conflict):
        record(replace(TOTAL, **other), key="k1")  # type: ignore[arg-type]
    assert counts(session) == (1, 1)


def test_a_month_may_have_several_totals_but_an_equal_one_is_a_slip(session: Session) -> None:
    first = record()
    record(replace(TOTAL, amount=200_000))
    record(replace(TOTAL, paid_on=date(2024, 9, 27)))
    with pytest.raises(Conflict) as caught:
        record()
    assert str(first.id) in str(caught.value)
    assert counts(session) == (3, 3)
    record(additional=True)
    assert counts(session) == (4, 4)


def test_equal_totals_at_once_under_two_keys_are_a_slip_too(app: Flask) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def one(key: str) -> None:
        with app.app_context():
            start.wait()
            try:
                record(key=key)
            except Conflict:
                outcomes.append("asked")
            else:
                outcomes.append("booked")

    threads = [threading.Thread(target=one, args=(key,)) for key in ("k1", "k2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "booked"]
    assert counts(read_session()) == (1, 1)


def test_a_reversed_total_is_no_longer_counted_nor_in_the_way(session: Session) -> None:
    done = record()
    with transaction() as writing:
        books.reverse(
            writing, done.entry_id, on=date(2024, 9, 25), reason="Ghi nhầm", maker_id=None
        )
    assert service.year_of(session, "dues", 2024).total == 0
    session.rollback()
    assert record().new
    session.rollback()
    assert service.year_of(session, "dues", 2024).total == 4_800_000


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"fund": "nghia-tinh"}, "fund"),
        ({"amount": 0}, "amount"),
        ({"paid_on": date(2024, 10, 1)}, "paid_on"),
        ({"month": date(2034, 9, 1)}, "month"),
        ({"month": date(1999, 9, 1)}, "month"),
        ({"paid_into": "112"}, "paid_into"),
        ({"paid_into": "3381"}, "paid_into"),
        ({"paid_into": "112.NONE"}, "paid_into"),
        ({"unit": "XX"}, "unit"),
        ({"unit": "a\x00\ud800"}, "unit"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    session: Session, other: dict[str, str], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        record(replace(TOTAL, **other))  # type: ignore[arg-type]
    assert [reason.field for reason in caught.value.reasons] == [field]
    assert counts(session) == (0, 0)


def test_a_bank_account_serves_its_own_fund_and_unit_only(session: Session) -> None:
    with transaction() as writing:
        for code, fund, unit in (("QTHP", "dues", "QT"), ("TWHP", "dues", "TW")):
            number = "123456789" + code[0].replace("Q", "1").replace("T", "2")
            add_bank_account(
                writing, code=code, bank="Agribank", number=number, fund=fund, unit=unit, by=None
            )
    record(replace(TOTAL, paid_into="112.QTHP"))
    for wrong in (
        replace(TOTAL, paid_into="112.TWHP"),
        replace(TOTAL, paid_into="112.QTHP", fund="base"),
    ):
        with pytest.raises(Refusal):
            record(wrong)
    assert books.balance(session, account="112.QTHP", fund="dues", unit="QT") == 4_800_000


def test_the_year_shows_who_brought_what_and_who_nothing(session: Session) -> None:
    record()
    record(replace(TOTAL, amount=200_000))
    record(replace(TOTAL, month=date(2024, 1, 1)))
    record(replace(TOTAL, month=date(2023, 12, 1)))
    record(replace(TOTAL, fund="base"))
    shown = service.year_of(session, "dues", 2024)
    (unit,) = shown.units
    assert (unit.code, unit.months[0], unit.months[8], unit.total) == (
        "QT",
        4_800_000,
        5_000_000,
        9_800_000,
    )
    assert shown.months[8] == 5_000_000
    assert [other.code for other in shown.silent] == ["HUE"]
    assert service.years(session) == [2024, 2023]


def test_a_unit_treasurer_sees_and_touches_only_the_own_unit(app: Flask) -> None:
    record()
    record(replace(TOTAL, unit="HUE"), key="theirs")
    session = read_session()
    hue = service.year_of(session, "dues", 2024).units
    assert {unit.code for unit in hue} == {"QT", "HUE"}
    own = session.scalar(select(DuesTotal.unit_id).order_by(DuesTotal.id).limit(1))
    assert own is not None
    set_scope(session, {own})
    shown = service.year_of(session, "dues", 2024)
    assert [unit.code for unit in (*shown.units, *shown.silent)] == ["QT"]
    with transaction() as writing, pytest.raises(NotFound):
        service.record_total(writing, replace(TOTAL, unit="HUE"), additional=True)
    with transaction() as writing, pytest.raises(Conflict):
        service.record_total(writing, TOTAL, key="theirs", additional=True)


def test_verify_is_silent_until_a_total_is_not_what_was_booked(session: Session) -> None:
    record()
    assert list(verify.faults(session)) == []
    with transaction() as writing:
        books.post(
            writing,
            books.read_entry(writing, 1),
            source=service.SOURCE,
            external_id="by hand",
        )
    assert [fault.place for fault in verify.faults(session)] == ["entry:2"]


def test_a_total_of_another_month_than_its_entry_says_is_named(session: Session) -> None:
    done = record()
    with unguarded("dues_total") as connection:
        connection.execute(text("UPDATE dues_total SET month = '2024-05-01'"))
    found = [(fault.rule, fault.place) for fault in verify.faults(session)]
    assert found == [("dues-month", f"dues-total:{done.id}")]
