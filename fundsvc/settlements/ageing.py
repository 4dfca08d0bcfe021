"""How long operators have owed: what was counted and is not settled, by month of the messages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.settlements import listing
from fundsvc.settlements.counting import Days
from fundsvc.sms.models import Campaign

LIMITS: Final = (30, 60, 90)
"""The last day of age of all columns but the last, which has no end."""
OVERDUE: Final = len(LIMITS)


@dataclass(frozen=True, slots=True)
class Settled:
    """What was booked off a receivable for the messages of some days, in đồng."""

    first: date
    last: date
    amount: int


@dataclass(frozen=True, slots=True)
class Aged:
    """What an operator owes for a campaign, by age: 0–30 days, 31–60, 61–90, older; in đồng."""

    operator: str
    short_code: str
    keyword: str
    amounts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All that it owes."""
        return sum(self.amounts)


def ageing(session: Session, days: Days) -> list[Aged]:
    """Return what each operator owes today for each campaign; those that owe nothing are left out.

    `days` is what was counted.
    """
    settled: defaultdict[tuple[str, int], list[Settled]] = defaultdict(list)
    for row, amount in listing.settled(session):
        settled[row.operator, row.campaign_id].append(
            Settled(row.period_from, row.period_to, amount)
        )
    found = []
    for (operator, campaign_id), counts in sorted(days.items()):
        campaign = session.get(Campaign, campaign_id)
        if campaign is None:  # Another unit's, out of scope.
            continue
        grosses = {day: count.gross for day, count in counts.items()}
        amounts = by_age(grosses, settled[operator, campaign_id], clock.today())
        if any(amounts):
            found.append(Aged(operator, campaign.short_code, campaign.keyword, amounts))
    return found


def by_age(days: Mapping[date, int], settled: Iterable[Settled], at: date) -> tuple[int, ...]:
    """Return what is owed at the end of a day, by the age of the months of the messages.

    A month is as old as its last day. What was settled pays the months of its own period first,
    the oldest before the others, then the oldest of all; what is beyond stands below zero in the
    first column.
    """
    months: defaultdict[date, int] = defaultdict(int)
    for day, gross in days.items():
        if day <= at:
            months[day.replace(day=1)] += gross
    order = sorted(months)
    beyond = 0
    for part in settled:
        first = part.first.replace(day=1)
        own = [month for month in order if first <= month <= part.last]
        beyond += _pay(months, own, part.amount)
    beyond = _pay(months, order, beyond)
    amounts = [0] * (len(LIMITS) + 1)
    for month, left in months.items():
        age = (at - _last_day(month)).days
        place = next((n for n, limit in enumerate(LIMITS) if age <= limit), OVERDUE)
        amounts[place] += left
    amounts[0] -= beyond
    return tuple(amounts)


def _pay(months: dict[date, int], order: Iterable[date], amount: int) -> int:
    """Take an amount off the months in their order; return what is left of it."""
    for month in order:
        part = min(months[month], amount)
        months[month] -= part
        amount -= part
    return amount


def _last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
