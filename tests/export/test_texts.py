"""Whatever somebody typed stands in an export as it was typed, and breaks nothing in it."""

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from beancount.core import data
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fundsvc.export import beancount, hledger
from fundsvc.export.journal import Book, Event, Item, Ledger, Line, Place, Span
from tests.export.programs import beancount_entries, check
from tests.export.programs import hledger as report

DAY = date(2024, 9, 1)
PLACES = [Place("111", "base", "TW"), Place("7114", "base", "TW")]
AWKWARD = [
    "",
    " đầu và cuối ",
    "a; b: c, d | e",
    "(PC1) thu",
    "* ! =2024-01-01",
    '"trích dẫn" và \\ gạch chéo \\n \\u003b',
    "hai\ndòng\r\nba\tdòng",
    "    111:base  5 VND = 7 VND",
    "\n2024-09-01 * thêm\n    assets:111:base:TW  5 VND",
    '"\n2024-09-01 open Assets:Khac\n',
    "date:2020-01-01, [2020-01-01] type:X",
    "Hội Trường Sơn – Đường Hồ Chí Minh 🇻🇳 ẩn\u200bgiữa\u00a0\u3000",
    "Qu\u1ef9 / Quy\u0303",
    "%s {} $( `",
    "include /etc/passwd",
    "\u2028\u2029\x85\x1b[0m\x07",
    "x" * 5000,
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def book_of(texts: list[str]) -> tuple[Book, list[Event]]:
    """Return a book in which each text is description, external id and voucher of an entry."""
    ledgers = {
        "111": Ledger("111", "Tiền: mặt, [2024-01-01]; type:X\n", "asset"),
        "7114": Ledger("7114", 'Ủng hộ "tiền mặt" \\', "income"),
    }
    book = Book(Span(DAY, DAY, opens=False), ledgers, ["base"], ["TW"], PLACES)
    lines = [Line(PLACES[0], 5, 0, "none"), Line(PLACES[1], 0, 5, "none")]
    return book, [
        Item(number, DAY, "test", text, "test", text, text or None, None, None, lines)
        for number, text in enumerate(texts, 1)
    ]


def read_hledger(file: Path) -> dict[str, tuple[str, str, str]]:
    """Return description, external id and voucher as hledger reads them."""

    def plain(text: str) -> str:
        return str(json.loads('"{}"'.format(text.replace('"', '\\"'))))

    found = {}
    for row in report(file, "print"):
        tags = dict(tag.split(":", 1) for tag in row["comment"].strip("\n").split(", "))
        texts = row["description"], tags["external"], row["code"]
        found[tags["id"]] = tuple(map(plain, texts))
    return found  # type: ignore[return-value]  # three texts


def read_beancount(file: Path) -> dict[str, tuple[str, str, str]]:
    return {
        str(entry.meta["id"]): (
            str(entry.narration),
            str(entry.meta["external"]),
            str(entry.meta.get("voucher", "")),
        )
        for entry in beancount_entries(file)
        if isinstance(entry, data.Transaction)
    }


READERS: dict[str, Any] = {
    "hledger": (hledger.lines, read_hledger),
    "beancount": (beancount.lines, read_beancount),
}


def survive(texts: list[str], kind: str) -> None:
    write, read = READERS[kind]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "book"
        book, events = book_of(texts)
        file.write_bytes("".join(write(book, events)).encode())
        done = check(kind, file)
        assert (done.returncode, done.stderr) == (0, "")
        assert read(file) == {str(n): (text, text, text) for n, text in enumerate(texts, 1)}


@pytest.mark.parametrize("kind", READERS)
def test_awkward_texts_survive(kind: str) -> None:
    survive(AWKWARD, kind)


@pytest.mark.parametrize("kind", READERS)
def test_any_sign_survives_at_any_place(kind: str) -> None:
    signs = [*map(chr, range(1, 0x250)), *map(chr, range(0x2000, 0x2070)), "\u3000", "\ufeff"]
    survive([f"{sign}a{sign}b{sign}" for sign in signs], kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
# A program is started for each list of texts; the lists are long instead of many.
@settings(max_examples=5, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(texts=st.lists(TEXTS, min_size=40, max_size=120))
def test_any_text_survives(kind: str, texts: list[str]) -> None:
    survive(texts, kind)
