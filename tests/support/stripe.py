"""A small account at Stripe: what `fundsvc.online.gateway` asks of it, and no more.

Tests act as donors, banks and the dashboard do (`pay`, `refund`, `dispute`, `payout`), and every
act leaves the events that Stripe would send. `stripe_api` says what it answers, and `stripe_server`
does so over HTTP.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

KEY = "sk_test_fundsvc"
SECRET = "whsec_test_fundsvc"
Thing = dict[str, Any]


@dataclass
class FakeStripe:
    """An account at Stripe: its objects by id, its events, and what it does next.

    `settles` is the currency that it pays out in, with Stripe's rate for one đồng.
    """

    now: int
    settles: tuple[str, float] | None = None
    live: bool = False
    down: bool = False
    objects: dict[str, Thing] = field(default_factory=dict)
    events: list[Thing] = field(default_factory=list)
    answers: dict[str, tuple[Thing, Thing]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    count: int = 0

    def new(self, prefix: str, kind: str, **facts: Any) -> Thing:
        """Make an object."""
        self.count += 1
        made = {"id": f"{prefix}_{self.count:06}", "object": kind, "created": self.now, **facts}
        self.objects[made["id"]] = made
        return made

    def tell(self, kind: str, thing: Thing) -> Thing:
        """Leave an event about an object as it is now."""
        self.count += 1
        event = {
            "id": f"evt_{self.count:06}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.now,
            "data": {"object": json.loads(json.dumps(thing))},
            "livemode": self.live,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        return event

    def checkout(self, params: Thing) -> Thing:
        """Begin a checkout, as the API does."""
        price = params["line_items"]["0"]["price_data"]
        amount = int(price["unit_amount"]) * int(params["line_items"]["0"].get("quantity", 1))
        made = self.new(
            "cs_test",
            "checkout.session",
            amount_total=amount,
            client_reference_id=params.get("client_reference_id"),
            currency=price["currency"],
            livemode=self.live,
            metadata=params.get("metadata", {}),
            mode=params["mode"],
            payment_intent=None,
            payment_status="unpaid",
            status="open",
            success_url=params["success_url"],
            cancel_url=params.get("cancel_url"),
        )
        self._intents(made, params.get("payment_intent_data", {}).get("metadata", {}))
        made["url"] = f"{self.url}/pay/{made['id']}"
        return made

    def _intents(self, session: Thing, metadata: Thing) -> None:
        self.objects[f"promised:{session['id']}"] = {"metadata": metadata}

    def pay(self, session_id: str, *, later: bool = False) -> Thing:
        """Pay a checkout by card; `later` stops before the money is certain."""
        session = self.objects[session_id]
        intent = self.new(
            "pi",
            "payment_intent",
            amount=session["amount_total"],
            amount_received=0,
            currency=session["currency"],
            latest_charge=None,
            livemode=self.live,
            metadata=self.objects[f"promised:{session_id}"]["metadata"],
            status="processing",
        )
        session |= {"payment_intent": intent["id"], "status": "complete", "url": None}
        if later:
            self.tell("checkout.session.completed", session)
            return intent
        self.succeed(intent["id"])
        session["payment_status"] = "paid"
        self.tell("checkout.session.completed", session)
        return intent

    def ends(self, session_id: str, *, paid: bool) -> None:
        """Let a payment that was processing end."""
        session = self.objects[session_id]
        if paid:
            self.succeed(session["payment_intent"])
            session["payment_status"] = "paid"
            self.tell("checkout.session.async_payment_succeeded", session)
            return
        self.objects[session["payment_intent"]]["status"] = "requires_payment_method"
        self.tell("checkout.session.async_payment_failed", session)

    def succeed(self, intent_id: str, fee: int | None = None) -> Thing:
        """Charge the card of a payment: 3.4 % and 4,000 đồng are the fee."""
        intent = self.objects[intent_id]
        amount = intent["amount"]
        charge = self.new(
            "ch",
            "charge",
            amount=amount,
            amount_refunded=0,
            balance_transaction=None,
            currency=intent["currency"],
            disputed=False,
            livemode=self.live,
            metadata=intent["metadata"],
            paid=True,
            payment_intent=intent_id,
            refunded=False,
            status="succeeded",
        )
        cost = amount * 34 // 1000 + 4_000 if fee is None else fee
        charge["balance_transaction"] = self.move("charge", charge["id"], amount, cost)["id"]
        intent |= {
            "amount_received": amount,
            "latest_charge": charge["id"],
            "status": "succeeded",
        }
        self.tell("charge.succeeded", charge)
        self.tell("payment_intent.succeeded", intent)
        return charge

    def move(self, kind: str, source: str | None, amount: int, fee: int = 0) -> Thing:
        """Move money of the account, in the currency that it pays out in."""
        currency, rate = self.settles or ("vnd", 1.0)
        cents = 100 if self.settles else 1
        amount, fee = round(amount * rate * cents), round(fee * rate * cents)
        return self._moved(kind, source, amount, fee, currency, rate if self.settles else None)

    def _moved(
        self,
        kind: str,
        source: str | None,
        amount: int,
        fee: int,
        currency: str,
        rate: float | None = None,
    ) -> Thing:
        return self.new(
            "txn",
            "balance_transaction",
            amount=amount,
            available_on=self.now,
            currency=currency,
            exchange_rate=rate,
            fee=fee,
            fee_details=[],
            net=amount - fee,
            payout=None,
            reporting_category=kind,
            source=source,
            status="available",
            type=kind,
        )

    def refund(self, intent_id: str, amount: int | None = None, **metadata: str) -> Thing:
        """Refund a payment, in part or whole, as the API and the dashboard do."""
        intent = self.objects[intent_id]
        charge = self.objects[intent["latest_charge"]]
        amount = charge["amount"] - charge["amount_refunded"] if amount is None else amount
        made = self.new(
            "re",
            "refund",
            amount=amount,
            balance_transaction=None,
            charge=charge["id"],
            currency=charge["currency"],
            failure_balance_transaction=None,
            metadata=metadata,
            payment_intent=intent_id,
            reason=None,
            status="succeeded",
        )
        made["balance_transaction"] = self.move("refund", made["id"], -amount)["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", made)
        self.tell("charge.refunded", charge)
        return made

    def refund_fails(self, refund_id: str) -> None:
        """Let the card's bank send a refund back."""
        made = self.objects[refund_id]
        back = self.move("refund_failure", refund_id, made["amount"])
        made |= {"status": "failed", "failure_balance_transaction": back["id"]}
        self.objects[made["charge"]]["amount_refunded"] -= made["amount"]
        self.tell("refund.failed", made)
        self.tell("charge.refund.updated", made)

    def dispute(
        self,
        intent_id: str,
        *,
        fee: int = 375_000,
        amount: int | None = None,
        said: tuple[int, str] | None = None,
    ) -> Thing:
        """Let the cardholder's bank take a payment back, or `amount` of it.

        `said` is the amount and currency that the cardholder's bank tells of.
        """
        intent = self.objects[intent_id]
        charge = self.objects[intent["latest_charge"]]
        charge["disputed"] = True
        amount = charge["amount"] if amount is None else amount
        shown, currency = said or (amount, charge["currency"])
        made = self.new(
            "dp",
            "dispute",
            amount=shown,
            balance_transactions=[],
            charge=charge["id"],
            currency=currency,
            evidence_details={
                "due_by": self.now + 7 * 86_400,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            is_charge_refundable=False,
            livemode=self.live,
            metadata={},
            payment_intent=intent_id,
            reason="fraudulent",
            status="needs_response",
        )
        made["balance_transactions"].append(self.move("adjustment", made["id"], -amount, fee))
        self.tell("charge.dispute.created", made)
        self.tell("charge.dispute.funds_withdrawn", made)
        return made

    def dispute_ends(self, dispute_id: str, *, won: bool) -> None:
        """Decide a dispute."""
        made = self.objects[dispute_id]
        made["status"] = "won" if won else "lost"
        if won:
            made["balance_transactions"].append(self.move("adjustment", dispute_id, made["amount"]))
            self.tell("charge.dispute.funds_reinstated", made)
        self.tell("charge.dispute.closed", made)

    def payout(self, *, automatic: bool = True) -> Thing:
        """Send all that is there to the bank."""
        waiting = [
            one
            for one in self.objects.values()
            if one.get("object") == "balance_transaction" and one["payout"] is None
        ]
        made = self.new(
            "po",
            "payout",
            amount=sum(one["net"] for one in waiting),
            arrival_date=self.now + 2 * 86_400,
            automatic=automatic,
            balance_transaction=None,
            currency=(self.settles or ("vnd", 1.0))[0],
            failure_balance_transaction=None,
            livemode=self.live,
            metadata={},
            method="standard",
            reconciliation_status="completed",
            source_type="card",
            statement_descriptor=None,
            status="paid",
            type="bank_account",
        )
        for one in waiting:
            one["payout"] = made["id"]
        out = self._moved("payout", made["id"], -made["amount"], 0, made["currency"])
        out["payout"] = made["id"]
        made["balance_transaction"] = out["id"]
        self.tell("payout.paid", made)
        return made

    def payout_fails(self, payout_id: str) -> None:
        """Let the bank send a payout back; the next one brings the money again."""
        made = self.objects[payout_id]
        back = self._moved("payout_failure", payout_id, made["amount"], 0, made["currency"])
        back["reporting_category"] = "payout_reversal"
        made |= {"status": "failed", "failure_balance_transaction": back["id"]}
        self.tell("payout.failed", made)


def signed(event: Thing | bytes, at: int, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """Return an event as the webhook brings it: its bytes and headers."""
    body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={at},v1={mac},v0={'0' * 64}",
    }
