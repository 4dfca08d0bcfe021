"""Make of the events in the inbox what is true at Stripe: look it up, then book it.

Nothing is asked of Stripe within a transaction. Events of one payment are handled together, for
what they ask for is the same.
"""

import datetime as dt
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.closed import ClosedMonth
from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal, from_ledger
from fundsvc.giving import service as giving
from fundsvc.inbox import porch
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import HANDLED, PARKED, InboxItem
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.online import arrivals, booking, facts, gateway, payouts, signing
from fundsvc.online.models import CardPull
from fundsvc.online.movements import AsideError
from ledger.errors import LedgerError

_log = logging.getLogger(__name__)
KIND: Final = "stripe"
SOURCE: Final = "stripe:events"
BATCH: Final = 200
OVERLAP: Final = dt.timedelta(days=3)
LONGEST: Final = dt.timedelta(days=29)
"""Stripe tells events of thirty days."""
EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "charge.succeeded",
    "charge.updated",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
)
"""What is asked for by the daily pull, and should be sent to the webhook."""
_PAYOUT, _CHECKOUT, _PAYMENT = "payout", "checkout.session", "payment_intent"
_ENDED: Final = ("checkout.session.async_payment_failed", "checkout.session.expired")
# What follows is stored, so it is not translated.
OTHER_MODE: Final = "Sự kiện thuộc chế độ khác của Stripe (thử hoặc thật) với khóa đang dùng."
UNREADABLE: Final = "Không đọc được trường {field}."
NOT_THERE: Final = "Stripe không có đối tượng này."
NOT_TAKEN: Final = "Cơ sở dữ liệu không nhận sự kiện này. Xin báo quản trị."
REFUSED: Final = "Stripe từ chối trả lời: {why}"
# What a donor is told when an attempt ended without money.
NOT_PAID: Final = {
    "vi": "Thanh toán thẻ chưa thành; chưa có tiền nào bị trừ.",
    "en": "The card payment did not go through; no money was taken.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What an event asks to look up."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class _Read:
    item: inbox.Item
    type: str
    target: Target


def handle(stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Handle all that waits; return the items by what became of them.

    Raises:
        DownError: Stripe does not answer; what waits goes on waiting.
    """
    porch.bring_in()
    told: Counter[str] = Counter()
    while not stop():
        session = read_session()
        session.rollback()
        items = inbox.take(session, KIND, BATCH)
        session.rollback()
        if not items:
            break
        read, aside = _sorted(items)
        if aside:
            with transaction() as writing:
                inbox.settle(writing, aside)
        told.update(outcome.state for outcome in aside)
        for target in dict.fromkeys(one.target for one in read):
            group = [one for one in read if one.target == target]
            told.update(_settle(target, group))
    return told


def pull() -> tuple[int, int]:
    """Ask Stripe for events that no webhook brought; return how many it has and how many are new.

    Events that were set aside because their payment was not known are tried again too.

    Raises:
        DownError: Stripe does not answer.
    """
    session = read_session()
    session.rollback()
    # Webhooks that came since say nothing of those that did not come.
    last = session.scalar(select(func.max(CardPull.began_at)))
    session.rollback()
    now = clock.now()
    since = max(now - LONGEST, last - OVERLAP) if last else now - LONGEST
    deliveries = []
    told_of = {event["id"]: event for event in gateway.events(since, EVENTS)}
    known = inbox.known(session, SOURCE, list(told_of))
    session.rollback()
    for name in told_of.keys() - known:
        event = told_of[name]
        body = json.dumps(event, separators=(",", ":")).encode()
        deliveries.append(inbox.Delivery(SOURCE, name, body, signing.alike(event)))
    with transaction() as writing:
        told = inbox.receive_all(writing, deliveries) if deliveries else []
        inbox.again(writing, KIND, InboxItem.state == PARKED, InboxItem.why.in_([booking.UNKNOWN]))
        new = sum(one is inbox.Received.NEW for one in told)
        writing.add(CardPull(began_at=now, seen=len(told_of), new=new))
    return len(told_of), new


def _sorted(items: Sequence[inbox.Item]) -> tuple[list[_Read], list[inbox.Outcome]]:
    """Return the events that ask for something, and what becomes of the others."""
    read, aside = [], []
    for item in items:
        try:
            event = signing.read_event(item.body)
        except UnreadableError as error:
            why = UNREADABLE.format(field=error.field)
            aside.append(inbox.Outcome(item.id, PARKED, why))
            continue
        target = target_of(event)
        if event["type"] not in EVENTS:
            aside.append(inbox.Outcome(item.id, HANDLED))
        elif event.get("livemode") is not gateway.live():
            aside.append(inbox.Outcome(item.id, PARKED, OTHER_MODE))
        elif target is None:
            aside.append(inbox.Outcome(item.id, PARKED, booking.UNKNOWN))
        else:
            read.append(_Read(item, event["type"], target))
    return read, aside


def target_of(event: dict[str, Any]) -> Target | None:
    """Return what an event asks to look up: a payout, a checkout, or else the payment behind it."""
    found = event["data"]["object"]
    kind, name = found.get("object"), found.get("id")
    if kind == _PAYOUT and isinstance(name, str):
        return Target(_PAYOUT, name)
    if kind == _CHECKOUT and isinstance(name, str):
        return Target(_CHECKOUT, name)
    payment = name if kind == _PAYMENT else found.get(_PAYMENT)
    if isinstance(payment, dict):
        payment = payment.get("id")
    return Target(_PAYMENT, payment) if isinstance(payment, str) and payment else None


def _settle(target: Target, group: Sequence[_Read]) -> list[str]:
    """Look a thing up, book what is true of it, and note what became of its events."""
    state, why, led_to = HANDLED, None, None
    types = {one.type for one in group}
    try:
        try:
            led_to = _look(target, types)
        except ClosedMonth:
            # It was closed at this moment; the next look finds the first day that is open.
            led_to = _look(target, types)
    except (AsideError, Refusal) as error:
        state, why = PARKED, str(error)[:300]
    except LedgerError as error:
        state, why = PARKED, str(from_ledger(error))[:300]
    except gateway.NotThereError:
        state, why = PARKED, NOT_THERE
    except gateway.RefusedError as error:
        state, why = PARKED, REFUSED.format(why=error)[:300]
    except (DataError, IntegrityError) as error:
        _log.error("the database refused %s: %s", target.id, type(error.orig))
        state, why = PARKED, NOT_TAKEN
    outcomes = [inbox.Outcome(one.item.id, state, why, led_to) for one in group]
    with transaction() as writing:
        inbox.settle(writing, outcomes)
    return [outcome.state for outcome in outcomes]


def _look(target: Target, types: set[str]) -> str | None:
    if target.kind == _PAYOUT:
        return _payout(target.id)
    if target.kind == _PAYMENT:
        return sync_payment(target.id)
    found = gateway.checkout(target.id)
    if found.payment and found.paid:
        return sync_payment(found.payment)
    if types & set(_ENDED):
        with transaction() as session:
            pledge = giving.by_code(session, found.pledge) if found.pledge else None
            if pledge is None:
                raise AsideError(booking.UNKNOWN)
            giving.fails(session, pledge, NOT_PAID[pledge.locale])
    return None


def sync_payment(payment_id: str) -> str | None:
    """Book what is true of a payment; return the donation it became."""
    paid = gateway.payment(payment_id)
    with transaction() as session:
        row = booking.book_donation(session, paid)
        donation = f"donation:{row.donation_id}" if row else None
    if donation is not None:
        with transaction() as session:
            booking.book_rest(session, paid)
    return donation


def _payout(payout_id: str) -> str | None:
    """Book a payout, and before it whatever it consists of that no event has told yet."""
    found = gateway.payout(payout_id)
    if found.state not in payouts.ENDED:
        return None
    for earlier in payouts.returned(_reading(), found):
        _payout(earlier)
    strays = _sync_parts(payouts.missing(_reading(), found))
    with transaction() as session:
        row = payouts.book(session, found, strays)
        told = f"card_payout:{row.id}" if row else None
    match_all()
    return told


def _sync_parts(moves: Sequence[facts.Move]) -> set[str]:
    """Book the payments behind what moved; return those movements that are none of ours."""
    ours: dict[str, bool] = {"": False}
    strays = set()
    for move in moves:
        payment = ""
        try:
            payment = gateway.payment_behind(move)
            if payment not in ours:
                sync_payment(payment)
                ours[payment] = True
        except (booking.NotOursError, gateway.NotThereError):
            ours[payment] = False
        if not ours[payment]:
            strays.add(move.id)
    return strays


def match_all() -> int:
    """Match payouts on their way with lines of the bank where it is sure."""
    with transaction() as session:
        return arrivals.match_sure(session)


def _reading() -> Session:
    session = read_session()
    session.rollback()
    return session
