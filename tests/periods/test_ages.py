"""Receivables by age: what was owed first is paid first."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from fundsvc.periods.ages import Day, by_age

AT = date(2024, 9, 30)


def test_payments_settle_the_oldest_first() -> None:
    days = [
        Day(date(2024, 2, 1), 500, 0),
        Day(date(2024, 6, 1), 300, 0),
        Day(date(2024, 8, 1), 200, 0),
        Day(date(2024, 9, 10), 100, 600),
    ]
    assert by_age(days, AT) == (100, 200, 200, 0)


def test_the_borders_of_the_ages() -> None:
    days = [
        Day(date(2024, 8, 31), 1, 0),
        Day(date(2024, 8, 30), 10, 0),
        Day(date(2024, 7, 2), 100, 0),
        Day(date(2024, 7, 1), 1_000, 0),
        Day(date(2024, 4, 3), 10_000, 0),
        Day(date(2024, 4, 2), 100_000, 0),
    ]
    assert by_age(days, AT) == (1, 110, 11_000, 100_000)


def test_a_debit_that_was_taken_back_and_money_paid_beyond_it() -> None:
    assert by_age([Day(AT, 500, 0), Day(AT, -500, 0)], AT) == (0, 0, 0, 0)
    assert by_age([Day(AT, 500, 800)], AT) == (-300, 0, 0, 0)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Day,
            st.dates(date(2023, 1, 1), AT),
            st.integers(-100, 1_000),
            st.integers(0, 1_000),
        ),
        max_size=20,
    )
)
def test_the_ages_always_add_up_to_the_balance(days: list[Day]) -> None:
    assert sum(by_age(days, AT)) == sum(day.debit - day.credit for day in days)
