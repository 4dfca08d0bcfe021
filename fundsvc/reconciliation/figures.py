"""How many lines of an account wait and what they come to, quickly however many there are.

Asking of each line whether anything has taken it walks five tables once a line. What was taken is
told apart much sooner, so the figures are those of all lines less those of the lines that are
decided, or gone in another way: the same to the đồng as `decided.waiting` tells line by line.
"""

from functools import cache

from sqlalchemy import ColumnElement, Select, Subquery, func, select, union
from sqlalchemy.orm import Session, aliased

from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecision, BankLine

# A condition may ask for decisions too, so these need a name of their own.
_MADE = aliased(BankDecision)
_FIGURES = func.count(), func.coalesce(func.sum(BankLine.credit + BankLine.debit), 0)


def waiting(session: Session, account_id: int, *only: ColumnElement[bool]) -> tuple[int, int]:
    """Return count and sum of an account's waiting lines.

    Args:
        session: for reading.
        account_id: the bank account.
        only: conditions on `BankLine`, for those of some lines alone.
    """
    here = BankLine.bank_account_id == account_id, *only
    gone = _gone()
    parts: list[Select[int, int]] = [
        select(*_FIGURES).where(*here),
        _decided(account_id, *only),
        select(*_FIGURES)
        .join(gone, gone.c.bank_line_id == BankLine.id)
        .where(*here, ~decided.by_decision()),
    ]
    (lines, amount), *less = [session.execute(part).one() for part in parts]
    return (
        lines - sum(part[0] for part in less),
        int(amount) - sum(int(part[1]) for part in less),
    )


def _decided(account_id: int, *only: ColumnElement[bool]) -> Select[int, int]:
    """Return the figures of what decisions have taken: each is for the whole of its line."""
    query = (
        select(func.count(), func.coalesce(func.sum(func.abs(_MADE.amount)), 0))
        .select_from(_MADE)
        .where(
            _MADE.bank_account_id == account_id,
            _MADE.undone_at.is_(None),
            _MADE.kind != decided.HELD,
        )
    )
    if only:
        query = query.join(BankLine, BankLine.id == _MADE.bank_line_id).where(*only)
    return query


@cache
def _gone() -> Subquery:
    """Return the lines that no decision but something else took: all accounts, few beside all."""
    return union(*decided.gone()).subquery()
