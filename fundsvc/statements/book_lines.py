"""Lines of the books in the order of books, page by page, without a scan of what is not shown.

The lines of one account come straight from the index of postings. There is none by day alone (a
third index would slow every import), so the lines of all accounts are looked for in windows of
days that widen until a page is full, each account by its own index.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Posting
from fundsvc.books.totals import totals
from fundsvc.statements.book_options import PAGE, Mark, Turn
from fundsvc.statements.book_scope import BookScope
from fundsvc.statements.service import ENTRY, with_entries

CHUNK: Final = 1_000
_WIDEST: Final = 64
_WIDER: Final = 4
_KEY = (Posting.date, Posting.entry_id, Posting.line)


@dataclass(frozen=True, slots=True)
class Line:
    """A posting with what its entry says, in đồng."""

    mark: Mark
    kind: str
    description: str
    voucher: str | None
    account_id: int
    fund_id: int
    unit_id: int
    province_id: int | None
    debit: int
    credit: int

    @property
    def number(self) -> str:
        """The number of the voucher, or else of the entry."""
        return self.voucher or f"BT {self.mark.entry_id}"

    @property
    def amount(self) -> int:
        """Debit less credit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of lines, oldest first, and whether the book goes on on either side of it."""

    lines: tuple[Line, ...]
    earlier: bool
    later: bool


def page(session: Session, scope: BookScope, turn: Turn, size: int = PAGE) -> Lines:
    """Return the page of a book that a turn names: the last one if it names none."""
    if turn.start or turn.after is not None:
        found = _read(session, scope, turn.after, size + 1, down=False)
        return Lines(tuple(found[:size]), earlier=turn.after is not None, later=len(found) > size)
    found = _read(session, scope, turn.before, size + 1, down=True)
    shown = tuple(reversed(found[:size]))
    return Lines(shown, earlier=len(found) > size, later=turn.before is not None)


def every(session: Session, scope: BookScope) -> Iterator[Sequence[Line]]:
    """Yield all lines of a book, oldest first, in chunks."""
    mark: Mark | None = None
    while chunk := _read(session, scope, mark, CHUNK, down=False):
        yield chunk
        mark = chunk[-1].mark


def balance_before(session: Session, scope: BookScope, mark: Mark) -> int:
    """Return debit less credit of an account before one of its lines.

    It is what stood at the beginning of that day, from the sums of the books, and the lines of
    the day until there.
    """
    found = totals(session, ("account",), mark.on, mark.on, where=scope.where)
    query = with_entries(select(func.sum(Posting.debit - Posting.credit))).where(
        *scope.conditions(),
        Posting.date == mark.on,
        tuple_(Posting.entry_id, Posting.line) < tuple_(mark.entry_id, mark.line),
    )
    before = sum(total.before for total in found)
    return before + int(session.execute(query).scalar() or 0)


def counter_accounts(
    session: Session, scope: BookScope, lines: Sequence[Line]
) -> Mapping[Mark, tuple[str, ...]]:
    """Return the accounts on the other side of each line, in its entry, fund and unit."""
    ids = {line.mark.entry_id for line in lines}
    rows = session.execute(
        select(
            Posting.entry_id, Posting.fund_id, Posting.unit_id, Posting.account_id, Posting.debit
        ).where(Posting.entry_id.in_(ids))
    )
    sides: dict[tuple[int, int, int, bool], set[str]] = {}
    for entry_id, fund_id, unit_id, account_id, debit in rows:
        key = entry_id, fund_id, unit_id, debit != 0
        sides.setdefault(key, set()).add(scope.accounts[account_id].code)
    return {
        line.mark: tuple(
            sorted(sides.get((line.mark.entry_id, line.fund_id, line.unit_id, line.debit == 0), ()))
        )
        for line in lines
    }


def _read(
    session: Session, scope: BookScope, mark: Mark | None, limit: int, *, down: bool
) -> list[Line]:
    """Return lines behind a mark in one direction, from the mark on."""
    if scope.account is not None:
        span = scope.first, scope.last
        return _between(session, scope, span, mark, limit, down=down)
    found: list[Line] = []
    first, last, width = scope.first, scope.last, 1
    if mark is not None:
        first, last = (first, min(last, mark.on)) if down else (max(first, mark.on), last)
    while len(found) < limit:
        edge = _edge(session, scope, (first, last), down=down)
        if edge is None:
            break
        wide = timedelta(days=width - 1)
        span = (max(first, edge - wide), edge) if down else (edge, min(last, edge + wide))
        found += _between(session, scope, span, mark, limit - len(found), down=down)
        first, last = (
            (first, span[0] - timedelta(days=1)) if down else (span[1] + timedelta(days=1), last)
        )
        width = min(width * _WIDER, _WIDEST)
    return found


def _edge(
    session: Session, scope: BookScope, span: tuple[date, date], *, down: bool
) -> date | None:
    """Return the last (or first) day of a span on which anything was booked at all."""
    if span[0] > span[1]:
        return None
    outermost: Any = func.max if down else func.min
    of_account = (
        select(outermost(Posting.date))
        .where(Posting.account_id == Account.id, Posting.date.between(*span))
        .scalar_subquery()
    )
    found: date | None = session.scalar(
        select(outermost(of_account)).where(Account.id.in_(scope.accounts))
    )
    return found


def _between(
    session: Session,
    scope: BookScope,
    span: tuple[date, date],
    mark: Mark | None,
    limit: int,
    *,
    down: bool,
) -> list[Line]:
    query: Select[*tuple[Any, ...]] = with_entries(
        select(
            *_KEY,
            ENTRY.c.kind,
            ENTRY.c.description,
            ENTRY.c.voucher,
            Posting.account_id,
            Posting.fund_id,
            Posting.unit_id,
            ENTRY.c.province_id,
            Posting.debit,
            Posting.credit,
        )
    ).where(*scope.conditions(), Posting.date.between(*span))
    if scope.account is None:
        # By account and day there is an index, by day alone there is none.
        query = query.where(Posting.account_id.in_(scope.accounts))
    if mark is not None:
        here = tuple_(mark.on, mark.entry_id, mark.line)
        behind: ColumnElement[bool] = tuple_(*_KEY) < here if down else tuple_(*_KEY) > here
        query = query.where(behind)
    order = [column.desc() for column in _KEY] if down else list(_KEY)
    rows = session.execute(query.order_by(*order).limit(limit))
    return [Line(Mark(*row[:3]), *row[3:]) for row in rows]
