"""Worked examples: how each event stands in the books, as an accountant would write it down."""

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

import pytest

from ledger import card_recipes, recipes
from ledger.accounts import CARRIED, DEFAULT_CHART, AccountType
from ledger.entries import Entry, Posting, reversal_of
from ledger.errors import (
    LinelessError,
    OneSideError,
    OutOfRangeError,
    UnbalancedError,
    UnknownAccountError,
)

DAY = date(2026, 7, 27)


def facts(amount: int = 500_000, fund: str = "nghia-tinh", unit: str = "TW") -> recipes.Facts:
    return {"on": DAY, "unit": unit, "fund": fund, "amount": amount, "description": "ví dụ"}


class Moved(TypedDict):
    amount: int
    fund: str
    unit: str
    to_fund: str
    to_unit: str


MOVED: Moved = {
    "amount": 40_000_000,
    "fund": "nghia-tinh",
    "unit": "TW",
    "to_fund": "nghia-tinh",
    "to_unit": "HT44",
}


def voucher(kind: str, lines: Sequence[Posting]) -> Entry:
    return recipes.voucher_entry(kind, lines, on=DAY, unit="TW", description="ví dụ")


PART = ("nghia-tinh", "TW", 478_500)


def arrived(parts: Sequence[tuple[str, str, int, int]]) -> Entry:
    return card_recipes.arrival(parts, fund="nghia-tinh", on=DAY, unit="TW", description="ví dụ")


