"""What goes on when Stripe does not take our key, or its list of events cannot be read."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from fundsvc.online import background, gateway, handling
from fundsvc.online.gateway import DownError
from ledger.accounts import AT_STRIPE
from tests.online.conftest import Give, keep
from tests.online.test_cards import balances, shelved
from tests.support.stripe import FakeStripe, error

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
    monkeypatch.setattr(fake, "answer", lambda *_asked: told)
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
