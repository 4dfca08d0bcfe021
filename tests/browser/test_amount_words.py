"""The words echoed while an amount is typed are those that the receipt will print."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

import fundsvc
from fundsvc.errors import Refusal
from fundsvc.text import parse_dong
from ledger.money import MAX_DONG
from ledger.words import amount_in_words

pytestmark = pytest.mark.browser

SCRIPT = Path(fundsvc.__file__).parent / "static" / "app.js"
FIELD = '<input id="a" data-amount><output id="a-words"></output>'
EDGES = [0, 1, 4, 5, 10, 11, 14, 15, 21, 24, 25, 101, 105, 110, 1001, 10015, 1_020_000, 10**9]
ECHO = """texts => texts.map(text => {
  const input = document.getElementById("a");
  input.value = text;
  input.dispatchEvent(new Event("input"));
  return document.getElementById("a-words").textContent;
})"""


def echoes(page: Page, typed: list[str]) -> list[str]:
    page.set_content(FIELD)
    page.add_script_tag(path=SCRIPT)
    return list(page.evaluate(ECHO, typed))


def test_words_on_the_page_are_the_words_of_the_ledger(page: Page) -> None:
    spread = (pow(7, place, MAX_DONG) % 10 ** (place % 15 + 1) for place in range(3000))
    amounts = [*EDGES, 10**12 + 1, MAX_DONG, *spread]
    expected = [f"{words[0].upper()}{words[1:]} đồng" for words in map(amount_in_words, amounts)]
    assert echoes(page, [str(amount) for amount in amounts]) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "1.000.000",
        "1 000 000",
        "1000000 đ",
        "1.000,5",
        "1,000",
        "1.00",
        "1_000",
        "²",
        "-5",
        "",
        "x",
        "1.000 000",
        "9" * 16,
        "1e3",
        "٣",
    ],
)
def test_the_page_reads_an_amount_exactly_when_the_form_will(page: Page, typed: str) -> None:
    try:
        understood = parse_dong(typed, least=0)
    except Refusal:
        expected = ""
    else:
        words = amount_in_words(understood)
        expected = f"{words[0].upper()}{words[1:]} đồng"
    assert echoes(page, [typed]) == [expected]
