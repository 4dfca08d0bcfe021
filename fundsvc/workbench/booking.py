"""A line that is decided, what was booked for it, and which room books each kind of choice."""

from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books import unidentified
from fundsvc.books.models import Fund
from fundsvc.errors import Reason, Refusal
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.units import service as units
from fundsvc.units.models import Unit

SOURCE: Final = "bank-decision"


@dataclass(frozen=True, slots=True)
class Place:
    """A line with the account it stands on, and who decides it under which key.

    `amount` is what is decided of it here: the whole, or a part of a split.
    """

    line: BankLine
    account: BankAccount
    fund: str
    unit: str
    amount: int
    key: str
    by: int | None

    @property
    def money_in(self) -> bool:
        """Whether the bank took money in."""
        return self.line.credit > 0


@dataclass(frozen=True, slots=True)
class Made:
    """What was booked: the thing, its entry, and the receipt if there is one."""

    what: str
    amount: int
    entry_id: int
    thing_id: int | None = None
    receipt: str | None = None


def place_of(session: Session, line: BankLine, *, key: str, by: int | None) -> Place:
    """Return a line with its account's fund and unit."""
    account = session.get_one(BankAccount, line.bank_account_id)
    return Place(
        line=line,
        account=account,
        fund=session.get_one(Fund, account.fund_id).code,
        unit=session.get_one(Unit, account.unit_id).code,
        amount=line.credit or line.debit,
        key=key,
        by=by,
    )


@singledispatch
def book(choice: object, session: Session, at: Place) -> list[Made]:
    """Book a choice for a line, and return what that made.

    Raises:
        Refusal: the line cannot be this, or the books cannot take it, as in a closed month.
    """
    del session, at
    raise TypeError(choice)


def needs_money_in(at: Place) -> None:
    """Hold that the bank took the money of a line in."""
    if not at.money_in:
        raise Refusal(Reason(_("Dòng này là tiền ra, không phải khoản thu."), field="bank_line"))


def hold_waiting(session: Session, at: Place) -> None:
    """Hold that a line's money still waits to be identified; vouchers may have decided it.

    Whoever takes money of this unit from there stands in line until the transaction ends.
    """
    units.lock(session, at.account.unit_id)
    unidentified.hold(
        session,
        fund_id=at.account.fund_id,
        unit_id=at.account.unit_id,
        money_in=at.money_in,
        amount=at.amount,
        field="bank_line",
    )
