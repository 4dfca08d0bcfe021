"""What the bank's lines have to show before a month is closed."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import column, exists, func, select, table
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import is_undone
from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.reconciliation.models import BankAccount, BankLine

UNDECIDED = ("bank-in", "bank-out")
# Settlements live above; the lines they have taken are read by the table's name.
_SETTLED = table("settlement_payment", column("bank_line_id"))
_PAID_OUT = table("card_payout", column("bank_line_id"))


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield the lines of the months that were booked as they came, and not matched since."""
    entry = Entry.__table__
    query = (
        select(
            BankAccount.code,
            BankAccount.bank,
            func.count(),
            func.sum(BankLine.credit + BankLine.debit),
        )
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .join(entry, entry.c.id == BankLine.entry_id)
        .where(
            BankLine.unit_id == span.unit_id,
            BankLine.booked_on.between(span.first, span.last),
            entry.c.kind.in_(UNDECIDED),
            ~is_undone(BankLine.entry_id),
            ~exists().where(_SETTLED.c.bank_line_id == BankLine.id),
            ~exists().where(_PAID_OUT.c.bank_line_id == BankLine.id),
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
