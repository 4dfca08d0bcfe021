"""Accounts and the chart: what stands in the books, and on which line of a fund statement."""

import csv
import io
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from ledger.errors import UnknownAccountError


class AccountType(StrEnum):
    """The five kinds of account; the last three say how a fund's net balance came about."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def has_line(self) -> bool:
        """Whether accounts of this kind make up the lines of a fund statement."""
        return self in {AccountType.EQUITY, AccountType.INCOME, AccountType.EXPENSE}


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account: its code, its names, its kind and its line of the fund statement.

    Raises:
        UnknownAccountError: an account that makes up a fund's balance has no line, or another
            account has one; then statements would not add up.
    """

    code: str
    name: str
    name_en: str
    type: AccountType
    line: str | None = None

    def __post_init__(self) -> None:
        """Hold that exactly the accounts of the fund's balance have a line."""
        if self.type.has_line != (self.line is not None):
            raise UnknownAccountError(self.code)


def read_chart(text: str) -> tuple[Account, ...]:
    """Read a chart of accounts from CSV text: code, name, name_en, type, line."""
    return tuple(
        Account(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            type=AccountType(row["type"]),
            line=row["line"] or None,
        )
        for row in csv.DictReader(io.StringIO(text))
    )


DEFAULT_CHART = read_chart(files("ledger").joinpath("chart.csv").read_text(encoding="utf-8"))
"""The chart that a new set of books begins with, after Thông tư 24/2024/TT-BTC; the sub-accounts
per channel, purpose and operator are the association's own. A treasurer may add to it."""

CASH = "111"
BANK = "112"
IN_TRANSIT = "113"
AT_STRIPE = "113.stripe"
OPERATORS = "138"
DISPUTED = "1385"
UNIDENTIFIED_OUT = "1388"
DUE_FROM = "136"
DUE_TO = "336"
UNIDENTIFIED_IN = "3381"
OWED_OUT = "3388"
BROUGHT_IN = "4311"
SURPLUS = "421"
RESULT = "911"
CARRIED = (SURPLUS, RESULT)
"""The accounts of the carrying forward alone; they name no line of a statement."""

_BY_LINE = {(account.type, account.line): account.code for account in DEFAULT_CHART}


def bank_account_code(bank_account: str) -> str:
    """Return the ledger account of one bank account: `112.<its code>`."""
    return f"{BANK}.{bank_account}"


def operator_code(operator: str) -> str:
    """Return the receivable from one operator: `138.<operator>`.

    Raises:
        UnknownAccountError: the chart does not know the operator.
    """
    code = f"{OPERATORS}.{operator}"
    if operator not in OPERATOR_NAMES:
        raise UnknownAccountError(code)
    return code


OPERATOR_NAMES = tuple(
    account.code.partition(".")[2]
    for account in DEFAULT_CHART
    if account.code.startswith(f"{OPERATORS}.")
)


def income(line: str) -> str:
    """Return the account of a receipts line.

    Raises:
        UnknownAccountError: there is no such line.
    """
    return _of(AccountType.INCOME, line)


def expense(line: str) -> str:
    """Return the account of a payments line.

    Raises:
        UnknownAccountError: there is no such line.
    """
    return _of(AccountType.EXPENSE, line)


def _of(kind: AccountType, line: str) -> str:
    code = _BY_LINE.get((kind, line))
    if code is None:
        raise UnknownAccountError(line)
    return code
