"""Sums drawn from roll-ups and tail equal those of all postings: any books, any seals, any days."""

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books import keys, service, sums
from fundsvc.books.firsts import first_day
from fundsvc.books.models import Entry, Posting
from fundsvc.books.sums import OF_SUMS, among, last_known
from fundsvc.books.totals import CARRY_FORWARD, KEYS, Columns, Total, balances, moves, totals
from fundsvc.db import read_session, transaction
from fundsvc.seals.service import seal_new
from fundsvc.units.models import Unit
from ledger.entries import Entry as LedgerEntry
from ledger.entries import Posting as LedgerPosting

START = date(2024, 11, 15)
DAYS = st.integers(0, 490).map(lambda days: START + timedelta(days=days))
# Ends of months, quarters and years are where whole and part spans meet.
EDGES = st.sampled_from(
    [date(2024, 12, 31), date(2025, 3, 31), date(2025, 4, 1), date(2025, 11, 30),
     date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 28)]
)  # fmt: skip
DAY = DAYS | EDGES
BOOK = st.builds(
    lambda on, amount, accounts, fund, unit, province, kind, twice: _entry(
        on, amount, accounts, fund, unit, province, kind, twice=twice
    ),
    DAY,
    st.integers(1, 10**12) | st.integers(-(10**6), -1),
    st.sampled_from([("111", "7114"), ("138.viettel", "7111"), ("6112", "111"), ("3381", "7113")]),
    st.sampled_from(["nghia-tinh", "dues", "base"]),
    st.sampled_from(["TW", "HT-44"]),
    st.sampled_from([None, "2025:44", "2004:45"]),
    st.sampled_from(["other", "other", CARRY_FORWARD]),
    st.booleans(),
)


def _entry(
    on: date, amount: int, accounts: tuple[str, str], fund: str, unit: str, province: str | None,
    kind: str, *, twice: bool,
) -> LedgerEntry:  # fmt: skip
    debit, credit = accounts
    lines = [LedgerPosting(debit, fund, unit, debit=amount)] * (2 if twice else 1)
    total = amount * len(lines)
    return LedgerEntry(
        on, kind, "", unit, (*lines, LedgerPosting(credit, fund, unit, credit=total)), province
    )


