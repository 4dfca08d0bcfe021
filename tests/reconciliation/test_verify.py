"""Whatever is changed of the bank's words behind the guards, `verify` names the line."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.db import db, read_session
from fundsvc.reconciliation import verify
from fundsvc.verify import faults
from tests.reconciliation.importing import add, file, line, run
from tests.seals.mutations import guards_off, undone

pytestmark = [pytest.mark.usefixtures("app", "clock"), pytest.mark.both_engines]
AGRIBANK = Path(__file__).parents[1] / "data" / "bank" / "agribank-2024-09.csv"

CHANGES = (
    ("VCB1", "memo = 'HOAN TIEN'"),
    ("VCB1", "doc_no = '5213.9'"),
    ("VCB1", "occurrence = 7"),
    ("VCB1", "fingerprint = 'f' || substr(fingerprint, 2)"),
    ("AGR1", "reference = '1'"),
    ("AGR1", "counterparty = '0123456789'"),
    ("AGR1", "balance = balance + 1"),
    ("AGR1", "at_time = '10:00'"),
)


@pytest.fixture
def lines() -> None:
    """Lines of two banks in books without guards."""
    add("VCB1")
    run("VCB1", file(line(1, "5213.1"), line(2, "5213.2")))
    add("AGR1", number="0900100200302", bank="Agribank")
    run("AGR1", AGRIBANK.read_bytes())
    assert list(faults(read_session())) == []
    read_session().rollback()
    guards_off()
    db.engine.dispose()  # Connections made from here on hold no checks.


def test_a_line_that_says_something_else_is_named(lines: None, session: Session) -> None:
    last = text(
        "SELECT max(bank_line.id) FROM bank_line JOIN bank_account"
        " ON bank_account.id = bank_account_id WHERE code = :code"
    )
    for account, change in CHANGES:
        with undone(session) as changed:
            number = changed.scalar(last, {"code": account})
            changed.execute(text(f"UPDATE bank_line SET {change} WHERE id = :id"), {"id": number})
            (fault,) = verify.faults(changed)
            assert fault.place == f"bank-line:{number}", change
            assert account in fault.text
    assert list(verify.faults(session)) == []


def test_words_changed_in_line_and_entry_alike_break_the_fingerprint(
    lines: None, session: Session
) -> None:
    with undone(session) as changed:
        changed.execute(text("UPDATE bank_line SET memo = 'X' WHERE id = 1"))
        changed.execute(
            text(
                "UPDATE entry SET description = 'X'"
                " WHERE id = (SELECT entry_id FROM bank_line WHERE id = 1)"
            )
        )
        assert [fault.place for fault in verify.faults(changed)] == ["bank-line:1"]
