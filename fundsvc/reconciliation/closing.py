"""What the bank's lines have to show before a month is closed."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankLine


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield the lines until the last day that were booked as they came, and not matched since.

    Also those of months that were closed with them: they are forgotten by nobody until they are
    matched.
    """
    query = (
        select(
            BankAccount.code,
            BankAccount.bank,
            func.count(),
            func.sum(BankLine.credit + BankLine.debit),
        )
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            BankLine.unit_id == span.unit_id,
            BankLine.booked_on <= span.last,
            decided.waiting(),
        )
        .group_by(BankAccount.code, BankAccount.bank)
        .order_by(BankAccount.code)
    )
    rows = session.execute(query).all()
    yield Item(
        "bank-lines",
        sum(row[2] for row in rows),
        _("dòng sao kê chưa đối chiếu"),
        sum(int(row[3]) for row in rows),
        f"/bank-accounts/{rows[0][0]}" if len(rows) == 1 else "/bank-accounts",
        parts=tuple(
            Part(f"{bank} ({code})", int(amount), f"/bank-accounts/{code}")
            for code, bank, _count, amount in rows
        ),
    )
