"""What a campaign brought in day by day, as bars of an SVG; the template writes the words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fundsvc.sms.campaigns import CampaignFacts
from fundsvc.sms.lists import DayCount

DAYS: Final = 31
WIDTH, HEIGHT = 310, 72


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar, as high as its gross."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Days:
    """The last days of a campaign: a bar for each, and the counts that they show."""

    campaign: CampaignFacts
    first: date
    last: date
    counts: tuple[DayCount, ...]
    bars: tuple[Bar, ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def best(self) -> DayCount | None:
        """The day that brought most."""
        return max(self.counts, key=lambda count: count.gross, default=None)


def span(campaign: CampaignFacts, today: date) -> tuple[date, date]:
    """Return the first and last day to draw: a month of the campaign at most, until today."""
    last = min(campaign.ends, today)
    return max(campaign.starts, last - timedelta(days=DAYS - 1)), last


def shown(campaigns: Sequence[CampaignFacts], today: date) -> list[CampaignFacts]:
    """Return the campaigns that run today, or the one that ended last."""
    begun = [campaign for campaign in campaigns if campaign.starts <= today]
    running = [campaign for campaign in begun if campaign.ends >= today]
    return running or sorted(begun, key=lambda campaign: campaign.ends)[-1:]


def draw(campaign: CampaignFacts, first: date, last: date, counts: Sequence[DayCount]) -> Days:
    """Return the bars of a campaign's days; bars begin at zero, and a day with money shows."""
    step = WIDTH / ((last - first).days + 1)
    most = max((count.gross for count in counts), default=0)
    bars = []
    for count in counts:
        height = max(1.0, round(count.gross / most * HEIGHT, 1))
        x = (count.on - first).days * step
        bars.append(Bar(round(x + step * 0.1, 1), HEIGHT - height, round(step * 0.8, 1), height))
    return Days(campaign, first, last, tuple(counts), tuple(bars))
