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
_RUN: Final = re.compile("(?=(?:TS|T5|7S)([A-Z0-9]{8,10}))")
_SPREAD: Final = re.compile(rf"T\W*S(?:\W*[A-Z0-9]){{{codes.DRAWN + 1}}}", re.IGNORECASE)
_SHORTEST, _FEWEST = 4, 2


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


def without_code(text: str) -> str:
    """Return a memo without its codes, whose letters are nobody's name."""
    return _SPREAD.sub(lambda found: " " if codes.is_code(bare(found[0])) else found[0], text)


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


def _same_word(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if len(one) == len(other) >= _SHORTEST and sum(map(str.__ne__, one, other)) == 1:
        return 0.8
    return 0.0
