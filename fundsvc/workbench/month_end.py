"""What the bank and the books say of an account at the end of a month, and what lies between.

The bank's balance is told by a file that reaches the day or comes after it: its closing balance
without its lines since. A file that ends before the day tells nothing of it, for what came after
would be taken from the books, which then prove themselves. Where no file tells the balance, a
person reads it from the bank's paper; then the record says so.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.sealing import last_seal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankFile, BankLine
from fundsvc.workbench.strip import book_balance

COUNTED: Final = ("lines", "decided", "held", "held_in", "held_out", "undecided")
MOST: Final = 500
"""So many lines that are held back stand in the record by themselves."""


@dataclass(frozen=True, slots=True)
class Figures:
    """An account at the end of a month, in đồng.

    `bank` is None where nobody knows it; `told` is what a person read from the bank's paper.
    `lines` and `decided` are the month's, what is held and undecided counts from the beginning.
    `told_until` is the last day of which the bank has told anything, `balance_until` the last one
    of which a file tells a balance, where that is before the end of the month.
    """

    last: date
    bank: int | None
    told: int | None
    book: int
    told_until: date | None
    balance_until: date | None
    lines: int
    decided: int
    held: int
    held_in: int
    held_out: int
    undecided: int
    undecided_sum: int

    @property
    def difference(self) -> int:
        """What the bank has more than the books."""
        return (self.bank or 0) - self.book


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line that is held back, and why; the amount is above 0 for money in."""

    on: date
    memo: str
    amount: int
    why: str
    entry_id: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file of the bank with lines of a month."""

    name: str
    sha256: str
    first: date | None
    last: date | None
    lines: int

    def as_facts(self) -> dict[str, Any]:
        """Return the file as the record keeps it."""
        return {"name": self.name, "sha256": self.sha256, "lines": self.lines}


def figures(
    session: Session, account: AccountFacts, last: date, told: int | None = None
) -> Figures:
    """Return an account's figures at the end of a month, `last` its last day."""
    waits, held = decided.waiting(), decided.held()
    in_month = BankLine.booked_on >= last.replace(day=1)
    amount = BankLine.credit - BankLine.debit
    row = session.execute(
        select(
            func.count().filter(in_month),
            func.count().filter(in_month & ~waits),
            func.count().filter(waits & held),
            func.coalesce(func.sum(BankLine.credit).filter(waits & held), 0),
            func.coalesce(func.sum(BankLine.debit).filter(waits & held), 0),
            func.count().filter(waits & ~held),
            func.coalesce(func.sum(amount).filter(waits & ~held), 0),
            func.max(BankLine.booked_on),
        ).where(BankLine.bank_account_id == account.id, BankLine.booked_on <= last)
    ).one()
    bank = told_by_files(session, account.id, last)
    until = session.scalar(
        select(func.max(BankLine.booked_on)).where(BankLine.bank_account_id == account.id)
    )
    return Figures(
        last=last,
        bank=told if bank is None else bank,
        told=told if bank is None else None,
        book=_book(session, account, last),
        told_until=until,
        balance_until=_balance_until(session, account, last) if bank is None else None,
        lines=row[0],
        decided=row[1],
        held=row[2],
        held_in=int(row[3]),
        held_out=int(row[4]),
        undecided=row[5],
        undecided_sum=int(row[6]),
    )


def first_month(session: Session, account_id: int) -> date | None:
    """Return the month of an account's first line, None when it has none."""
    first = session.scalar(
        select(func.min(BankLine.booked_on)).where(BankLine.bank_account_id == account_id)
    )
    return first and first.replace(day=1)


def undecided_by_month(session: Session, account_id: int) -> Counter[date]:
    """Return how many lines of each month wait and are not held back."""
    query = (
        select(BankLine.booked_on, func.count())
        .where(BankLine.bank_account_id == account_id, decided.waiting(), ~decided.held())
        .group_by(BankLine.booked_on)
    )
    found: Counter[date] = Counter()
    for day, count in session.execute(query):
        found[day.replace(day=1)] += count
    return found


