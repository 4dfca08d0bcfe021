"""The banks' statement layouts, as data: one row a layout, added to without touching the reader.

A layout says by which header words its columns are known, how it writes amounts and dates, and
what its balance column holds. Sources: the statements published in September 2024 (see
`tests/data/bank/README.md`) and the banks' own downloads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fundsvc.text import fold

# The columns by which a header is known to be one; see also `Layout.missing`.
NEEDED = ("date", "memo", "debit", "credit")

DAYS: Mapping[str, re.Pattern[str]] = {
    "dd/mm/yyyy": re.compile(r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<y>[0-9]{4})", re.ASCII),
}
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", re.ASCII)

# A program that opened and saved the file may have turned 50.000 into 50, so an amount without
# its groups is refused rather than guessed at.
AMOUNTS: Mapping[str, re.Pattern[str]] = {
    "1.000.000": re.compile(r"0|[1-9][0-9]{0,2}(?:\.[0-9]{3}){0,5}", re.ASCII),
    "1,000,000": re.compile(r"0|[1-9][0-9]{0,2}(?:,[0-9]{3}){0,5}", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How one bank writes its statement.

    `columns` maps our name of a column to the header words that mean it, as the bank writes them.
    `identity` are the columns that make up a line's fingerprint: all that the bank says of the
    line itself, and its balance where every line carries one, but nothing that depends on the
    export (page numbers, or a balance printed only on a day's last line).
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

    def places(self, header: list[str]) -> dict[str, int] | None:
        """Return where each of our columns stands in a header, or None when it is not this one.

        A header that names a column twice is nobody's: which of the two counts is not known.
        """
        words = [fold(cell) for cell in header]
        places: dict[str, int] = {}
        for name, aliases in self.columns.items():
            meant = {fold(alias) for alias in aliases}
            found = [place for place, word in enumerate(words) if word in meant]
            if len(found) > 1:
                return None
            if found:
                places[name] = found[0]
        return places if all(name in places for name in NEEDED) else None

    def missing(self, places: Mapping[str, int]) -> tuple[str, ...]:
        """Return the columns, in the bank's words, that tell lines apart and are not there.

        Without one of them a line's fingerprint would be another one, and a statement that is
        booked already would be booked once more.
        """
        return tuple(self.columns[name][0] for name in self.identity if name not in places)


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
)
"""Two banks may share a header; then the account's own bank decides which of the two is meant."""

BY_NAME = {layout.name: layout for layout in LAYOUTS}

# What people call a bank, folded, as whole words: its brand, its code at the exchange, its name.
# Saigonbank is "Sài Gòn Công Thương" too, so that name must be said in full.
BANKS: Mapping[str, re.Pattern[str]] = {
    "Vietcombank": re.compile(r"\b(?:viet ?com ?bank|vcb|ngoai thuong)\b"),
    "Agribank": re.compile(r"\b(?:agri ?bank|vbard|nhno|nong nghiep)\b"),
    "VietinBank": re.compile(r"\b(?:viet ?tin ?bank|vietin ?bank|ctg|cong thuong viet nam)\b"),
}


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
