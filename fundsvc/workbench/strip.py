"""The four figures above an account's lines: the bank's balance, the books', and what waits."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fundsvc.books.totals import Columns, balances
from fundsvc.reconciliation import figures
from fundsvc.reconciliation.models import BankAccount, BankFile, BankLine


@dataclass(frozen=True, slots=True)
class Strip:
    """The four figures; `bank` is None when no statement tells a balance."""

    bank: int | None
    bank_day: date | None
    book: int
    count: int
    amount: int

    @property
    def difference(self) -> int | None:
        """The bank's balance less that of the books."""
        return None if self.bank is None else self.bank - self.book


def strip_of(session: Session, account: BankAccount) -> Strip:
    """Return the four figures of an account."""
    count, amount = figures.waiting(session, account.id)
    bank, day = _bank(session, account)
    return Strip(bank, day, book_balance(session, account.account_id), count, amount)


def book_balance(session: Session, account_id: int | None, last: date = date.max) -> int:
    """Return what stands on a ledger account at the end of a day."""

    def here(columns: Columns) -> list[ColumnElement[bool]]:
        return [columns.account_id == account_id]

    return balances(session, (), last, where=here).get((), 0)


def _bank(session: Session, account: BankAccount) -> tuple[int | None, date | None]:
    """Return what the bank says: the newest statement's closing, with what gateways told since."""
    newest = (
        select(BankFile.closing, BankFile.last)
        .where(BankFile.bank_account_id == account.id, BankFile.closing.is_not(None))
        .order_by(BankFile.last.desc(), BankFile.id.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    if found is None or found.last is None:
        return None, None
    since = session.scalar(
        select(func.coalesce(func.sum(BankLine.credit - BankLine.debit), 0)).where(
            BankLine.bank_account_id == account.id, BankLine.booked_on > found.last
        )
    )
    return found.closing + int(since or 0), found.last
