"""Stripe: the only room that speaks with it; what it says leaves here as plain facts.

Everything is asked by the payment and by the payout, never by the event: an event says that
something changed, and what is true now is looked up. So they may come late, twice, in any order.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any, Final

import stripe
from flask import current_app

from fundsvc import clock
from fundsvc.config import STRIPE, Settings
from fundsvc.online.facts import Checkout, Dispute, Move, Paid, Payout, Refund, Wanted

SECONDS: Final = 10
"""How long Stripe may take to answer; a donor waits for the first page."""
CHECKOUT: Final = "https://checkout.stripe.com"
PLEDGE: Final = "pledge"
"""Under this name Stripe keeps our memo code with a payment."""
_PAGE: Final = 100
_BUSY: Final = (409, 429)
_BROKEN: Final = 500
_MISSING: Final = 404


class DownError(Exception):
    """Stripe does not answer, or only that it cannot or that our key is wrong; later it may."""


class RefusedError(Exception):
    """Stripe answers that it will not; the message is its own."""


class NotThereError(Exception):
    """Stripe knows no such thing, or this key may not see it."""


def live() -> bool:
    """Whether our key moves real money."""
    return "_live_" in _settings().stripe_key


def ready() -> bool:
    """Whether cards can be taken here."""
    return bool(_settings().stripe_key)


def origins() -> tuple[str, ...]:
    """Return where checkouts may be: Stripe's own, or the server that stands in for it."""
    base = _settings().stripe_api_base
    return (CHECKOUT,) if base == STRIPE else (CHECKOUT, base)


def begin(wanted: Wanted) -> Checkout:
    """Begin a checkout for a promise; asked twice for the same, Stripe gives the same."""
    facts = {PLEDGE: wanted.code}
    params: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": wanted.code,
        "locale": wanted.locale,
        "submit_type": "donate",
        "success_url": wanted.paid,
        "cancel_url": wanted.back,
        "metadata": facts,
        "payment_intent_data": {"metadata": facts, "description": wanted.code},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "vnd",
                    "unit_amount": wanted.amount,
                    "product_data": {"name": wanted.title},
                },
            }
        ],
    }
    if wanted.email:
        params["customer_email"] = wanted.email
    options: Any = {"idempotency_key": _key("checkout", *astuple(wanted))}
    with _asking() as client:
        return _checkout(client.v1.checkout.sessions.create(_any(params), options))


def checkout(session_id: str) -> Checkout:
    """Look a checkout up."""
    with _asking() as client:
        return _checkout(client.v1.checkout.sessions.retrieve(session_id))


def refund(payment: str, amount: int, request: str) -> str:
    """Refund a part of a payment and return the refund's id; `request` names who asked."""
    params = {"payment_intent": payment, "amount": amount, "metadata": {"request": request}}
    options: Any = {"idempotency_key": _key("refund", payment, amount, request)}
    with _asking() as client:
        return str(client.v1.refunds.create(_any(params), options).id)


def payment(payment_id: str) -> Paid:
    """Look a payment up, with all that came of it."""
    with _asking() as client:
        expand = {"expand": ["latest_charge.balance_transaction"]}
        intent: Any = client.v1.payment_intents.retrieve(payment_id, _any(expand))
        charge = intent.latest_charge
        asked = {"payment_intent": payment_id, "limit": _PAGE}
        moved = ["data.balance_transaction", "data.failure_balance_transaction"]
        refunds = client.v1.refunds.list(_any({**asked, "expand": moved})).auto_paging_iter()
        disputes = client.v1.disputes.list(_any(asked)).auto_paging_iter()
        return Paid(
            id=intent.id,
            state=intent.status,
            pledge=_given(intent.metadata, PLEDGE),
            amount=intent.amount_received,
            currency=intent.currency,
            charge=charge.id if charge else "",
            on=_day((charge or intent).created),
            move=_move(charge.balance_transaction) if charge else None,
            refunds=tuple(_refund(one) for one in refunds),
            disputes=tuple(_dispute(one) for one in disputes),
        )


def payment_of_charge(charge_id: str) -> str:
    """Return the payment that a charge belongs to; empty if to none."""
    with _asking() as client:
        charge: Any = client.v1.charges.retrieve(charge_id)
        return str(charge.payment_intent or "")


def payout(payout_id: str) -> Payout:
    """Look a payout up, with what it consists of."""
    with _asking() as client:
        found: Any = client.v1.payouts.retrieve(payout_id)
        moves = ()
        if found.automatic:
            asked = {"payout": payout_id, "limit": _PAGE}
            listed: Any = client.v1.balance_transactions.list(_any(asked)).auto_paging_iter()
            # The payout itself stands among them, as what leaves, and one that failed before.
            moves = tuple(_move(one) for one in listed if _id(one.source) != payout_id)
        return Payout(
            id=found.id,
            state=found.status,
            automatic=found.automatic,
            amount=found.amount,
            currency=found.currency,
            sent_on=_day(found.created),
            arrives_on=_day(found.arrival_date),
            moves=moves,
        )


