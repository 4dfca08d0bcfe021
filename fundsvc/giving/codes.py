"""Memo codes: a few letters by which money on a bank's statement finds what was promised.

A code is `TS`, eight letters drawn at random and a check letter. Banks wrap, prefix and break the
memo, so it is looked for with everything between letters and figures taken away; a letter read
wrongly or two that changed places make another check letter.
"""

import re
import secrets
import unicodedata
from typing import Final

PREFIX: Final = "TS"
LETTERS: Final = "ABCDEFGHJKMNPQRTUVWXY23456789"
"""29 letters: I, L, O, S and Z are missing, which look like 1, 0, 5 and 2, and so are 0 and 1.

29 is a prime, so that weights of 1, 2, 3 … tell every wrong letter and every two that changed
places. The prefix ends in a letter that no code holds.
"""
DRAWN: Final = 8
LENGTH: Final = len(PREFIX) + DRAWN + 1
_SPACE: Final = re.compile("[^A-Z0-9]")
_PLAIN_SPACE: Final = dict.fromkeys(
    code for code in range(128) if not (chr(code).isdigit() or chr(code).isupper())
)
_FORM: Final = re.compile(f"(?=({PREFIX}[{LETTERS}]{{{DRAWN + 1}}}))")


def draw() -> str:
    """Return a new code; the system's generator makes it, so forked workers make different ones."""
    # All letters by one number: asking the generator for each costs eight times as much.
    number, letters = secrets.randbelow(len(LETTERS) ** DRAWN), ""
    for _letter in range(DRAWN):
        number, letter = divmod(number, len(LETTERS))
        letters += LETTERS[letter]
    return with_check(letters)


def with_check(letters: str) -> str:
    """Return the whole code of some drawn letters."""
    return f"{PREFIX}{letters}{_check(letters)}"


def is_code(text: str) -> bool:
    """Say whether a text is a code with its right check letter."""
    return (
        bool(_FORM.match(text))
        and len(text) == LENGTH
        and text[-1] == _check(text[len(PREFIX) : -1])
    )


def find(memo: str) -> list[str]:
    """Return the codes in a bank's memo, each once, in the order they stand there.

    What stands between letters and figures does not count: `TSABCD EFGH-J` is found, inside other
    words too. A code whose check letter is wrong is none.
    """
    # Long files have 200,000 memos, nearly all of plain letters and without a code.
    letters = (
        memo.upper().translate(_PLAIN_SPACE)
        if memo.isascii()
        else _SPACE.sub("", unicodedata.normalize("NFKC", memo).upper())
    )
    if PREFIX not in letters:
        return []
    found = (match[1] for match in _FORM.finditer(letters))
    return list(dict.fromkeys(code for code in found if is_code(code)))


def _check(letters: str) -> str:
    total = sum(weight * LETTERS.index(letter) for weight, letter in enumerate(letters, start=1))
    # The check letter has the weight -1, which no other letter has among these few.
    return LETTERS[total % len(LETTERS)]
