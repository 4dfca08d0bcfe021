"""How each event is booked: one function an event, on pages that an auditor can read.

Every recipe takes the facts of the event and returns an entry that holds the rule. "N … / C …" in
its first line names the accounts on the Nợ (debit) and the Có (credit) side. What happens to
donations by card, from Stripe to the bank, has a page of its own: `ledger.card_recipes`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NotRequired, TypedDict, Unpack

from ledger.accounts import (
    BROUGHT_IN,
    CASH,
    DUE_FROM,
    DUE_TO,
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
    """N cash, bank or what is due / C 4311: what a fund had when its books were opened here."""
    return pair("opening", account, BROUGHT_IN, facts)


def opening_debt(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """C what is owed / N 4311: what a fund owed on that day; its account stands first here too."""
    entry = pair("opening", BROUGHT_IN, account, facts)
    return replace(entry, postings=entry.postings[::-1])


def sms_message(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 138.operator / C 7111: a message is income, and a receivable until the operator pays."""
    return pair("sms", operator_code(operator), income("sms"), facts)


def bank_credit(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 112.account / C 3381: money on the bank's statement, unidentified until it is decided."""
    return pair("bank-in", bank_account_code(bank_account), UNIDENTIFIED_IN, facts)


def bank_fee(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 615 / C 112.account: what the bank took for its service."""
    return pair("bank-fee", expense("fee"), bank_account_code(bank_account), facts)


def bank_debit(*, bank_account: str, **facts: Unpack[Facts]) -> Entry:
    """N 1388 / C 112.account: money that left the bank, unidentified until it is decided."""
    return pair("bank-out", UNIDENTIFIED_OUT, bank_account_code(bank_account), facts)


def operator_fee(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 615 / C 138.operator: what an operator keeps for itself of the messages it reports."""
    return pair("operator-fee", expense("fee"), operator_code(operator), facts)


def operator_money(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 138.operator: money on the bank's statement turns out to be an operator's."""
    return pair("operator-money", UNIDENTIFIED_IN, operator_code(operator), facts)


def operator_surplus(**facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 3388: what an operator paid beyond what it owes is owed to it."""
    return pair("operator-surplus", UNIDENTIFIED_IN, OWED_OUT, facts)


def operator_offset(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 3388 / C 138.operator: what it paid too much pays what it owes for other messages."""
    return pair("operator-offset", OWED_OUT, operator_code(operator), facts)


def operator_loss(*, operator: str, **facts: Unpack[Facts]) -> Entry:
    """N 811 / C 138.operator: what an operator will never pay, given up by two people.

    It is spent on no purpose of the fund and is no administration, so it stands with the other
    payments, where written off receivables belong.
    """
    return pair("operator-loss", expense("other"), operator_code(operator), facts)


def cash_donation(**facts: Unpack[Facts]) -> Entry:
    """N 111 / C 7114: a donation handed over at a counter."""
    return pair("donation", CASH, income("cash"), facts)


def bank_donation(**facts: Unpack[Facts]) -> Entry:
    """N 3381 / C 7113: unidentified bank money turns out to be a donation."""
    return pair("donation", UNIDENTIFIED_IN, income("bank"), facts)


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

    Between two funds or units it settles what a transfer form made one owe the other, N 336 / C
    1388 and N 3381 / C 136; that so much is owed the caller holds.
    """
    _positive(amount)
    lines = [
        Posting(UNIDENTIFIED_IN, fund, unit, debit=amount),
        Posting(UNIDENTIFIED_OUT, from_fund, from_unit, credit=amount),
    ]
    if (fund, unit) != (from_fund, from_unit):
        lines += [
            Posting(DUE_TO, from_fund, from_unit, debit=amount),
            Posting(DUE_FROM, fund, unit, credit=amount),
        ]
    return voucher_entry("bank-transfer", lines, on=on, unit=unit, description=description)


def bank_identified(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """N 3381 / C the account: unidentified money in turns out to belong there."""
    return pair("bank-identified", UNIDENTIFIED_IN, account, facts)


def bank_spent(*, account: str, **facts: Unpack[Facts]) -> Entry:
    """N the account / C 1388: unidentified money out turns out to belong there."""
    return pair("bank-identified", account, UNIDENTIFIED_OUT, facts)


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
    return pair("bank-double", debit, credit, facts)


def dues_total(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N cash or bank / C 7115: the regular dues that a unit collected in a month, in one sum."""
    return pair("dues", paid_into, income("dues"), facts)


def base_total(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N cash or bank / C 7116: what members and sponsors put into the base fund in a month."""
    return pair("base", paid_into, income("base"), facts)


def interest(*, paid_into: str, **facts: Unpack[Facts]) -> Entry:
    """N bank / C 515: interest that the bank paid."""
    return pair("interest", paid_into, income("interest"), facts)


def payment(*, line: str, paid_from: str, **facts: Unpack[Facts]) -> Entry:
    """N 61x by purpose / C cash or bank: money spent on what the fund is for."""
    return pair("payment", expense(line), paid_from, facts)


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
    return voucher_entry(
        "carry-forward", lines, on=on, unit=unit, description=description, province=province
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


def pair(kind: str, debit: str, credit: str, facts: Facts) -> Entry:
    """Book one amount from one account to another, in one fund of one unit."""
    amount, fund, unit = _positive(facts["amount"]), facts["fund"], facts["unit"]
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


def _positive(amount: int) -> int:
    if check_dong(amount) <= 0:
        raise OutOfRangeError(amount)
    return amount
