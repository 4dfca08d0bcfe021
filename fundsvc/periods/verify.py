"""Check periods: closed months unchanged, open ones opened by two, years carried whole."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.grains import Grain
from fundsvc.books.models import Account, Entry, Period
from fundsvc.books.totals import CARRY_FORWARD, Columns, totals
from fundsvc.books.verify import Fault
from fundsvc.periods.carrying import SOURCE, last_day, standing
from fundsvc.periods.models import Reopening
from fundsvc.periods.service import CLOSED, OPEN
from ledger.accounts import RESULT
from ledger.words import grouped

Place = tuple[int, date]
"""A unit and a month."""

# Straight from the postings: the roll-ups are checked against them elsewhere.
_COUNTED: Final = """
SELECT posting.unit_id, {month} AS month, count(DISTINCT posting.entry_id), max(posting.entry_id)
FROM posting GROUP BY 1, 2
"""
_SUMMED: Final = """
SELECT posting.unit_id, {month} AS month, posting.account_id, posting.fund_id,
    coalesce(entry.province_id, 0) AS province_id, sum(posting.debit), sum(posting.credit)
FROM posting JOIN entry ON entry.id = posting.entry_id
JOIN period ON period.unit_id = posting.unit_id AND period.state = 'closed'
    AND period.month = {month}
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2
"""


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of the periods."""
    units = {number: code for code, number in keys.read(session).units.items()}
    counted = _counted(session)
    yield from _changed(session, units, counted)
    yield from _uncovered(session, units, counted)
    yield from _opened(session, units)
    yield from _uncarried(session, units)


def _changed(
    session: Session, units: Mapping[int, str], counted: Mapping[Place, tuple[int, int]]
) -> Iterator[Fault]:
    """Closed months in which something else stands than when they were closed."""
    sums = _sums(session)
    query = select(Period).where(Period.state == CLOSED).order_by(Period.unit_id, Period.month)
    for row in session.scalars(query):
        entries, last = counted.get((row.unit_id, row.month), (0, 0))
        debit, digest = sums.get((row.unit_id, row.month), (0, hashlib.sha256(b"").hexdigest()))
        now = {"entries": entries, "debit": debit, "last_entry": last, "digest": digest}
        then = row.closing or {}
        if all(then.get(name) == value for name, value in now.items()):
            continue
        why = _(
            "Tháng %(month)s của %(unit)s đã thay đổi sau khi khóa sổ: lúc khóa %(then)s bút toán,"
            " %(before)s đ; nay %(now)s bút toán, %(after)s đ, hoặc tài khoản, quỹ, tỉnh khác.",
            month=f"{row.month:%m/%Y}",
            unit=units.get(row.unit_id, ""),
            then=str(then.get("entries", "?")),
            before=grouped(int(then.get("debit") or 0)),
            now=str(entries),
            after=grouped(debit),
        )
        yield Fault("closed-period", _place(units, row.unit_id, row.month), why)


def _uncovered(
    session: Session, units: Mapping[int, str], counted: Mapping[Place, tuple[int, int]]
) -> Iterator[Fault]:
    """Months with entries that are open before a closed one."""
    closed: defaultdict[int, set[date]] = defaultdict(set)
    for unit_id, month in session.execute(
        select(Period.unit_id, Period.month).where(Period.state == CLOSED)
    ):
        closed[unit_id].add(month)
    for unit_id, month in sorted(counted):
        known = closed.get(unit_id)
        if known and month < max(known) and month not in known:
            why = _(
                "Tháng %(month)s của %(unit)s có bút toán mà chưa khóa sổ, dù tháng sau đã khóa.",
                month=f"{month:%m/%Y}",
                unit=units.get(unit_id, ""),
            )
            yield Fault("period-order", _place(units, unit_id, month), why)


