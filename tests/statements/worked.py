"""The worked examples an accountant can read (`examples/*.txt`), as entries and statements."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ledger import recipes
from ledger.accounts import DEFAULT_CHART, Account, AccountType
from ledger.entries import Entry, Posting, reversal_of
from ledger.statements import FundStatement, LineKey, Place, Scope, Side, build, sums_of

FOLDER = Path(__file__).parent / "examples"
BANK = Account("112.VCB1", "Tiền gửi Vietcombank", "Vietcombank", AccountType.ASSET)
CHART = (*DEFAULT_CHART, BANK)
HOMES = {"TW": None, "HTQT": "2025:44", "HTHU": "2025:46", "DV11": None}
"""The units of the examples and their provinces."""
SUCCESSORS = {"2004:44": "2025:44", "2004:45": "2025:44", "2004:46": "2025:46"}


@dataclass
class Expected:
    """A statement as an example states it; lines and rows without money are not written."""

    fund: str
    first: date
    last: date
    provinces: str
    only: dict[str, str]
    opening: int = 0
    closing: int = 0
    lines: dict[LineKey, tuple[int, int]] = field(default_factory=dict)
    rows: list[tuple[Place, tuple[int, int, int, int]]] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join((self.fund, str(self.first), self.provinces, *self.only.values()))

    @property
    def scope(self) -> Scope:
        return Scope(
            self.fund, self.first, self.last, self.only.get("province"), self.only.get("unit"),
            self.provinces,
        )  # fmt: skip


@dataclass
class Example:
    """The entries of an example, with the number of the one each takes back, and its statements."""

    entries: list[tuple[Entry, int | None]]
    statements: list[Expected]


def read(name: str) -> Example:
    """Read an example by the name of its file."""
    example = Example([], [])
    section = ""
    for raw in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        words = raw.split()
        if raw.startswith("Bút toán"):
            section = "entries"
        elif raw.startswith("Báo cáo"):
            section = "statement"
            only = dict(word.split("=") for word in words[6:])
            days = date.fromisoformat(words[3]), date.fromisoformat(words[4])
            example.statements.append(Expected(words[2], *days, words[5], only))
        elif section == "entries" and words and words[0].isdecimal():
            example.entries.append(_entry(words, [entry for entry, _of in example.entries]))
        elif section == "statement" and words and words[0] != "#":
            _expect(example.statements[-1], words)
    return example


def _entry(words: list[str], before: list[Entry]) -> tuple[Entry, int | None]:
    on = date.fromisoformat(words[1])
    # The name of the event may have blanks; what follows it has a fixed number of words.
    rest = next(place for place, word in enumerate(words) if word in {*HOMES, "-"})
    what, (unit, place, amount, *detail) = " ".join(words[2:rest]), words[rest:]
    if what == "ghi đảo":
        return reversal_of(before[int(detail[0]) - 1], on, "ghi đảo"), int(detail[0])
    facts: Any = {
        "on": on,
        "unit": unit,
        "fund": "nghia-tinh",
        "amount": _amount(amount),
        "description": f"{what} {words[0]}",
        "province": None if place == "-" else place,
    }
    match what:
        case "số dư đầu":
            return recipes.opening_balance(account=detail[0], **facts), None
        case "tin nhắn":
            return recipes.sms_message(operator=detail[0], **facts), None
        case "tiền mặt":
            return recipes.cash_donation(**facts), None
        case "chi":
            return recipes.payment(line=detail[0], paid_from="111", **facts), None
        case "tiền vào NH":
            return recipes.bank_credit(bank_account="VCB1", **facts), None
        case "xác định":
            return recipes.bank_donation(**facts), None
    raise ValueError(what)


def _expect(statement: Expected, words: list[str]) -> None:
    match words:
        case ["dư", "đầu", amount]:
            statement.opening = _amount(amount)
        case ["dư", "cuối", amount]:
            statement.closing = _amount(amount)
        case ["thu" | "chi" as side, line, amount, entries]:
            key = Side.RECEIPTS if side == "thu" else Side.PAYMENTS, line
            statement.lines[key] = _amount(amount), int(entries)
        case ["dòng", province, unit, opening, receipts, payments, closing]:
            place = province, None if unit == "-" else unit
            figures = tuple(map(_amount, (opening, receipts, payments, closing)))
            statement.rows.append((place, figures))  # type: ignore[arg-type]  # four of them
        case _:
            raise ValueError(words)


def _amount(text: str) -> int:
    return int(text.replace(".", ""))


def by_hand(scope: Scope, entries: list[Entry]) -> FundStatement:
    """Draw a statement from entries in memory, with rules of its own: the oracle of the tests."""

    def place(entry: Entry, posting: Posting) -> Place | None:
        province = entry.province or HOMES[posting.unit]
        if scope.provinces == "now":
            province = SUCCESSORS.get(province or "", province)
        key = province or "none"
        if scope.province not in {None, key} or scope.unit not in {None, posting.unit}:
            return None
        return key, posting.unit if scope.province or scope.unit else None

    accounts = {account.code: account for account in CHART}
    behind: dict[LineKey, set[int]] = {}
    for number, entry in enumerate(entries):
        for posting in entry.postings:
            account = accounts[posting.account]
            inside = posting.fund == scope.fund and scope.first <= entry.date <= scope.last
            if account.line and inside and place(entry, posting):
                key = Side.of(account.type), account.line
                behind.setdefault(key, set()).add(number)
    labels = {
        (Side.of(account.type), account.line): account.name for account in CHART if account.line
    }
    counts = {key: len(numbers) for key, numbers in behind.items()}
    return build(scope, sums_of(entries, CHART, scope, place), labels, counts)


def check(statement: FundStatement, expected: Expected) -> None:
    """Hold a statement against what an example says."""
    lines = {
        (side, line.line): (line.amount, line.entries)
        for side, found in (
            (Side.RECEIPTS, statement.receipts),
            (Side.PAYMENTS, statement.payments),
        )
        for line in found
        if line.entries
    }
    assert lines == expected.lines
    assert statement.opening == expected.opening
    assert statement.closing == expected.closing
    assert rows(statement) == dict(expected.rows)


def rows(statement: FundStatement) -> dict[Place, tuple[int, int, int, int]]:
    """Return the rows that have money, by their place."""
    return {
        row.place: figures
        for row in statement.rows
        if any(figures := (row.opening, row.receipts_total, row.payments_total, row.closing))
    }
