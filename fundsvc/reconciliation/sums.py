"""What all lines of an account come to, quickly however many there are.

Lines are only ever added, and those of an account one import at a time, so what was counted once
stays counted: it is kept while the process lives, and only what came since is read. A process that
serves must begin anew after its database was restored from a copy.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from fundsvc.books.sums import among
from fundsvc.driver import as_day, read_plain, scope

# Only the key leads straight to what came since, so the account must lead to no index; and the
# number stands in the text, for a plan for any number would expect a third of all lines behind it.
_SINCE: Final = """
SELECT {account_id}, min(id), max(id), max(booked_on),
    coalesce(sum(CASE WHEN id > {mark} AND credit > 0 THEN 1 ELSE 0 END), 0),
    coalesce(sum(CASE WHEN id > {mark} AND debit > 0 THEN 1 ELSE 0 END), 0),
    coalesce(sum(CASE WHEN id > {mark} THEN credit ELSE 0 END), 0),
    coalesce(sum(CASE WHEN id > {mark} THEN debit ELSE 0 END), 0)
FROM bank_line WHERE id >= {mark} AND {account} = {account_id} AND {units}
"""
_AT_ONCE: Final = 200
"""Accounts of one statement: SQLite takes no more than 500 parts."""


class Sum(NamedTuple):
    """How many lines brought money in and took money out, and how much, in đồng."""

    lines_in: int = 0
    lines_out: int = 0
    money_in: int = 0
    money_out: int = 0
    newest: date | None = None

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return self.lines_in + self.lines_out

    def with_more(self, more: "Sum") -> "Sum":
        """Return this and more lines together."""
        return Sum(
            self.lines_in + more.lines_in,
            self.lines_out + more.lines_out,
            self.money_in + more.money_in,
            self.money_out + more.money_out,
            max((day for day in (self.newest, more.newest) if day), default=None),
        )

    def of(self, way: str) -> tuple[int, int]:
        """Return count and money of the lines that go a way: `in`, `out`, or either."""
        both = self.lines, self.money_in + self.money_out
        ways = {"in": (self.lines_in, self.money_in), "out": (self.lines_out, self.money_out)}
        return ways.get(way, both)


class _Kept(NamedTuple):
    """What was counted, up to and with the line of a number."""

    mark: int
    found: Sum


_NOTHING: Final = _Kept(0, Sum())
_kept: Final[WeakKeyDictionary[Any, dict[frozenset[int] | None, dict[int, _Kept]]]] = (
    WeakKeyDictionary()
)
"""What was counted in each database within each scope, by account."""


def of_account(session: Session, account_id: int) -> Sum:
    """Return what all lines of an account come to that the session sees."""
    return of_accounts(session, [account_id])[account_id]


def of_accounts(session: Session, account_ids: Collection[int]) -> dict[int, Sum]:
    """Return what all lines of some accounts come to that the session sees, of each account."""
    session.flush()
    kept = _kept.setdefault(session.get_bind(), {}).setdefault(scope(session), {})
    newest = read_plain(session, "SELECT coalesce(max(id), 0) FROM bank_line")[0][0]
    known = {one: _start(kept.get(one, _NOTHING), newest) for one in account_ids}
    told = _since(session, known)
    # What is kept and not in what this session sees came after it began, so all is read.
    unseen = {one: _NOTHING for one in known if one not in told}
    # What is being written may yet be taken back, and then its numbers are given again.
    if not session.info.get("in_transaction"):
        kept.update(told)
    told |= _since(session, unseen)
    return {one: told[one].found for one in account_ids}


def _start(kept: _Kept, newest: int) -> _Kept:
    """Return where to count on from: the beginning, if fewer lines are its own than came since."""
    return kept if newest - kept.mark <= kept.found.lines else _NOTHING


def _since(session: Session, known: Mapping[int, _Kept]) -> dict[int, _Kept]:
    """Count on from what is known of accounts, without those whose last line is not there."""
    units = scope(session)
    seen = "true" if units is None else among("unit_id", sorted(units))
    parts = [
        _SINCE.format(
            mark=one.mark,
            account="bank_account_id + 0" if one.mark else "bank_account_id",
            account_id=account_id,
            units=seen,
        )
        for account_id, one in known.items()
    ]
    found: dict[int, _Kept] = {}
    rows = [
        row
        for first in range(0, len(parts), _AT_ONCE)
        for row in read_plain(session, " UNION ALL ".join(parts[first : first + _AT_ONCE]))
    ]
    for account_id, first, last, newest, *figures in rows:
        old = known[account_id]
        if not old.mark or first == old.mark:
            count_in, count_out, money_in, money_out = map(int, figures)
            day = as_day(newest) if newest else None
            more = Sum(count_in, count_out, money_in, money_out, day)
            found[account_id] = _Kept(last or 0, old.found.with_more(more))
    return found
