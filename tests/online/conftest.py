"""A fake Stripe, a campaign's page, and donors who pay by card."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundsvc.config import Settings
from fundsvc.db import transaction
from fundsvc.giving.models import Pledge
from fundsvc.giving.ways import Due
from fundsvc.inbox import service as inbox
from fundsvc.online import checkout, handling, signing
from tests.support import stripe
from tests.support.giving import promised, published
from tests.support.stripe import FakeStripe
from tests.support.stripe_server import serving


@pytest.fixture
def fake(clock: datetime) -> Iterator[FakeStripe]:
    """A Stripe whose clock stands where ours does."""
    with serving(clock) as found:
        yield found


@pytest.fixture
def settings(settings: Settings, fake: FakeStripe) -> Settings:
    """The settings of a service that takes cards."""
    return replace(
        settings,
        stripe_key=stripe.KEY,
        stripe_webhook_secret=stripe.SECRET,
        stripe_api_base=fake.url,
    )


@pytest.fixture
def page(app: Flask) -> str:
    """The address of a page that is open."""
    del app
    return published()


Give = Callable[..., str]
Tell = Callable[..., None]


def due(pledge: Pledge) -> Due:
    return Due(
        pledge_id=pledge.id,
        token=pledge.token,
        code=pledge.code,
        amount=pledge.amount,
        title="Mái ấm Trường Sơn",
        email="",
        locale="vi",
        back=f"http://localhost/give/x/{pledge.token}",
    )


@pytest.fixture
def begin(page: str) -> Give:
    """Promise something by card and go to Stripe; return the checkout's id."""

    def act(key: str = "k1", **other: object) -> str:
        pledge = promised(key, page, method="card", **other)
        return checkout.begin(due(pledge)).rpartition("/")[2]

    return act


@pytest.fixture
def tell(client: FlaskClient, fake: FakeStripe) -> Tell:
    """Bring events by the webhook and handle them: all there are, in their order or another."""

    def act(shuffled: int | None = None, times: int = 1) -> None:
        deliver(client, fake, shuffled=shuffled, times=times)

    return act


def deliver(client: FlaskClient, fake: FakeStripe, *, shuffled: int | None, times: int) -> None:
    """Bring all events by the webhook, each so many times, and handle them."""
    for event in ordered(fake, shuffled, times):
        body, headers = stripe.signed(event, fake.now)
        answer = client.post("/webhooks/stripe", data=body, headers=headers)
        assert answer.status_code == 200, answer.text
    handling.handle()


def ordered(fake: FakeStripe, shuffled: int | None, times: int) -> list[dict[str, Any]]:
    """Return all events so many times each, in their order or another."""
    events = [event for event in fake.events for _time in range(times)]
    if shuffled is not None:
        random.Random(shuffled).shuffle(events)  # noqa: S311 - an order, not a secret
    return events


def keep(fake: FakeStripe, *, shuffled: int, times: int) -> None:
    """Bring events as `deliver` does, past the door: one by one into the inbox, then handle them.

    Some are handled before others have come.
    """
    events = ordered(fake, shuffled, times)
    said = {
        event["id"]: (stripe.signed(event, fake.now)[0], signing.alike(event))
        for event in fake.events
    }
    half = len(events) // 2
    for some in (events[:half], events[half:]):
        with transaction() as session:
            for event in some:
                body, alike = said[event["id"]]
                inbox.receive(session, handling.SOURCE, event["id"], body, alike=alike)
        handling.handle()
