"""A payout from Stripe to its line of the bank, and how each step stands in the books."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.online import arrivals, handling
from fundsvc.online.models import CardMovement, CardPayout
from ledger.accounts import AT_STRIPE, IN_TRANSIT
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, bank_line, shelved, sound
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")


def test_a_payout_is_on_its_way_and_then_a_line_of_the_bank(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.pay(begin("k2", amount=1_000_000))
    fake.payout()
    tell()
    moved = {IN_TRANSIT: 1_441_000, "615": 59_000, "7112": -1_500_000}
    assert balances(session) == moved
    bank_line(1_441_000)
    assert handling.match_all() == 1
    after = {"112.TWNT": 1_441_000, "615": 59_000, "7112": -1_500_000}
    assert balances(session) == after
    payout = session.scalars(select(CardPayout)).one()
    assert (payout.state, payout.amount, payout.sent_on) == (
        "arrived",
        1_441_000,
        date(2024, 9, 30),
    )
    sound(session)


def test_a_payout_brings_payments_that_no_event_told(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.events.clear()
    fake.payout()
    tell()
    assert balances(session) == {IN_TRANSIT: 479_000, "615": 21_000, "7112": -500_000}
    sound(session)


def test_a_payout_that_failed_is_in_the_next_one(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    payout = fake.payout()
    fake.payout_fails(payout["id"])
    tell()
    assert balances(session) == {AT_STRIPE: 479_000, "615": 21_000, "7112": -500_000}
    fake.payout()
    tell()
    assert balances(session) == {IN_TRANSIT: 479_000, "615": 21_000, "7112": -500_000}
    assert shelved(session) == []
    sound(session)


def test_dollars_keep_amount_and_rate_and_their_difference_is_booked(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.settles = ("usd", 0.0000394)
    fake.pay(begin(amount=5_000_000))
    fake.payout()
    tell()
    movement = session.scalars(select(CardMovement)).one()
    assert (movement.currency, movement.settled, movement.rate) == ("usd", 19_700, "3.94e-05")
    assert (movement.settled_fee, movement.fee) == (686, 174_112)
    assert balances(session)[IN_TRANSIT] == 4_825_888
    payout = session.scalars(select(CardPayout)).one()
    assert (payout.settled, payout.currency) == (19_014, "usd")
    line = bank_line(4_831_000)
    assert handling.match_all() == 0  # What a bank makes of dollars, a person confirms.
    with transaction() as writing:
        arrivals.match(writing, payout.id, line, by=None)
    assert balances(session) == {
        "112.TWNT": 4_831_000,
        "615": 174_112,
        "7112": -5_000_000,
        "7118": -5_112,
    }
    sound(session)
