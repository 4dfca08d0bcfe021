"""Books added up by hand from the entries of the worked examples: the oracle of the tests."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ledger.entries import Entry, Posting
from tests.statements import worked

Key = tuple[str, str, str]


@dataclass
class Moved:
    """What an account, fund and unit had before, and how much moved."""

    opening: int = 0
    debit: int = 0
    credit: int = 0
    entries: int = 0

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


def wanted(
    *,
    fund: str | None = None,
    unit: str | None = None,
    province: str | None = None,
    provinces: str = "now",
    account: str | None = None,
) -> Callable[[Entry, Posting], bool]:
    """Return whether a posting is among those that a question asks for."""

    def holds(entry: Entry, posting: Posting) -> bool:
        home = entry.province or worked.HOMES[posting.unit]
        if provinces == "now":
            home = worked.SUCCESSORS.get(home or "", home)
        return (
            fund in {None, posting.fund}
            and unit in {None, posting.unit}
            and province in {None, home or "none"}
            and account in {None, posting.account}
        )

    return holds


def by_hand(
    entries: list[Entry], first: date, last: date, holds: Callable[[Entry, Posting], bool]
) -> dict[Key, Moved]:
    """Return the trial balance of entries in memory."""
    found: dict[Key, Moved] = defaultdict(Moved)
    for entry in entries:
        for posting in entry.postings:
            if entry.date > last or not holds(entry, posting):
                continue
            moved = found[posting.account, posting.fund, posting.unit]
            if entry.date < first:
                moved.opening += posting.debit - posting.credit
            else:
                moved.debit += posting.debit
                moved.credit += posting.credit
                moved.entries += 1
    return {key: moved for key, moved in found.items() if moved.opening or moved.entries}
