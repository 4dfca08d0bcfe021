"""Each guard of donations and receipts refuses by name, on both engines, with real commits."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import db, transaction
from fundsvc.receipts import printing, service
from tests.support.gifts import give, give_with_receipt, receipt

pytestmark = pytest.mark.usefixtures("clock")

VOID = "UPDATE receipt SET voided_at = '2024-09-30 01:02:03.000000+00:00', void_reason = 'x'"


def run(statement: str) -> None:
    """Run a statement as somebody with a database shell would, and commit."""
    with db.engine.connect() as connection:
        writing = connection.execution_options(fundsvc_writes=True)
        with writing.begin():
            writing.execute(text(statement))


def refused(statement: str, why: str) -> None:
    with pytest.raises(DBAPIError, match=why):
        run(statement)


@pytest.fixture
def number(app: Flask) -> str:
    """A valid receipt."""
    return give_with_receipt()


def test_a_donation_is_never_changed(number: str) -> None:
    refused("UPDATE donation SET amount = amount + 1", "donation is append-only")


def test_a_donation_is_never_taken_away(app: Flask) -> None:
    give()
    refused("DELETE FROM donation", "donation is append-only")


def test_a_receipt_is_never_taken_away(number: str) -> None:
    refused("DELETE FROM receipt", "never taken away")


CHANGES = (
    "facts = replace(facts, '1200000', '9200000')",
    "number = 'NT-2024-000002'",
    "serial = 2",
    "series = 'CQ'",
    "year = 2025",
    "code = 'AAAAAAAAAAAAAAAA'",
    "unit_id = unit_id + 1",
    "donation_id = donation_id + 1",
    "issued_at = '2024-01-01 00:00:00.000000+00:00'",
    "issued_by = 7",
)


def test_facts_are_frozen(number: str) -> None:
    for change in CHANGES:
        refused(f"UPDATE receipt SET {change}", "frozen")


def test_voided_once(number: str) -> None:
    run(VOID)
    refused("UPDATE receipt SET void_reason = 'y'", "voided already")
    refused("UPDATE receipt SET voided_at = NULL, void_reason = NULL", "voided already")


def test_replaced_once(number: str) -> None:
    with transaction() as session:
        donation_id = service.by_number(session, number).donation_id or 0
        service.void(session, number, "x", by=None)
    receipt(donation_id)
    refused("UPDATE receipt SET replaced_by_id = NULL WHERE serial = 1", "replaced already")
    refused("UPDATE receipt SET replaced_by_id = 1 WHERE serial = 1", "replaced already")


def test_printed_once(number: str) -> None:
    printing.freeze_pdf(number)
    refused("UPDATE receipt SET pdf_sha256 = NULL", "printed already")
    refused(f"UPDATE receipt SET pdf_sha256 = '{'0' * 64}'", "printed already")


def test_only_a_voided_receipt_is_replaced(number: str) -> None:
    refused("UPDATE receipt SET replaced_by_id = id", "ck_receipt_replaced")


def test_voided_with_a_reason(number: str) -> None:
    refused("UPDATE receipt SET voided_at = issued_at", "ck_receipt_voided")


COPIED = (
    "INSERT INTO receipt (number, series, year, serial, unit_id, donation_id, facts, code,"
    " issued_at) SELECT 'NT-2024-000002', series, year, {serial}, unit_id, donation_id, facts,"
    " code, issued_at FROM receipt"
)


def test_one_valid_receipt_for_a_donation(number: str) -> None:
    refused(COPIED.format(serial=2), "ix_receipt_valid_donation_id|never taken away")


def test_a_serial_is_given_once(number: str) -> None:
    run(VOID)
    refused(COPIED.format(serial=1), "uq_receipt_series_year_serial|never taken away")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nothing_is_truncated(number: str) -> None:
    refused("TRUNCATE receipt CASCADE", "never taken away")
    refused("TRUNCATE donation CASCADE", "append-only|never taken away")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_guards_hold_for_a_replica_too(number: str) -> None:
    for statement in (
        "UPDATE donation SET amount = 1",
        "DELETE FROM receipt",
        "UPDATE receipt SET serial = 9",
    ):
        with db.engine.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            with pytest.raises(DBAPIError, match="guard"):
                connection.execute(text(statement))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_insert_or_replace_does_not_walk_past(number: str) -> None:
    for table in ("donation", "receipt"):
        refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", "guard")
