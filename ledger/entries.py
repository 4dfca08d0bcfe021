"""Entries and postings, and the one rule: debit equals credit in each fund and unit."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace

from ledger.errors import LinelessError, OneSideError, UnbalancedError
from ledger.money import check_dong

FEWEST_POSTINGS = 2


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: an account of a fund and unit, on the debit or the credit side.

    Amounts are whole đồng; exactly one side is not zero. A reversal has negative amounts.

    Raises:
        OutOfRangeError: an amount is no amount.
        OneSideError: both sides, or neither, carry an amount.
    """

    account: str
    fund: str
    unit: str
    debit: int = 0
    credit: int = 0

    def __post_init__(self) -> None:
        """Hold that the posting stands on exactly one side."""
        check_dong(self.debit)
        check_dong(self.credit)
        if (self.debit == 0) == (self.credit == 0):
            raise OneSideError(self.account)


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, booked: postings that balance within each fund and unit.

    `unit` is the unit that made the entry; `province` (as `2025:44`) is where the money came from
    or went, None when that is not known or does not apply.

    Raises:
        LinelessError: there are fewer than two postings.
        UnbalancedError: debit and credit differ within a fund and unit.
    """

    date: dt.date
    kind: str
    description: str
    unit: str
    postings: tuple[Posting, ...]
    province: str | None = None

    def __post_init__(self) -> None:
        """Hold the rule."""
        if len(self.postings) < FEWEST_POSTINGS:
            raise LinelessError(len(self.postings))
        differences: defaultdict[tuple[str, str], int] = defaultdict(int)
        for posting in self.postings:
            differences[posting.fund, posting.unit] += posting.debit - posting.credit
        for (fund, unit), difference in differences.items():
            if difference:
                raise UnbalancedError(fund, unit, difference)

    @property
    def turnover(self) -> int:
        """The sum of the debit side, in đồng."""
        return sum(posting.debit for posting in self.postings)


def reversal_of(entry: Entry, on: dt.date, reason: str) -> Entry:
    """Return the entry that takes another one back: the same sides with negative amounts.

    This is the Vietnamese practice of *ghi số âm*, so that turnover is not inflated.
    """
    return replace(
        entry,
        date=on,
        kind="reversal",
        description=reason,
        postings=tuple(
            replace(posting, debit=-posting.debit, credit=-posting.credit)
            for posting in entry.postings
        ),
    )
