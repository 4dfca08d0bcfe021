"""How old unidentified money is: each waiting line of the bank by its own day, the rest by turns.

The list of waiting lines tells of each when it came, so the ages beside it must say the same.
What else stands on these accounts, by vouchers, has no line: of that what came first is taken to
have gone first, as on all other accounts.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account
from fundsvc.reconciliation import figures
from fundsvc.reconciliation.models import BankAccount
from fundsvc.workbench.ages import Moved, open_days
from ledger.accounts import UNIDENTIFIED_IN, UNIDENTIFIED_OUT

Key = tuple[int, ...]
Days = dict[date, int]


def waiting(session: Session, at: date) -> dict[Key, Days]:
    """Return what waits of each account, fund and unit by the day it came, debit less credit."""
    ids = {
        row.code: row.id
        for row in session.scalars(
            select(Account).where(Account.code.in_((UNIDENTIFIED_IN, UNIDENTIFIED_OUT)))
        )
    }
    funds = {row.id: row.fund_id for row in session.scalars(select(BankAccount))}
    days = (day for day in figures.by_day(session, at) if day.bank_account_id in funds)
    found: defaultdict[Key, Days] = defaultdict(lambda: defaultdict(int))
    for day in days:
        fund_id = funds[day.bank_account_id]
        for code, amount in ((UNIDENTIFIED_IN, -day.money_in), (UNIDENTIFIED_OUT, day.money_out)):
            if amount:
                found[ids[code], fund_id, day.unit_id][day.on] += amount
    return found


def open_beside(moved: Iterable[Moved], lines: Days, turn: date) -> list[tuple[date, int]]:
    """Return the open days of a balance: of its waiting lines their own, of the rest by turns.

    Args:
        moved: what the account moved; months before `turn`, under their first day, and days since.
        lines: what waits, by day.
        turn: the first day that `moved` tells by itself.
    """
    rest = {day.on: day for day in moved}
    for on, amount in lines.items():
        told = on if on >= turn else on.replace(day=1)
        day = rest.get(told, Moved(told, 0, 0))
        rest[told] = Moved(told, day.debit - max(amount, 0), day.credit + min(amount, 0))
    return [*sorted(lines.items()), *open_days(rest.values())]
