"""Money of the bank that waits to be identified: on 3381 what came in, on 1388 what went out."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.totals import Columns, balances
from fundsvc.errors import Reason, Refusal
from ledger.accounts import UNIDENTIFIED_IN, UNIDENTIFIED_OUT
from ledger.words import grouped


def account_of(*, money_in: bool) -> str:
    """Return the account of the chart on which such money waits."""
    return UNIDENTIFIED_IN if money_in else UNIDENTIFIED_OUT


def waits(session: Session, *, fund_id: int, unit_id: int, money_in: bool) -> int:
    """Return how much waits in a fund of a unit, in đồng."""
    account_id = keys.read(session).account(account_of(money_in=money_in))

    def here(columns: Columns) -> Sequence[object]:
        return [
            columns.account_id == account_id,
            columns.fund_id == fund_id,
            columns.unit_id == unit_id,
        ]

    balance = balances(session, (), date.max, where=here).get((), 0)  # type: ignore[arg-type]  # conditions
    return -balance if money_in else balance


def hold(
    session: Session, *, fund_id: int, unit_id: int, money_in: bool, amount: int, field: str
) -> None:
    """Hold that a line's money still waits; vouchers may have decided it.

    Raises:
        Refusal: less waits than the line is.
    """
    waiting = waits(session, fund_id=fund_id, unit_id=unit_id, money_in=money_in)
    if waiting < amount:
        why = _(
            "Tiền chờ xác định của quỹ này chỉ còn %(waiting)s đ, ít hơn dòng sao kê (%(amount)s"
            " đ): khoản này có thể đã được ghi cho việc khác.",
            waiting=grouped(max(waiting, 0)),
            amount=grouped(amount),
        )
        raise Refusal(Reason(why, field=field))
