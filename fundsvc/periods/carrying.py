"""Carry a year forward: what stands on income and expense at the end of December goes to 421.

Run again it books only what has changed since, as after a late correction in a December that was
reopened; so an entry of it is never taken back by hand.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry
from fundsvc.books.totals import CARRY_FORWARD, Columns, totals
from fundsvc.errors import Reason, Refusal
from fundsvc.periods import locks
from fundsvc.staff.acting import hold_role
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from ledger import recipes
from ledger.accounts import AccountType

SOURCE: Final = "carry-forward"
CARRIERS: Final = ("treasurer", "unit-treasurer")
_KEYS: Final = ("unit", "fund", "province", "account")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on income and expense of a fund of a unit, in one province, at a year's end.

    `balances` are account codes with debit less credit, in đồng.
    """

    unit_id: int
    fund: str
    province: str | None
    income: int
    expense: int
    balances: tuple[tuple[str, int], ...]

    @property
    def result(self) -> int:
        """The surplus, below zero the deficit."""
        return self.income - self.expense


@dataclass(frozen=True, slots=True)
class Carried:
    """An entry that carried something forward."""

    year: int
    fund: str
    province: str | None
    result: int
    entry_id: int

    def as_json(self) -> dict[str, Any]:
        """Return the facts as the command prints them."""
        return {
            "year": self.year,
            "fund": self.fund,
            "province": self.province or "none",
            "result": self.result,
            "entry": self.entry_id,
        }


def last_day(year: int) -> date:
    """Return the day a year is carried forward on."""
    return date(year, 12, 31)


def standing(session: Session, year: int, unit_id: int | None = None) -> list[Standing]:
    """Return what stands on income and expense at the end of a year, of one unit or all in scope.

    Ordered by unit, fund and province; what has been carried forward is not there any more.
    """
    accounts = {
        row.id: row
        for row in session.execute(
            select(Account.id, Account.code, Account.type).where(
                Account.type.in_((AccountType.INCOME, AccountType.EXPENSE))
            )
        )
    }

    def wanted(columns: Columns) -> tuple[Any, ...]:
        here = columns.account_id.in_(list(accounts))
        return (here,) if unit_id is None else (here, columns.unit_id == unit_id)

    end = last_day(year)
    found: defaultdict[tuple[int, int, int], list[tuple[str, int]]] = defaultdict(list)
    sums: defaultdict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in totals(session, _KEYS, end, end, where=wanted):
        if row.after:
            *place, account_id = row.key
            account = accounts[account_id]
            where = (place[0], place[1], place[2])
            found[where].append((account.code, row.after))
            is_expense = account.type == AccountType.EXPENSE
            sums[where][is_expense] += row.after if is_expense else -row.after
    known = keys.read(session)
    fund, province = (
        {number: code for code, number in ids.items()} for ids in (known.funds, known.provinces)
    )
    return [
        Standing(
            unit_id=where[0],
            fund=fund[where[1]],
            province=province.get(where[2]),
            income=sums[where][0],
            expense=sums[where][1],
            balances=tuple(sorted(found[where])),
        )
        for where in sorted(found)
    ]


def carry(session: Session, unit_code: str, year: int, *, by: int | None) -> list[Carried]:
    """Carry a year of a unit forward; later years that were carried follow, or they would be off.

    Raises:
        NotFound: there is no such unit, or not for this person.
        Forbidden: the person may not book.
        Refusal: the year is not over, or its December is closed.
    """
    unit = units.by_code(session, unit_code)
    if by is not None:
        hold_role(session, by, CARRIERS, _("Chỉ kế toán kết chuyển được."))
    check_over(year)
    locks.act(session, unit.id)
    done: list[Carried] = []
    for each in (year, *_later(session, unit.id, year)):
        done += [
            _book(session, unit, each, found, by) for found in standing(session, each, unit.id)
        ]
    if done:
        facts = {"unit": unit.code, "entries": [carried.as_json() for carried in done]}
        audit.record(session, "period.carry-forward", f"year:{unit.code}:{year}", facts, by=by)
    return done


def check_over(year: int) -> None:
    """Hold that a year is over.

    Raises:
        Refusal: it is not.
    """
    if clock.today() <= last_day(year):
        why = _(
            "Năm %(year)s chưa hết; kết chuyển được từ ngày 01/01/%(next)s.",
            year=str(year),
            next=str(year + 1),
        )
        raise Refusal(Reason(why, field="year"))


def _later(session: Session, unit_id: int, year: int) -> list[int]:
    """Return the later years of a unit that were carried forward."""
    days = session.scalars(
        select(Entry.date)
        .where(
            Entry.source == SOURCE,
            Entry.kind == CARRY_FORWARD,
            Entry.unit_id == unit_id,
            Entry.date > last_day(year),
        )
        .distinct()
    )
    return sorted({day.year for day in days})


def _book(session: Session, unit: Unit, year: int, found: Standing, by: int | None) -> Carried:
    entry = recipes.carry_forward(
        on=last_day(year),
        unit=unit.code,
        fund=found.fund,
        balances=found.balances,
        # The books are kept in Vietnamese whoever reads them.
        description=f"Kết chuyển thu, chi năm {year}",
        province=found.province,
    )
    name = f"{year}:{unit.code}:{found.fund}:{found.province or 'none'}:"
    earlier = session.scalar(
        select(func.count(Entry.id)).where(
            Entry.source == SOURCE, func.substr(Entry.external_id, 1, len(name)) == name
        )
    )
    external_id = f"{name}{int(earlier or 0) + 1}"
    posted = books.post(session, entry, source=SOURCE, external_id=external_id, maker_id=by)
    return Carried(year, found.fund, found.province, found.result, posted.id)
