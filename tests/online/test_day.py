"""A whole day of events at Stripe, in any order: the same books, and nothing left in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.config import Settings
from fundsvc.db import read_session
from fundsvc.giving import codes
from fundsvc.online import handling
from fundsvc.online.models import CardPayout
from ledger.accounts import AT_STRIPE, DISPUTED, IN_TRANSIT
from tests.online.conftest import Give, Tell, keep
from tests.online.seen import balances, bank_line, booked, shelved, sound
from tests.support import apps
from tests.support.databases import Databases
from tests.support.giving import promised, published
from tests.support.stripe import FakeStripe

PROMISED = {f"k{n}": 200_000 * n for n in range(1, 8)} | {
    "later": 500_000, "lost": 500_000, "evening": 300_000,
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("clock")


def day(fake: FakeStripe, begin: Give) -> None:
    """A day with everything in it; at its end all is paid out."""
    checkouts = {key: begin(key, amount=amount) for key, amount in PROMISED.items()}
    intents = [fake.pay(checkouts[f"k{n}"])["id"] for n in range(1, 8)]
    fake.refund(intents[0], 50_000)
    fake.refund(intents[1])
    fake.refund_fails(fake.refund(intents[2], 100_000)["id"])
    fake.dispute_ends(fake.dispute(intents[3], fee=15_000)["id"], won=True)
    fake.dispute_ends(fake.dispute(intents[4], fee=15_000)["id"], won=False)
    for key in ("later", "lost"):
        fake.pay(checkouts[key], later=True)
        fake.ends(checkouts[key], paid=key == "later")
    fake.move("stripe_fee", None, -5_000)
    fake.payout_fails(fake.payout()["id"])
    fake.pay(checkouts["evening"])
    fake.payout()


@contextmanager
def other_books(databases: Databases, settings: Settings, engine: str) -> Iterator[Flask]:
    """Give a service with books of its own, in which the same was promised."""
    with databases.fresh(engine) as url, apps.made(replace(settings, database_url=url)) as app:
        yield app


@pytest.mark.slow
@pytest.mark.by_turns
@pytest.mark.timeout(600)
def test_a_day_of_events_gives_the_same_books_in_any_order(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    settings: Settings,
    databases: Databases,
    engine_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes_of = [codes.draw() for _pledge in range(20)]
    monkeypatch.setattr(codes, "draw", iter(codes_of).__next__)
    day(fake, begin)
    tell(shuffled=99, times=5)
    expected = booked(session)
    assert shelved(session) == []
    for order in range(10):
        monkeypatch.setattr(codes, "draw", iter(codes_of).__next__)
        with other_books(databases, settings, engine_name):
            published()
            for key, amount in PROMISED.items():
                promised(key, method="card", amount=amount)
            keep(fake, shuffled=order, times=5)
            assert shelved(read_session()) == []
            assert booked(read_session()) == expected
    (payout,) = session.scalars(select(CardPayout).where(CardPayout.state == "sent"))
    assert balances(session)[IN_TRANSIT] == payout.amount == payout.settled
    assert AT_STRIPE not in balances(session)
    bank_line(payout.settled)
    assert handling.match_all() == 1
    left = balances(session)
    assert left["112.TWNT"] == payout.settled
    assert not {AT_STRIPE, IN_TRANSIT, DISPUTED, "3381"} & set(left)
    sound(session)
