"""How long operators owe: by month of the messages, what was settled pays its own period first."""

from datetime import date, timedelta

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.settlements import ageing, counting, service
from fundsvc.settlements.ageing import Settled, by_age
from tests.settlements.conftest import People, bank_line, bring, message

AT = date(2026, 10, 20)
JUNE, JULY, AUGUST, SEPTEMBER = (date(2026, month, 15) for month in (6, 7, 8, 9))
days = st.dates(date(2025, 1, 1), AT)


def test_a_month_is_as_old_as_its_last_day() -> None:
    grosses = {JUNE: 1, JULY: 2, AUGUST: 3, SEPTEMBER: 4, AT: 5}
    assert by_age(grosses, [], AT) == (9, 3, 2, 1)


def test_what_was_settled_pays_its_own_months_first() -> None:
    grosses = {JUNE: 100, AUGUST: 100}
    august = Settled(date(2026, 8, 1), date(2026, 8, 31), 60)
    assert by_age(grosses, [august], AT) == (0, 40, 0, 100)
    more = Settled(date(2026, 8, 1), date(2026, 8, 31), 130)
    assert by_age(grosses, [more], AT) == (0, 0, 0, 70)
    beyond = Settled(date(2026, 8, 1), date(2026, 8, 31), 230)
    assert by_age(grosses, [beyond], AT) == (-30, 0, 0, 0)


@any_of(
    st.dictionaries(days, st.integers(1, 10**9), max_size=30),
    st.lists(st.tuples(days, st.integers(0, 90), st.integers(0, 10**9)), max_size=8),
)
def test_all_ages_together_are_what_is_owed(
    grosses: dict[date, int], parts: list[tuple[date, int, int]]
) -> None:
    settled = [Settled(first, first + timedelta(days=long), sum_) for first, long, sum_ in parts]
    owed = sum(grosses.values()) - sum(part.amount for part in settled)
    assert sum(by_age(grosses, settled, AT)) == owed


@pytest.mark.usefixtures("app")
def test_each_operator_and_campaign_has_its_line(
    session: Session, settlement: int, people: People
) -> None:
    bring(message("MO5", "TS 10", received_at="2026-08-10 08:00:00"))
    line = bank_line()
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
        service.confirm_money(writing, settlement, line, by=people.treasurer)
    (row,) = ageing.ageing(session, counting.by_day(session))
    assert (row.operator, row.keyword, row.total) == ("mobifone", "TS", 260_000)
    assert row.amounts == (0, 200_000, 60_000, 0)
