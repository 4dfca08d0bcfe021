"""What the bank's lines have to show before a month is closed."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.reconciliation import figures
from fundsvc.reconciliation.models import BankAccount


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield the lines until the last day that were booked as they came, and not matched since.

    Also those of months that were closed with them: they are forgotten by nobody until they are
    matched.
    """
    here = select(BankAccount).where(BankAccount.unit_id == span.unit_id)
    found = [
        (account, *figures.waiting_until(session, account.id, span.last))
        for account in session.scalars(here.order_by(BankAccount.code))
    ]
    waiting = [(account, lines, amount) for account, lines, amount in found if lines]
    codes = [account.code for account, _lines, _amount in waiting]
    yield Item(
        "bank-lines",
        sum(lines for _account, lines, _amount in waiting),
        _("dòng sao kê chưa đối chiếu"),
        sum(amount for _account, _lines, amount in waiting),
        f"/bank-accounts/{codes[0]}" if len(codes) == 1 else "/bank-accounts",
        parts=tuple(
            Part(f"{account.bank} ({account.code})", amount, f"/bank-accounts/{account.code}")
            for account, _lines, amount in waiting
        ),
    )
