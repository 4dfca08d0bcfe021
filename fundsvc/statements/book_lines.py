"""Lines of the books in the order of books, page by page, without a scan of what is not shown.

The lines of one account come straight from the index of postings; those of a few, as many of each
as a page could show, are put in order together. There is no index by day alone (a third would slow
every import), so the lines of all accounts are looked for in windows of days that widen until a
page is full, each account by its own index.
"""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from fundsvc.books.sums import OF_POSTINGS, among, summed, within
from fundsvc.driver import as_day, engine_of, read_plain
from fundsvc.statements.book_options import PAGE, Mark, Turn
from fundsvc.statements.book_scope import BookScope

if TYPE_CHECKING:
    from fundsvc.driver import Reader

CHUNK: Final = 1_000
_WIDEST: Final = 64
_WIDER: Final = 4
_MOST_PARTS: Final = 400
"""SQLite puts at most 500 selects together."""
_FEWEST: Final = 100
_AT_ONCE: Final = 20
"""So many chunks of lines may lie in memory while the lines of accounts are put in order."""


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


def page(session: "Reader", scope: BookScope, turn: Turn, size: int = PAGE) -> Lines:
    """Return the page of a book that a turn names: the last one if it names none."""
    if turn.start or turn.after is not None:
        found = _read(session, scope, turn.after, size + 1, down=False)
        return Lines(tuple(found[:size]), earlier=turn.after is not None, later=len(found) > size)
    found = _read(session, scope, turn.before, size + 1, down=True)
    shown = tuple(reversed(found[:size]))
    return Lines(shown, earlier=len(found) > size, later=turn.before is not None)


def every(session: "Reader", scope: BookScope) -> Iterator[Sequence[Line]]:
    """Yield all lines of a book, oldest first, in chunks."""
    if scope.below:
        yield from _merged(session, scope)
        return
    mark: Mark | None = None
    while chunk := _read(session, scope, mark, CHUNK, down=False):
        yield chunk
        mark = chunk[-1].mark


def _merged(session: "Reader", scope: BookScope) -> Iterator[Sequence[Line]]:
    """Yield all lines of an account and those below it in chunks; each line is read once."""
    size = max(_FEWEST, CHUNK * _AT_ONCE // max(1, len(scope.moved)))

    def of(account_id: int) -> Iterator[Line]:
        one = replace(scope, account=scope.accounts[account_id], below=())
        mark: Mark | None = None
        while chunk := _read(session, one, mark, size, down=False):
            yield from chunk
            mark = chunk[-1].mark

    lines = heapq.merge(*map(of, scope.moved), key=_mark_of)
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _mark_of(line: Line) -> Mark:
    return line.mark


def balance_before(session: "Reader", scope: BookScope, mark: Mark) -> int:
    """Return debit less credit of an account before one of its lines.

    It is what stood at the beginning of that day, from the sums of the books, and the lines of
    the day until there.
    """
    found = summed(session, ("account",), mark.on, mark.on, scope.conditions(), counted=False)
    statement = _OF_DAY.format(conditions=_conditions(session, scope))
    ((of_day,),) = read_plain(session, statement, _values(mark))
    return sum(total.before for total in found) + int(of_day)


def counter_accounts(
    session: "Reader", scope: BookScope, lines: Sequence[Line]
) -> Mapping[Mark, tuple[str, ...]]:
    """Return the accounts on the other side of each line, in its entry, fund and unit."""
    ids: object = sorted({line.mark.entry_id for line in lines})
    given = "= ANY(:ids)"
    if engine_of(session) == "sqlite":
        ids, given = json.dumps(ids), "IN (SELECT value FROM json_each(:ids))"
    statement = _SIDES.format(given=given, conditions=within(session, (), OF_POSTINGS))
    rows = read_plain(session, statement, {"ids": ids})
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
    session: "Reader", scope: BookScope, mark: Mark | None, limit: int, *, down: bool
) -> list[Line]:
    """Return lines behind a mark in one direction, from the mark on."""
    if scope.account is not None:
        span = scope.first, scope.last
        if scope.below:
            return _across(session, scope, span, mark, limit, down=down)
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
    session: "Reader", scope: BookScope, span: tuple[date, date], *, down: bool
) -> date | None:
    """Return the last (or first) day of a span on which anything was booked at all."""
    if span[0] > span[1]:
        return None
    statement = _EDGE.format(
        outermost="max" if down else "min",
        conditions=within(session, (), OF_POSTINGS),
        first=span[0],
        last=span[1],
        accounts=among("account.id", scope.accounts),
    )
    ((found,),) = read_plain(session, statement)
    return None if found is None else as_day(found)


