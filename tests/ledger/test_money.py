"""Splitting to the đồng, and amounts in words."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import OutOfRangeError
from ledger.money import MAX_DONG, check_dong, split_exact
from ledger.words import amount_in_words

amounts = st.integers(-MAX_DONG, MAX_DONG)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(amounts, weights)
def test_parts_add_up_and_are_fair_to_the_dong(amount: int, shares: list[int]) -> None:
    parts = split_exact(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        # |part - amount * share / total| < 1, in whole numbers.
        assert abs(part * sum(shares) - amount * share) < sum(shares)


def test_a_hundred_dong_in_three_parts() -> None:
    assert split_exact(100, [1, 1, 1]) == [34, 33, 33]
    assert split_exact(1, [0, 0, 5]) == [0, 0, 1]


@pytest.mark.parametrize("shares", [[0, 0], [], [3, -1]])
def test_weights_must_say_something(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_exact(10, shares)


@pytest.mark.parametrize(
    "amount", [MAX_DONG + 1, -MAX_DONG - 1, 1.0, True, "1", None, float("nan")]
)
def test_only_whole_dong_within_range_are_amounts(amount: object) -> None:
    with pytest.raises(OutOfRangeError):
        check_dong(amount)


def test_words_of_the_house_style() -> None:
    path = Path(__file__).parent.parent / "data" / "amount_words.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert amount_in_words(int(row["amount"])) == row["words"]


DIGITS = {
    word: value
    for value, word in enumerate(
        ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    )
} | {"mốt": 1, "tư": 4, "lăm": 5}
SCALES = {"mươi": 10, "trăm": 100, "nghìn": 10**3, "triệu": 10**6, "tỷ": 10**9}


def read_back(words: str) -> int:
    """Read Vietnamese number words in a way of its own: a listener, not the speaker reversed."""
    billions = thousands = group = digit = 0
    for word in words.split():
        if word == "mười":
            group, digit = group + 10, 0
        elif word in {"mươi", "trăm"}:
            group, digit = group + digit * SCALES[word], 0
        elif word in {"nghìn", "triệu"}:
            thousands, group, digit = thousands + (group + digit) * SCALES[word], 0, 0
        elif word == "tỷ":
            billions = (billions + thousands + group + digit) * SCALES[word]
            thousands = group = digit = 0
        elif word != "linh":
            digit = DIGITS[word]
    return billions + thousands + group + digit


@given(st.integers(0, MAX_DONG))
def test_words_say_the_amount(amount: int) -> None:
    assert read_back(amount_in_words(amount)) == amount


@given(st.integers(0, 10**7).map(lambda number: number * 1_000))
def test_words_of_everyday_amounts_say_the_amount(amount: int) -> None:
    assert read_back(amount_in_words(amount)) == amount
    assert amount_in_words(-amount - 1).startswith("âm ")