def _opened(session: Session, units: Mapping[int, str]) -> Iterator[Fault]:
    """Open periods without a reopening of two people, and reopenings by one alone."""
    reopening = Reopening.__table__
    period = Period.__table__
    joined = and_(
        reopening.c.id == period.c.reopening_id,
        reopening.c.unit_id == period.c.unit_id,
        reopening.c.state == "confirmed",
        reopening.c.decided_by != reopening.c.asked_by,
        period.c.month.between(reopening.c.month, reopening.c.last_month),
    )
    lonely = (
        select(period.c.unit_id, period.c.month)
        .outerjoin(reopening, joined)
        .where(
            reopening.c.id.is_(None),
            or_(period.c.state == OPEN, period.c.reopening_id.is_not(None)),
        )
        .order_by(period.c.unit_id, period.c.month)
    )
    for unit_id, month in session.execute(lonely):
        why = _(
            "Tháng %(month)s của %(unit)s mở lại mà không có đề nghị và xác nhận của hai người.",
            month=f"{month:%m/%Y}",
            unit=units.get(unit_id, ""),
        )
        yield Fault("period-state", _place(units, unit_id, month), why)


def _uncarried(session: Session, units: Mapping[int, str]) -> Iterator[Fault]:
    """Years that were carried forward and closed, with something left on income and expense."""
    through: dict[int, date] = {}
    for unit_id, month in session.execute(
        select(Period.unit_id, Period.month).where(Period.state == CLOSED)
    ):
        through[unit_id] = max(month, through.get(unit_id, month))
    carried: defaultdict[int, set[int]] = defaultdict(set)
    for unit_id, on in session.execute(
        select(Entry.unit_id, Entry.date)
        .where(Entry.source == SOURCE, Entry.kind == CARRY_FORWARD)
        .distinct()
    ):
        carried[on.year].add(unit_id)
    for year, found in sorted(carried.items()):
        december = date(year, 12, 1)
        done = {unit for unit in found if through.get(unit, date.min) >= december}
        left = {row.unit_id for row in standing(session, year)}
        for unit_id in sorted(done & (left | _on_result(session, year))):
            why = _(
                "Năm %(year)s của %(unit)s đã kết chuyển và khóa sổ mà tài khoản thu, chi hoặc 911"
                " chưa về 0.",
                year=str(year),
                unit=units.get(unit_id, ""),
            )
            yield Fault("carry-forward", _place(units, unit_id, december), why)


def _on_result(session: Session, year: int) -> set[int]:
    """Return the units with something left on 911 at the end of a year."""
    account_id = session.scalar(select(Account.id).where(Account.code == RESULT))
    end = last_day(year)

    def on_it(columns: Columns) -> tuple[Any, ...]:
        return (columns.account_id == account_id,)

    rows = totals(session, ("unit", "fund", "province"), end, end, where=on_it)
    return {row.key[0] for row in rows if row.after}


def _counted(session: Session) -> dict[Place, tuple[int, int]]:
    """Return how many entries each month of a unit has, and the number of the last."""
    query = text(_COUNTED.format(month=_month_of(session)))
    return {
        (unit_id, _day(month)): (entries, last)
        for unit_id, month, entries, last in session.execute(query)
    }


def _sums(session: Session) -> dict[Place, tuple[int, str]]:
    """Return the debit and the digest of each closed month (see `facts.closing`)."""
    known = keys.read(session)
    account, fund, province = (
        {number: code for code, number in ids.items()}
        for ids in (known.accounts, known.funds, known.provinces)
    )
    query = text(_SUMMED.format(month=_month_of(session)))
    found: dict[Place, tuple[int, str]] = {}
    for (unit_id, month), rows in groupby(session.execute(query), key=lambda row: row[:2]):
        lines, total = [], 0
        for _unit, _month, a, f, p, debit, credit in rows:
            place = f"{account.get(a)}|{fund.get(f)}|{province.get(p, 'none')}"
            lines.append(f"{place}|{int(debit)}|{int(credit)}")
            total += int(debit)
        digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
        found[unit_id, _day(month)] = total, digest
    return found


def _day(month: date | str) -> date:
    return date.fromisoformat(month) if isinstance(month, str) else month


def _place(units: Mapping[int, str], unit_id: int, month: date) -> str:
    return f"period:{units.get(unit_id, unit_id)}:{month:%Y-%m}"


def _month_of(session: Session) -> str:
    return Grain.MONTH.start_in_sql(session.get_bind().dialect.name, "posting.date")
