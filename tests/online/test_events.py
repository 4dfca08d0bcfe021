"""Events of Stripe: whose they are, and how those are found that no webhook brought."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.online import handling
from fundsvc.online.gateway import DownError
from fundsvc.online.models import CardPayment
from ledger.accounts import AT_STRIPE
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, shelved, sound
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")


def test_a_payment_of_somebody_else_is_set_aside(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    checkout = begin()
    fake.objects[f"promised:{checkout}"]["metadata"] = {}
    fake.objects[checkout]["client_reference_id"] = None
    fake.pay(checkout)
    tell()
    assert balances(session) == {}
    assert set(shelved(session)) == {"Không rõ khoản thanh toán này của lời hứa ủng hộ nào."}
    assert session.scalars(select(CardPayment)).all() == []


def test_events_of_the_other_mode_are_set_aside(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.live = True
    fake.pay(begin())
    tell()
    assert balances(session) == {}
    assert all("chế độ khác" in why for why in shelved(session))


def test_the_daily_pull_finds_what_no_webhook_brought(
    fake: FakeStripe, begin: Give, session: Session
) -> None:
    intent = fake.pay(begin())
    fake.refund(intent["id"], 100_000)
    seen, new = handling.pull()
    assert (seen, new) == (len(fake.events), len(fake.events))
    handling.handle()
    assert balances(session) == {AT_STRIPE: 379_000, "615": 21_000, "7112": -400_000}
    assert handling.pull() == (seen, 0)
    sound(session)


def test_a_pull_asks_from_before_the_last_pull_however_new_the_last_webhook_is(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.now -= 20 * 86_400
    fake.pay(begin())
    lost, fake.events = fake.events, []
    fake.now += 20 * 86_400
    fake.pay(begin("k2"))
    tell()
    fake.events = lost + fake.events
    assert handling.pull() == (len(fake.events), len(lost))
    handling.handle()
    assert balances(session)[AT_STRIPE] == 2 * 479_000
    sound(session)


def test_while_stripe_is_down_events_wait(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.down = True
    with pytest.raises(DownError):
        tell()
    assert balances(session) == {}
    fake.down = False
    handling.handle()
    assert balances(session)[AT_STRIPE] == 479_000