def held_lines(session: Session, account: AccountFacts, last: date) -> list[HeldLine]:
    """Return the lines until a day that are held back, the oldest first."""
    query = (
        select(BankLine, BankDecision.note)
        .join(
            BankDecision,
            and_(
                BankDecision.bank_line_id == BankLine.id,
                BankDecision.undone_at.is_(None),
                BankDecision.kind == decided.HELD,
            ),
        )
        .where(
            BankLine.bank_account_id == account.id,
            BankLine.booked_on <= last,
            decided.waiting(),
        )
        .order_by(BankLine.booked_on, BankLine.id)
        .limit(MOST)
    )
    return [
        HeldLine(line.booked_on, line.memo, line.credit - line.debit, note, line.entry_id)
        for line, note in session.execute(query)
    ]


def held_facts(session: Session, account: AccountFacts, last: date) -> list[dict[str, Any]]:
    """Return the lines that are held back as the record keeps them."""
    return [
        {"on": line.on.isoformat(), "memo": line.memo, "amount": line.amount, "why": line.why}
        for line in held_lines(session, account, last)
    ]


def files(
    session: Session, account_id: int, last: date, seen: datetime | None = None
) -> list[FileFacts]:
    """Return the bank's files with days of a month as they came; `seen` as in `told_by_files`."""
    query = (
        select(BankFile)
        .where(
            BankFile.bank_account_id == account_id,
            *(() if seen is None else (BankFile.imported_at <= seen,)),
            or_(BankFile.first.is_(None), BankFile.first <= last),
            or_(BankFile.last.is_(None), BankFile.last >= last.replace(day=1)),
        )
        .order_by(BankFile.id)
    )
    return [
        FileFacts(row.name, row.sha256, row.first, row.last, row.lines)
        for row in session.scalars(query)
    ]


def frozen(session: Session, account: AccountFacts, found: Figures) -> dict[str, Any]:
    """Return what the record keeps beside the two balances."""
    seal = last_seal(session)
    moved = session.execute(
        select(
            func.coalesce(func.sum(BankLine.credit), 0), func.coalesce(func.sum(BankLine.debit), 0)
        ).where(
            BankLine.bank_account_id == account.id,
            BankLine.booked_on.between(found.last.replace(day=1), found.last),
        )
    ).one()
    return {
        "last": found.last.isoformat(),
        "told": found.told,
        "balance_until": found.balance_until.isoformat() if found.balance_until else None,
        **{name: getattr(found, name) for name in COUNTED},
        "moved_in": int(moved[0]),
        "moved_out": int(moved[1]),
        "files": [file.as_facts() for file in files(session, account.id, found.last)],
        "held_lines": held_facts(session, account, found.last),
        "seal": {"number": seal.number, "head": seal.head},
    }


def told_by_files(
    session: Session, account_id: int, last: date, seen: datetime | None = None
) -> int | None:
    """Return the bank's balance at the end of a day by its files, None when none tells it.

    With `seen` it is as it was then: without the files and lines that came later.
    """
    # Of two files that end on one day the one that came later knows more of it.
    telling = _telling(account_id).where(BankFile.last >= last)
    moved = select(func.coalesce(func.sum(BankLine.credit - BankLine.debit), 0))
    if seen is not None:
        telling = telling.where(BankFile.imported_at <= seen)
        moved = moved.join(Entry, Entry.id == BankLine.entry_id).where(Entry.posted_at <= seen)
    file = session.scalars(telling.order_by(BankFile.last, BankFile.id.desc()).limit(1)).first()
    if file is None or file.closing is None:
        return None
    since = session.scalar(
        moved.where(
            BankLine.bank_account_id == account_id,
            BankLine.booked_on > last,
            BankLine.booked_on <= file.last,
        )
    )
    return file.closing - int(since or 0)


def _balance_until(session: Session, account: AccountFacts, last: date) -> date | None:
    """Return the last day before another of which a file tells a balance."""
    before = _telling(account.id).where(BankFile.last < last).order_by(BankFile.last.desc())
    file = session.scalars(before.limit(1)).first()
    return file.last if file else None


def _telling(account_id: int) -> Select[BankFile]:
    """Return the query for an account's files that tell a balance."""
    return select(BankFile).where(
        BankFile.bank_account_id == account_id,
        BankFile.closing.is_not(None),
        BankFile.last.is_not(None),
    )


def _book(session: Session, account: AccountFacts, last: date) -> int:
    ledger = session.scalar(select(BankAccount.account_id).where(BankAccount.id == account.id))
    return book_balance(session, ledger, last)
