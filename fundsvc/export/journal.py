"""Read the whole journal for an export: in order of date and id, in the memory of a month's ids.

Balances come from `fundsvc.books.totals`, not from what is read here, so that a program which adds
up an exported book and finds its balances there has checked the one against the other.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import FromClause, bindparam, func, select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books import keys
from fundsvc.books.models import Account, Entry, Posting
from fundsvc.books.totals import totals
from fundsvc.units.models import Unit

NO_PROVINCE: Final = "none"
"""The province of a posting that belongs to none, as statements call it."""
# Entries fetched by one statement: more gain nothing, and fewer cost round trips.
CHUNK: Final = 1000
_ENTRY: FromClause = Entry.__table__
_POSTING: FromClause = Posting.__table__
_ENTRIES: Final = select(
    *(_ENTRY.c[name] for name in ("id", "date", "kind", "description", "source", "external_id")),
    *(_ENTRY.c[name] for name in ("voucher", "province_id", "reverses_id")),
).where(_ENTRY.c.id.in_(bindparam("ids", expanding=True)))
_LINES: Final = (
    select(
        *(_POSTING.c[name] for name in ("entry_id", "debit", "credit")),
        *(_POSTING.c[name] for name in ("account_id", "fund_id", "unit_id")),
    )
    .where(_POSTING.c.entry_id.in_(bindparam("ids", expanding=True)))
    .order_by(_POSTING.c.entry_id, _POSTING.c.line)
)
# An export of past days does not change by what came later.
_REVERSALS: Final = select(_ENTRY.c.reverses_id, _ENTRY.c.id).where(
    _ENTRY.c.reverses_id.in_(bindparam("ids", expanding=True)), _ENTRY.c.date <= bindparam("last")
)
DAY: Final = timedelta(days=1)


class Place(NamedTuple):
    """What a balance is kept of: an account of a fund and unit, by their codes."""

    account: str
    fund: str
    unit: str


class Line(NamedTuple):
    """A posting: exactly one side is not 0, and below 0 in a reversal.

    `province` is the one that statements of provinces as recorded put it to: that of its entry, or
    else that of the posting's unit.
    """

    place: Place
    debit: int
    credit: int
    province: str


class Item(NamedTuple):
    """An entry with its postings, in plain values; texts are as they were typed."""

    id: int
    on: date
    kind: str
    description: str
    source: str
    external_id: str
    voucher: str | None
    reverses: int | None
    reversed_by: int | None
    lines: list[Line]


class Carried(NamedTuple):
    """What an account had before the export begins, debit less credit."""

    place: Place
    province: str
    amount: int


class Opening(NamedTuple):
    """What stood in one fund and unit when the export begins; in sum nothing."""

    on: date
    balances: list[Carried]


class Standing(NamedTuple):
    """What every account had when a day ended, debit less credit."""

    on: date
    balances: list[tuple[Place, int]]


Event: TypeAlias = Opening | Item | Standing


@dataclass(frozen=True, slots=True)
class Span:
    """The days of an export; `opens` when what stood before them is carried in."""

    first: date
    last: date
    opens: bool

    @property
    def day_before(self) -> date:
        """The day of the balances that are carried in."""
        return self.first - DAY


@dataclass(frozen=True, slots=True)
class Ledger:
    """An account of the chart."""

    code: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Book:
    """What an export says before its first entry; without entries there is no span.

    `accounts`, `funds` and `units` are all there are, the oldest first; `places` are those which
    the export speaks of, in order of their codes.
    """

    span: Span | None
    accounts: dict[str, Ledger]
    funds: list[str]
    units: list[str]
    places: list[Place]


class Journal:
    """The journal from a first to a last day; without them, from its beginning, to its end.

    The session should see one moment (`fundsvc.db.snapshot`).
    """

    def __init__(self, session: Session, first: date | None, last: date | None) -> None:
        """Look up the span and the codes.

        Raises:
            OutOfScopeError: the session sees only some units, and the whole journal is asked for.
        """
        if db.scope(session) is not None:
            raise db.OutOfScopeError
        self._session = session
        self.span = _span(session, first, last)
        self._last = self.span.last if self.span else None
        known = keys.read(session)
        self._accounts = _codes(known.accounts)
        self._funds = _codes(known.funds)
        self._units = _codes(known.units)
        self._provinces = _codes(known.provinces)
        homes = session.execute(select(Unit.id, Unit.province_id)).all()
        self._homes: dict[int, int | None] = {unit: province for unit, province in homes}  # noqa: C416 - typed rows
        self._places: dict[tuple[int, ...], Place] = {}

    def book(self) -> Book:
        """Return what the export begins with."""
        rows = self._session.execute(select(Account.code, Account.name, Account.type))
        ledgers = {row.code: Ledger(row.code, row.name, row.type) for row in rows}
        return Book(
            span=self.span,
            accounts={code: ledgers[code] for _id, code in sorted(self._accounts.items())},
            funds=[code for _id, code in sorted(self._funds.items())],
            units=[code for _id, code in sorted(self._units.items())],
            places=[place for place, _ in self._balances(self.span.first, self.span.last)]
            if self.span
            else [],
        )

    def events(self) -> Iterator[Event]:
        """Yield what stood before, then the entries, and the balances at the end of each month.

        The last day is followed by its balances too, so that no entry stands behind the last ones.
        """
        if self.span is None:
            return
        if self.span.opens:
            yield from self._openings(self.span)
        first = self.span.first
        for last in _ends(self.span):
            yield from self._entries(first, last)
            yield Standing(last, self._balances(first, last))
            first = last + DAY

    def _openings(self, span: Span) -> Iterator[Opening]:
        by = ("account", "fund", "unit", "province")
        # What a unit's entries state and what they do not may come to stand in one province.
        sums: defaultdict[tuple[Place, str], int] = defaultdict(int)
        for total in totals(self._session, by, span.first, span.first):
            *key, stated = total.key
            sums[self._place(tuple(key)), self._province(stated, key[2])] += total.before
        parts: defaultdict[tuple[str, str], list[Carried]] = defaultdict(list)
        for (place, province), amount in sums.items():
            if amount:
                parts[place.fund, place.unit].append(Carried(place, province, amount))
        for _part, balances in sorted(parts.items()):
            yield Opening(span.day_before, sorted(balances))

    def _balances(self, first: date, last: date) -> list[tuple[Place, int]]:
        found = totals(self._session, ("account", "fund", "unit"), first, last)
        return sorted((self._place(total.key), total.after) for total in found)

    def _entries(self, first: date, last: date) -> Iterator[Item]:
        """Yield the entries of some days.

        Their ids come from the index of postings by account and day, which holds all that is
        needed to put them in order: sorting whole entries would take the memory of a month.
        """
        ids = self._session.scalars(
            select(Posting.entry_id)
            .where(
                Posting.account_id.in_(list(self._accounts)),
                Posting.date.between(first, last),
                Posting.line == 1,
            )
            .order_by(Posting.date, Posting.entry_id)
        ).all()
        for at in range(0, len(ids), CHUNK):
            yield from self._items(ids[at : at + CHUNK])

    def _items(self, ids: Sequence[int]) -> Iterator[Item]:
        """Yield some entries in the order of their ids here."""
        asked: dict[str, Any] = {"ids": list(ids)}
        entries = self._session.execute(_ENTRIES, asked).all()
        stated = {entry.id: entry.province_id for entry in entries}
        lines: defaultdict[int, list[Line]] = defaultdict(list)
        for number, debit, credit, *key in self._session.execute(_LINES, asked).all():
            province = self._province(stated[number], key[2])
            lines[number].append(Line(self._place(tuple(key)), debit, credit, province))
        reversals = self._session.execute(_REVERSALS, asked | {"last": self._last}).all()
        reversed_by: dict[int, int] = {number: reversal for number, reversal in reversals}  # noqa: C416 - typed rows
        found = {
            number: Item(
                number, on, kind, description, source, external_id, voucher,
                reverses, reversed_by.get(number), lines[number],
            )
            for (
                number, on, kind, description, source, external_id, voucher, _stated, reverses,
            ) in entries
        }  # fmt: skip
        for number in ids:
            yield found[number]

    def _province(self, stated: int | None, unit: int) -> str:
        """Return the province that a posting of a unit stands in, given what its entry states."""
        found = stated or self._homes[unit]
        return self._provinces[found] if found else NO_PROVINCE

    def _place(self, key: tuple[int, ...]) -> Place:
        found = self._places.get(key)
        if found is None:
            account, fund, unit = key
            found = Place(self._accounts[account], self._funds[fund], self._units[unit])
            self._places[key] = found
        return found


def _span(session: Session, first: date | None, last: date | None) -> Span | None:
    """Return the days asked for; where none is said, those of the journal."""
    ends: Any = select(func.min(Entry.date), func.max(Entry.date))
    oldest, newest = session.execute(ends).one()
    if oldest is None:
        return None
    if last is None:
        last = max(newest, first or newest)
    return Span(first or min(oldest, last), last, opens=first is not None)


def _ends(span: Span) -> Iterator[date]:
    """Yield the last day of each month that ends within the span, and the last day of all."""
    day = span.first
    while day <= span.last:
        length = calendar.monthrange(day.year, day.month)[1]
        end = min(day.replace(day=length), span.last)
        yield end
        day = end + DAY


def _codes(ids: dict[str, int]) -> dict[int, str]:
    return {number: code for code, number in ids.items()}
