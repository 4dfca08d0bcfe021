"""Recording donations: booked once, refused with every reason, and never outside one's units."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry, Posting
from fundsvc.db import set_scope, transaction
from fundsvc.donations import receipting, service
from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.units import service as units
from ledger.errors import LedgerError
from tests.support.gifts import DAY, FACTS, give
from tests.support.periods import closed

pytestmark = pytest.mark.usefixtures("clock")


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_cash_donation_is_booked_on_111_and_7114(session: Session) -> None:
    recorded = give(province="2025:44")
    rows = session.execute(
        select(Account.code, Posting.debit, Posting.credit)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == recorded.entry_id)
        .order_by(Posting.line)
    ).all()
    assert [tuple(row) for row in rows] == [("111", 1_200_000, 0), ("7114", 0, 1_200_000)]
    entry = session.get_one(Entry, recorded.entry_id)
    assert (entry.date, entry.source) == (DAY, "donation")
    assert entry.province_id == units.province(session, "2025:44").id


def test_the_books_hold_no_name(session: Session) -> None:
    recorded = give()
    assert "Hường" not in session.get_one(Entry, recorded.entry_id).description


def test_the_same_key_gives_the_same_donation(session: Session) -> None:
    first, second = give(key="k1"), give(key="k1")
    assert (first.new, second.new) == (True, False)
    assert first.id == second.id
    assert (count(session, Donation), count(session, Entry), count(session, Donor)) == (1, 1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 1_200_001},
        {"fund": "base"},
        {"received_on": date(2024, 9, 11)},
        {"donor": None},
        {"donor": DonorFacts(name="Nguyễn Thị Hương")},
        {"earmark": "nhà tình nghĩa"},
        {"on_behalf_of": "Tổ dân phố 5"},
        {"in_memory_of": "Liệt sĩ Đặng Thị Ngữ"},
        {"note": "x"},
        {"province": "2025:44"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_key_with_other_facts_is_refused(session: Session, other: dict[str, Any]) -> None:
    give(key="k1")
    with pytest.raises(Conflict):
        give(key="k1", **other)
    assert count(session, Donation) == 1


def test_the_same_facts_with_another_key_are_another_donation(session: Session) -> None:
    assert give(key="k1").id != give(key="k2").id
    assert count(session, Donation) == 2


def test_the_same_donor_with_a_phone_is_kept_once(session: Session) -> None:
    give()
    give()
    assert count(session, Donor) == 1


def test_two_people_of_one_name_are_two(session: Session) -> None:
    give(donor=DonorFacts(name="Nguyễn Văn An"))
    give(donor=DonorFacts(name="Nguyễn Văn An"))
    assert count(session, Donor) == 2


def test_anonymous_needs_no_donor(session: Session) -> None:
    give(donor=None)
    assert count(session, Donor) == 0


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(session: Session) -> None:
    facts: dict[str, Any] = {
        "unit": "XX",
        "fund": "yy",
        "province": "44",
        "received_on": date(2024, 10, 1),
        "donor": DonorFacts(name="a\x00b"),
        "earmark": "x" * 301,
    }
    with pytest.raises(Refusal) as caught:
        give(**facts)
    fields = {reason.field for reason in caught.value.reasons}
    assert fields == {"unit", "fund", "province", "received_on", "donor", "earmark"}
    assert (count(session, Donation), count(session, Entry)) == (0, 0)


def test_tomorrow_in_vietnam_is_the_future_and_today_is_not(session: Session) -> None:
    with service_clock.fixed(datetime(2024, 9, 30, 17, 30, tzinfo=UTC)):
        give(received_on=date(2024, 10, 1))
        with pytest.raises(Refusal) as caught:
            give(received_on=date(2024, 10, 2))
    assert caught.value.reasons[0].field == "received_on"


def test_a_closed_month_refuses_with_a_clear_word(session: Session) -> None:
    with transaction() as writing:
        unit = units.by_code(writing, "TW")
        writing.add(closed(unit.id, date(2024, 8, 1)))
    with pytest.raises(Refusal) as caught:
        give(received_on=date(2024, 8, 31))
    assert caught.value.reasons[0].field == "received_on"
    assert "khóa sổ" in str(caught.value)
    assert count(session, Donation) == 0
    give(received_on=date(2024, 9, 1))


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 2**63])
def test_amounts_that_are_none_are_refused(session: Session, amount: int) -> None:
    with pytest.raises((Refusal, LedgerError)):
        give(amount=amount)
    assert count(session, Donation) == 0


def test_the_largest_amount_is_kept_to_the_dong(session: Session) -> None:
    recorded = give(amount=10**15)
    assert session.get_one(Donation, recorded.id).amount == 10**15


def test_another_unit_looks_like_none(app: Flask, session: Session) -> None:
    mine = units.by_code(session, "TW").id
    recorded = give()
    with transaction() as writing:
        set_scope(writing, [mine + 1_000])
        try:
            with pytest.raises(Refusal) as caught:
                service.record(writing, FACTS, "k", None)
            with pytest.raises(NotFound):
                receipting.issue_receipt(writing, recorded.id, by=None)
        finally:
            set_scope(writing, None)
    assert caught.value.reasons[0].field == "unit"


def test_a_donation_taken_back_gets_no_receipt(session: Session) -> None:
    recorded = give()
    with transaction() as writing:
        books.reverse(writing, recorded.entry_id, on=DAY, reason="ghi nhầm", maker_id=None)
    with transaction() as writing, pytest.raises(Refusal, match="ghi đảo"):
        receipting.issue_receipt(writing, recorded.id, by=None)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_two_requests_with_one_key_at_once_are_one_donation(app: Flask) -> None:
    start, found = threading.Barrier(4), []

    def send() -> None:
        with app.app_context(), service_clock.fixed(datetime(2024, 9, 30, tzinfo=UTC)):
            start.wait()
            with transaction() as session:
                recorded = service.record(session, replace(FACTS), "same", None)
            found.append((recorded.id, recorded.new))

    threads = [threading.Thread(target=send) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({number for number, _new in found}) == 1
    assert sorted(new for _number, new in found) == [False, False, False, True]
