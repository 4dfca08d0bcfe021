"""Where money lies: the cash box and the bank accounts of a fund and unit, and what is in them."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, column, select, table
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books import lows
from fundsvc.books.lows import Low
from fundsvc.books.models import Account
from fundsvc.books.totals import Columns
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import shown
from ledger.accounts import CASH
from ledger.words import grouped

# Bank accounts belong to a slice above; their table is known here by name only.
_BANK_ACCOUNT = table(
    "bank_account",
    column("account_id"),
    column("fund_id"),
    column("unit_id"),
    column("bank"),
    column("number"),
)


@dataclass(frozen=True, slots=True)
class Till:
    """A place where money lies: a ledger account, and whose it is if it is a bank account."""

    account_id: int
    code: str
    name: str
    fund_id: int | None
    unit_id: int | None


def tills(session: Session) -> list[Till]:
    """Return the cash box and the bank accounts of the units this person may see, by code."""
    cash = session.execute(select(Account.id, Account.name).where(Account.code == CASH)).one()
    bank = (
        select(Account.id, Account.code, Account.name, _BANK_ACCOUNT)
        .join(_BANK_ACCOUNT, _BANK_ACCOUNT.c.account_id == Account.id)
        .order_by(Account.code)
    )
    units = db.scope(session)
    found = [
        Till(row.id, row.code, row.name, row.fund_id, row.unit_id)
        for row in session.execute(bank)
        if units is None or row.unit_id in units
    ]
    return [Till(cash.id, CASH, cash.name, None, None), *found]


def till(session: Session, code: str, *, fund_id: int, unit_id: int, field: str) -> Till:
    """Return the till of a ledger account code, if this fund of this unit may use it.

    Raises:
        Refusal: it is neither cash nor a bank account of this fund and unit.
    """
    for found in tills(session):
        if found.code != code:
            continue
        if found.unit_id is None or (found.unit_id, found.fund_id) == (unit_id, fund_id):
            return found
        why = _("Tài khoản %(code)s thuộc quỹ hoặc đơn vị khác.", code=code)
        raise Refusal(Reason(why, field=field))
    why = _("Không có quỹ tiền mặt hay tài khoản ngân hàng “%(code)s”.", code=shown(code))
    raise Refusal(Reason(why, field=field))


def lowest(session: Session, found: Till, *, fund_id: int, unit_id: int, since: date) -> Low:
    """Return the lowest end-of-day balance of a fund's till from a day on, that day included.

    Money that comes in later does not help a payment dated before it.
    """

    def here(columns: Columns) -> list[ColumnElement[bool]]:
        return [
            columns.account_id == found.account_id,
            columns.fund_id == fund_id,
            columns.unit_id == unit_id,
        ]

    return lows.lowest(session, since, here)


def hold(
    session: Session,
    found: Till,
    *,
    fund_id: int,
    unit_id: int,
    since: date,
    amount: int,
    field: str | None = None,
) -> None:
    """Hold that an amount can leave a fund's till on a day without anything lacking later.

    The caller has locked the unit (`units.service.lock`), or two could both take the last of it.

    Raises:
        Refusal: it would go below zero on that day or a later one.
    """
    low = lowest(session, found, fund_id=fund_id, unit_id=unit_id, since=since)
    lacking = amount - low.amount
    if amount > 0 and lacking > 0:
        why = _(
            "Không đủ tiền: %(name)s của quỹ này đến ngày %(day)s còn %(rest)s đ,"
            " thiếu %(lacking)s đ.",
            name=found.name,
            day=f"{low.on:%d/%m/%Y}",
            rest=grouped(low.amount),
            lacking=grouped(lacking),
        )
        raise Refusal(Reason(why, field=field))
