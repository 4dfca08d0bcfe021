"""What a campaign brought in day by day, as bars of an SVG; the template writes the words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fundsvc.sms.campaigns import CampaignFacts
from fundsvc.sms.lists import DayCount

MOST_BARS: Final = 190
"""More days than these are drawn by weeks, or by longer spans: a bar must be wide enough to see."""
WEEK: Final = 7
WIDTH, HEIGHT = 310, 72


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a day, or of a few, as high as their gross."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a campaign, with the counts that the bars show; a bar is of `each` days."""

    campaign: CampaignFacts
    first: date
    last: date
    counts: tuple[DayCount, ...]
    bars: tuple[Bar, ...]
    each: int = 1
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def best(self) -> DayCount | None:
        """The day that brought most."""
        return max(self.counts, key=lambda count: count.gross, default=None)


def span(campaign: CampaignFacts, today: date) -> tuple[date, date]:
    """Return the first and last day to draw: all of the campaign, until today."""
    return campaign.starts, max(campaign.starts, min(campaign.ends, today))


def shown(campaigns: Sequence[CampaignFacts], today: date) -> list[CampaignFacts]:
    """Return the campaigns that run today, or the one with messages that ended last."""
    begun = [campaign for campaign in campaigns if campaign.starts <= today]
    running = [campaign for campaign in begun if campaign.ends >= today]
    return running or sorted(begun, key=lambda one: (one.messages > 0, one.ends, one.gross))[-1:]


def draw(campaign: CampaignFacts, first: date, last: date, counts: Sequence[DayCount]) -> Days:
    """Return the bars of a campaign's days; bars begin at zero, and one with money shows."""
    days = (last - first).days + 1
    each = 1 if days <= MOST_BARS else WEEK * -(-days // (WEEK * MOST_BARS))
    step = WIDTH / -(-days // each)
    sums: Counter[int] = Counter()
    for count in counts:
        sums[(count.on - first).days // each] += count.gross
    most = max(sums.values(), default=0)
    bars = []
    for place, gross in sums.items():
        height = max(1.0, round(gross / most * HEIGHT, 1))
        x = place * step
        bars.append(Bar(round(x + step * 0.1, 2), HEIGHT - height, round(step * 0.8, 2), height))
    return Days(campaign, first, last, tuple(counts), tuple(bars), each)
