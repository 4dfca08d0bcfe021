"""The demo year is loaded through the services of real money, and its books hold."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock, verify
from fundsvc.books import service as books
from fundsvc.books.models import Entry, Fund, Posting
from fundsvc.db import read_session, transaction
from fundsvc.demo import files, loader, payments, plan
from fundsvc.demo.span import span_of
from fundsvc.errors import Refusal
from fundsvc.online import listing
from fundsvc.online.models import CardPayment, CardPayout, CardRefund
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation.models import BankLine
from fundsvc.sms.models import SmsMessage
from fundsvc.units import service as units
from ledger.accounts import AT_STRIPE

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=clock.VN)


def load() -> list[str]:
    told: list[str] = []
    with transaction() as session:
        loader.load(session, told.append)
    return told


@pytest.mark.by_turns
def test_the_demo_year_holds_and_is_loaded_once(app: Flask) -> None:
    with clock.fixed(NOW):
        assert len(load()) > 4
        session = read_session()
        check_units(session)
        check_books(session)
        check_cards(session)
        assert loader.is_loaded(session)
        with pytest.raises(Refusal):
            load()


def check_units(session: Session) -> None:
    found = units.listed(session)
    members = [unit for unit in found if unit.code != "TW"]
    assert len(members) == 95
    assert {unit.parent for unit in members} == {"TW"}
    provincial = [unit for unit in members if unit.kind == "provincial"]
    assert len({unit.province for unit in provincial}) == len(provincial) == 34
    assert {unit.kind for unit in members} == {"provincial", "traditional", "liaison"}


def check_books(session: Session) -> None:
    assert list(verify.faults(session)) == []
    first, last = session.execute(select(func.min(Entry.date), func.max(Entry.date))).one()
    assert first == date(2025, 12, 31)
    assert last <= date(2026, 11, 23)
    for made_at in (Entry.posted_at, Receipt.issued_at):
        latest = session.scalar(select(func.max(made_at)))
        assert latest is not None
        assert latest <= NOW.astimezone(UTC)
    used = session.scalars(select(Posting.fund_id).distinct()).all()
    assert len(used) == session.scalar(select(func.count()).select_from(Fund)) == 3
    statuses = Counter(session.scalars(select(SmsMessage.status)))
    assert statuses.total() == 5_000
    assert set(statuses) == {"booked", "failed", "unknown"}
    voided = [row.voided_at is not None for row in session.scalars(select(Receipt))]
    assert len(voided) > 150
    assert sum(voided) > 5
    paid_out = books.balance(session, account="112.AGRNT", fund="nghia-tinh", unit="TW")
    assert paid_out == closing_of_the_bank_file()


def check_cards(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(CardPayment)) == 5
    assert session.scalars(select(CardRefund.amount)).one() == 100_000
    assert len(listing.open_disputes(session)) == 1
    payout = session.scalars(select(CardPayout)).one()
    assert (payout.state, payout.amount) == ("arrived", 2_007_600)
    assert session.get_one(BankLine, payout.bank_line_id).credit == payout.amount
    at_stripe = books.balance(session, account=AT_STRIPE, fund="nghia-tinh", unit="TW")
    assert at_stripe == 2_000_000 - 84_000 - 400_000 - 375_000


def closing_of_the_bank_file() -> int:
    text = files.bank_statement(span_of(NOW.date())).data.decode()
    last = text.splitlines()[-1]
    return int(last.split('"')[-2].replace(",", ""))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_demo_is_never_mixed_with_other_money(app: Flask) -> None:
    from ledger import recipes

    with transaction() as session:
        entry = recipes.cash_donation(
            on=date(2024, 9, 1), unit="TW", fund="base", amount=1, description="Thật"
        )
        books.post(session, entry, source="test", external_id="1")
    with pytest.raises(Refusal, match="sổ trống"):
        load()
    assert not loader.is_loaded(read_session())


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("today", [date(2026, 4, 1), date(2027, 2, 28)])
def test_the_demo_loads_on_any_day_of_the_year(app: Flask, today: date) -> None:
    now = datetime(today.year, today.month, today.day, 7, 30, tzinfo=clock.VN)
    with clock.fixed(now):
        load()
        assert list(verify.faults(read_session())) == []
        last = read_session().scalar(select(func.max(Entry.date)))
    assert last is not None
    assert last <= today


@pytest.mark.parametrize("month", range(1, 13))
def test_nothing_is_planned_for_the_future(month: int) -> None:
    today = date(2026, month, 15)
    span = span_of(today)
    events: list[plan.Event | files.File] = [
        *plan.gifts(span),
        *plan.collected(span),
        *payments.payments(span),
        *payments.interest(span),
        *files.messages(span),
        files.bank_statement(span),
    ]
    assert max(event.on for event in events) <= today
    assert min(event.on for event in events) >= date(span.year, 1, 1)


def test_the_demo_is_the_same_each_time() -> None:
    span = span_of(NOW.date())
    assert plan.gifts(span) == plan.gifts(span)
    assert files.messages(span) == files.messages(span)
    assert files.bank_statement(span) == files.bank_statement(span)
