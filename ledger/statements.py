"""The fund statement: what a fund had, received, spent and has left, by line and by row.

A fund's net balance is what it has less what it owes. It is kept twice in the books: as assets
less liabilities, and as the turned sum of the accounts that have a line (equity, income, expense).
A statement is drawn from the second and proved by the first, row by row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from ledger.accounts import Account, AccountType
from ledger.entries import Entry, Posting
from ledger.errors import LedgerError

Place: TypeAlias = tuple[str | None, str | None]
"""Where a row stands: a province (`2025:44` or `none`) and a unit; None means all of them."""
LineKey: TypeAlias = "tuple[Side, str]"

RECEIPT_LINES = (
    "brought-in", "sms", "card", "bank", "cash", "dues", "base", "interest", "other", "transfer-in",
)  # fmt: skip
PAYMENT_LINES = (
    "house", "gift", "visit", "health", "activity", "admin", "fee", "other", "transfer-out",
)  # fmt: skip
_LAST = {"other": 1, "transfer-in": 2, "transfer-out": 2}


class Side(StrEnum):
    """The two sides of a statement; equity brought in stands with the receipts."""

    RECEIPTS = "receipts"
    PAYMENTS = "payments"

    @classmethod
    def of(cls, kind: AccountType) -> "Side":
        """Return the side on which accounts of a kind stand."""
        return cls.PAYMENTS if kind is AccountType.EXPENSE else cls.RECEIPTS


@dataclass
class UnprovenError(LedgerError):
    """A fund's net balance is not its assets less its liabilities."""

    place: Place
    difference: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a statement is about: a fund from its first to its last day, whole or in part.

    `provinces` says whether provinces are those of today (`now`) or as recorded (`then`).

    Raises:
        ValueError: the period ends before it begins.
    """

    fund: str
    first: date
    last: date
    province: str | None = None
    unit: str | None = None
    provinces: str = "now"

    def __post_init__(self) -> None:
        """Hold that the period has at least one day."""
        if self.first > self.last:
            msg = "a period cannot end before it begins"
            raise ValueError(msg)


class Sum(NamedTuple):
    """What stands on accounts of one kind and line, in one row, before or inside the period.

    `amount` is credit less debit, in đồng: above zero it raises the fund's net balance.
    """

    place: Place
    kind: AccountType
    line: str | None
    before: bool
    amount: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of receipts or payments, in đồng, and the number of entries behind it."""

    line: str
    label: str
    amount: int
    entries: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One province's or unit's part of the statement, in đồng."""

    province: str | None
    unit: str | None
    opening: int = 0
    receipts_total: int = 0
    payments_total: int = 0

    @property
    def closing(self) -> int:
        """What is left at the end of the last day."""
        return self.opening + self.receipts_total - self.payments_total

    @property
    def place(self) -> Place:
        """Where the row stands."""
        return self.province, self.unit


@dataclass(frozen=True, slots=True)
class FundStatement:
    """A fund over a period: opening, receipts and payments by line, closing, and the rows.

    Raises:
        UnprovenError: the rows do not add up to the lines.
    """

    scope: Scope
    receipts: tuple[StatementLine, ...]
    payments: tuple[StatementLine, ...]
    rows: tuple[StatementRow, ...]

    def __post_init__(self) -> None:
        """Hold that rows and lines tell the same receipts and payments."""
        by_rows = sum(row.receipts_total - row.payments_total for row in self.rows)
        difference = by_rows - (self.receipts_total - self.payments_total)
        if difference or sum(row.receipts_total for row in self.rows) != self.receipts_total:
            raise UnprovenError((None, None), difference)

    @property
    def opening(self) -> int:
        """The fund's net balance before the first day."""
        return sum(row.opening for row in self.rows)

    @property
    def receipts_total(self) -> int:
        """What came in during the period."""
        return sum(line.amount for line in self.receipts)

    @property
    def payments_total(self) -> int:
        """What was spent during the period."""
        return sum(line.amount for line in self.payments)

    @property
    def closing(self) -> int:
        """The fund's net balance at the end of the last day."""
        return self.opening + self.receipts_total - self.payments_total


def build(
    scope: Scope,
    sums: Iterable[Sum],
    labels: Mapping[LineKey, str],
    entries: Mapping[LineKey, int],
    places: Sequence[Place] = (),
) -> FundStatement:
    """Draw the statement of `scope` from sums of the journal.

    `labels` names every line of the chart; a line without money stands with 0, except what was
    brought in, which happens once. `entries` counts the entries behind each line. `places` are
    rows that stand even with nothing on them, in their order; others follow.

    Raises:
        UnprovenError: in some row the net balance is not assets less liabilities.
    """
    openings: defaultdict[Place, int] = defaultdict(int)
    turnovers: defaultdict[tuple[Place, Side], int] = defaultdict(int)
    lines: defaultdict[LineKey, int] = defaultdict(int)
    proof: defaultdict[tuple[Place, bool], int] = defaultdict(int)
    receipts, payments, expense = Side.RECEIPTS, Side.PAYMENTS, AccountType.EXPENSE
    for place, kind, line, before, amount in sums:
        proof[place, before] += amount
        if line is None:
            continue
        if before:
            openings[place] += amount
        elif kind is expense:
            turnovers[place, payments] -= amount
            lines[payments, line] -= amount
        else:
            turnovers[place, receipts] += amount
            lines[receipts, line] += amount
    for (place, _before), difference in proof.items():
        if difference:
            raise UnprovenError(place, difference)
    return FundStatement(
        scope=scope,
        receipts=_lines(Side.RECEIPTS, lines, labels, entries),
        payments=_lines(Side.PAYMENTS, lines, labels, entries),
        rows=tuple(
            StatementRow(
                *place,
                opening=openings.get(place, 0),
                receipts_total=turnovers.get((place, receipts), 0),
                payments_total=turnovers.get((place, payments), 0),
            )
            for place in dict.fromkeys((*places, *(place for place, _before in proof)))
        ),
    )


def sums_of(
    entries: Iterable[Entry],
    chart: Iterable[Account],
    scope: Scope,
    place: Callable[[Entry, Posting], Place | None],
) -> list[Sum]:
    """Sum entries in memory, one sum a posting, as the worked examples and auditors do by hand.

    `place` says in which row a posting of an entry stands, None if it is left out.
    """
    accounts = {account.code: account for account in chart}
    return [
        Sum(
            place=where,
            kind=accounts[posting.account].type,
            line=accounts[posting.account].line,
            before=entry.date < scope.first,
            amount=posting.credit - posting.debit,
        )
        for entry in entries
        for posting in entry.postings
        if posting.fund == scope.fund
        and entry.date <= scope.last
        and (where := place(entry, posting)) is not None
    ]


def _lines(
    side: Side,
    amounts: Mapping[LineKey, int],
    labels: Mapping[LineKey, str],
    entries: Mapping[LineKey, int],
) -> tuple[StatementLine, ...]:
    """Return the lines of one side: those of the house first, a treasurer's own, then the rest."""
    known = RECEIPT_LINES if side is Side.RECEIPTS else PAYMENT_LINES
    order = {line: (_LAST.get(line, 0), place) for place, line in enumerate(known)}
    found = {line for kind, line in (*labels, *amounts) if kind is side}
    if not entries.get((side, "brought-in")):
        found.discard("brought-in")
    return tuple(
        StatementLine(
            line, labels.get((side, line), line), amounts.get((side, line), 0),
            entries.get((side, line), 0),
        )
        for line in sorted(found, key=lambda line: (order.get(line, (0, len(known))), line))
    )  # fmt: skip
