"""Days cut into whole years, quarters, months, ten days and days."""

import itertools
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from fundsvc.books.grains import Grain, Piece, joined, pieces
from fundsvc.db import db

DAY = timedelta(days=1)


def test_a_quarter_and_what_stood_before_it_are_three_spans() -> None:
    assert list(pieces(date.min, date(2026, 6, 30))) == [
        Piece(Grain.YEAR, date.min, date(2025, 12, 31)),
        Piece(Grain.QUARTER, date(2026, 1, 1), date(2026, 6, 30)),
    ]


def test_days_midway_are_cut_from_day_to_year_and_back() -> None:
    assert list(pieces(date(2023, 11, 20), date(2025, 5, 2))) == [
        Piece(Grain.DAY, date(2023, 11, 20), date(2023, 11, 20)),
        Piece(Grain.DEKAD, date(2023, 11, 21), date(2023, 11, 30)),
        Piece(Grain.MONTH, date(2023, 12, 1), date(2023, 12, 31)),
        Piece(Grain.YEAR, date(2024, 1, 1), date(2024, 12, 31)),
        Piece(Grain.QUARTER, date(2025, 1, 1), date(2025, 3, 31)),
        Piece(Grain.MONTH, date(2025, 4, 1), date(2025, 4, 30)),
        Piece(Grain.DAY, date(2025, 5, 1), date(2025, 5, 2)),
    ]


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
    found = list(pieces(first, last))
    assert (found[0].first, found[-1].last) == (first, last)


@given(st.dates(), st.integers(0, 3_000))
def test_pieces_are_whole_and_follow_each_other(first: date, count: int) -> None:
    last = min(first, date.max - DAY * count) + DAY * count
    first = min(first, last)
    found = list(pieces(first, last))
    assert (found[0].first, found[-1].last) == (first, last)
    for one, following in itertools.pairwise(found):
        assert following.first == one.last + DAY
    for piece in found:
        assert piece.grain.start(piece.first) == piece.first
        assert piece.grain.end(piece.last) == piece.last
    assert len(found) <= 9


def test_nothing_lies_in_days_that_end_before_they_begin() -> None:
    assert list(pieces(date(2026, 1, 2), date(2026, 1, 1))) == []


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
    before = pieces(date.min, date(2026, 3, 31))
    assert list(joined([*before, *pieces(date(2026, 4, 1), date(2026, 6, 30))])) == [
        Piece(Grain.YEAR, date.min, date(2025, 12, 31)),
        Piece(Grain.QUARTER, date(2026, 1, 1), date(2026, 6, 30)),
    ]
