"""Until when a bank account is signed: no line comes in before that, and nothing is undone there.

The workbench, above, signs; its table is read here by name. The database holds it again.
"""

from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from fundsvc.columns import Day
from fundsvc.errors import Conflict
from fundsvc.reconciliation.models import BankLine

_SIGNOFF = table("bank_signoff", column("bank_account_id"), column("month", Day()), column("state"))
FROZEN = ("approved", "reopening")


def signed_until(session: Session, bank_account_id: int) -> date | None:
    """Return the last day of the last signed month of an account, None if none is signed."""
    month = session.scalar(
        select(func.max(_SIGNOFF.c.month, type_=Day())).where(
            _SIGNOFF.c.bank_account_id == bank_account_id, _SIGNOFF.c.state.in_(FROZEN)
        )
    )
    return None if month is None else (month + timedelta(days=31)).replace(day=1) - _DAY


def hold_open(until: date | None, on: date) -> None:
    """Hold that a day of an account lies after what is signed, `until` the last day of that.

    Raises:
        Conflict: it does not; it says what can be done.
    """
    if until is not None and on <= until:
        why = _(
            "Đối soát của tài khoản này đã được duyệt đến hết ngày %(day)s; muốn sửa phải đề nghị"
            " mở lại biên bản đối soát.",
            day=f"{until:%d/%m/%Y}",
        )
        raise Conflict(why)


def hold_line(session: Session, line_id: int) -> None:
    """Hold that a line lies after what is signed of its account.

    Raises:
        Conflict: it does not.
    """
    line = session.get(BankLine, line_id)
    if line is not None:
        hold_open(signed_until(session, line.bank_account_id), line.booked_on)


_DAY = timedelta(days=1)
