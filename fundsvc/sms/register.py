"""Which campaign a message belongs to: campaigns by short code, keyword and day (pure)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from fundsvc.sms.grammar import Rule, Why, read


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign says: where its messages go, what they are worth, and on which days."""

    id: int
    short_code: str
    rule: Rule
    starts: date
    ends: date
    fund: str
    unit: str
    most_daily: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as understood: its campaign, if any, and its amount or why it has none."""

    terms: Terms | None
    amount: int | None
    why: Why | None


class Register:
    """All campaigns, ready to be asked about messages.

    The days on which campaigns start and end cut time into epochs; within an epoch the same
    campaigns run, so what a text means can be remembered by text and epoch.
    """

    def __init__(self, campaigns: Iterable[Terms]) -> None:
        """Take the campaigns; two with one keyword may not run on one day (see `clash`)."""
        self._by_code: defaultdict[str, list[Terms]] = defaultdict(list)
        cuts: set[date] = set()
        for terms in campaigns:
            self._by_code[terms.short_code].append(terms)
            cuts.update((terms.starts, terms.ends + timedelta(days=1)))
        self._cuts = sorted(cuts)

    def epoch(self, day: date) -> int:
        """Return the number of the epoch that a day lies in."""
        return bisect_right(self._cuts, day)

    def find(self, short_code: str, message: str, epoch: int) -> Reading:
        """Return the one campaign that a message speaks to in an epoch, and its amount."""
        why = Why.NO_KEYWORD
        found: list[tuple[Terms, int | Why]] = []
        for terms in self._by_code.get(short_code, ()):
            worth = read(message, terms.rule)
            if worth is Why.NO_KEYWORD:
                continue
            if self.epoch(terms.starts) <= epoch <= self.epoch(terms.ends):
                found.append((terms, worth))
            else:
                why = Why.OUTSIDE_DATES
        if not found:
            return Reading(None, None, why)
        if len(found) > 1:
            return Reading(None, None, Why.TWO_CAMPAIGNS)
        terms, worth = found[0]
        if isinstance(worth, Why):
            return Reading(terms, None, worth)
        return Reading(terms, worth, None)


def clash(one: Terms, other: Terms) -> bool:
    """Say whether two campaigns want the same keyword of the same short code on the same day."""
    return (
        one.short_code == other.short_code
        and one.rule.keyword == other.rule.keyword
        and one.starts <= other.ends
        and other.starts <= one.ends
    )
