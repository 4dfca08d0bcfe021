"""The fake Stripe speaks of nothing that the library's own types do not declare."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import stripe

from tests.support.stripe import FakeStripe

NOW: Final = 1_727_660_000
TYPES: Final[dict[str, Any]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payout": stripe.Payout,
    "refund": stripe.Refund,
}


def everything() -> Iterator[dict[str, Any]]:
    """Give every kind of object that the fake makes, as it is shown."""
    fake = FakeStripe(NOW)
    price = {"unit_amount": "500000", "currency": "vnd"}
    asked = {"mode": "payment", "success_url": "x", "line_items": {"0": {"price_data": price}}}
    intents = [fake.pay(fake.checkout(asked)["id"])["id"] for _time in range(2)]
    fake.refund_fails(fake.refund(intents[0], 1_000)["id"])
    fake.dispute_ends(fake.dispute(intents[1])["id"], won=True)
    fake.payout_fails(fake.payout()["id"])
    for made in [*fake.objects.values(), *fake.events]:
        if "object" in made:
            hidden = {"payout"} if made["object"] == "balance_transaction" else set()
            yield {name: value for name, value in made.items() if name not in hidden}


@pytest.mark.parametrize("kind", TYPES)
def test_what_the_fake_tells_is_declared_by_the_library(kind: str) -> None:
    declared = {name for one in TYPES[kind].__mro__ for name in getattr(one, "__annotations__", {})}
    found = [made for made in everything() if made["object"] == kind]
    assert found
    assert {name for made in found for name in made} - declared == set()
    assert kind == TYPES[kind].OBJECT_NAME
