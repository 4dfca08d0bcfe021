"""The page of card payments, and Stripe's door."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc.inbox import service as inbox
from fundsvc.online import gateway, handling, listing
from tests.online.conftest import Give, Tell
from tests.support import stripe
from tests.support.forms import hidden, send
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
MINUTES = 60


def push(client: FlaskClient, body: bytes, headers: dict[str, str]) -> int:
    return client.post("/webhooks/stripe", data=body, headers=headers).status_code


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("app")
def test_only_the_administrator_is_told_the_names_of_settings(
    signed_in: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "ready", lambda: False)
    page = signed_in("treasurer").get("/card-payments").text
    assert "Chưa bật thanh toán thẻ" in page
    assert "FUNDSVC_" not in page


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_is_not_signed_by_stripe_now_is_not_taken(
    fake: FakeStripe, client: FlaskClient, session: Session
) -> None:
    event = fake.tell("charge.updated", {"id": "ch_1", "object": "charge", "payment_intent": "pi"})
    right, headers = stripe.signed(event, fake.now)
    for wrong in (
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "t=1,v1=zz"},
        {"Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v0=")},
        stripe.signed(event, fake.now - 6 * MINUTES)[1],
        stripe.signed(event, fake.now + 6 * MINUTES)[1],
        stripe.signed(event, fake.now, "whsec_other")[1],
    ):
        assert push(client, right, wrong) == 400
    assert push(client, right + b" ", headers) == 400
    for body in (
        b"[]",
        b"7",
        b"\xff",
        b"{",
        b'{"object": "event"}',
        b'{"object": "event", "id": "evt_1", "type": "x", "data": []}',
        b'{"object": "event", "id": "evt_\\ud800", "type": "x", "data": {"object": {}}}',
        b"[" * 100_000,
        b'{"a":' * 60_000,
    ):
        assert push(client, *stripe.signed(body, fake.now)) == 400, body[:60]
    assert push(client, *stripe.signed(b"x" * 600_000, fake.now)) == 413
    assert inbox.counts(session, handling.KIND) == {"waiting": 0, "parked": 0, "conflict": 0}
    assert push(client, right, headers) == push(client, right, headers) == 200
    session.rollback()
    assert inbox.counts(session, handling.KIND)["waiting"] == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_same_event_with_another_amount_is_shown(
    fake: FakeStripe, client: FlaskClient, session: Session
) -> None:
    event = fake.tell("charge.updated", {"id": "ch_1", "object": "charge", "amount": 1})
    other = json.loads(json.dumps(event))
    other["data"]["object"]["amount"] = 2
    later: dict[str, Any] = dict(event) | {"pending_webhooks": 7}
    for one in (event, later, other):
        assert push(client, *stripe.signed(one, fake.now)) == 200
    assert inbox.counts(session, handling.KIND) == {"waiting": 1, "parked": 0, "conflict": 1}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_page_shows_payouts_disputes_and_events(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    signed_in: Callable[..., FlaskClient],
) -> None:
    intent = fake.pay(begin())
    fake.pay(begin("k2", amount=2_000_000))
    fake.payout()
    fake.dispute(intent["id"])
    fake.tell("charge.updated", {"id": "ch_x", "object": "charge", "payment_intent": "pi_x"})
    tell()
    treasurer = signed_in("treasurer")
    text = treasurer.get("/card-payments").text
    assert "2.407.000" in text
    assert "Khiếu nại phải trả lời" in text
    assert "Stripe không có đối tượng này." in text
    for line in ("9", "x"):
        answer = send(treasurer, "/card-payments", "/card-payments/payouts/1/line", line=line)
        assert answer.status_code == 404
    assert send(treasurer, "/card-payments", "/card-payments/events/999").status_code == 404
    assert signed_in("unit-treasurer").get("/card-payments").status_code == 403


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_late_payout_is_told_and_shown_however_many_came_since(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    signed_in: Callable[..., FlaskClient],
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.now -= 10 * 86_400
    fake.pay(begin())
    first = fake.payout()["id"]
    fake.now += 10 * 86_400
    for key in ("k2", "k3"):
        fake.pay(begin(key))
        fake.payout()
    tell()
    monkeypatch.setattr(listing, "PAGE", 1)
    treasurer = signed_in("treasurer")
    assert len(listing.late(session)) == 1
    assert first in treasurer.get("/card-payments").text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_stranger_gives_by_card_and_is_offered_the_bank_while_stripe_is_down(
    fake: FakeStripe, page: str, client: FlaskClient
) -> None:
    shown = client.get(f"/give/{page}")
    assert fake.url in shown.headers["Content-Security-Policy"]
    key = hidden(client, f"/give/{page}")["key"]
    form = {"amount": "500.000", "choice": "other", "anonymous": "1", "method": "card", "key": key}
    fake.down = True
    told = client.post(f"/give/{page}", data=form)
    assert told.status_code == 303
    down = client.get(told.headers["Location"])
    assert "Thẻ Visa, Mastercard, JCB” tạm thời không dùng được" in down.text
    assert "TWNT" in down.text or "1234567890" in down.text
    fake.down = False
    addresses = {client.post(f"/give/{page}", data=form).headers["Location"] for _tap in range(3)}
    (address,) = addresses
    assert address.startswith(f"{fake.url}/pay/cs_test_")
    assert [path for method, path in fake.requests if method == "POST"].count(
        "/v1/checkout/sessions"
    ) >= 4
    assert len([one for one in fake.objects.values() if one.get("mode") == "payment"]) == 1
    fake.pay(address.rpartition("/")[2])
    session = fake.objects[address.rpartition("/")[2]]
    before = client.get(session["success_url"].removeprefix("http://localhost")).text
    assert "Đang chờ xác nhận" in before, "who has paid is not asked to pay again"
    assert "<h1>Chuyển" in client.get(session["cancel_url"].removeprefix("http://localhost")).text
    for event in fake.events:
        assert push(client, *stripe.signed(event, fake.now)) == 200
    handling.handle()
    assert (
        "NT-2024-000001" in client.get(session["success_url"].removeprefix("http://localhost")).text
    )
