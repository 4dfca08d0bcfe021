"""What the bank's room tells others: accounts, lines and reports as plain values."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fundsvc.imports import ImportReport, Run
from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.summary import Break


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A bank account with the balance of its ledger account, in đồng.

    `lines` and `last` stay empty unless they were asked for: for them all lines are counted.
    """

    id: int
    code: str
    bank: str
    number: str
    fund: str
    fund_name: str
    unit: str
    unit_name: str
    unit_id: int
    account: str
    balance: int = 0
    lines: int = 0
    last: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the account as `bank-account list --json` prints it."""
        return {
            "code": self.code,
            "bank": self.bank,
            "number": self.number,
            "fund": self.fund,
            "unit": self.unit,
            "account": self.account,
            "balance": self.balance,
            "lines": self.lines,
            "last": self.last.isoformat() if self.last else None,
        }


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A stored line of the bank; debit and credit are the bank's (credit is money in)."""

    id: int
    booked_on: date
    at_time: str
    number: str
    memo: str
    counterparty: str
    debit: int
    credit: int
    entry_id: int


@dataclass(frozen=True, slots=True)
class Twin:
    """A line of the file that a gateway told of, and the id of the line that was booked for it."""

    row: int
    booked_on: date
    fingerprint: str
    occurrence: int
    bank_line_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A line that looks known although the bank's balance says that it is new."""

    row: int
    booked_on: date
    amount: int
    memo: str


@dataclass(frozen=True, slots=True)
class Before:
    """The file read before this one: its name, last day and closing balance.

    `ahead` is how far the bank's balance is ahead of all our lines once the new ones are booked; it
    is 0 where nothing is missing and nothing is there twice.
    """

    name: str
    last: date | None
    closing: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of lines, with where to go on and what all lines of the account come to."""

    lines: tuple[LineFacts, ...]
    before: str | None
    count: int
    sum_in: int
    sum_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankImportReport(ImportReport):
    """What a statement file says and what of it is new; amounts in đồng.

    `opening` and `closing` are None when the bank prints no balance. `fees` and `debits` count
    the new lines that are booked as the bank's fee and as money out to be identified. `doubtful`
    are rows that look like one already stored while the rows around them are new: the same line
    once more, or another gift that the bank wrote in the same words; only people can tell. `asked`
    are those of which the bank's balance says that they are new: nothing is booked before a person
    says what they are. `runs` are the refused rows, those for one reason together; `closed` counts
    those that were read, but lie in a closed month.
    """

    layout: str
    opening: int | None
    closing: int | None
    breaks: tuple[Break, ...]
    fees: int
    debits: int
    doubtful: tuple[int, ...]
    sample: tuple[Line, ...]
    before: Before | None = None
    asked: tuple[Asked, ...] = ()
    runs: tuple[Run, ...] = ()
    closed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the report as interface documents print it."""
        return {
            **ImportReport.as_json(self),
            "opening": self.opening,
            "closing": self.closing,
            "breaks": [found.as_json() for found in self.breaks],
            "doubtful": list(self.doubtful),
            "asked": [one.row for one in self.asked],
            "ahead": self.before.ahead if self.before else None,
            "format": self.layout,
        }
