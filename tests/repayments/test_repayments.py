"""Donations in cash or by bank given back: drafted, approved by another, posted, told."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.donations import returns
from fundsvc.donations import service as donations
from fundsvc.donations.models import DonationReturn
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.repayments import service
from fundsvc.repayments.models import DonationRefund
from fundsvc.repayments.service import Asked
from fundsvc.units import service as units
from fundsvc.vouchers import service as vouchers
from fundsvc.vouchers import storing
from fundsvc.vouchers.models import Voucher
from tests.support.forms import hidden, send
from tests.support.gifts import DONOR, give, receipt
from tests.support.periods import closed
from tests.vouchers.conftest import Desk, bring, desk, money, people

__all__ = ["desk", "money", "people"]

SAME = "INSERT INTO donation_refund SELECT 2, unit_id, donation_id,"
REST = "reason, asked_at, digest FROM donation_refund"
MAIL = replace(DONOR, email="huong@vidu.vn")
HALF = Asked(amount=500_000, reason="Ủng hộ nhầm quỹ", till="111", party="Nguyễn Thị Hường")


@pytest.fixture
def given(desk: Desk) -> int:
    """A donation of 1.200.000 đ in cash with its receipt, of a donor with an address."""
    number = give(donor=MAIL, province="2025:44").id
    receipt(number)
    return number


def ask(
    donation: int, asked: Asked = HALF, *, key: str = "k" * 20, by: int = 1, **other: Any
) -> int:
    with transaction() as session:
        return service.ask(session, donation, replace(asked, **other), key=key, by=by)


def sound(session: Session) -> None:
    session.rollback()
    assert [fault.text for fault in verify.faults(session)] == []


def valid(session: Session) -> list[int]:
    session.rollback()
    found = session.scalars(select(Receipt).where(Receipt.voided_at.is_(None)))
    return [one.facts["amount"] for one in found]


def test_a_part_in_cash_goes_back_when_another_person_approves(
    session: Session, desk: Desk, given: int
) -> None:
    number = ask(given, by=desk.people.maker)
    desk.act("submit", number)
    assert valid(session) == [1_200_000]
    with pytest.raises(Forbidden):
        desk.act("approve", number, by=desk.people.maker)
    desk.act("approve", number)
    done = desk.act("post", number)
    lines = books.read_entry(session, done.entry_id).postings
    assert [(line.account, line.debit, line.credit) for line in lines] == [
        ("7114", 500_000, 0),
        ("111", 0, 500_000),
    ]
    assert done.number.startswith("PC-")
    session.rollback()
    (row,) = session.scalars(select(DonationReturn))
    assert (row.donation_id, row.amount, row.entry_id) == (given, 500_000, done.entry_id)
    assert valid(session) == [700_000]
    (void,) = session.scalars(select(Receipt).where(Receipt.voided_at.is_not(None)))
    assert void.void_reason == f"Hoàn trả tiền theo {done.number}: Ủng hộ nhầm quỹ"
    letter = outbox.opened(session.scalars(select(Letter).order_by(Letter.id.desc())).all()[0])
    assert letter
    assert letter.to == "huong@vidu.vn"
    assert "700.000" in letter.text
    sound(session)


def test_a_whole_donation_by_bank_goes_back_by_bank_and_the_donor_is_told(
    session: Session, desk: Desk
) -> None:
    number = give(donor=MAIL, method="bank").id
    held = receipt(number)
    voucher = ask(number, amount=1_200_000, till="112.TWNT", party="", by=desk.people.maker)
    desk.act("submit", voucher)
    desk.act("approve", voucher, post=True)
    session.rollback()
    assert session.get_one(Voucher, voucher).number == "BN-2024-000001"
    assert valid(session) == []
    letter = outbox.opened(session.scalars(select(Letter).where(Letter.kind == "return")).one())
    assert letter
    assert f"Biên nhận số {held} đã hủy" in letter.text
    assert "1.200.000 đ" in letter.text
    sound(session)


def test_no_more_goes_back_than_is_left(session: Session, desk: Desk, given: int) -> None:
    first = ask(given, by=desk.people.maker)
    for amount in (700_001, 0, -5):
        with pytest.raises(Refusal):
            ask(given, key="o" * 20, amount=amount)
    desk.act("discard", first)
    second = ask(given, key="p" * 20, amount=1_200_000, by=desk.people.maker)
    desk.act("submit", second)
    desk.act("approve", second, post=True)
    with pytest.raises(Refusal):
        ask(given, key="q" * 20, amount=1)
    sound(session)


def test_what_is_asked_for_must_be_whole(desk: Desk, given: int) -> None:
    lacking: list[dict[str, Any]] = [
        {"reason": " "},
        {"till": ""},
        {"party": " "},
        {"till": "112.HUENT"},
        {"till": "6112"},
    ]
    for other in lacking:
        with pytest.raises(Refusal):
            ask(given, **other)
    with pytest.raises(NotFound):
        ask(99)
    with pytest.raises(Forbidden):
        ask(given, by=desk.people.auditor)


def test_the_same_form_sent_twice_is_one_voucher(session: Session, given: int) -> None:
    number = ask(given)
    assert ask(given) == number
    assert ask(given, party=" Nguyễn Thị  Hường ") == number
    for other in ({"amount": 400_000}, {"reason": "Khác"}, {"party": "Lê Thị Na"}):
        with pytest.raises(Conflict):
            ask(given, **other)
    with pytest.raises(Conflict):
        ask(given, till="112.TWNT")
    session.rollback()
    assert len(session.scalars(select(DonationRefund)).all()) == 1


def test_the_form_is_known_again_after_its_voucher_was_changed(
    session: Session, desk: Desk, given: int
) -> None:
    number = ask(given, by=desk.people.maker)
    session.rollback()
    draft = storing.stored(session, session.get_one(Voucher, number))
    session.rollback()
    desk.act("edit", number, replace(draft, party="Trần Văn Nam"))
    assert ask(given) == number
    with pytest.raises(Conflict):
        ask(given, party="Trần Văn Nam")


def test_the_voucher_keeps_to_what_it_gives_back(session: Session, desk: Desk, given: int) -> None:
    number = ask(given, by=desk.people.maker)
    session.rollback()
    draft = storing.stored(session, session.get_one(Voucher, number))
    session.rollback()
    (line,) = draft.lines
    for other in (
        replace(draft, amount=400_000, lines=(replace(line, amount=400_000),)),
        replace(draft, lines=(replace(line, account="6112"),)),
        replace(draft, fund="dues"),
        replace(draft, date=date(2024, 9, 9)),
        replace(draft, province="2025:46"),
        replace(draft, province=None),
    ):
        with pytest.raises(Refusal):
            desk.act("edit", number, other)
    desk.act("edit", number, replace(draft, party="Trần Văn Nam", date=date(2024, 9, 20)))
    sound(session)


def test_in_a_closed_month_nothing_goes_back(session: Session, desk: Desk, given: int) -> None:
    number = ask(given, by=desk.people.maker)
    desk.act("submit", number)
    desk.act("approve", number)
    with transaction() as writing:
        writing.add(closed(units.by_code(writing, "TW").id, date(2024, 9, 1)))
    with pytest.raises(Refusal, match="khóa sổ"):
        desk.act("post", number)
    session.rollback()
    assert session.scalars(select(DonationReturn)).all() == []
    assert valid(session) == [1_200_000]


def test_what_went_back_stays_and_what_waits_holds_the_donation(
    session: Session, desk: Desk, given: int
) -> None:
    del given
    number = give().id
    voucher = ask(number, by=desk.people.maker)
    with pytest.raises(Refusal, match="chưa ghi sổ"), transaction() as writing:
        donations.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    desk.act("submit", voucher)
    desk.act("approve", voucher, post=True)
    with pytest.raises(Refusal, match="khoản ủng hộ mới"), transaction() as writing:
        vouchers.reverse(writing, voucher, on=None, reason="Nhầm", by=desk.people.maker)
    assert valid(session) == [1_200_000]
    sound(session)


def test_of_a_donation_taken_back_nothing_goes_back(desk: Desk) -> None:
    number = give().id
    with transaction() as writing:
        donations.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    with pytest.raises(Refusal, match="ghi đảo"):
        ask(number)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("donation_refund.*append.only", "DELETE FROM donation_refund"),
        ("donation_refund.*append.only", "UPDATE donation_refund SET amount = 1"),
        ("donation_refund_voucher", "UPDATE voucher SET amount = 1 WHERE id = 1"),
        ("donation_refund_province", "UPDATE voucher SET province_id = NULL WHERE id = 1"),
        (
            "donation_refund_fits",
            f"{SAME} 7, {REST}",
        ),
        (
            "donation_refund_within",
            f"{SAME} 3200000, {REST}",
        ),
    ],
)
def test_guard_donation_refund(desk: Desk, given: int, name: str, statement: str) -> None:
    assert ask(given, by=desk.people.maker) == 1
    assert desk.draft() == 2
    with pytest.raises(DBAPIError, match=name), transaction() as session:
        session.execute(text(statement))


def test_verify_tells_of_a_return_that_no_voucher_paid(
    session: Session, desk: Desk, given: int
) -> None:
    _number, done = desk.posted()
    with transaction() as writing:
        returns.give_back(
            writing, given, 500, on=date(2024, 9, 10), entry_id=done.entry_id, key="x"
        )
    session.rollback()
    assert "refund" in {fault.rule for fault in verify.faults(session)}


@pytest.fixture
def till(clock: object, app: object) -> None:
    bring(5_000_000)
    with transaction() as session:
        add_bank_account(
            session,
            code="TWNT",
            bank="Agribank",
            number="1234567890",
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )


@pytest.mark.usefixtures("till")
def test_the_whole_way_by_page(signed_in: Callable[..., FlaskClient], session: Session) -> None:
    number = give(donor=MAIL).id
    receipt(number)
    treasurer, approver = signed_in("treasurer"), signed_in("approver")
    page = f"/donations/{number}/refunds"
    assert page in treasurer.get(f"/donations/{number}").text
    fields = {
        "amount": "500.000",
        "reason": "Nhầm số",
        "till": "111",
        "party": "Nguyễn Thị Hường",
        "key": hidden(treasurer, page)["key"],
    }
    wrong = send(treasurer, page, **{**fields, "amount": "1.200.001"})
    assert wrong.status_code == 422
    assert "Nhầm số" in wrong.text
    assert send(treasurer, page, **{**fields, "till": "112.NONE"}).status_code == 422
    assert send(approver, page, **fields).status_code == 403
    made = send(treasurer, page, **fields)
    assert made.status_code == 303
    voucher = made.headers["Location"]
    assert send(treasurer, page, **fields).headers["Location"] == voucher
    assert f'href="{page}">hoàn 500.000 đ của khoản ủng hộ' in approver.get(voucher).text
    again = send(treasurer, page, **{**fields, "amount": "1"})
    assert again.status_code == 409
    for who, act in ((treasurer, "submit"), (approver, "approve"), (approver, "post")):
        version = hidden(who, voucher)["version"]
        assert send(who, voucher, f"{voucher}/{act}", version=version).status_code == 303
    assert re.search("PC-2024-000001.*Đã ghi sổ", approver.get(page).text, re.DOTALL)
    assert "Đã hoàn lại" in approver.get(f"/donations/{number}").text
    assert valid(session) == [700_000]
    assert treasurer.get("/donations/99/refunds").status_code == 404
    assert send(treasurer, page, "/donations/99/refunds", **fields).status_code == 404
    sound(session)
