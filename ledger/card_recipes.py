"""How each event of donations by card is booked, from the card to the bank, by way of Stripe.

It reads like `ledger.recipes`, of which it is the second page.
"""

from collections.abc import Sequence
from datetime import date
from typing import Unpack

from ledger.accounts import (
    AT_STRIPE,
    DISPUTED,
    DUE_FROM,
    DUE_TO,
    IN_TRANSIT,
    UNIDENTIFIED_IN,
    UNIDENTIFIED_OUT,
    expense,
    income,
)
from ledger.entries import Entry, Posting
from ledger.recipes import Facts, pair, voucher_entry


def donation(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 7112: a donation by card, in full; Stripe holds it until it pays out."""
    return pair("donation", AT_STRIPE, income("card"), facts)


def fee(**facts: Unpack[Facts]) -> Entry:
    """N 615 / C 113.stripe: what Stripe took for a payment, a dispute or its service."""
    return pair("card-fee", expense("fee"), AT_STRIPE, facts)


def fee_back(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 615: a fee that Stripe gave back."""
    return pair("card-fee", AT_STRIPE, expense("fee"), facts)


def refund(**facts: Unpack[Facts]) -> Entry:
    """N 7112 / C 113.stripe: a donation by card, or a part of it, goes back to the card."""
    return pair("card-refund", income("card"), AT_STRIPE, facts)


def refund_failed(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 7112: the card did not take the refund; the money is at Stripe again."""
    return pair("card-refund", AT_STRIPE, income("card"), facts)


def dispute(**facts: Unpack[Facts]) -> Entry:
    """N 1385 / C 113.stripe: a cardholder's bank has taken a payment back until it is decided."""
    return pair("card-dispute", DISPUTED, AT_STRIPE, facts)


def dispute_won(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 1385: the money of a dispute came back."""
    return pair("card-dispute", AT_STRIPE, DISPUTED, facts)


def dispute_lost(*, beyond: int = 0, **facts: Unpack[Facts]) -> Entry:
    """N 7112 / C 1385: the money of a dispute will not come back, so it was no donation.

    What was taken `beyond` that, because a part had been refunded before, is a loss: N 811.
    """
    fund, unit, lost = facts["fund"], facts["unit"], facts["amount"]
    lines = [Posting(DISPUTED, fund, unit, credit=lost + beyond)]
    if beyond:
        lines.insert(0, Posting(expense("other"), fund, unit, debit=beyond))
    if lost:
        lines.insert(0, Posting(income("card"), fund, unit, debit=lost))
    return voucher_entry(
        "card-dispute",
        lines,
        on=facts["on"],
        unit=unit,
        description=facts["description"],
        province=facts.get("province"),
    )


def stray(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 3381: money came to our account at Stripe, and nobody here knows of whom."""
    return pair("card-stray", AT_STRIPE, UNIDENTIFIED_IN, facts)


def stray_out(**facts: Unpack[Facts]) -> Entry:
    """N 1388 / C 113.stripe: money left our account at Stripe, and nobody here knows what for."""
    return pair("card-stray", UNIDENTIFIED_OUT, AT_STRIPE, facts)


Part = tuple[str, str, int]
"""A fund, a unit and its part in đồng; negative where more went back than came in."""


def payout(
    parts: Sequence[Part], *, on: date, unit: str, description: str, back: bool = False
) -> Entry:
    """N 113 / C 113.stripe in each fund and unit: what Stripe sent to the bank, on its way.

    When the bank does not take it, the same the other way round (`back`).
    """
    into, out_of = (AT_STRIPE, IN_TRANSIT) if back else (IN_TRANSIT, AT_STRIPE)
    lines: list[Posting] = []
    for fund, at, amount in parts:
        lines += [
            Posting(into, fund, at, debit=amount),
            Posting(out_of, fund, at, credit=amount),
        ]
    return voucher_entry("card-payout", lines, on=on, unit=unit, description=description)


def arrival(
    parts: Sequence[tuple[str, str, int, int]],
    *,
    fund: str,
    on: date,
    unit: str,
    description: str,
) -> Entry:
    """N 3381 / C 113: money on the bank's statement turns out to be a payout.

    `parts` are fund, unit, what was on its way and what arrived of it. The bank account is one
    fund's and unit's: what arrived for others it owes them, C 336, and is due to them, N 136.
    The difference of the exchange rate is each one's own: C 7118 if more arrived, else N 811.

    When more had gone back than came in, Stripe took it from the bank: N 113 / C 1388, the same
    with what was sent and arrived below 0.
    """
    if sum(part[3] for part in parts) < 0:
        return _taken(parts, fund=fund, on=on, unit=unit, description=description)
    lines: list[Posting] = []
    for its_fund, its_unit, sent, arrived in parts:
        into = UNIDENTIFIED_IN
        if (its_fund, its_unit) != (fund, unit):
            lines += [
                Posting(UNIDENTIFIED_IN, fund, unit, debit=arrived),
                Posting(DUE_TO, fund, unit, credit=arrived),
            ]
            into = DUE_FROM
        lines += [
            Posting(into, its_fund, its_unit, debit=arrived),
            Posting(IN_TRANSIT, its_fund, its_unit, credit=sent),
            *_difference(its_fund, its_unit, arrived - sent),
        ]
    return voucher_entry("card-arrival", lines, on=on, unit=unit, description=description)


def _taken(
    parts: Sequence[tuple[str, str, int, int]],
    *,
    fund: str,
    on: date,
    unit: str,
    description: str,
) -> Entry:
    """N 113 / C 1388: money that the bank paid turns out to be what Stripe was owed."""
    lines: list[Posting] = []
    for its_fund, its_unit, sent, arrived in parts:
        out_of = UNIDENTIFIED_OUT
        if (its_fund, its_unit) != (fund, unit):
            lines += [
                Posting(DUE_FROM, fund, unit, debit=-arrived),
                Posting(UNIDENTIFIED_OUT, fund, unit, credit=-arrived),
            ]
            out_of = DUE_TO
        lines += [
            Posting(IN_TRANSIT, its_fund, its_unit, debit=-sent),
            Posting(out_of, its_fund, its_unit, credit=-arrived),
            *_difference(its_fund, its_unit, arrived - sent),
        ]
    return voucher_entry("card-arrival", lines, on=on, unit=unit, description=description)


def _difference(fund: str, unit: str, gain: int) -> list[Posting]:
    """C 7118 what the exchange rate gave, or N 811 what it took (`gain` below 0)."""
    if gain > 0:
        return [Posting(income("other"), fund, unit, credit=gain)]
    if gain < 0:
        return [Posting(expense("other"), fund, unit, debit=-gain)]
    return []
