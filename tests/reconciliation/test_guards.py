"""The bank's lines stay as they came, when the service is not asked."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.reconciliation import service
from fundsvc.reconciliation.accounts import add_bank_account

FILE = (
    b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    b"1,01/09/2024,5213.1,,50.000,,ung ho\r\n"
)

pytestmark = pytest.mark.usefixtures("app", "clock")


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE bank_line SET credit = credit + 1", "bank_line"),
        ("UPDATE bank_line SET memo = 'x'", "bank_line"),
        ("DELETE FROM bank_line", "bank_line"),
        ("UPDATE bank_file SET name = 'x'", "bank_file"),
        ("DELETE FROM bank_file", "bank_file"),
        ("UPDATE bank_account SET fund_id = 1", "bank_account"),
        ("UPDATE bank_account SET account_id = 1", "bank_account"),
        ("DELETE FROM bank_account", "bank_account"),
    ],
)
def test_the_database_refuses(statement: str, table: str) -> None:
    with transaction() as session:
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="dues", unit="TW", by=None
        )
        service.import_bank(session, FILE, name="f.csv", account_code="VCB1", commit=True, by=None)
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), transaction() as session:
        session.execute(text(statement))


def test_a_banks_new_name_can_be_told() -> None:
    with transaction() as session:
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="dues", unit="TW", by=None
        )
    with transaction() as session:
        session.execute(text("UPDATE bank_account SET bank = 'Vietcombank'"))
