"""What goes on when Stripe does not take our key, or its list of events cannot be read."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from fundsvc.online import arrivals, background, booking, facts, gateway, handling
from fundsvc.online.gateway import DownError
from ledger.accounts import AT_STRIPE
from ledger.errors import LinelessError
from tests.online.conftest import Give, keep
from tests.online.seen import balances, shelved
from tests.support import stripe_server
from tests.support.stripe import FakeStripe
from tests.support.stripe_api import error

pytestmark = pytest.mark.usefixtures("clock")


def test_events_wait_while_the_key_is_wrong(
    fake: FakeStripe, begin: Give, app: Flask, session: Session
) -> None:
    fake.pay(begin())
    right = app.config["FUNDSVC"]
    app.config["FUNDSVC"] = replace(right, stripe_key="sk_test_other")
    with pytest.raises(DownError):
        keep(fake, shuffled=1, times=1)
    assert (shelved(session), balances(session)) == ([], {})
    app.config["FUNDSVC"] = right
    keep(fake, shuffled=1, times=1)
    assert balances(session)[AT_STRIPE] == 479_000


@pytest.mark.parametrize("status", [403, 409])
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_another_moment_or_key_may_get_is_no_refusal(
    fake: FakeStripe, app: Flask, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    del app
    told = status, error("later", "Not now.")
    monkeypatch.setattr(stripe_server, "answer", lambda *_asked: told)
    with pytest.raises(DownError):
        gateway.payment("pi_000001")


def test_a_pull_that_fails_holds_nothing_up(
    fake: FakeStripe, begin: Give, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.pay(begin())
    handling.pull()
    asked = []

    def failing() -> None:
        asked.append(1)
        raise TypeError

    monkeypatch.setattr(handling, "pull", failing)
    monkeypatch.setattr(background, "_due", {"events": 0.0, "lines": 0.0, "pull": 0.0})

    background.run(bool)
    background.run(bool)
    assert (balances(session)[AT_STRIPE], len(asked)) == (479_000, 1)


def test_an_event_that_is_kept_is_not_brought_again(
    fake: FakeStripe, begin: Give, session: Session
) -> None:
    fake.pay(begin())
    handling.pull()
    for event in fake.events:
        event["data"]["object"]["later"] = True
    assert handling.pull() == (len(fake.events), 0)
    handling.handle()
    assert shelved(session) == []


def test_what_breaks_a_rule_of_the_books_is_set_aside(
    fake: FakeStripe, begin: Give, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_asked: object) -> None:
        raise LinelessError(1)

    fake.pay(begin())
    monkeypatch.setattr(booking, "book_rest", breaking)
    keep(fake, shuffled=1, times=1)
    assert set(shelved(session)) == {"Bút toán phải có ít nhất hai dòng định khoản."}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_another_request_has_another_key(fake: FakeStripe, app: Flask) -> None:
    del app
    wanted = facts.Wanted(
        code="A",
        amount=500_000,
        title="Một",
        email="a@vidu.vn",
        locale="vi",
        back="http://x/",
        paid="http://x/?paid",
    )
    first = gateway.begin(wanted).id
    assert gateway.begin(wanted).id == first
    others = replace(wanted, title="Hai"), replace(wanted, email="b@vidu.vn")
    assert len({first, *(gateway.begin(other).id for other in others)}) == 3
    intent = fake.pay(first)["id"]
    made = [gateway.refund(intent, amount, "1") for amount in (100_000, 100_000, 50_000)]
    assert made[0] == made[1] != made[2]


def test_what_arrived_for_nothing_sent_is_shared_by_no_division() -> None:
    assert arrivals.shares({("a", "TW"): 0, ("b", "TW"): 0}, 5) == {("a", "TW"): 0, ("b", "TW"): 5}