def written(entry: Entry) -> list[str]:
    """Write an entry as accountants do: N or C, the account, the amount."""
    return [
        f"N {posting.account} {posting.debit}"
        if posting.debit
        else f"C {posting.account} {posting.credit}"
        for posting in entry.postings
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            recipes.opening_balance(account="112.VCB1", **facts(9_000_000)),
            ["N 112.VCB1 9000000", "C 4311 9000000"],
        ),
        (
            recipes.sms_message(operator="viettel", **facts(20_000)),
            ["N 138.viettel 20000", "C 7111 20000"],
        ),
        (
            recipes.bank_credit(bank_account="VCB1", **facts()),
            ["N 112.VCB1 500000", "C 3381 500000"],
        ),
        (
            recipes.bank_fee(bank_account="VCB1", **facts(55_000)),
            ["N 615 55000", "C 112.VCB1 55000"],
        ),
        (
            recipes.bank_debit(bank_account="VCB1", **facts()),
            ["N 1388 500000", "C 112.VCB1 500000"],
        ),
        (
            recipes.operator_fee(operator="mobifone", **facts(300)),
            ["N 615 300", "C 138.mobifone 300"],
        ),
        (
            recipes.operator_money(operator="mobifone", **facts()),
            ["N 3381 500000", "C 138.mobifone 500000"],
        ),
        (
            recipes.operator_loss(operator="mobifone", **facts(60_000)),
            ["N 811 60000", "C 138.mobifone 60000"],
        ),
        (recipes.cash_donation(**facts()), ["N 111 500000", "C 7114 500000"]),
        (recipes.bank_donation(**facts()), ["N 3381 500000", "C 7113 500000"]),
        (card_recipes.donation(**facts()), ["N 113.stripe 500000", "C 7112 500000"]),
        (card_recipes.fee(**facts(21_500)), ["N 615 21500", "C 113.stripe 21500"]),
        (card_recipes.fee_back(**facts(21_500)), ["N 113.stripe 21500", "C 615 21500"]),
        (card_recipes.refund(**facts(200_000)), ["N 7112 200000", "C 113.stripe 200000"]),
        (card_recipes.refund_failed(**facts(200_000)), ["N 113.stripe 200000", "C 7112 200000"]),
        (card_recipes.dispute(**facts()), ["N 1385 500000", "C 113.stripe 500000"]),
        (card_recipes.dispute_won(**facts()), ["N 113.stripe 500000", "C 1385 500000"]),
        (card_recipes.dispute_lost(**facts()), ["N 7112 500000", "C 1385 500000"]),
        (
            card_recipes.dispute_lost(beyond=200_000, **facts(300_000)),
            ["N 7112 300000", "N 811 200000", "C 1385 500000"],
        ),
        (
            card_recipes.payout([PART], on=DAY, unit="TW", description="ví dụ"),
            ["N 113 478500", "C 113.stripe 478500"],
        ),
        (
            card_recipes.payout([PART], on=DAY, unit="TW", description="ví dụ", back=True),
            ["N 113.stripe 478500", "C 113 478500"],
        ),
        (
            arrived([(*PART, 478_500)]),
            ["N 3381 478500", "C 113 478500"],
        ),
        (card_recipes.stray(**facts()), ["N 113.stripe 500000", "C 3381 500000"]),
        (card_recipes.stray_out(**facts()), ["N 1388 500000", "C 113.stripe 500000"]),
        (
            arrived([("nghia-tinh", "TW", -396_000, -396_000)]),
            ["N 113 396000", "C 1388 396000"],
        ),
        (
            arrived([("base", "TW", -396_000, -400_000)]),
            ["N 136 400000", "C 1388 400000", "N 113 396000", "C 336 400000", "N 811 4000"],
        ),
        (
            arrived([(*PART, 478_900)]),
            ["N 3381 478900", "C 113 478500", "C 7118 400"],
        ),
        (
            arrived([(*PART, 478_000)]),
            ["N 3381 478000", "C 113 478500", "N 811 500"],
        ),
        (
            arrived([("base", "TW", 100_000, 100_000)]),
            ["N 3381 100000", "C 336 100000", "N 136 100000", "C 113 100000"],
        ),
        (
            recipes.dues_total(paid_into="111", **facts(fund="dues")),
            ["N 111 500000", "C 7115 500000"],
        ),
        (
            recipes.base_total(paid_into="111", **facts(fund="base")),
            ["N 111 500000", "C 7116 500000"],
        ),
        (recipes.interest(paid_into="112.VCB1", **facts()), ["N 112.VCB1 500000", "C 515 500000"]),
        (
            recipes.payment(line="house", paid_from="112.VCB1", **facts(70_000_000)),
            ["N 6111 70000000", "C 112.VCB1 70000000"],
        ),
        (
            voucher(
                "cash-in",
                recipes.money_in(
                    till="111", fund="dues", unit="TW", shares=[("138", 300_000), ("7118", 200_000)]
                ),
            ),
            ["N 111 500000", "C 138 300000", "C 7118 200000"],
        ),
        (
            voucher(
                "bank-out",
                recipes.money_out(
                    till="112.VCB1",
                    fund="dues",
                    unit="TW",
                    shares=[("6112", 480_000), ("615", 20_000)],
                ),
            ),
            ["N 6112 480000", "N 615 20000", "C 112.VCB1 500000"],
        ),
        (
            voucher(
                "journal",
                [
                    Posting("6121", "dues", "TW", debit=90_000),
                    Posting("331", "dues", "TW", credit=90_000),
                ],
            ),
            ["N 6121 90000", "C 331 90000"],
        ),
        (
            voucher("transfer", recipes.transfer(till="111", to_till="112.HT44", **MOVED)),
            ["N 6119 40000000", "C 111 40000000", "N 112.HT44 40000000", "C 7119 40000000"],
        ),
        (
            voucher("transfer", recipes.transfer(**MOVED)),
            ["N 6119 40000000", "C 336 40000000", "N 136 40000000", "C 7119 40000000"],
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Entry) else "",
)
def test_an_event_is_booked_like_this(entry: Entry, expected: list[str]) -> None:
    assert written(entry) == expected


def test_a_reversal_has_the_same_sides_with_negative_amounts() -> None:
    entry = recipes.cash_donation(**facts())
    back = reversal_of(entry, date(2026, 8, 1), "Ghi nhầm quỹ")
    assert written(back) == ["N 111 -500000", "C 7114 -500000"]
    assert (back.date, back.kind, back.description) == (
        date(2026, 8, 1),
        "reversal",
        "Ghi nhầm quỹ",
    )


