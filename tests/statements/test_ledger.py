"""The statement as values: the worked examples, and what must hold of every book."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounts import AccountType
from ledger.entries import Entry, reversal_of
from ledger.statements import FundStatement, Scope, Side, StatementLine, Sum, UnprovenError, build
from tests.statements import worked

EXAMPLE = worked.read("september.txt")
DAYS = st.dates(date(2024, 8, 1), date(2024, 10, 31))
PROVINCES = st.sampled_from([None, "2004:44", "2004:45", "2004:46", "2025:44", "2025:46"])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    unit = draw(st.sampled_from(sorted(worked.HOMES)))
    facts: Any = {
        "on": draw(DAYS),
        "unit": unit,
        "fund": draw(st.sampled_from(["base", "nghia-tinh"])),
        "amount": draw(st.integers(1, 10**12)),
        "description": "x",
        "province": draw(PROVINCES),
    }
    to = draw(st.sampled_from(["TW", "HTQT", "HTHU"]))
    entry = draw(st.sampled_from(worked.every_kind(facts, to)))
    return reversal_of(entry, draw(DAYS), "x") if draw(st.booleans()) else entry


BOOKS = st.lists(entries(), max_size=30)
PERIODS = st.tuples(DAYS, DAYS).map(lambda days: (min(days), max(days)))
ASKED = st.tuples(
    st.sampled_from([None, "2025:44", "2025:46", "none"]),
    st.sampled_from([None, "TW", "HTQT"]),
    st.sampled_from(["now", "then"]),
)


@pytest.mark.parametrize("expected", EXAMPLE.statements, ids=str)
def test_worked_example_by_hand(expected: worked.Expected) -> None:
    statement = worked.by_hand(expected.scope, [entry for entry, _of in EXAMPLE.entries])
    worked.check(statement, expected)


@given(BOOKS, PERIODS, ASKED)
def test_every_row_and_the_whole_add_up(
    book: list[Entry], period: tuple[date, date], asked: tuple[str | None, str | None, str]
) -> None:
    province, unit, provinces = asked
    statement = worked.by_hand(Scope("base", *period, province, unit, provinces), book)
    parts: list[Any] = [statement, *statement.rows]
    for part in parts:
        assert part.opening + part.receipts_total - part.payments_total == part.closing
    for name in ("opening", "receipts_total", "payments_total", "closing"):
        assert sum(getattr(row, name) for row in statement.rows) == getattr(statement, name)
    assert statement.receipts_total == sum(line.amount for line in statement.receipts)
    assert statement.payments_total == sum(line.amount for line in statement.payments)


@given(BOOKS, PERIODS, ASKED)
def test_closing_is_assets_less_liabilities(
    book: list[Entry], period: tuple[date, date], asked: tuple[str | None, str | None, str]
) -> None:
    unit = asked[1]
    statement = worked.by_hand(Scope("base", *period, None, unit), book)
    kinds = {account.code: account.type for account in worked.CHART}
    held = sum(
        posting.debit - posting.credit
        for entry in book
        for posting in entry.postings
        if posting.fund == "base"
        and entry.date <= period[1]
        and unit in {None, posting.unit}
        and kinds[posting.account] in {AccountType.ASSET, AccountType.LIABILITY}
    )
    assert statement.closing == held


@given(BOOKS, PERIODS)
def test_maps_tell_the_same_whole(book: list[Entry], period: tuple[date, date]) -> None:
    now, then = (
        worked.by_hand(Scope("base", *period, provinces=provinces), book)
        for provinces in ("now", "then")
    )
    assert (now.receipts, now.payments) == (then.receipts, then.payments)
    assert (now.opening, now.closing) == (then.opening, then.closing)


@given(BOOKS, st.lists(DAYS, min_size=2, max_size=4, unique=True).map(sorted), ASKED)
def test_periods_chain(
    book: list[Entry], days: list[date], asked: tuple[str | None, str | None, str]
) -> None:
    province, unit, provinces = asked
    drawn = [
        worked.by_hand(
            Scope("base", first, last - timedelta(days=1), province, unit, provinces), book
        )
        for first, last in pairwise(days)
    ]
    for before, after in pairwise(drawn):
        assert before.closing == after.opening
        closings = {row.place: row.closing for row in before.rows}
        for row in after.rows:
            assert closings.get(row.place, 0) == row.opening


def test_a_book_that_contradicts_itself_is_not_drawn() -> None:
    scope = Scope("base", date(2024, 1, 1), date(2024, 1, 31))
    place = ("none", None)
    one_sided = [Sum(place, AccountType.INCOME, "cash", before=False, amount=100)]
    with pytest.raises(UnprovenError) as caught:
        build(scope, one_sided, {}, {})
    assert caught.value.difference == 100
    # Wrong before the period and wrong in it do not cancel out.
    cancelling = [
        Sum(place, AccountType.INCOME, "cash", before=True, amount=100),
        Sum(place, AccountType.ASSET, None, before=False, amount=-100),
    ]
    with pytest.raises(UnprovenError):
        build(scope, cancelling, {}, {})


def test_lines_and_rows_must_agree() -> None:
    scope = Scope("base", date(2024, 1, 1), date(2024, 1, 31))
    with pytest.raises(UnprovenError):
        FundStatement(scope, (StatementLine("cash", "", 5, 1),), (), ())


def test_a_period_has_at_least_one_day() -> None:
    Scope("base", date(2024, 1, 1), date(2024, 1, 1))
    with pytest.raises(ValueError, match="before it begins"):
        Scope("base", date(2024, 1, 2), date(2024, 1, 1))


def test_a_treasurers_own_line_stands_before_other() -> None:
    scope = Scope("base", date(2024, 1, 1), date(2024, 1, 31))
    place = ("none", None)
    labels = worked.by_hand(scope, []).payments
    sums = [
        Sum(place, AccountType.EXPENSE, "scholarship", before=False, amount=-7),
        Sum(place, AccountType.ASSET, None, before=False, amount=7),
    ]
    names = {(Side.PAYMENTS, line.line): line.label for line in labels}
    lines = [line.line for line in build(scope, sums, names, {}).payments]
    assert lines.index("scholarship") == lines.index("fee") + 1
    assert lines[-2:] == ["other", "transfer-out"]