def payment_behind(move: Move) -> str:
    """Return the payment that a balance transaction came of; empty if of none."""
    with _asking() as client:
        kind = move.source.partition("_")[0]
        if kind in {"ch", "py"}:
            found: Any = client.v1.charges.retrieve(move.source)
        elif kind in {"re", "pyr"}:
            found = client.v1.refunds.retrieve(move.source)
        elif kind in {"dp", "du"}:
            found = client.v1.disputes.retrieve(move.source)
        else:
            return ""
        return _id(found.payment_intent)


def events(since: dt.datetime, kinds: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield what happened since a moment, the newest first, as webhooks bring it."""
    after = {"gte": int(since.timestamp())}
    asked = {"created": after, "limit": _PAGE, "types": list(kinds)}
    with _asking() as client:
        for event in client.v1.events.list(_any(asked)).auto_paging_iter():
            yield dict(event.to_dict(for_json=True))


def _settings() -> Settings:
    settings: Settings = current_app.config["FUNDSVC"]
    return settings


@contextmanager
def _asking() -> Iterator[stripe.StripeClient]:
    """Give a client, and tell its errors in the words of this room."""
    settings = _settings()
    http = stripe.RequestsClient(timeout=SECONDS)
    client = stripe.StripeClient(
        settings.stripe_key or "unset",
        base_addresses={"api": settings.stripe_api_base},
        http_client=http,
        max_network_retries=1,
    )
    try:
        yield client
    except (
        stripe.APIConnectionError,
        stripe.RateLimitError,
        stripe.AuthenticationError,
        stripe.PermissionError,
    ) as error:
        # A wrong key says nothing of what was asked for: until it is set right, all waits.
        raise DownError(type(error).__name__) from error
    except stripe.StripeError as error:
        status = error.http_status or _BROKEN
        if status >= _BROKEN or status in _BUSY:
            raise DownError(str(status)) from error
        if status == _MISSING:
            raise NotThereError(str(error.code)) from error
        raise RefusedError(error.user_message or str(error.code or status)) from error
    finally:
        http.close()  # type: ignore[no-untyped-call]  # The library's own has no types.


def _key(act: str, *said: str | int) -> str:
    """Return the idempotency key of a request, made of all that it asks for."""
    told = json.dumps(said).encode()
    return f"fundsvc-{act}-{hashlib.sha256(told).hexdigest()[:40]}"


def _checkout(found: Any) -> Checkout:
    return Checkout(
        id=found.id,
        state=found.status or "",
        paid=found.payment_status != "unpaid",
        pledge=_given(found.metadata, PLEDGE) or found.client_reference_id or "",
        payment=_id(found.payment_intent),
        url=found.url or "",
    )


def _refund(found: Any) -> Refund:
    return Refund(
        id=found.id,
        amount=found.amount,
        on=_day(found.created),
        state=found.status or "",
        move=_move(found.balance_transaction),
        back=_move(getattr(found, "failure_balance_transaction", None)),
    )


def _dispute(found: Any) -> Dispute:
    due = found.evidence_details.due_by
    return Dispute(
        id=found.id,
        amount=found.amount,
        currency=found.currency,
        on=_day(found.created),
        state=found.status,
        reason=found.reason,
        answer_by=_day(due) if due else None,
        moves=tuple(_sure(_move(one)) for one in found.balance_transactions),
    )


def _move(found: Any) -> Any:
    if found is None:
        return None
    rate = getattr(found, "exchange_rate", None)
    return Move(
        id=found.id,
        kind=found.type,
        source=_id(found.source),
        on=_day(found.created),
        amount=found.amount,
        fee=found.fee,
        currency=found.currency,
        rate="" if rate is None else repr(rate),
    )


def _sure(move: Move | None) -> Move:
    if move is None:
        raise NotThereError
    return move


def _id(found: Any) -> str:
    """Return an id, whether the thing came with it or not."""
    return str(getattr(found, "id", found) or "")


def _given(facts: Any, name: str) -> str:
    return str(facts[name]) if facts and name in facts else ""


def _day(seconds: int) -> dt.date:
    """Return the accounting date of a moment: the day it was in Vietnam."""
    return dt.datetime.fromtimestamp(seconds, clock.VN).date()


def _any(params: Any) -> Any:
    """Let the library take what it names by long types of its own."""
    return params
