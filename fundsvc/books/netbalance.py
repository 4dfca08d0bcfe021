"""What a fund of a unit has of its own, and that what is bound to a purpose is never overdrawn."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc.books import lows
from fundsvc.books.lows import Low
from fundsvc.books.models import Account, Fund
from fundsvc.books.summary import NET_TYPES
from fundsvc.books.totals import Columns
from fundsvc.errors import Reason, Refusal
from fundsvc.templating import in_language
from ledger.words import grouped

UNRESTRICTED = "none"


def lowest(session: Session, *, fund_id: int, unit_id: int, since: date) -> Low:
    """Return the lowest net balance of a fund of a unit from a day on, that day included.

    The net balance is what it has less what it owes, in đồng at the end of a day.
    """
    net = select(Account.id).where(Account.type.in_(NET_TYPES))

    def here(columns: Columns) -> list[ColumnElement[bool]]:
        return [
            columns.account_id.in_(net),
            columns.fund_id == fund_id,
            columns.unit_id == unit_id,
        ]

    return lows.lowest(session, since, here, credit=True)


def hold(
    session: Session, *, fund_id: int, unit_id: int, since: date, amount: int, field: str | None
) -> None:
    """Hold that a restricted fund of a unit can give an amount on a day without lacking it later.

    The caller has locked the unit (`units.service.lock`), or two could both take the last of it.

    Raises:
        Refusal: it would go below zero on that day or a later one.
    """
    fund = session.get_one(Fund, fund_id)
    if fund.restriction == UNRESTRICTED:
        return
    low = lowest(session, fund_id=fund_id, unit_id=unit_id, since=since)
    lacking = amount - low.amount
    if amount > 0 and lacking > 0:
        why = _(
            "%(fund)s chỉ được dùng đúng mục đích và không được âm: số dư của đơn vị đến ngày"
            " %(day)s còn %(rest)s đ, thiếu %(lacking)s đ. Tiền chờ xác định không tính vào số dư"
            " này.",
            fund=in_language(fund.name, fund.name_en),
            day=f"{low.on:%d/%m/%Y}",
            rest=grouped(low.amount),
            lacking=grouped(lacking),
        )
        raise Refusal(Reason(why, field=field))
