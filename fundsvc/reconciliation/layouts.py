"""The banks' statement layouts, as data: one row a layout, added to without touching the reader.

A layout says by which header words its columns are known, how it writes amounts and dates, and
what its balance column holds. Sources: the statements published in September 2024 (see
`tests/data/bank/README.md`) and the banks' own downloads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fundsvc.text import fold

# The columns by which a header is known to be one; see also `Layout.missing`.
MESSAGE_NAMES = ("mt940", "camt053", "ofx")
NEEDED = ("date", "memo", "debit", "credit")

DAYS: Mapping[str, re.Pattern[str]] = {
    "dd/mm/yyyy": re.compile(r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<y>[0-9]{4})", re.ASCII),
    # What banks' own downloads write, with the time in the same cell or without.
    "d/m/yyyy": re.compile(
        r"(?P<d>[0-9]{1,2})[/.-](?P<m>[0-9]{1,2})[/.-](?P<y>[0-9]{4})(?:[ T]+(?P<t>[0-9:]{5,8}))?",
        re.ASCII,
    ),
    "yyyy-mm-dd": re.compile(
        r"(?P<y>[0-9]{4})[/.-]?(?P<m>[0-9]{2})[/.-]?(?P<d>[0-9]{2})(?:[ T]+(?P<t>[0-9:]{5,8}))?",
        re.ASCII,
    ),
    "m/d/yyyy": re.compile(
        r"(?P<m>[0-9]{1,2})[/.-](?P<d>[0-9]{1,2})[/.-](?P<y>[0-9]{4})(?:[ T]+(?P<t>[0-9:]{5,8}))?",
        re.ASCII,
    ),
}
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?", re.ASCII)

# A program that opened and saved the file may have turned 50.000 into 50, so an amount without
# its groups is refused rather than guessed at. Where decimals may stand, they are zeros: there is
# no part of a đồng.
AMOUNTS: Mapping[str, re.Pattern[str]] = {
    "1.000.000": re.compile(r"0|[1-9][0-9]{0,2}(?:\.[0-9]{3}){0,5}", re.ASCII),
    "1,000,000": re.compile(r"0|[1-9][0-9]{0,2}(?:,[0-9]{3}){0,5}", re.ASCII),
    "1.000.000,00": re.compile(r"(?:0|[1-9][0-9]{0,2}(?:\.[0-9]{3}){0,5})(?:,0{1,2})?", re.ASCII),
    "1,000,000.00": re.compile(r"(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3}){0,5})(?:\.0{1,2})?", re.ASCII),
    "1000000": re.compile(r"(?:0|[1-9][0-9]{0,15})(?:[.,]0{1,2})?", re.ASCII),
    "1 000 000": re.compile(
        "(?:0|[1-9][0-9]{0,2}(?:[ \u00a0\u202f][0-9]{3}){0,5})(?:[.,]0{1,2})?", re.ASCII
    ),
}
SPACED = "1 000 000"
BETWEEN = " / "
"""Stands between the grammars of which a layout may follow any."""
EITHER = ("1.000.000,00", "1,000,000.00")
"""Grammars of which a file may follow the one or the other, and the first amount tells which."""

COLUMNS, MINUS_DEBIT, SIGNED, MARKED = "columns", "minus-debit", "signed", "marked"
SIGNS = (COLUMNS, MINUS_DEBIT, SIGNED, MARKED)
"""How money out is told from money in: by two columns; by two of which the debits may have a minus;
by a minus in one column; by a mark beside one column of amounts."""
OUT_MARKS = frozenset(("d", "dr", "debit", "no", "n", "ghi no", "-", "chi", "out", "tien ra"))
IN_MARKS = frozenset(("c", "cr", "credit", "co", "ghi co", "+", "thu", "in", "tien vao"))


@dataclass(frozen=True, slots=True)
class Layout:
    """How one bank writes its statement.

    `columns` maps our name of a column to the header words that mean it, as the bank writes them.
    `identity` are the columns that make up a line's fingerprint: all that the bank says of the
    line itself, and its balance where every line carries one, but nothing that depends on the
    export (page numbers, or a balance printed only on a day's last line).

    With `notes`, what stands above and below the lines is no line: totals, balances, who printed
    it. `either` says that amounts follow one of some grammars (`BETWEEN` parts them); with
    `fill_down` a blank day is the one above. `sign` is one of `SIGNS`.
    """

    name: str
    bank: str
    columns: Mapping[str, tuple[str, ...]]
    amounts: str
    days: str = "dd/mm/yyyy"
    identity: tuple[str, ...] = field(
        default=(
            "date", "time", "doc_no", "reference", "memo",
            "debit", "credit", "balance", "counterparty",
        )
    )  # fmt: skip
    notes: bool = False
    either: bool = False
    fill_down: bool = False
    sign: str = COLUMNS

    @property
    def shown(self) -> str:
        """What people call it: its bank, and its own name where the bank has several."""
        return (
            self.bank
            if self.name in {self.bank.lower(), *MESSAGE_NAMES}
            else f"{self.bank} ({self.name})"
        )

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a header is none of this layout."""
        if self.sign == SIGNED:
            return ("date", "memo", "amount")
        return ("date", "memo", "amount", "mark") if self.sign == MARKED else NEEDED

    def places(self, header: list[str]) -> dict[str, int] | None:
        """Return where each of our columns stands in a header, or None when it is not this one.

        A header that names a column twice is nobody's: which of the two counts is not known.
        """
        words = [said(cell) if self.notes else {fold(cell)} for cell in header]
        places: dict[str, int] = {}
        for name, aliases in self.columns.items():
            meant = {fold(alias) for alias in aliases}
            found = [place for place, word in enumerate(words) if not word.isdisjoint(meant)]
            if len(found) > 1:
                return None
            if found:
                places[name] = found[0]
        return places if all(name in places for name in self.needed) else None

    def missing(self, places: Mapping[str, int]) -> tuple[str, ...]:
        """Return the columns, in the bank's words, that tell lines apart and are not there.

        Without one of them a line's fingerprint would be another one, and a statement that is
        booked already would be booked once more.
        """
        return tuple(
            self.columns[name][0]
            for name in self.identity
            if name not in places and name in self.columns
        )


_PUBLISHED = {
    "date": ("Date",),
    "time": ("Time",),
    "doc_no": ("DocumentNumber",),
    "reference": ("ReferenceNumber",),
    "memo": ("TransactionDetails",),
    "debit": ("DebitAmount",),
    "credit": ("CreditAmount",),
    "balance": ("Balance",),
    "counterparty": ("OffsetAccount",),
}

_RUNNING = ("date", "doc_no", "memo", "debit", "credit", "balance")
_DOWNLOADED: Mapping[str, Any] = {
    "amounts": BETWEEN.join(EITHER),
    "days": "d/m/yyyy",
    "notes": True,
    "either": True,
}

LAYOUTS = (
    Layout(
        name="vietcombank",
        bank="Vietcombank",
        columns={
            "date": ("TNXDate",),
            "doc_no": ("DocNo",),
            "memo": ("TransactionDetails",),
            "debit": ("Debit",),
            "credit": ("Credit",),
            "balance": ("Balance",),
        },
        amounts="1.000.000",
        # Its balance stands on the last line of a day only. A later export of the same day may
        # have another last line, so it says nothing about which line this is.
        identity=("date", "doc_no", "memo", "debit", "credit"),
    ),
    Layout(name="agribank", bank="Agribank", columns=_PUBLISHED, amounts="1,000,000"),
    Layout(name="vietinbank", bank="VietinBank", columns=_PUBLISHED, amounts="1,000,000"),
    Layout(
        name="vietcombank-download",
        bank="Vietcombank",
        columns={
            # Day and number can stand in one cell, one above the other.
            "date": ("TNX Date", "Ngày"),
            "doc_no": ("Doc No", "Số CT"),
            "memo": ("Transactions in detail", "Nội dung chi tiết"),
            "debit": ("Số tiền ghi nợ",),
            "credit": ("Số tiền ghi có",),
            "balance": ("Số dư", "Balance"),
        },
        identity=("date", "doc_no", "memo", "debit", "credit"),
        **_DOWNLOADED,
    ),
    Layout(
        name="bidv",
        bank="BIDV",
        columns={
            "date": ("Ngày hiệu lực",),
            "memo": ("Mô tả",),
            "debit": ("Ghi nợ",),
            "credit": ("Ghi có",),
            "balance": ("Số dư",),
        },
        identity=("date", "memo", "debit", "credit", "balance"),
        **_DOWNLOADED,
    ),
    Layout(
        name="vietinbank-efast",
        bank="VietinBank",
        columns={
            "date": ("Ngày hạch toán", "Accounting date"),
            "doc_no": ("Số giao dịch", "Transaction number"),
            "memo": ("Mô tả giao dịch", "Transaction description"),
            "debit": ("Nợ", "Debit"),
            "credit": ("Có", "Credit"),
            "balance": ("Số dư TK", "Số dư tài khoản"),
        },
        identity=_RUNNING,
        fill_down=True,
        **_DOWNLOADED,
    ),
    Layout(
        name="mb",
        bank="MB",
        columns={
            "date": ("Ngày hạch toán", "Posting date"),
            "time": ("Ngày giao dịch", "Transaction date"),
            "memo": ("Nội dung", "Diễn giải"),
            "debit": ("Phát sinh nợ",),
            "credit": ("Phát sinh có",),
            "balance": ("Số dư",),
        },
        identity=("date", "memo", "debit", "credit", "balance"),
        **_DOWNLOADED,
    ),
    Layout(
        name="techcombank",
        bank="Techcombank",
        columns={
            "date": ("Ngày giao dịch", "Transaction date"),
            "counterparty": ("Đối tác", "Remitter"),
            "doc_no": ("Số bút toán", "Transaction No"),
            "memo": ("Diễn giải", "Details"),
            "debit": ("Nợ TKTT",),
            "credit": ("Có TKTT",),
            "balance": ("Số dư",),
        },
        identity=_RUNNING,
        sign=MINUS_DEBIT,
        **_DOWNLOADED,
    ),
)
"""Two banks may share a header; then the account's own bank decides which of the two is meant."""

MESSAGES = tuple(
    Layout(
        name=name,
        bank=shown,
        columns={},
        amounts="",
        identity=("date", "doc_no", "reference", "memo", "debit", "credit", "counterparty"),
    )
    for name, shown in (("mt940", "SWIFT MT940"), ("camt053", "ISO 20022 CAMT.053"), ("ofx", "OFX"))
)
"""Formats that say themselves what each part of them means."""

BY_NAME = {layout.name: layout for layout in (*LAYOUTS, *MESSAGES)}

# What people call a bank, folded, as whole words: its brand, its code at the exchange, its name.
# Saigonbank is "Sài Gòn Công Thương" too, so that name must be said in full.
BANKS: Mapping[str, re.Pattern[str]] = {
    "Vietcombank": re.compile(r"\b(?:viet ?com ?bank|vcb|ngoai thuong)\b"),
    "Agribank": re.compile(r"\b(?:agri ?bank|vbard|nhno|nong nghiep)\b"),
    "VietinBank": re.compile(r"\b(?:viet ?tin ?bank|vietin ?bank|ctg|cong thuong viet nam)\b"),
    "BIDV": re.compile(r"\b(?:bidv|dau tu va phat trien)\b"),
    "MB": re.compile(r"\b(?:mb|mb ?bank|quan doi)\b"),
    "Techcombank": re.compile(r"\b(?:tech ?com ?bank|tcb|ky thuong)\b"),
}


_PARTS = re.compile(r"[/|\n(]")
_SIGNS = re.compile(r"[^0-9a-z]+")


def said(cell: str) -> set[str]:
    """Return what a header's cell says: `Ngày/TNX Date` says two things."""
    return {_SIGNS.sub(" ", fold(part)).strip() for part in (*_PARTS.split(cell[:200]), cell[:200])}


def banks_named(text: str) -> frozenset[str]:
    """Return the known banks that a text in free words names ("NH Vietcombank CN Hà Nội")."""
    words = re.sub(r"[^a-z0-9]+", " ", fold(text))
    return frozenset(bank for bank, pattern in BANKS.items() if pattern.search(words))


@dataclass(frozen=True, slots=True)
class FeeRule:
    """When a debit is taken for the bank's own fee, without asking anybody.

    It must hold one of `phrases` as whole words and none of `vetoes` in its folded memo, and be
    `at_most` đồng. Whatever is in doubt is left to be identified by a person.
    """

    phrases: re.Pattern[str]
    vetoes: re.Pattern[str]
    at_most: int

    def holds(self, memo: str, debit: int) -> bool:
        """Say whether a debit of so many đồng with this memo is a fee of the bank."""
        if not 0 < debit <= self.at_most:
            return False
        folded = fold(memo)
        return bool(self.phrases.search(folded)) and not self.vetoes.search(folded)


FEE = FeeRule(
    phrases=re.compile(
        r"\b(?:phi dich vu|phi sms|phi thuong nien|phi duy tri tai khoan|phi quan ly tai khoan)\b"
    ),
    # A transfer to somebody ("CT tu … toi …"), or a bill that is paid, is no fee of the bank.
    vetoes=re.compile(r"\b(?:ct tu|toi ?[0-9]{6,}|thanh toan|hop dong|hoa don|ung ho|ho tro)\b"),
    at_most=1_000_000,
)
