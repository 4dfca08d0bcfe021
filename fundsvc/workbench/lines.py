"""Lines of the bank as matching reads them: each with its account's fund and unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.units.models import Unit
from fundsvc.workbench.likeness import bare
from fundsvc.workbench.payers import payee, payer


@dataclass(frozen=True, slots=True)
class Purse:
    """A bank account, and whose money it holds; `number` is its digits."""

    id: int
    code: str
    bank: str
    number: str
    fund_id: int
    fund: str
    unit_id: int
    unit: str
    account_id: int

    @property
    def place(self) -> tuple[int, int]:
        """The fund and the unit whose money it is."""
        return self.fund_id, self.unit_id


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bank: money in is `credit`, money out `debit`, one of the two is 0."""

    id: int
    purse: Purse
    booked_on: date
    memo: str
    counterparty: str
    reference: str
    debit: int
    credit: int
    entry_id: int

    @property
    def amount(self) -> int:
        """How much it is, in or out."""
        return self.credit or self.debit

    @property
    def said(self) -> str:
        """All that the bank says in words."""
        return f"{self.memo} {self.counterparty} {self.reference}"

    @property
    def bare(self) -> str:
        """All that the bank says, its letters and figures alone."""
        return bare(self.said)

    @property
    def payer(self) -> str:
        """What tells its payer, or payee, from others; empty when nothing does."""
        known = payer if self.credit else payee
        return known(self.counterparty, self.memo)


def purses(session: Session) -> dict[int, Purse]:
    """Return the bank accounts in scope by id."""
    query = (
        select(BankAccount, Fund.code, Unit.code)
        .join(Fund, Fund.id == BankAccount.fund_id)
        .join(Unit, Unit.id == BankAccount.unit_id)
    )
    return {
        row.id: Purse(
            id=row.id,
            code=row.code,
            bank=row.bank,
            number=row.number,
            fund_id=row.fund_id,
            fund=fund,
            unit_id=row.unit_id,
            unit=unit,
            account_id=row.account_id,
        )
        for row, fund, unit in session.execute(query)
    }


def read(
    session: Session, known: dict[int, Purse], *wanted: ColumnElement[bool], most: int | None = None
) -> list[Line]:
    """Return lines that meet some conditions, by number; those of other units are not there."""
    query = (
        select(
            BankLine.id,
            BankLine.bank_account_id,
            BankLine.booked_on,
            BankLine.memo,
            BankLine.counterparty,
            BankLine.reference,
            BankLine.debit,
            BankLine.credit,
            BankLine.entry_id,
        )
        .where(*wanted)
        .order_by(BankLine.id)
        .limit(most)
    )
    return [
        Line(
            id=row.id,
            purse=known[row.bank_account_id],
            booked_on=row.booked_on,
            memo=row.memo,
            counterparty=row.counterparty,
            reference=row.reference,
            debit=row.debit,
            credit=row.credit,
            entry_id=row.entry_id,
        )
        for row in session.execute(query)
        if row.bank_account_id in known
    ]


def by_ids(session: Session, known: dict[int, Purse], ids: Sequence[int]) -> list[Line]:
    """Return lines by their numbers."""
    return read(session, known, BankLine.id.in_(ids))


def span(lines: Iterable[Line]) -> tuple[date, date]:
    """Return the first and the last day of some lines."""
    days = [line.booked_on for line in lines]
    return min(days), max(days)