def last_of(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@pytest.fixture
def books(app: Flask) -> dict[str, int]:
    """The books of two units, empty; the keys of each example's entries go on counting."""
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Quảng Trị", folded="quang tri", kind="provincial"))
        session.flush()
        keys.forget(session)
    return {"next": 1}


def by_hand(
    session: Session, by: Collection[str], first: date, last: date, *, carried: bool,
    unit: int | None,
) -> set[Total]:  # fmt: skip
    """Sum all postings in memory, one by one."""
    before: defaultdict[tuple[int, ...], int] = defaultdict(int)
    debit: defaultdict[tuple[int, ...], int] = defaultdict(int)
    credit: defaultdict[tuple[int, ...], int] = defaultdict(int)
    entries: defaultdict[tuple[int, ...], set[Any]] = defaultdict(set)
    rows = session.execute(
        select(Posting, Entry.province_id, Entry.kind).join(Entry, Entry.id == Posting.entry_id)
    )
    for posting, province_id, kind in rows:
        if posting.date > last or (unit is not None and posting.unit_id != unit):
            continue
        facts = {
            "account": posting.account_id,
            "fund": posting.fund_id,
            "unit": posting.unit_id,
            "province": province_id or 0,
        }
        key = tuple(facts[name] for name in by)
        before[key] += 0
        if posting.date < first:
            before[key] += posting.debit - posting.credit
        elif carried or kind != CARRY_FORWARD:
            debit[key] += posting.debit
            credit[key] += posting.credit
            once = (posting.entry_id, *(facts[name] for name in KEYS))
            entries[key].add(once)
    return {Total(key, before[key], debit[key], credit[key], len(entries[key])) for key in before}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(BOOK, max_size=4),
    st.integers(0, 3),
    DAY,
    DAY,
    st.lists(st.sampled_from(KEYS), unique=True, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_totals_equal_the_sum_of_all_postings(
    books: dict[str, int],
    entries: Sequence[LedgerEntry],
    seal: int,
    one: date,
    other: date,
    by: list[str],
    carried: bool,
    only_one_unit: bool,
) -> None:
    with transaction() as session:
        for entry in entries:
            books["next"] += 1
            service.post(session, entry, source="test", external_id=str(books["next"]))
    if seal:
        seal_new(most=seal)
    first, last = min(one, other), max(one, other)
    session = read_session()
    unit = keys.read(session).unit("HT-44") if only_one_unit else None

    def only(columns: Columns) -> Sequence[ColumnElement[bool]]:
        return [] if unit is None else [columns.unit_id == unit]

    found = totals(session, by, first, last, where=only, carried=carried)
    assert len(found) == len(set(found))
    expected = by_hand(session, by, first, last, carried=carried, unit=unit)
    nothing = Total((), 0, 0, 0, 0)
    assert set(found) - {nothing} == expected - {nothing}
    # Who does not ask for entries gets the same amounts.
    held = [] if unit is None else [among(OF_SUMS.unit_id, [unit])]
    uncounted = sums.summed(session, by, first, last, held, carried=carried, counted=False)
    assert {total[:4] for total in uncounted} == {total[:4] for total in found}
    every = by_hand(session, by, first, last, carried=True, unit=unit)
    assert {key: left for key, left in balances(session, by, last, where=only).items() if left} == {
        total.key: total.after for total in every if total.after
    }
    dates = [posting.date for posting in session.scalars(select(Posting))]
    assert first_day(session, last) == min((on for on in dates if on <= last), default=None)
    of_unit = select(Posting.date).where(Posting.unit_id == unit, Posting.date <= last)
    if unit is not None:
        assert first_day(session, last, held) == min(session.scalars(of_unit), default=None)
    # What moved day by day and month by month adds up to the same turnover.
    for monthly in (False, True):
        start = first.replace(day=1) if monthly else first
        until = last_of(last) if monthly else last
        summed: defaultdict[tuple[int, ...], int] = defaultdict(int)
        for move in moves(session, by, start, until, where=only, monthly=monthly):
            summed[move.key] += move.debit - 3 * move.credit + 5 * move.entries
        told = {
            total.key: total.debit - 3 * total.credit + 5 * total.entries
            for total in totals(session, by, start, until, where=only)
        }
        assert {key: amount for key, amount in summed.items() if amount} == {
            key: amount for key, amount in told.items() if amount
        }
    session.rollback()


def test_a_scope_sees_its_units_only(books: dict[str, int]) -> None:
    with transaction() as session:
        for code in ("TW", "HT-44"):
            entry = _entry(START, 500, ("111", "7114"), "dues", code, None, "other", twice=False)
            service.post(session, entry, source="test", external_id=code)
    seal_new()
    session = read_session()
    unit = keys.read(session).unit("HT-44")
    db.set_scope(session, {unit})
    assert {total.key for total in totals(session, ["unit"], START, START)} == {(unit,)}
    assert first_day(session, START) == START
    db.set_scope(session, {unit + 1_000})
    assert first_day(session, START) is None
    db.set_scope(session, None)


@pytest.mark.parametrize("last", [date(9999, 12, 31), date(9999, 12, 30)])
def test_the_last_day_of_the_calendar_is_a_day(books: dict[str, int], last: date) -> None:
    with transaction() as session:
        entry = _entry(START, 500, ("111", "7114"), "dues", "TW", None, "other", twice=False)
        service.post(session, entry, source="test", external_id="1")
    seal_new()
    (found,) = totals(read_session(), ["fund"], date(1, 1, 1), last)
    assert (found.before, found.debit, found.credit) == (0, 500, 500)


@pytest.mark.parametrize("guess", [-1, 0, 10**9])
def test_a_wrong_guess_at_what_is_sealed_is_noticed(
    books: dict[str, int], session: Session, guess: int
) -> None:
    """As after a seal that was taken back, or that another process wrote."""
    entry = _entry(START, 500, ("111", "7114"), "base", "TW", None, "other", twice=False)
    for number in ("sealed", "not yet"):
        with transaction() as writing:
            service.post(writing, entry, source="test", external_id=number)
        if number == "sealed":
            seal_new()
    last_known[session.get_bind()] = guess, time.monotonic()
    (cash,) = [total for total in totals(session, ("account",), START, START) if total.debit]
    assert (cash.debit, cash.entries) == (1_000, 2)
    last_known[session.get_bind()] = guess, time.monotonic()
    assert totals(session, ("fund",), date(2030, 1, 1), date(2030, 1, 1))[0].before == 0
