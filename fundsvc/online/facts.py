"""What Stripe says of payments and payouts, and what it is asked for, as plain facts."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """A balance transaction: what changed of what Stripe holds, in the smallest unit of a currency.

    `source` is what it came from (charge, refund, dispute); `rate` is empty where nothing changed
    its currency.
    """

    id: str
    kind: str
    source: str
    on: dt.date
    amount: int
    fee: int
    currency: str
    rate: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund with what it moved, and what its failing moved back."""

    id: str
    amount: int
    on: dt.date
    state: str
    move: Move | None
    back: Move | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute with what it moved: the money out, and in again if it was won.

    `amount` is in the smallest unit of `currency`: the cardholder's, or that of the payment.
    """

    id: str
    amount: int
    currency: str
    on: dt.date
    state: str
    reason: str
    answer_by: dt.date | None
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as it is now, with its refunds and disputes; without a `pledge` it is not ours."""

    id: str
    state: str
    pledge: str
    amount: int
    currency: str
    charge: str
    on: dt.date
    move: Move | None
    refunds: tuple[Refund, ...]
    disputes: tuple[Dispute, ...]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of Stripe's on which a card is asked for; `payment` is empty until one is begun."""

    id: str
    state: str
    paid: bool
    pledge: str
    payment: str
    url: str


@dataclass(frozen=True, slots=True)
class Payout:
    """What Stripe sends to the bank, with all that it consists of."""

    id: str
    state: str
    automatic: bool
    amount: int
    currency: str
    sent_on: dt.date
    arrives_on: dt.date
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a checkout is begun for; `paid` is where the donor goes who has paid, else `back`."""

    code: str
    amount: int
    title: str
    email: str
    locale: str
    back: str
    paid: str
    attempt: int = 1