def test_money_of_one_fund_cannot_pay_for_another() -> None:
    with pytest.raises(UnbalancedError) as error:
        Entry(
            DAY,
            "payment",
            "quà từ quỹ khác",
            "TW",
            (
                Posting("6112", "nghia-tinh", "TW", debit=300_000),
                Posting("111", "dues", "TW", credit=300_000),
            ),
        )
    assert (error.value.fund, error.value.unit, error.value.difference) == (
        "nghia-tinh",
        "TW",
        300_000,
    )


def test_an_entry_over_funds_balances_in_each() -> None:
    entry = Entry(
        DAY,
        "other",
        "hội phí cho quỹ nghĩa tình vay",
        "TW",
        (
            Posting("136", "dues", "TW", debit=300_000),
            Posting("111", "dues", "TW", credit=300_000),
            Posting("111", "nghia-tinh", "TW", debit=300_000),
            Posting("336", "nghia-tinh", "TW", credit=300_000),
        ),
    )
    assert entry.turnover == 600_000


def test_a_posting_stands_on_exactly_one_side() -> None:
    with pytest.raises(OneSideError):
        Posting("111", "dues", "TW")
    with pytest.raises(OneSideError):
        Posting("111", "dues", "TW", debit=1, credit=1)


def test_one_posting_is_no_entry() -> None:
    with pytest.raises(LinelessError):
        Entry(DAY, "other", "", "TW", (Posting("111", "dues", "TW", debit=1),))


@pytest.mark.parametrize("amount", [0, -5, 10**15 + 1, 1.0, True, "5", None])
def test_a_recipe_takes_only_whole_dong_above_zero(amount: object) -> None:
    with pytest.raises(OutOfRangeError):
        recipes.cash_donation(**facts(amount))  # type: ignore[arg-type]  # what a form might send


def test_an_unknown_operator_or_purpose_has_no_account() -> None:
    with pytest.raises(UnknownAccountError):
        recipes.sms_message(operator="nobody", **facts())
    with pytest.raises(UnknownAccountError):
        recipes.payment(line="palace", paid_from="111", **facts())


def test_every_account_that_makes_up_a_balance_has_a_line_of_its_own() -> None:
    # Those of the carrying forward share the line of what was brought in.
    own = [account for account in DEFAULT_CHART if account.code not in CARRIED]
    lines = [(account.type, account.line) for account in own if account.line]
    assert len(lines) == len(set(lines))
    assert {account.code for account in DEFAULT_CHART if account.type.has_line} == {
        account.code for account in DEFAULT_CHART if account.line
    }
    assert {line for kind, line in lines if kind == AccountType.INCOME} == {
        "sms", "card", "bank", "cash", "dues", "base", "interest", "other", "transfer-in",
    }  # fmt: skip
    assert {line for kind, line in lines if kind == AccountType.EXPENSE} == {
        "house", "gift", "visit", "health", "activity", "admin", "fee", "other", "transfer-out",
    }  # fmt: skip


def test_a_transfer_balances_in_the_giving_and_in_the_receiving_unit() -> None:
    entry = voucher("transfer", recipes.transfer(**MOVED))
    assert [posting.unit for posting in entry.postings] == ["TW", "TW", "HT44", "HT44"]


@pytest.mark.parametrize("amount", [0, -1, 1.0])
def test_a_share_of_a_voucher_is_whole_dong_above_zero(amount: int) -> None:
    for book in (recipes.money_in, recipes.money_out):
        with pytest.raises(OutOfRangeError):
            book(till="111", fund="dues", unit="TW", shares=[("138", 5), ("7118", amount)])
    with pytest.raises(OutOfRangeError):
        recipes.transfer(**MOVED | {"amount": amount})