def _between(
    session: "Reader",
    scope: BookScope,
    span: tuple[date, date],
    mark: Mark | None,
    limit: int,
    *,
    down: bool,
) -> list[Line]:
    conditions = _conditions(session, scope)
    if scope.account is None:
        # By account and day there is an index, by day alone there is none.
        conditions += f" AND {among(OF_POSTINGS.account_id, scope.accounts)}"
    if mark is not None:
        conditions += f" AND {_KEY} {'<' if down else '>'} (:on, :entry, :line)"
    order = _DOWN if down else _UP
    statement = _LINES.format(
        conditions=conditions, first=span[0], last=span[1], order=order, limit=limit
    )
    rows = read_plain(session, statement, _values(mark) if mark else None)
    return [Line(Mark(as_day(row[0]), row[1], row[2]), *row[3:]) for row in rows]


def _across(
    session: "Reader",
    scope: BookScope,
    span: tuple[date, date],
    mark: Mark | None,
    limit: int,
    *,
    down: bool,
) -> list[Line]:
    """Return lines of the accounts that moved: each gives as many as are wanted of all."""
    conditions = within(session, replace(scope, account=None).conditions(OF_POSTINGS), OF_POSTINGS)
    joined = " JOIN entry ON entry.id = posting.entry_id" if "entry." in conditions else ""
    if mark is not None:
        conditions += f" AND {_KEY} {'<' if down else '>'} (:on, :entry, :line)"
    order = _DOWN if down else _UP
    rest = {"conditions": conditions, "first": span[0], "last": span[1], "order": order}
    one = partial(_ONE.format, joined=joined, limit=limit, **rest)
    lines: list[Line] = []
    for begin in range(0, len(scope.moved), _MOST_PARTS):
        ids = scope.moved[begin : begin + _MOST_PARTS]
        if engine_of(session) == "sqlite":
            parts = " UNION ALL ".join(_PART.format(one=one(account=number)) for number in ids)
        else:
            parts = _LATERAL.format(one=one(account="account.id"), given=among("account.id", ids))
        statement = _TOGETHER.format(parts=parts, order=order, limit=limit)
        rows = read_plain(session, statement, _values(mark) if mark else None)
        lines += (Line(Mark(as_day(row[0]), row[1], row[2]), *row[3:]) for row in rows)
    return sorted(lines, key=_mark_of, reverse=down)[:limit]


def _conditions(session: "Reader", scope: BookScope) -> str:
    return within(session, scope.conditions(OF_POSTINGS), OF_POSTINGS)


def _values(mark: Mark) -> dict[str, Any]:
    return {"on": mark.on, "entry": mark.entry_id, "line": mark.line}


_KEY: Final = "(posting.date, posting.entry_id, posting.line)"
_UP: Final = "posting.date, posting.entry_id, posting.line"
_DOWN: Final = "posting.date DESC, posting.entry_id DESC, posting.line DESC"
# The days stand in the text: for any days PostgreSQL would plan anew each time.
_LINES: Final = """
SELECT posting.date, posting.entry_id, posting.line, entry.kind, entry.description, entry.voucher,
    posting.account_id, posting.fund_id, posting.unit_id, entry.province_id,
    posting.debit, posting.credit
FROM posting JOIN entry ON entry.id = posting.entry_id
WHERE {conditions} AND posting.date BETWEEN '{first}' AND '{last}' ORDER BY {order} LIMIT {limit}
"""
# Of each account its index gives the lines in their order, so no more is read than is wanted.
_ONE: Final = """
SELECT posting.date, posting.entry_id, posting.line, posting.account_id, posting.fund_id,
    posting.unit_id, posting.debit, posting.credit
FROM posting{joined}
WHERE posting.account_id = {account} AND {conditions}
    AND posting.date BETWEEN '{first}' AND '{last}' ORDER BY {order} LIMIT {limit}
"""
_PART: Final = "SELECT * FROM ({one})"
_LATERAL: Final = """
SELECT part.* FROM account CROSS JOIN LATERAL ({one}) AS part WHERE {given}
"""
_TOGETHER: Final = """
SELECT posting.date, posting.entry_id, posting.line, entry.kind, entry.description, entry.voucher,
    posting.account_id, posting.fund_id, posting.unit_id, entry.province_id,
    posting.debit, posting.credit
FROM (SELECT * FROM ({parts}) AS posting ORDER BY {order} LIMIT {limit}) AS posting
JOIN entry ON entry.id = posting.entry_id ORDER BY {order}
"""
_EDGE: Final = """
SELECT {outermost}((
    SELECT {outermost}(posting.date) FROM posting WHERE posting.account_id = account.id
        AND posting.date BETWEEN '{first}' AND '{last}' AND {conditions}
)) FROM account WHERE {accounts}
"""
_OF_DAY: Final = """
SELECT coalesce(sum(posting.debit - posting.credit), 0)
FROM posting JOIN entry ON entry.id = posting.entry_id
WHERE {conditions} AND posting.date = :on
    AND (posting.entry_id, posting.line) < (:entry, :line)
"""
_SIDES: Final = """
SELECT posting.entry_id, posting.fund_id, posting.unit_id, posting.account_id, posting.debit
FROM posting WHERE posting.entry_id {given} AND {conditions}
"""
