"""Days cut into whole years, quarters, months, ten days and days."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from fundsvc.books.grains import Grain, Piece, pieces
from fundsvc.db import db

DAY = timedelta(days=1)


def test_a_quarter_and_what_stood_before_it_are_three_spans() -> None:
    assert pieces(date.min, date(2026, 3, 31)) == (
        Piece(Grain.QUARTER, date(2026, 1, 1), date(2026, 3, 31)),
        Piece(Grain.YEAR, date.min, date(2025, 12, 31)),
    )
    assert pieces(date(2026, 4, 1), date(2026, 6, 30)) == (
        Piece(Grain.QUARTER, date(2026, 4, 1), date(2026, 6, 30)),
    )


def test_most_of_a_long_span_is_all_of_it_less_the_rest() -> None:
    assert pieces(date(2026, 1, 1), date(2026, 6, 17)) == (
        Piece(Grain.QUARTER, date(2026, 1, 1), date(2026, 6, 30)),
        Piece(Grain.DAY, date(2026, 6, 18), date(2026, 6, 20), less=True),
        Piece(Grain.DEKAD, date(2026, 6, 21), date(2026, 6, 30), less=True),
    )
    assert pieces(date.min, date(9999, 12, 30)) == (
        Piece(Grain.YEAR, date.min, date.max),
        Piece(Grain.DAY, date.max, date.max, less=True),
    )


def test_days_midway_are_cut_from_day_to_year_and_back() -> None:
    assert pieces(date(2023, 11, 20), date(2025, 5, 2)) == (
        Piece(Grain.DAY, date(2023, 11, 20), date(2023, 11, 20)),
        Piece(Grain.DAY, date(2025, 5, 1), date(2025, 5, 2)),
        Piece(Grain.DEKAD, date(2023, 11, 21), date(2023, 11, 30)),
        Piece(Grain.MONTH, date(2023, 12, 1), date(2023, 12, 31)),
        Piece(Grain.MONTH, date(2025, 4, 1), date(2025, 4, 30)),
        Piece(Grain.QUARTER, date(2025, 1, 1), date(2025, 3, 31)),
        Piece(Grain.YEAR, date(2024, 1, 1), date(2024, 12, 31)),
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date.min, date.max),
        (date.max, date.max),
        (date.min, date.min),
        (date(9999, 5, 3), date.max),
    ],
)
def test_the_ends_of_the_calendar_are_days_like_others(first: date, last: date) -> None:
    found = pieces(first, last)
    assert counted(found, first) == counted(found, last) == 1


def counted(found: Iterable[Piece], day: date) -> int:
    """How often a day stands in a sum."""
    return sum(-1 if piece.less else 1 for piece in found if piece.first <= day <= piece.last)


@given(st.dates(), st.integers(0, 3_000))
def test_every_day_counts_once_and_no_other_at_all(first: date, count: int) -> None:
    last = min(first, date.max - DAY * count) + DAY * count
    first = min(first, last)
    found = pieces(first, last)
    # Within the ends of the pieces nothing changes, so these days stand for all.
    edges = {first, last, date.min, date.max}
    for piece in found:
        assert piece.grain.start(piece.first) == piece.first
        assert piece.grain.end(piece.last) == piece.last
        edges |= {piece.first, piece.last}
    edges |= {day - DAY for day in edges if day > date.min}
    edges |= {day + DAY for day in edges if day < date.max}
    for day in edges:
        assert counted(found, day) == (first <= day <= last)
    assert len(found) <= 12


def test_nothing_lies_in_days_that_end_before_they_begin() -> None:
    assert pieces(date(2026, 1, 2), date(2026, 1, 1)) == ()


@pytest.mark.parametrize("grain", Grain)
def test_the_database_finds_the_same_first_day(app: Flask, engine_name: str, grain: Grain) -> None:
    days = "text" if engine_name == "sqlite" else "date"
    query = text(f"SELECT {grain.start_in_sql(engine_name, f'CAST(:day AS {days})')}")
    with db.engine.connect() as connection:
        for month in range(1, 13):
            for number in (1, 10, 11, 20, 21, 29):
                day = date(2024, month, number)
                start = connection.scalar(query, {"day": day.isoformat()})
                assert str(start) == grain.start(day).isoformat()


def test_spans_that_follow_each_other_are_read_at_once() -> None:
    assert pieces(date(2025, 3, 1), date(2025, 9, 30)) == (
        Piece(Grain.MONTH, date(2025, 3, 1), date(2025, 3, 31)),
        Piece(Grain.QUARTER, date(2025, 4, 1), date(2025, 9, 30)),
    )
