"""The worked examples an accountant can read (`examples/*.txt`), as entries and statements."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from ledger import recipes
from ledger.accounts import DEFAULT_CHART, Account, AccountType
from ledger.entries import Entry, Posting, reversal_of
from ledger.statements import FundStatement, LineKey, Place, Scope, Side, build, sums_of

Numbered: TypeAlias = tuple[Entry, int | None]
"""An entry, and the number (from 1) of the entry of its book that it takes back, if any."""
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
    """The entries of an example, and the statements that must come from them."""

    entries: list[Numbered]
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


def _entry(words: list[str], before: list[Entry]) -> Numbered:
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
    made = {
        "số dư đầu": lambda: recipes.opening_balance(account=detail[0], **facts),
        "tin nhắn": lambda: recipes.sms_message(operator=detail[0], **facts),
        "tiền mặt": lambda: recipes.cash_donation(**facts),
        "chi": lambda: recipes.payment(line=detail[0], paid_from="111", **facts),
        "tiền vào NH": lambda: recipes.bank_credit(bank_account="VCB1", **facts),
        "xác định": lambda: recipes.bank_donation(**facts),
    }
    return made[what](), None


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


def transfer(
    *, on: date, unit: str, to: str, fund: str, amount: int, description: str, province: str | None
) -> Entry:
    """One entry in the books of two units, which balances in each."""
    return Entry(
        on, "transfer", description, unit,
        (
            Posting("6119", fund, unit, debit=amount),
            Posting("111", fund, unit, credit=amount),
            Posting("111", fund, to, debit=amount),
            Posting("7119", fund, to, credit=amount),
        ),
        province,
    )  # fmt: skip


def random_book(seed: int, size: int) -> list[Numbered]:
    """Make a book with every kind of entry, reversals and money between units among them."""
    chance = random.Random(seed)  # noqa: S311 - a book to test with, no secret
    book: list[Numbered] = []
    for number in range(size):
        of = chance.randrange(len(book)) if number % 9 == 8 else None
        on = date(2024, 7, 15) + timedelta(days=chance.randrange(110))
        if of is not None and book[of][1] is None and of + 1 not in {back for _, back in book}:
            book.append((reversal_of(book[of][0], on, "ghi đảo"), of + 1))
            continue
        facts = {
            "on": on,
            "unit": chance.choice(sorted(HOMES)),
            "fund": chance.choice(["nghia-tinh", "nghia-tinh", "base"]),
            "amount": chance.choice([20_000, 100_000, chance.randrange(1, 10**9)]),
            "description": f"khoản {number}",
            "province": chance.choice([None, None, "2004:44", "2004:45", "2025:44", "2025:46"]),
        }
        book.append((chance.choice(every_kind(facts, chance.choice(sorted(HOMES)))), None))
    return book


def every_kind(facts: Any, to: str) -> list[Entry]:
    """Return the same facts booked as every kind of event; transfers go to the unit `to`."""
    return [
        recipes.cash_donation(**facts),
        recipes.sms_message(operator="viettel", **facts),
        recipes.bank_credit(bank_account="VCB1", **facts),
        recipes.bank_donation(**facts),
        recipes.bank_fee(bank_account="VCB1", **facts),
        recipes.payment(line="house", paid_from="111", **facts),
        recipes.opening_balance(account="111", **facts),
        transfer(to=to, **facts),
    ]
