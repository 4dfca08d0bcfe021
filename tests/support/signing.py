"""A signed month of a bank account, put there at once."""

from datetime import date

from sqlalchemy import select

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.reconciliation.models import BankAccount
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.workbench.models import BankSignoff
from tests.support.people import HASH, noted


def sign(code: str, month: date) -> None:
    """Sign a month of an account by two people, whatever its figures are."""
    with transaction() as session:
        people = []
        for role in ("treasurer", "approver"):
            name = f"ky-{role}"
            person = StaffUser(
                username=name, name=name, key=name, password=HASH, created_at=clock.now()
            )
            session.add(person)
            session.flush()
            session.add(StaffUserRole(user_id=person.id, role=role))
            noted(session, person, {role})
            people.append(person.id)
        account = session.scalars(select(BankAccount).where(BankAccount.code == code)).one()
        row = BankSignoff(
            bank_account_id=account.id,
            unit_id=account.unit_id,
            month=month,
            bank_balance=0,
            book_balance=0,
            facts={},
            state="submitted",
            submitted_by=people[0],
            submitted_at=clock.now(),
        )
        session.add(row)
        session.flush()
        row.state, row.decided_by, row.decided_at = "approved", people[1], clock.now()
