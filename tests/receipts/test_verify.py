"""What `verify` finds in receipts that somebody changed behind the guards' back."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import db, transaction
from fundsvc.receipts import printing
from fundsvc.receipts.verify import faults
from tests.support.gifts import DAY, give, give_with_receipt, receipt

pytestmark = pytest.mark.usefixtures("clock")


def behind(*statements: str) -> None:
    """Run statements with every guard of donations and receipts off."""
    with db.engine.connect() as connection:
        writing = connection.execution_options(fundsvc_writes=True)
        with writing.begin():
            if connection.dialect.name == "postgresql":
                for table in ("donation", "receipt"):
                    writing.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            else:
                triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                for name in writing.scalars(text(triggers)).all():
                    writing.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                writing.execute(text(statement))


def found(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [(fault.rule, fault.place) for fault in faults(session)]


def test_nothing_is_found_in_good_books(session: Session) -> None:
    for _number in range(3):
        printing.freeze_pdf(give_with_receipt())
    give_with_receipt(fund="base")
    give()
    assert found(session) == []


def test_a_gap(session: Session) -> None:
    for _number in range(3):
        give_with_receipt()
    behind("DELETE FROM receipt WHERE serial = 2")
    assert found(session) == [("receipt-numbers", "receipts:NT-2024")]
    assert "2" in next(iter(faults(session))).text


def test_the_last_one_taken_away(session: Session) -> None:
    for _number in range(2):
        give_with_receipt()
    behind("DELETE FROM receipt WHERE serial = 2")
    assert found(session) == [("receipt-counter", "receipts:NT-2024")]


def test_all_of_a_series_taken_away(session: Session) -> None:
    give_with_receipt()
    behind("DELETE FROM receipt")
    assert found(session) == [("receipt-counter", "receipts:NT-2024")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE receipt SET facts = replace(facts, '1200000', '9200000')",
        "UPDATE donation SET amount = 9200000",
    ],
)
def test_another_amount(session: Session, change: str) -> None:
    give_with_receipt()
    behind(change)
    assert found(session) == [("receipt-amount", "receipt:NT-2024-000001")]


def test_another_number_in_the_facts(session: Session) -> None:
    give_with_receipt()
    behind("UPDATE receipt SET number = 'NT-2024-000007'")
    assert found(session) == [("receipt-number", "receipt:NT-2024-000007")]


def test_a_valid_receipt_of_a_donation_taken_back(session: Session) -> None:
    recorded = give()
    receipt(recorded.id)
    with transaction() as writing:
        books.reverse(writing, recorded.entry_id, on=DAY, reason="x", maker_id=None)
    assert found(session) == [("receipt-reversed", "receipt:NT-2024-000001")]


@pytest.mark.parametrize(
    "spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"forged")]
)
def test_a_spoilt_original(app: Flask, session: Session, spoil: Callable[..., None]) -> None:
    printing.freeze_pdf(give_with_receipt())
    for path in app.config["FUNDSVC"].files_dir.rglob("*"):
        if path.is_file():
            spoil(path)
    assert found(session) == [("receipt-original", "receipt:NT-2024-000001")]
