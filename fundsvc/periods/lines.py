"""The lines shown before a month is closed: opening, turnover and closing of each fund."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund
from fundsvc.books.summary import NET_TYPES
from fundsvc.books.totals import Columns, totals
from fundsvc.periods.months import last_of
from fundsvc.templating import in_language
from ledger.accounts import AccountType


@dataclass(frozen=True, slots=True)
class FundLine:
    """A fund's net balance before a month, what came in and went out, and what it is after."""

    code: str
    name: str
    opening: int
    receipts: int
    payments: int

    @property
    def closing(self) -> int:
        """The net balance at the end of the month."""
        return self.opening + self.receipts - self.payments


def of_month(session: Session, unit_id: int, month: date) -> list[FundLine]:
    """Return the lines of a unit's funds that have or had anything."""
    types = {
        row.id: row.type
        for row in session.execute(
            select(Account.id, Account.type).where(Account.type.in_(NET_TYPES))
        )
    }

    def here(columns: Columns) -> tuple[Any, ...]:
        return columns.unit_id == unit_id, columns.account_id.in_(list(types))

    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    rows = totals(session, ("fund", "account"), month, last_of(month), where=here, carried=False)
    for row in rows:
        fund_id, account_id = row.key
        line = sums[fund_id]
        line[0] -= row.before
        if types[account_id] == AccountType.EXPENSE:
            line[2] += row.debit - row.credit
        else:
            line[1] += row.credit - row.debit
    return [
        FundLine(fund.code, in_language(fund.name, fund.name_en), *sums[fund.id])
        for fund in session.scalars(select(Fund).order_by(Fund.id))
        if any(sums[fund.id])
    ]
