"""Memo codes: found in what banks make of a memo, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.giving import codes

CODE = codes.with_check("ABCD2345")
LETTER = st.sampled_from(codes.LETTERS)


def test_a_code_fits_the_memo_and_has_no_letters_that_look_alike() -> None:
    drawn = codes.draw()
    assert codes.is_code(drawn)
    assert len(f"{drawn} UNG HO") <= 19
    assert len(set(codes.LETTERS)) == 29
    assert not set("ILOSZ01") & set(drawn.removeprefix(codes.PREFIX))


@pytest.mark.parametrize(
    "memo",
    [
        CODE,
        f"{CODE} UNG HO",
        CODE.lower(),
        f"MBVCB.6712345678.{CODE} UNG HO.CT tu 0123456789 NGUYEN VAN MAU toi 1234567890",
        f"QR-{CODE}-GD 123456-30/09/2024 09:30:15",
        f"{CODE[:4]} {CODE[4:]}",
        f"IBFT {CODE[:7]}\n{CODE[7:]} UNG HO",
        " ".join(CODE),
        f"TSTS{CODE}",
        f"UNGHO{CODE}TS",
        "".join(chr(ord(letter) + 0xFEE0) for letter in CODE),
    ],
)
def test_a_code_is_found_however_a_bank_wraps_it(memo: str) -> None:
    assert codes.find(memo) == [CODE]


def test_two_codes_in_one_memo_are_both_found_once() -> None:
    other = codes.with_check("WXY98765")
    assert codes.find(f"{CODE} {other} {CODE}") == [CODE, other]


@pytest.mark.parametrize("memo", ["", "UNG HO TRUONG SON", "TS", CODE[:-1], "ủng hộ 🌿", "\ud800"])
def test_what_is_no_code_is_not_found(memo: str) -> None:
    assert codes.find(memo) == []


@given(st.lists(LETTER, min_size=8, max_size=8), st.integers(2, 10), LETTER)
def test_one_letter_wrong_is_told(letters: list[str], place: int, other: str) -> None:
    code = codes.with_check("".join(letters))
    wrong = code[:place] + other + code[place + 1 :]
    assert codes.find(wrong) == ([code] if wrong == code else [])


@given(st.lists(LETTER, min_size=8, max_size=8), st.integers(2, 10), st.integers(2, 10))
def test_two_letters_that_changed_places_are_told(letters: list[str], one: int, two: int) -> None:
    code = codes.with_check("".join(letters))
    moved = list(code)
    moved[one], moved[two] = moved[two], moved[one]
    wrong = "".join(moved)
    assert codes.find(wrong) == ([code] if wrong == code else [])


@given(st.text())
def test_any_text_can_be_searched(memo: str) -> None:
    assert all(codes.is_code(code) for code in codes.find(memo))
