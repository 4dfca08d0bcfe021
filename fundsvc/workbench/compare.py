"""Who gave and what units brought in, in a month against the six before it: new, missing, changed.

Regular is who gave in three or more of the six months before. Somebody regular who did not give is
missing; somebody who gave a quarter or more beside what is usual for them (the median of the months
in which they gave) has changed; who gave in none of the six is new. A record of a donor that was
merged counts as the one it is a part of; donations that were taken back do not count.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account
from fundsvc.books.reversing import is_undone
from fundsvc.books.totals import Columns, moves
from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.text import short_unit
from fundsvc.units.models import Unit
from ledger.accounts import AccountType, income

MONTHS: Final = 6
REGULAR: Final = 3
NEW, MISSING, CHANGED = KINDS = ("new", "missing", "changed")
GIVERS, UNITS = "givers", "units"


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who is new, missing or changed; `usual` and `now` in đồng a month.

    `months` counts the months of the six before with something; `last` is the latest of them.
    """

    who: str
    kind: str
    name: str
    href: str
    months: int
    usual: int
    now: int
    last: date | None


def months_before(month: date) -> list[date]:
    """Return the first days of the six months before one, the oldest first."""
    found = [month.replace(day=1)]
    while len(found) <= MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[:0:-1]


def kind_of(before: Mapping[date, int], now: int) -> str | None:
    """Say what somebody is, by what came in each of the six months before and in the month."""
    given = [amount for amount in before.values() if amount > 0]
    if now > 0 and not given:
        return NEW
    if len(given) < REGULAR:
        return None
    if now <= 0:
        return MISSING
    usual = median_low(given)
    return CHANGED if 4 * abs(now - usual) >= usual else None


def compare(session: Session, month: date) -> list[Row]:
    """Return who is new, missing or changed in a month: givers first, the largest change first."""
    return [
        *_rows(GIVERS, month, _givers(session, month)),
        *_rows(UNITS, month, _units(session, month)),
    ]


_Found = Iterator[tuple[str, str, dict[date, int]]]


def _rows(who: str, month: date, found: _Found) -> list[Row]:
    rows = []
    for name, href, by_month in found:
        now = by_month.pop(month, 0)
        kind = kind_of(by_month, now)
        if kind is None:
            continue
        given = {on: amount for on, amount in by_month.items() if amount > 0}
        usual = median_low(given.values()) if given else 0
        last = max(given, default=None)
        rows.append(Row(who, kind, name, href, len(given), usual, now, last))
    return sorted(
        rows, key=lambda row: (KINDS.index(row.kind), -abs(row.now - row.usual), row.name)
    )


def _givers(session: Session, month: date) -> _Found:
    """Yield the donors who gave in the seven months, with what came of them in each."""
    first, end = months_before(month)[0], _after(month)
    donor_id = func.coalesce(Donor.merged_into_id, Donor.id)
    query = (
        select(donor_id, Donation.received_on, func.sum(Donation.amount))
        .join(Donor, Donor.id == Donation.donor_id)
        .where(
            Donation.received_on >= first,
            Donation.received_on < end,
            ~is_undone(Donation.entry_id),
        )
        .group_by(donor_id, Donation.received_on)
    )
    sums: defaultdict[int, defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for number, on, amount in session.execute(query):
        sums[number][on.replace(day=1)] += int(amount)
    wanted = {
        number: by_month
        for number, by_month in sums.items()
        if kind_of({on: x for on, x in by_month.items() if on != month}, by_month.get(month, 0))
    }
    names = _names(session, list(wanted))
    for number, by_month in wanted.items():
        yield names.get(number, ""), f"/donors/{number}", dict(by_month)


def _names(session: Session, ids: list[int]) -> dict[int, str]:
    """Return the names of donors, asked for some hundreds at a time."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        query = select(Donor.id, Donor.name).where(Donor.id.in_(part))
        found |= {row.id: row.name for row in session.execute(query)}
    return found


def _units(session: Session, month: date) -> _Found:
    """Yield the units with income in the seven months, by the roll-ups; transfers are none."""
    accounts = list(
        session.scalars(
            select(Account.id).where(
                Account.type == AccountType.INCOME, Account.code != income("transfer-in")
            )
        )
    )

    def here(columns: Columns) -> tuple[Any, ...]:
        return (columns.account_id.in_(accounts),)

    first, last = months_before(month)[0], _after(month) - timedelta(days=1)
    sums: defaultdict[int, dict[date, int]] = defaultdict(dict)
    found = moves(session, ("unit",), first, last, where=here, monthly=True, carried=False)
    for move in found:
        sums[move.key[0]][move.on] = move.credit - move.debit
    for unit in session.scalars(select(Unit).order_by(Unit.id)):
        if unit.id in sums:
            yield short_unit(unit.name), f"/units/{unit.code}", sums[unit.id]


def _after(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)
