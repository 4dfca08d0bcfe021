"""Payments: booked once by key, on the right accounts, and never with money that is not there."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry, Posting
from fundsvc.db import read_session, set_scope, transaction
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.spending import listing, service
from fundsvc.spending.listing import Filter
from fundsvc.spending.models import LINES, Payment
from fundsvc.spending.service import Recorded, Spent
from fundsvc.units import service as units
from fundsvc.units.importing import import_units
from ledger import recipes
from tests.support import brought

pytestmark = pytest.mark.usefixtures("clock", "money")

SPENT = Spent(
    unit="TW",
    fund="nghia-tinh",
    line="house",
    amount=80_000_000,
    paid_on=date(2024, 9, 10),
    payee="Trần Thị Hường",
    purpose="Làm nhà tình nghĩa",
    province="2025:44",
)
YEAR = Filter(date(2024, 1, 1), date(2024, 12, 31))


@pytest.fixture
def money(app: Flask) -> None:
    """100 million in the cash box of the centre from 1 September on, 7 in that of HUE."""
    data = "code,name,kind,province\nHUE,Thành hội Huế,provincial,2025:46\n".encode()
    with transaction() as session:
        assert import_units(session, data, commit=True, by=None).committed
    bring(100_000_000, date(2024, 9, 1))
    bring(7_000_000, date(2024, 9, 1), unit="HUE")


def bring(amount: int, on: date, unit: str = "TW", account: str = "111") -> None:
    brought.bring(amount, on, unit=unit, account=account)


def spend(key: str | None = None, **other: Any) -> Recorded:
    with transaction() as session:
        return service.record_payment(session, replace(SPENT, **other), key=key)


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Payment)) or 0


def cash(session: Session, unit: str = "TW") -> int:
    session.rollback()
    return books.balance(session, account="111", fund="nghia-tinh", unit=unit)


def test_a_house_is_booked_on_its_line_and_province_without_a_name(session: Session) -> None:
    done = spend()
    rows = session.execute(
        select(Account.code, Posting.debit, Posting.credit)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == done.entry_id)
        .order_by(Posting.line)
    )
    assert [tuple(row) for row in rows] == [("6111", 80_000_000, 0), ("111", 0, 80_000_000)]
    entry = session.get_one(Entry, done.entry_id)
    assert entry.province_id == units.province(session, "2025:44").id
    assert "Hường" not in entry.description
    assert cash(session) == 20_000_000


@pytest.mark.parametrize("line", LINES)
def test_every_line_can_be_spent_on(session: Session, line: str) -> None:
    assert spend(line=line, amount=1).new


def test_the_same_key_adds_nothing(session: Session) -> None:
    first, again = spend("k1"), spend("k1")
    assert (first.new, again.new) == (True, False)
    assert (first.id, first.entry_id) == (again.id, again.entry_id)
    assert (count(session), cash(session)) == (1, 20_000_000)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 1},
        {"line": "gift"},
        {"payee": "Ai khác"},
        {"purpose": "Việc khác"},
        {"province": None},
        {"paid_on": date(2024, 9, 11)},
        {"unit": "HUE", "amount": 1},
    ],
)
def test_the_same_key_for_something_else_is_refused(
    session: Session, other: dict[str, Any]
) -> None:
    spend("k1")
    with pytest.raises(Conflict):
        spend("k1", **other)
    assert count(session) == 1


def test_not_a_dong_more_than_there_is_and_it_says_how_much_is_lacking(session: Session) -> None:
    with pytest.raises(Refusal, match=r"còn 100\.000\.000 đ, thiếu 1 đ"):
        spend(amount=100_000_001)
    assert spend(amount=100_000_000).new
    with pytest.raises(Refusal, match="thiếu 1 đ"):
        spend(amount=1)
    assert (count(session), cash(session)) == (1, 0)


def test_money_that_comes_later_does_not_help_and_money_spent_later_is_gone(
    session: Session,
) -> None:
    bring(50_000_000, date(2024, 9, 20))
    with pytest.raises(Refusal, match=r"10/09/2024 còn 100\.000\.000 đ"):
        spend(amount=120_000_000)
    assert spend(amount=90_000_000, paid_on=date(2024, 9, 15)).new
    with pytest.raises(Refusal, match=r"15/09/2024 còn 10\.000\.000 đ, thiếu 10\.000\.000 đ"):
        spend(amount=20_000_000, paid_on=date(2024, 9, 10))
    assert spend(amount=60_000_000, paid_on=date(2024, 9, 20)).new
    assert cash(session) == 0


def test_other_funds_units_and_accounts_do_not_help(session: Session) -> None:
    for other in ({"fund": "base"}, {"fund": "dues"}, {"unit": "HUE"}):
        with pytest.raises(Refusal, match="Không đủ tiền"):
            spend(**other)
    assert count(session) == 0


def test_a_bank_account_serves_its_own_fund_and_unit_only(session: Session) -> None:
    with transaction() as writing:
        for code, unit, number in (("TWNT", "TW", "1234567890"), ("HUENT", "HUE", "1234567891")):
            add_bank_account(
                writing,
                code=code,
                bank="Agribank",
                number=number,
                fund="nghia-tinh",
                unit=unit,
                by=None,
            )
    bring(90_000_000, date(2024, 9, 2), account="112.TWNT")
    bring(90_000_000, date(2024, 9, 2), unit="HUE", account="112.HUENT")
    assert spend(paid_from="112.TWNT").new
    with pytest.raises(Refusal) as caught:
        spend(paid_from="112.HUENT")
    assert [reason.field for reason in caught.value.reasons] == ["paid_from"]
    assert cash(session) == 100_000_000


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"line": "sms"}, "line"),
        ({"line": "transfer-out"}, "line"),
        ({"line": "\ud800"}, "line"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"paid_on": date(2024, 10, 1)}, "paid_on"),
        ({"payee": ""}, "payee"),
        ({"purpose": ""}, "purpose"),
        ({"province": "44"}, "province"),
        ({"province": "2025:\x00"}, "province"),
        ({"fund": "x\x00\ud800"}, "fund"),
        ({"unit": "x\x00\ud800"}, "unit"),
        ({"paid_from": "138.viettel"}, "paid_from"),
        ({"paid_from": "x\x00\ud800"}, "paid_from"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    session: Session, other: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        spend(**other)
    assert [reason.field for reason in caught.value.reasons] == [field]
    for reason in caught.value.reasons:
        reason.text.encode()
    assert count(session) == 0


def test_two_at_once_cannot_both_spend_the_last_of_it(app: Flask) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def one() -> None:
        with app.app_context():
            start.wait()
            try:
                spend(amount=70_000_000)
            except Refusal:
                outcomes.append("refused")
            else:
                outcomes.append("booked")

    threads = [threading.Thread(target=one) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", "refused"]
    assert cash(read_session()) == 30_000_000


def test_the_same_key_twice_at_once_is_booked_once(app: Flask) -> None:
    done: list[Recorded] = []
    start = threading.Barrier(2)

    def one() -> None:
        with app.app_context():
            start.wait()
            done.append(spend("k1", amount=1_000_000))

    threads = [threading.Thread(target=one) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found.new for found in done) == [False, True]
    assert len({found.id for found in done}) == 1


def test_the_same_key_twice_at_once_may_spend_the_whole_till(app: Flask) -> None:
    done: list[Recorded] = []
    start = threading.Barrier(2)

    def one() -> None:
        with app.app_context():
            start.wait()
            done.append(spend("k1", amount=100_000_000))

    threads = [threading.Thread(target=one) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found.new for found in done) == [False, True]
    assert len({found.id for found in done}) == 1
    assert cash(read_session()) == 0


def test_the_list_pages_and_sums_all_that_matches(session: Session) -> None:
    for number in range(5):
        spend(amount=1_000 + number, paid_on=date(2024, 9, 10 + number // 2))
    spend(unit="HUE", amount=500, line="visit")
    gone = spend(amount=9_000)
    with transaction() as writing:
        books.reverse(writing, gone.entry_id, on=date(2024, 9, 12), reason="Nhầm", maker_id=None)
    session.rollback()
    shown, after, pages = [], None, 0
    while True:
        page = listing.page(session, YEAR, after, size=3)
        assert (page.total, page.count) == (5_010 + 500, 6)
        shown += [row.id for row in page.rows]
        pages += 1
        after = page.next
        if after is None:
            break
    assert (pages, len(shown), len(set(shown))) == (3, 7, 7)
    assert [row.reversed for row in listing.page(session, YEAR).rows].count(True) == 1
    only = listing.page(session, replace(YEAR, line="visit", unit="HUE"))
    assert (only.count, only.total) == (1, 500)
    assert listing.page(session, replace(YEAR, fund="base")).rows == ()


def test_a_unit_treasurer_sees_and_touches_only_the_own_unit(app: Flask) -> None:
    spend(amount=1_000)
    spend(unit="HUE", amount=500, line="visit")
    session = read_session()
    set_scope(session, {units.by_code(session, "HUE").id})
    page = listing.page(session, YEAR)
    assert [(row.unit, page.total) for row in page.rows] == [("HUE", 500)]
    with transaction() as writing, pytest.raises(NotFound):
        service.record_payment(writing, SPENT)
    with transaction() as writing:
        own = replace(SPENT, unit="HUE", amount=1, line="visit")
        assert service.record_payment(writing, own).new


def test_verify_is_silent_until_an_entry_stands_alone(session: Session) -> None:
    done = spend()
    assert list(verify.faults(session)) == []
    with transaction() as writing:
        books.post(
            writing,
            books.read_entry(writing, done.entry_id),
            source=service.SOURCE,
            external_id="by hand",
        )
    assert [fault.rule for fault in verify.faults(session)] == ["payment"]


def test_money_that_is_not_the_funds_own_is_not_spent(session: Session) -> None:
    borrowed = recipes.pair(
        "journal",
        "111",
        "3388",
        {
            "on": date(2024, 9, 2),
            "unit": "TW",
            "fund": "nghia-tinh",
            "amount": 9_000_000,
            "description": "Tạm giữ hộ",
        },
    )
    with transaction() as writing:
        books.post(writing, borrowed, source="test", external_id="borrowed")
    with (
        transaction() as writing,
        pytest.raises(Refusal, match=r"không được âm: .* còn 100\.000\.000 đ, thiếu 1 đ") as caught,
    ):
        service.record_payment(writing, replace(SPENT, amount=100_000_001))
    assert [reason.field for reason in caught.value.reasons] == ["amount"]
    with transaction() as writing:
        service.record_payment(writing, replace(SPENT, amount=100_000_000))
