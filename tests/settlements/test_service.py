"""Accepting, the bank's money, taking back: the receivable to the đồng, province by province."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.periods import service as periods
from fundsvc.periods.checklist import Span
from fundsvc.reconciliation import closing
from fundsvc.settlements import bank, listing, offsetting, service
from fundsvc.settlements.models import SettlementEntry
from fundsvc.settlements.shares import fitting, split
from fundsvc.sms import fees
from fundsvc.units.models import Province
from tests.settlements.conftest import (
    People,
    balance,
    bank_line,
    bring,
    last_id,
    message,
    owed,
    reported,
    take,
)

pytestmark = pytest.mark.usefixtures("app")
weights = st.dictionaries(
    st.one_of(st.none(), st.integers(1, 97)), st.integers(0, 10**12), max_size=40
)


@any_of(st.integers(1, 10**13), weights)
def test_the_shares_of_provinces_add_up_to_the_dong(
    amount: int, counted: dict[int | None, int]
) -> None:
    parts = split(amount, counted)
    assert sum(parts.values()) == amount
    assert min(parts.values()) >= 1
    total = sum(counted.values())
    for place, part in parts.items() if total else ():
        assert abs(part * total - amount * counted[place]) < total


def test_shares_follow_what_is_left() -> None:
    counted = {None: 100, 1: 100, 2: 160}
    assert fitting(36, None, counted, {}) == {None: 10, 1: 10, 2: 16}
    assert fitting(60, {2: 60}, counted, {}) == {2: 60}
    # Province 2 owes 30 only, so what is wanted of it is spread over all that owe.
    assert fitting(60, {2: 60}, counted, {2: 130}) == {None: 26, 1: 26, 2: 8}
    assert fitting(120, {2: 60}, counted, {None: 40, 1: 40, 2: 160}) == {None: 60, 1: 60}
    assert fitting(36, None, counted, counted) == {None: 10, 1: 10, 2: 16}
    assert fitting(36, None, {}, {}) == {None: 36}


def booked(session: Session, settlement: int, kind: str) -> dict[str | None, int]:
    session.rollback()
    provinces = {found.id: found.key for found in session.scalars(select(Province))}
    parts = session.scalars(select(SettlementEntry).filter_by(settlement_id=settlement, kind=kind))
    return {provinces.get(part.province_id or 0): part.amount for part in parts}


def test_the_fee_is_split_as_the_messages_stand(
    session: Session, settlement: int, people: People
) -> None:
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    # 160,000 of 360,000 came from Quảng Trị, 100,000 each from Nghệ An and from nowhere.
    assert booked(session, settlement, "fee") == {None: 250, "2025:40": 250, "2025:44": 400}
    assert (owed(), balance("615")) == (359_100, 900)
    entry = session.scalars(select(Entry).where(Entry.source == "settlement")).first()
    assert entry is not None
    assert (entry.date, entry.kind) == (date(2026, 10, 15), "operator-fee")
    with pytest.raises(Conflict), transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    assert list(verify.faults(session)) == []


def test_the_banks_money_comes_off_the_receivable(
    session: Session, settlement: int, people: People
) -> None:
    line = bank_line()
    with transaction() as writing:
        row, _facts = listing.one(writing, settlement)
        (offer,) = bank.offers(writing, row).lines
        assert (offer.id, offer.by_reference, offer.exact, offer.right) == (line, True, True, True)
        service.accept(writing, settlement, by=people.treasurer)
        service.confirm_money(writing, settlement, line, by=people.treasurer)
        assert bank.offers(writing, row).lines == []
    assert (owed(), balance("3381"), balance("112.VCB1")) == (60_000, 0, 299_100)
    assert sum(booked(session, settlement, "money").values()) == 299_100
    facts = listing.one(session, settlement)[1]
    assert (facts.remaining, facts.unpaid, facts.state) == (60_000, 0, listing.DIFFERS)
    assert list(verify.faults(session)) == []


def test_a_settled_line_is_no_question_when_a_month_is_closed(
    session: Session, settlement: int, people: People
) -> None:
    line = bank_line()
    october = Span(1, "TW", date(2026, 10, 1), date(2026, 10, 31))
    assert [item.count for item in closing.items(session, october)] == [1]
    session.rollback()
    with transaction() as writing:
        service.confirm_money(writing, settlement, line, by=people.treasurer)
    assert [item.count for item in closing.items(session, october)] == [0]


def test_a_settlement_is_paid_in_several_transfers(
    session: Session, settlement: int, people: People
) -> None:
    first, rest, more = bank_line(299_000), bank_line(100), bank_line(60_000)
    by = people.treasurer
    with transaction() as writing:
        service.accept(writing, settlement, by=by)
        for line in (first, rest):
            assert service.confirm_money(writing, settlement, line, by=by) == 0
    assert owed() == 60_000
    offered = bank.offers(session, listing.one(session, settlement)[0], more=True)
    assert [offer.id for offer in offered.lines] == [more], "by its reference, beyond the net"
    session.rollback()
    # What comes beyond the net pays first what is owed by our own count.
    with transaction() as writing:
        assert service.confirm_money(writing, settlement, more, by=by) == 0
    assert (owed(), balance("3388")) == (0, 0)
    late = bank_line(1_000)
    with pytest.raises(Refusal, match="không còn nợ gì"), transaction() as writing:
        service.confirm_money(writing, settlement, late, by=by)
    assert list(verify.faults(session)) == []


def test_what_is_paid_too_much_is_owed_and_pays_another_settlement(
    session: Session, given: None, people: People
) -> None:
    bring(message("MO8", "TS 2", received_at="2026-08-05T08:00:00+07:00"))
    august = {"period_from": "2026-08-01", "messages": "1"}
    sums = {"gross": "40000", "fee": "0", "net": "40000"}
    take(
        reported(period_to="2026-07-31", messages="4", gross="360000", fee="1000", net="359000"),
        reported(**august, **sums),
    )
    second, first = last_id(), last_id() - 1
    by = people.treasurer
    line = bank_line(399_500)
    row = listing.one(session, second)[0]
    (offer,) = bank.offers(session, row).lines
    assert [(other.id, other.serves, other.exact) for other in offer.others] == [
        (first, False, False)
    ]
    session.rollback()
    with transaction() as writing:
        service.accept(writing, first, by=by)
        assert service.confirm_money(writing, first, line, by=by) == 40_500
    assert (owed(), balance("3388"), balance("3381")) == (40_000, -40_500, 0)
    facts = listing.one(session, first)[1]
    assert (facts.banked, facts.surplus, facts.remaining) == (399_500, 40_500, 0)
    (offer,) = bank.offers(session, listing.one(session, second)[0]).lines
    assert offer.taken, "it is told which settlement it serves"
    session.rollback()
    with transaction() as writing:
        assert offsetting.offset(writing, second, by=by) == 40_000
        with pytest.raises(Conflict):
            offsetting.offset(writing, second, by=by)
    assert (owed(), balance("3388")) == (0, -500)
    assert list(verify.faults(session)) == []
    session.rollback()
    with pytest.raises(Conflict, match="cấn trừ"), transaction() as writing:
        service.undo(writing, first, 2, reason="Nhầm", by=by)
    with transaction() as writing:
        service.undo(writing, second, 1, reason="Nhầm", by=by)
        service.undo(writing, first, 2, reason="Nhầm", by=by)
    assert (owed(), balance("3388"), balance("3381")) == (399_000, 0, -399_500)
    assert list(verify.faults(session)) == []


def test_a_line_serves_one_settlement(given: None, people: People) -> None:
    take(reported(period_to="2026-07-31"), reported(period_from="2026-08-01"))
    line, first, second = bank_line(), last_id() - 1, last_id()
    with transaction() as session:
        service.confirm_money(session, first, line, by=people.treasurer)
    with pytest.raises(Conflict), transaction() as session:
        service.confirm_money(session, second, line, by=people.treasurer)


def test_money_of_another_fund_is_refused_with_what_to_do(
    session: Session, settlement: int, people: People
) -> None:
    line = bank_line(account="VCB2", fund="base")
    (offer,) = bank.offers(session, listing.one(session, settlement)[0]).lines
    assert not offer.right
    with pytest.raises(Refusal, match="chuyển quỹ"), transaction() as writing:
        service.confirm_money(writing, settlement, line, by=people.treasurer)
    with pytest.raises(NotFound), transaction() as writing:
        service.confirm_money(writing, settlement, line + 1, by=people.treasurer)
    assert owed() == 360_000


@pytest.mark.parametrize(
    ("memo", "credit", "day", "found"),
    [
        ("CT DI D S M O B1400 thang 7", 1_000, "15/10/2026", True),
        ("MBVCB.123.dsmob1400.CT tu 0123", 299_100, "03/09/2026", True),
        ("thanh toan", 299_100, "01/10/2026", True),
        ("thanh toan", 299_100, "20/08/2026", False),
        ("thanh toan", 299_000, "15/10/2026", False),
        ("DSMOB1405", 299_000, "15/10/2026", False),
    ],
)
def test_lines_are_found_by_reference_or_by_amount_and_day(
    session: Session, settlement: int, memo: str, credit: int, day: str, found: bool
) -> None:
    bank_line(credit, memo=memo, day=day)
    assert bool(bank.offers(session, listing.one(session, settlement)[0]).of) is found


def test_what_was_booked_is_taken_back_and_booked_anew(
    session: Session, settlement: int, people: People
) -> None:
    line = bank_line()
    by = people.treasurer
    with transaction() as writing:
        service.accept(writing, settlement, by=by)
        service.confirm_money(writing, settlement, line, by=by)
    with transaction() as writing:
        service.undo(writing, settlement, 1, reason="Nhầm phí", by=by)
        service.undo(writing, settlement, 2, reason="Nhầm dòng", by=by)
    assert (owed(), balance("3381"), balance("615")) == (360_000, -299_100, 0)
    assert list(verify.faults(session)) == []
    with pytest.raises(Conflict), transaction() as writing:
        service.undo(writing, settlement, 2, reason="Nhầm dòng", by=by)
    with transaction() as writing:
        service.accept(writing, settlement, by=by)
        service.confirm_money(writing, settlement, line, by=by)
    assert owed() == 60_000
    assert list(verify.faults(session)) == []


def test_in_a_closed_month_it_is_dated_today(session: Session, given: None, people: People) -> None:
    take(reported(paid_on="2026-09-15"))
    settlement = last_id()
    with transaction() as writing:
        periods.close(
            writing, "TW", date(2026, 9, 1), through=True, seen=periods.SEEN, by=people.approver
        )
        service.accept(writing, settlement, by=people.treasurer)
    days = session.scalars(select(Entry.date).where(Entry.source == "settlement")).all()
    assert set(days) == {date(2026, 10, 20)}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_fee_stands_beside_what_was_agreed(session: Session, settlement: int) -> None:
    row, facts = listing.one(session, settlement)
    assert listing.agreed_fee(session, row) is None
    rate = fees.Fee(facts.campaign_id, "mobifone", date(2026, 7, 1), 35)
    with transaction() as writing:
        fees.agree(writing, rate, by=None)
    row, facts = listing.one(session, settlement)
    assert (listing.agreed_fee(session, row), facts.fee) == (1_050, 900)
    with transaction() as writing:
        fees.agree(writing, replace(rate, starts=date(2026, 8, 1), rate=40), by=None)
    assert listing.agreed_fee(session, listing.one(session, settlement)[0]) is None


def test_money_that_was_decided_otherwise_is_refused(settlement: int, people: People) -> None:
    from fundsvc.books import service as books
    from ledger import recipes

    line = bank_line()
    entry = recipes.bank_donation(
        on=date(2026, 10, 16), unit="TW", fund="nghia-tinh", amount=1, description="Khoản khác"
    )
    with transaction() as session:
        books.post(session, entry, source="test", external_id="1")
    with pytest.raises(Refusal, match="chờ xác định"), transaction() as session:
        service.confirm_money(session, settlement, line, by=people.treasurer)
