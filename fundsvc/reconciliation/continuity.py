"""Whether a file goes on from those before it, and what to ask when its balance says it does not.

Of equal lines the counting rule takes those for known that are stored already (see
`summary.Counting`). It is wrong where two exports that do not overlap hold an equal line each; then
the bank's balance is ahead of our lines by just that line, and a person is asked.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.reconciliation.facts import AccountFacts, Asked, Before
from fundsvc.reconciliation.models import BankFile, BankLine
from fundsvc.reconciliation.reader import Line

KEPT = 1_000


class Known:
    """The lines of a file that are taken for known: rows, and what each moves."""

    def __init__(self) -> None:
        """Begin a file."""
        self.rows, self.moves = array("q"), array("q")

    def add(self, line: Line) -> None:
        """Note one more."""
        self.rows.append(line.row)
        self.moves.append(line.credit - line.debit)

    def explaining(self, ahead: int, doubtful: Iterable[int]) -> frozenset[int]:
        """Return the rows which, if they are new, are what the bank's balance is ahead by."""
        if not ahead:
            return frozenset()
        alone = set(doubtful)
        moves = [move for row, move in zip(self.rows, self.moves, strict=True) if row in alone]
        if moves and sum(moves) == ahead:
            return frozenset(alone)
        if sum(self.moves) == ahead:
            return frozenset(self.rows)
        pairs = zip(self.rows, self.moves, strict=True)
        return frozenset(row for row, move in pairs if move == ahead)


@dataclass(frozen=True, slots=True)
class Span:
    """What a file says in all: its days, its balances and what its new lines move."""

    first: date
    last: date
    opening: int
    closing: int
    moved: int


def before(session: Session, account: AccountFacts, span: Span, sha256: str) -> Before | None:
    """Return the file that was read before this one, and how far the bank is ahead of our lines.

    None when no other file told a balance, or the same file was booked already.
    """
    here = BankFile.bank_account_id == account.id
    if session.scalar(select(BankFile.id).where(here, BankFile.sha256 == sha256).limit(1)):
        return None
    told = select(BankFile).where(here, BankFile.closing.is_not(None), BankFile.first.is_not(None))
    first = session.scalar(told.order_by(BankFile.first, BankFile.id).limit(1))
    earlier = told.where(BankFile.last <= span.last)
    latest = session.scalar(earlier.order_by(BankFile.last.desc(), BankFile.id.desc()).limit(1))
    if first is None or latest is None or first.opening is None or first.first is None:
        return None
    begins = first.opening - _moved(session, account, BankLine.booked_on < first.first)
    expected = begins + _moved(session, account, BankLine.booked_on <= span.last) + span.moved
    return Before(latest.name, latest.last, latest.closing or 0, span.closing - expected)


def asked(lines: Iterable[Line], rows: frozenset[int]) -> tuple[Asked, ...]:
    """Return the lines of some rows as a question shows them."""
    found = (line for line in lines if line.row in rows)
    told = [
        Asked(line.row, line.booked_on, line.credit - line.debit, line.memo)
        for line, _n in zip(found, range(KEPT), strict=False)
    ]
    return tuple(told)


def _moved(session: Session, account: AccountFacts, days: Any) -> int:
    query = select(func.coalesce(func.sum(BankLine.credit - BankLine.debit), 0)).where(
        BankLine.bank_account_id == account.id, days
    )
    return int(session.scalar(query) or 0)
