"""Figures and dates as pages show them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fundsvc import clock
from fundsvc.templating import day, dong, moment, month, number
from fundsvc.templating.filters import example_day, typed_day


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0 đ"),
        (999, "999 đ"),
        (1_000, "1.000 đ"),
        (1_234_567, "1.234.567 đ"),
        (123_456_789_012, "123.456.789.012 đ"),
        (-5_500_000, "−5.500.000 đ"),
    ],
)
def test_amounts_have_dots_after_thousands_and_a_true_minus(amount: int, shown: str) -> None:
    assert dong(amount) == shown
    assert number(amount) == shown.removesuffix(" đ")


def test_a_moment_is_shown_in_vietnam_time_where_the_day_may_be_the_next() -> None:
    late = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
    assert moment(late) == "23/11/2026 01:05"
    assert day(late) == "23/11/2026"


def test_dates_and_months_come_as_dates_or_as_iso_text() -> None:
    assert day(date(2026, 3, 1)) == day("2026-03-01") == "01/03/2026"
    assert month(date(2026, 3, 1)) == month("2026-03") == "03/2026"
    assert day(None) == month(None) == moment(None) == ""


def test_a_field_for_a_date_shows_a_date_in_its_order_and_anything_else_as_typed() -> None:
    assert typed_day("2026-04-03") == typed_day(date(2026, 4, 3)) == "03/04/2026"
    assert typed_day("3/4/2026") == "3/4/2026"
    assert typed_day("2026-02-30") == "2026-02-30"
    assert typed_day(None) == ""


@pytest.mark.parametrize(
    ("moment_of_today", "shown"),
    [
        (datetime(2027, 6, 5, 3, tzinfo=UTC), "30/06/2027"),
        (datetime(2028, 2, 1, 3, tzinfo=UTC), "29/02/2028"),
        # In Vietnam the new year has begun.
        (datetime(2026, 12, 31, 18, tzinfo=UTC), "31/01/2027"),
    ],
)
def test_a_day_to_show_how_days_are_written_is_of_the_month_that_is_running(
    moment_of_today: datetime, shown: str
) -> None:
    with clock.fixed(moment_of_today):
        assert day(example_day()) == shown
        assert month(example_day()) == shown[3:]


def test_no_field_shows_a_day_of_a_year_that_passes_as_its_example() -> None:
    fixed = re.compile(r'placeholder="[^"{]*20[0-9]{2}|[Vv]í dụ [0-9/]*20[0-9]{2}')
    pages = (Path(__file__).parents[2] / "templates").rglob("*.html")
    assert not [str(page) for page in pages if fixed.search(page.read_text())]
