"""Texts from outside: one grammar for amounts and days, cleaning, folding, masking."""

import unicodedata
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.errors import Refusal
from fundsvc.text import clean, fold, mask_name, mask_phone, parse_day, parse_dong, short_unit
from ledger.money import MAX_DONG
from ledger.words import grouped


@pytest.fixture(scope="module", autouse=True)
def speaking() -> Iterator[None]:
    """Reasons are texts of the catalogue; an application without anything else lends it."""
    app = Flask("text")
    Babel(app, default_locale="vi")
    with app.app_context():
        yield


@given(st.integers(1, MAX_DONG))
def test_an_amount_is_read_as_it_is_written(amount: int) -> None:
    for text in (str(amount), grouped(amount), f"{amount:,}".replace(",", " "), f" {amount} đ "):
        assert parse_dong(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "-5", "+5", "1,000", "1.00", "1.0000", "1.000,50", "1_000", "1e3", "0x10", "²",
        "١٢", "１２", "NaN", "1.000 000", "1..000", ".000", "1 0 0 0", "1.000đđ", "1\u00a0000",
        "1\n",
    ],
)  # fmt: skip
def test_what_could_mean_another_amount_is_no_amount(text: str) -> None:
    with pytest.raises(Refusal, match="chữ số"):
        parse_dong(text)


@pytest.mark.parametrize(("text", "told"), [("0", "trở lên"), ("9" * 30, "quá lớn")])
def test_an_amount_out_of_range_is_told_apart(text: str, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        parse_dong(text)


@given(st.dates(date(1990, 1, 1), date(2199, 12, 31)))
def test_a_day_is_read_in_both_forms(day: date) -> None:
    assert parse_day(day.isoformat()) == parse_day(f"{day.day}/{day.month}/{day.year}") == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31/02/2026",
        "2026-13-01",
        "1/1/26",
        "01-02-2026",
        "٣١/١٢/٢٠٢٦",
        "0001-01-01",
        "2026-1-1",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        parse_day(text)


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\ud800", "\u202e", "\u2066", "\uffff"])
def test_marks_that_nobody_can_read_are_refused(mark: str) -> None:
    with pytest.raises(Refusal, match="không đọc được"):
        clean(f"Nguyễn{mark} Văn A", 100)


@given(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=40))
def test_a_clean_text_is_composed_and_stays_so(raw: str) -> None:
    text = clean(raw, 200)
    assert unicodedata.is_normalized("NFC", text)
    assert clean(text, 200) == text == text.strip()


def test_folding_finds_what_people_type_without_marks() -> None:
    assert fold("Đức Hòa") == fold("duc  hoà") == fold(unicodedata.normalize("NFD", "ĐỨC HÒA"))


def test_public_pages_mask_names_and_phones() -> None:
    assert mask_name("Nguyễn Văn A") == "N***** V** A"
    assert mask_phone("0912345678") == "0912***678"
    assert mask_phone("12345") == "***"


def test_a_unit_is_told_by_what_differs() -> None:
    home = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh"
    assert short_unit(f"{home} tỉnh Quảng Trị") == "Tỉnh Quảng Trị"
    assert short_unit(f"{home} thành phố Huế") == "Thành phố Huế"
    assert short_unit(f"{home} Việt Nam") == f"{home} Việt Nam"
    assert short_unit("Ban liên lạc Sư đoàn 901") == "Ban liên lạc Sư đoàn 901"
