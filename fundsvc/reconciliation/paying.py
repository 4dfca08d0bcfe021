"""Tell pages of giving which bank accounts money may come to."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.giving.vietqr import bin_of
from fundsvc.giving.ways import PayTo
from fundsvc.reconciliation.models import BankAccount


def accounts(session: Session) -> list[PayTo]:
    """Return the bank accounts within the session's scope, by code."""
    return [
        PayTo(
            id=found.id,
            code=found.code,
            bank=found.bank,
            bin=bin_of(found.bank),
            number=found.number,
            fund_id=found.fund_id,
            unit_id=found.unit_id,
        )
        for found in session.scalars(select(BankAccount).order_by(BankAccount.code))
    ]
