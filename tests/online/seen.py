"""What tests of cards look at in the books, and the line of a bank that a payout waits for."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books.models import Account, Entry, Fund, Posting
from fundsvc.db import transaction
from fundsvc.inbox import service as inbox
from fundsvc.online import handling
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation.models import BankLine
from fundsvc.units.models import Unit
from ledger.words import grouped
from tests.reconciliation.importing import file, run


def balances(session: Session) -> dict[str, int]:
    """Return what stands on the accounts, debit less credit, without those at zero."""
    session.rollback()
    total = func.sum(Posting.debit - Posting.credit)
    rows = session.execute(
        select(Account.code, total).join(Account, Account.id == Posting.account_id)
        .group_by(Account.code)
    )  # fmt: skip
    return {code: int(amount) for code, amount in rows if amount}


def booked(session: Session) -> list[tuple[Any, ...]]:
    """Return all that the journal says, without the numbers that depend on the order."""
    session.rollback()
    rows = session.execute(
        select(
            Entry.source, Entry.date, Entry.kind, Entry.description, Account.code, Fund.code,
            Unit.code, Posting.debit, Posting.credit,
        )
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(Unit, Unit.id == Posting.unit_id)
    )  # fmt: skip
    return sorted(tuple(row) for row in rows)


def shelved(session: Session) -> list[str]:
    session.rollback()
    return sorted(item.why for item in inbox.shelved(session, handling.KIND))


def sound(session: Session) -> None:
    session.rollback()
    assert [fault.text for fault in verify.faults(session)] == []


def valid_receipts(session: Session) -> list[int]:
    session.rollback()
    query = select(Receipt).where(Receipt.voided_at.is_(None)).order_by(Receipt.id)
    return [receipt.facts["amount"] for receipt in session.scalars(query)]


def bank_line(amount: int, memo: str = "STRIPE PAYMENTS PAYOUT", on: str = "30/09/2024") -> int:
    """Read a statement with one line of money in, or out below 0; return the line."""
    sides = f",{grouped(amount)}" if amount > 0 else f"{grouped(-amount)},"
    run("TWNT", file(f"1,{on},5213.1,{sides},,{memo}"), layout="vietcombank")
    with transaction() as session:
        return session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0
