"""What a donor's text message is worth: three grammars, pure, never a guessed amount.

`single`      KEYWORD      one unit value, whatever words follow
`units`       KEYWORD n    n times the unit value, n from 1 to 100
`thousands`   KEYWORD nK   n thousand đồng, n from 1 to 2000

Case, diacritics, double blanks, a missing blank after the keyword, closing punctuation and further
words are tolerated. Everything else that could be read in two ways gives no amount but a reason:
the message is then kept and shown, and a person decides. In particular:

- a keyword alone (`TS`) in a grammar that wants a number: the sender may have meant any number;
- a number outside the range (`TS 0`, `TS 101`, `TS5000`): the portal would not have taken it;
- a second number or a unit of money after the first (`TS 5 000`, `TS 5.000`, `TS 5 trieu`,
  `TS 5K`, `NTTS 50`): thousands separator, scale or another grammar, nobody knows;
- digits that are not ASCII (`TS ٥`, `TS ²`), signs and fractions (`TS -5`, `TS 5,5`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from fundsvc.text import fold

MOST_UNITS = 100
MOST_THOUSANDS = 2_000
THOUSAND = 1_000

# A word, perhaps closed by punctuation, and what follows it after a blank.
_TAIL = r"[.,;:!?]*(?: (?P<after>.*))?"
_ALONE = re.compile(_TAIL)
_UNITS = re.compile(r" ?(?P<n>[0-9]{1,9})" + _TAIL)
_THOUSANDS = re.compile(r" ?(?P<n>[0-9]{1,9}) ?k(?: ?(?:d|dong|vnd))?" + _TAIL)
_NUMBER = re.compile(r" ?[0-9]+" + _TAIL)
# Words after a number that would make it another amount.
_SCALES = frozenset(
    (
        "k",
        "ngan",
        "nghin",
        "ng",
        "tram",
        "chuc",
        "tr",
        "trieu",
        "ty",
        "ti",
        "d",
        "dong",
        "vnd",
        "usd",
    )
)
_FIRST_WORD = re.compile(r"[^0-9a-z]*([0-9]|[a-z]*)")

Grammar = Literal["single", "units", "thousands"]
GRAMMARS: tuple[Grammar, ...] = ("single", "units", "thousands")


class Why(StrEnum):
    """Why a message has no amount."""

    NO_KEYWORD = "no-keyword"
    """No campaign of the short code has this keyword."""
    OUTSIDE_DATES = "outside-dates"
    """A campaign has the keyword, but not on the day of the message."""
    TWO_CAMPAIGNS = "two-campaigns"
    """The text can be read as a message to two campaigns."""
    NO_NUMBER = "no-number"
    """The grammar wants a number, the text has none after the keyword."""
    OUT_OF_RANGE = "out-of-range"
    """The number is outside the grammar's range."""
    UNCLEAR = "unclear"
    """The number can be read in more than one way."""
    OVER_LIMIT = "over-limit"
    """The campaign takes fewer units in one message."""
    OVER_DAILY = "over-daily"
    """The campaign takes fewer messages of one phone a day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A campaign's keyword (folded), its grammar, and the đồng that one unit stands for.

    `limit` is the largest number of units that the campaign takes in one message, if it says one.
    """

    keyword: str
    grammar: Grammar
    unit_value: int
    limit: int | None = None

    @property
    def most(self) -> int:
        """The largest number of units that one message can give."""
        return {"single": 1, "units": MOST_UNITS, "thousands": MOST_THOUSANDS}[self.grammar]

    def exceeds(self, amount: int) -> bool:
        """Say whether an amount is more than the campaign takes in one message."""
        return self.limit is not None and amount > self.limit * self.unit_value

    def gives(self, amount: int) -> bool:
        """Say whether some message of this grammar stands for the amount."""
        units, rest = divmod(amount, self.unit_value)
        return not rest and 1 <= units <= self.most


@lru_cache(maxsize=16_384)
def read(message: str, rule: Rule) -> int | Why:
    """Return what a message is worth in đồng under a campaign's rule, or why it has no amount."""
    text = fold(message)
    if not text.startswith(rule.keyword):
        return Why.NO_KEYWORD
    rest = text[len(rule.keyword) :]
    alone = _ALONE.fullmatch(rest)
    if rule.grammar == "single":
        return rule.unit_value if alone else Why.NO_KEYWORD
    found = (_UNITS if rule.grammar == "units" else _THOUSANDS).fullmatch(rest)
    if found and not _changes_amount(found["after"] or ""):
        units = int(found["n"])
        return units * rule.unit_value if 1 <= units <= rule.most else Why.OUT_OF_RANGE
    if found or _NUMBER.match(rest):
        return Why.UNCLEAR
    if alone:
        return Why.NO_NUMBER
    return Why.NO_KEYWORD if rest[0].isalnum() else Why.UNCLEAR


def _changes_amount(after: str) -> bool:
    """Say whether the words after a number begin with a digit or a unit of money."""
    first = _FIRST_WORD.match(after)
    word = first[1] if first else ""
    return word.isdigit() or word in _SCALES
