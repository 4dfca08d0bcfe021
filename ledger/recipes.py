"""How each event is booked: one function an event, one page that an auditor can read.

Every recipe takes the facts of the event and returns an entry that holds the rule. "N … / C …" in
its first line names the accounts on the Nợ (debit) and the Có (credit) side.
"""

from collections.abc import Sequence
from datetime import date
from typing import NotRequired, TypedDict, Unpack

from ledger.accounts import (
    AT_STRIPE,
    BROUGHT_IN,
    CASH,
    DISPUTED,
    DUE_FROM,
    DUE_TO,
    IN_TRANSIT,
    OWED_OUT,
    RESULT,
    SURPLUS,
    UNIDENTIFIED_IN,
    UNIDENTIFIED_OUT,
    bank_account_code,
    expense,
    income,
    operator_code,
)
from ledger.entries import Entry, Posting
from ledger.errors import OutOfRangeError
from ledger.money import check_dong


class Facts(TypedDict):
    """What every event has: its date, whose books, which fund, how much (đồng, above 0), and why.

    `province` is where the money came from or went (as `2025:44`), if that is known.
    """

    on: date
    unit: str
    fund: str
    amount: int
    description: str
    province: NotRequired[str | None]


def opening_balance(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """N cash or bank / C 4311: what a fund had on the day its books were opened here."""
    return _entry("opening", account, BROUGHT_IN, facts)


def sms_message(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 138.operator / C 7111: a message is income, and a receivable until the operator pays."""
    return _entry("sms", operator_code(operator), income("sms"), facts)


def bank_credit(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 112.account / C 3381: money on the bank's statement, unidentified until it is decided."""
    return _entry("bank-in", bank_account_code(bank_account), UNIDENTIFIED_IN, facts)


def bank_fee(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 615 / C 112.account: what the bank took for its service."""
    return _entry("bank-fee", expense("fee"), bank_account_code(bank_account), facts)


def bank_debit(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 1388 / C 112.account: money that left the bank, unidentified until it is decided."""
    return _entry("bank-out", UNIDENTIFIED_OUT, bank_account_code(bank_account), facts)


def operator_fee(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 615 / C 138.operator: what an operator keeps for itself of the messages it reports."""
    return _entry("operator-fee", expense("fee"), operator_code(operator), facts)


def operator_money(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 138.operator: money on the bank's statement turns out to be an operator's."""
    return _entry("operator-money", UNIDENTIFIED_IN, operator_code(operator), facts)


def operator_surplus(**facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 3388: what an operator paid beyond what it owes is owed to it."""
    return _entry("operator-surplus", UNIDENTIFIED_IN, OWED_OUT, facts)


def operator_offset(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 3388 / C 138.operator: what it paid too much pays what it owes for other messages."""
    return _entry("operator-offset", OWED_OUT, operator_code(operator), facts)


def operator_loss(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 811 / C 138.operator: what an operator will never pay, given up by two people.

    It is spent on no purpose of the fund and is no administration, so it stands with the other
    payments, where written off receivables belong.
    """
    return _entry("operator-loss", expense("other"), operator_code(operator), facts)


def cash_donation(**facts: Unpack[Facts]) -> Entry:
    """N 111 / C 7114: a donation handed over at a counter."""
    return _entry("donation", CASH, income("cash"), facts)


def bank_donation(**facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 7113: unidentified bank money turns out to be a donation."""
    return _entry("donation", UNIDENTIFIED_IN, income("bank"), facts)


def card_donation(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 7112: a donation by card, in full; Stripe holds it until it pays out."""
    return _entry("donation", AT_STRIPE, income("card"), facts)


def card_fee(**facts: Unpack[Facts]) -> Entry:
    """N 615 / C 113.stripe: what Stripe took for a payment, a dispute or its service."""
    return _entry("card-fee", expense("fee"), AT_STRIPE, facts)


def card_fee_back(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 615: a fee that Stripe gave back."""
    return _entry("card-fee", AT_STRIPE, expense("fee"), facts)


def card_refund(**facts: Unpack[Facts]) -> Entry:
    """N 7112 / C 113.stripe: a donation by card, or a part of it, goes back to the card."""
    return _entry("card-refund", income("card"), AT_STRIPE, facts)


def card_refund_failed(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 7112: the card did not take the refund; the money is at Stripe again."""
    return _entry("card-refund", AT_STRIPE, income("card"), facts)


def card_dispute(**facts: Unpack[Facts]) -> Entry:
    """N 1385 / C 113.stripe: a cardholder's bank has taken a payment back until it is decided."""
    return _entry("card-dispute", DISPUTED, AT_STRIPE, facts)


def card_dispute_won(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 1385: the money of a dispute came back."""
    return _entry("card-dispute", AT_STRIPE, DISPUTED, facts)


def card_dispute_lost(*, beyond: int = 0, **facts: Unpack[Facts]) -> Entry:
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


def card_stray(**facts: Unpack[Facts]) -> Entry:
    """N 113.stripe / C 3381: money came to our account at Stripe, and nobody here knows of whom."""
    return _entry("card-stray", AT_STRIPE, UNIDENTIFIED_IN, facts)


def card_stray_out(**facts: Unpack[Facts]) -> Entry:
    """N 1388 / C 113.stripe: money left our account at Stripe, and nobody here knows what for."""
    return _entry("card-stray", UNIDENTIFIED_OUT, AT_STRIPE, facts)


Part = tuple[str, str, int]
"""A fund, a unit and its part in đồng; negative where more went back than came in."""


def card_payout(
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


def card_arrival(
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
        ]
        if arrived > sent:
            gain = arrived - sent
            lines.append(Posting(income("other"), its_fund, its_unit, credit=gain))
        elif arrived < sent:
            lines.append(Posting(expense("other"), its_fund, its_unit, debit=sent - arrived))
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
        ]
        if arrived > sent:
            gain = arrived - sent
            lines.append(Posting(income("other"), its_fund, its_unit, credit=gain))
        elif arrived < sent:
            lines.append(Posting(expense("other"), its_fund, its_unit, debit=sent - arrived))
    return voucher_entry("card-arrival", lines, on=on, unit=unit, description=description)


def bank_transfer(
    *,
    amount: int,
    from_fund: str,
    from_unit: str,
    fund: str,
    unit: str,
    on: date,
    description: str,
) -> Entry:
    """N 3381 / C 1388: money out of one bank account turns out to have come into another of ours.

    Between two funds or units each gets its side, N 6119 / C 1388 and N 3381 / C 7119.
    """
    _positive(amount)
    lines = [
        Posting(UNIDENTIFIED_IN, fund, unit, debit=amount),
        Posting(UNIDENTIFIED_OUT, from_fund, from_unit, credit=amount),
    ]
    if (fund, unit) != (from_fund, from_unit):
        lines += [
            Posting(expense("transfer-out"), from_fund, from_unit, debit=amount),
            Posting(income("transfer-in"), fund, unit, credit=amount),
        ]
    return voucher_entry("bank-transfer", lines, on=on, unit=unit, description=description)


def bank_identified(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """N 3381 / C the account: unidentified money in turns out to belong there."""
    return _entry("bank-identified", UNIDENTIFIED_IN, account, facts)


def bank_spent(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """N the account / C 1388: unidentified money out turns out to belong there."""
    return _entry("bank-identified", account, UNIDENTIFIED_OUT, facts)


def bank_moved(
    *, amount: int, fund: str, unit: str, to_unit: str, on: date, description: str
) -> Entry:
    """N 3381 / C 336 and N 136 / C 3381: unidentified money in turns out to be another unit's."""
    _positive(amount)
    lines = [
        Posting(UNIDENTIFIED_IN, fund, unit, debit=amount),
        Posting(DUE_TO, fund, unit, credit=amount),
        Posting(DUE_FROM, fund, to_unit, debit=amount),
        Posting(UNIDENTIFIED_IN, fund, to_unit, credit=amount),
    ]
    return voucher_entry("bank-moved", lines, on=on, unit=unit, description=description)


def bank_double(*, bank_account: str, money_in: bool, **facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 112.account: money in was recorded by hand before the bank told of it.

    Money out the other way round, N 112.account / C 1388; so the account counts it once.
    """
    account = bank_account_code(bank_account)
    debit, credit = (UNIDENTIFIED_IN, account) if money_in else (account, UNIDENTIFIED_OUT)
    return _entry("bank-double", debit, credit, facts)


def dues_total(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N cash or bank / C 7115: the regular dues that a unit collected in a month, in one sum."""
    return _entry("dues", paid_into, income("dues"), facts)


def base_total(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N cash or bank / C 7116: what members and sponsors put into the base fund in a month."""
    return _entry("base", paid_into, income("base"), facts)


def interest(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N bank / C 515: interest that the bank paid."""
    return _entry("interest", paid_into, income("interest"), facts)


def payment(*, line: str, paid_from: str, **facts: Unpack[Facts]) -> Entry:
    """N 61x by purpose / C cash or bank: money spent on what the fund is for."""
    return _entry("payment", expense(line), paid_from, facts)


Share = tuple[str, int]
"""A counter-account of a voucher and its part of the amount, in đồng above 0."""


def money_in(*, till: str, fund: str, unit: str, shares: Sequence[Share]) -> tuple[Posting, ...]:
    """N cash or bank / C each account its share: the lines of a phiếu thu or giấy báo có."""
    total = sum(_positive(amount) for _account, amount in shares)
    return (
        Posting(till, fund, unit, debit=total),
        *(Posting(account, fund, unit, credit=amount) for account, amount in shares),
    )


def money_out(*, till: str, fund: str, unit: str, shares: Sequence[Share]) -> tuple[Posting, ...]:
    """N each account its share / C cash or bank: the lines of a phiếu chi or giấy báo nợ."""
    total = sum(_positive(amount) for _account, amount in shares)
    return (
        *(Posting(account, fund, unit, debit=amount) for account, amount in shares),
        Posting(till, fund, unit, credit=total),
    )


def transfer(
    *,
    amount: int,
    fund: str,
    unit: str,
    to_fund: str,
    to_unit: str,
    till: str | None = None,
    to_till: str | None = None,
) -> tuple[Posting, ...]:
    """N 6119 / C cash or bank where it leaves, N cash or bank / C 7119 where it arrives.

    As long as the money has not moved (no tills) the giver owes it, C 336, and it is due to the
    receiver, N 136; a giấy báo nợ on 336 and a giấy báo có on 136 settle it later.
    """
    _positive(amount)
    return (
        Posting(expense("transfer-out"), fund, unit, debit=amount),
        Posting(till or DUE_TO, fund, unit, credit=amount),
        Posting(to_till or DUE_FROM, to_fund, to_unit, debit=amount),
        Posting(income("transfer-in"), to_fund, to_unit, credit=amount),
    )


def voucher_entry(
    kind: str,
    lines: Sequence[Posting],
    *,
    on: date,
    unit: str,
    description: str,
    province: str | None = None,
) -> Entry:
    """N … / C … as the lines of an approved voucher say, balanced in each fund and unit."""
    return Entry(
        date=on,
        kind=kind,
        description=description,
        unit=unit,
        postings=tuple(lines),
        province=province,
    )


def _positive(amount: int) -> int:
    if check_dong(amount) <= 0:
        raise OutOfRangeError(amount)
    return amount


def carry_forward(
    *,
    on: date,
    unit: str,
    fund: str,
    balances: Sequence[tuple[str, int]],
    description: str,
    province: str | None = None,
) -> Entry:
    """N income / C 911, N 911 / C expense, the rest 911 / 421: what a year of a fund came to.

    `balances` are the accounts of income and expense with what stands on them, debit less credit,
    in đồng. After it they stand at zero, as does 911; 421 has the surplus or the deficit.
    """
    lines: list[Posting] = []
    moved = [(account, balance) for account, balance in balances if balance]
    result = -sum(balance for _account, balance in moved)
    for account, balance in (*moved, (SURPLUS, result)):
        amount = abs(balance)
        if balance < 0:
            lines += [
                Posting(account, fund, unit, debit=amount),
                Posting(RESULT, fund, unit, credit=amount),
            ]
        elif balance > 0:
            lines += [
                Posting(RESULT, fund, unit, debit=amount),
                Posting(account, fund, unit, credit=amount),
            ]
    return Entry(
        date=on,
        kind="carry-forward",
        description=description,
        unit=unit,
        postings=tuple(lines),
        province=province,
    )


def _entry(kind: str, debit: str, credit: str, facts: Facts) -> Entry:
    """Book one amount from one account to another, in one fund of one unit."""
    amount, fund, unit = facts["amount"], facts["fund"], facts["unit"]
    _positive(amount)
    return Entry(
        date=facts["on"],
        kind=kind,
        description=facts["description"],
        unit=unit,
        postings=(
            Posting(debit, fund, unit, debit=amount),
            Posting(credit, fund, unit, credit=amount),
        ),
        province=facts.get("province"),
    )
