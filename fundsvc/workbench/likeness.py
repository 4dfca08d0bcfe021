"""How alike texts of a bank are to names and numbers that are known: small, and explainable."""

import re
import unicodedata
from typing import Final

from fundsvc.giving import codes
from fundsvc.text import fold

ALIKE: Final = 0.75
"""So large a share of a name's words found makes a text name somebody."""
_SIGNS: Final = re.compile("[^A-Z0-9]")
_WORD: Final = re.compile("[a-z]+")
_SAID: Final = re.compile("[a-z0-9]+")
_RUN: Final = re.compile("(?=(?:TS|T5|7S)([A-Z0-9]{8,10}))")
_SPREAD: Final = re.compile(rf"T\W*S(?:\W*[A-Z0-9]){{{codes.DRAWN + 1}}}", re.IGNORECASE)
_SHORTEST, _FEWEST, _MOST_WORDS = 4, 2, 6
# What banks and people write around a name; a payer is known by what is left.
_NOISE: Final = frozenset(
    {
        "chuyen", "tien", "khoan", "ck", "ct", "ft", "ibft", "mbvcb", "vcb", "nhan", "tu",
        "den", "tai", "ung", "uh", "dong", "gop", "quy", "nghia", "tinh", "truong",
        "son", "so", "tk", "stk", "nd", "noi", "dung", "gd", "giao", "dich", "qua", "napas",
        "ngan", "hang", "cho", "hoi", "thang", "nam", "ngay", "ts", "thanh", "toan", "gui",
        "transfer", "from", "to", "payment", "ref", "trace", "bidv", "acb", "mb", "tcb",
        "vietcombank", "agribank",
    }
)  # fmt: skip


def bare(text: str) -> str:
    """Return a text's letters and figures alone, without diacritics, in capitals."""
    return _SIGNS.sub("", fold(unicodedata.normalize("NFKC", text)).upper())


def share_of_name(name: str, text: str) -> float:
    """Return which share of a name's words a text holds in a row, one wrong letter allowed in each.

    A name of one word is no name to go by.
    """
    wanted, said = _WORD.findall(fold(name)), _WORD.findall(fold(text))
    if len(wanted) < _FEWEST or len(said) < _FEWEST:
        return 0.0
    best = 0.0
    for start in range(len(said) - _FEWEST + 1):
        pairs = zip(wanted, said[start:], strict=False)
        found = sum(_same_word(one, other) for one, other in pairs)
        best = max(best, found / len(wanted))
    return best


def payer(counterparty: str, memo: str) -> str:
    """Return what tells the payer of a line from others, folded; empty when nothing does."""
    if counterparty.strip():
        return " ".join(_SAID.findall(fold(counterparty)))
    words = _left(_name_words(_without_code(memo)))
    return " ".join(words[:_MOST_WORDS]) if len(words) >= _FEWEST else ""


def name_in(counterparty: str, memo: str) -> str:
    """Return the name of a payer as the bank wrote it, empty when no words look like one."""
    source = counterparty if counterparty.strip() else _without_code(memo)
    words = _left([word for word in re.split(r"[^\w]+", source) if word and word.isalpha()])
    return " ".join(words[:_MOST_WORDS]) if _FEWEST <= len(words) <= _MOST_WORDS else ""


def near_codes(memo: str) -> list[str]:
    """Return codes with a right check letter that a memo may mean by one slip of typing.

    One letter wrong, missing or too many, or two that changed places; which of them was ever given
    out only the promises know.
    """
    letters = bare(memo)
    found: dict[str, None] = {}
    for match in _RUN.finditer(letters):
        for body in _slips(match[1]):
            code = f"{codes.PREFIX}{body}"
            if codes.is_code(code):
                found[code] = None
    return list(found)


def _slips(run: str) -> list[str]:
    """Return what nine letters may have been before one slip."""
    size = codes.DRAWN + 1
    short, same, long = run[: size - 1], run[:size], run[: size + 1]
    made = [short[:at] + new + short[at:] for at in range(size) for new in codes.LETTERS]
    if len(same) == size:
        made += [same]
        made += [same[:at] + new + same[at + 1 :] for at in range(size) for new in codes.LETTERS]
        made += [same[:at] + same[at + 1] + same[at] + same[at + 2 :] for at in range(size - 1)]
    if len(long) == size + 1:
        made += [long[:at] + long[at + 1 :] for at in range(size + 1)]
    return made


def _without_code(text: str) -> str:
    """Return a memo without its codes, whose letters are nobody's name."""
    return _SPREAD.sub(lambda found: " " if codes.is_code(bare(found[0])) else found[0], text)


def _left(words: list[str]) -> list[str]:
    """Return the words that are no noise; "ho" is noise after "ung" only, for Hồ is a family."""
    folded = [fold(word) for word in words]
    return [
        word
        for word, said, before in zip(words, folded, ["", *folded], strict=False)
        if said not in _NOISE and (before, said) != ("ung", "ho")
    ]


def _name_words(text: str) -> list[str]:
    """Return the words of a text without those that hold a figure."""
    return [word for word in _SAID.findall(fold(text)) if word.isalpha()]


def _same_word(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if len(one) == len(other) >= _SHORTEST and sum(map(str.__ne__, one, other)) == 1:
        return 0.8
    return 0.0
