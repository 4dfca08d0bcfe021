"""The bank's lines stay as they came, when the service is not asked."""

from datetime import date
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import Table, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import db, transaction
from fundsvc.reconciliation import service
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankLine
from ledger.entries import Entry, Posting

FILE = (
    b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    b"1,01/09/2024,5213.1,,50.000,,ung ho\r\n"
)

pytestmark = pytest.mark.usefixtures("app", "clock")


UPSERT = (
    "INSERT INTO bank_account SELECT * FROM bank_account WHERE true"
    " ON CONFLICT (id) DO UPDATE SET fund_id = 1"
)


@pytest.fixture
def _booked(app: Flask, clock: object) -> None:
    del app, clock
    with transaction() as session:
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="dues", unit="TW", by=None
        )
        told = service.read(session, FILE, name="f.csv", account_code="VCB1", commit=True)
        service.import_bank(session, told, by=None)


@pytest.mark.usefixtures("_booked")
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
        (UPSERT, "bank_account"),
    ],
)
def test_the_database_refuses(statement: str, table: str) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), transaction() as session:
        session.execute(text(statement))


@pytest.mark.usefixtures("_booked")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["bank_account", "bank_file", "bank_line"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replacing_does_not_walk_past_the_guards(table: str, recursive: str) -> None:
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA recursive_triggers = {recursive}")
        with pytest.raises(DBAPIError, match=f"{table} is append-only"):
            connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


@pytest.mark.usefixtures("_booked")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("bank_line", "bank_account_id, fingerprint, occurrence"),
        ("bank_line", "entry_id"),
        ("bank_account", "code"),
        ("bank_account", "account_id"),
    ],
)
def test_each_key_of_its_own_is_held_against_replacing(table: str, key: str) -> None:
    """Every other key is made a new one, and the guard still finds the row."""
    fresh = {
        "id": "id + 9",
        "entry_id": "-1",
        "occurrence": "9",
        "code": "'NEW'",
        "account_id": "-1",
    }
    held = key.split(", ")
    names = [column.name for column in db.metadata.tables[table].columns]
    cells = ", ".join(name if name in held else fresh.get(name, name) for name in names)
    columns = ", ".join(names)
    statement = f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {cells} FROM {table}"
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), transaction() as session:
        session.execute(text(statement))


@pytest.mark.usefixtures("_booked")
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["bank_account", "bank_file", "bank_line"])
def test_the_role_of_a_replica_does_not_walk_past_the_guards(table: str) -> None:
    for statement in (
        f"UPDATE {table} SET unit_id = 2",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with db.engine.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            with pytest.raises(DBAPIError, match=f"{table} is append-only"):
                connection.execute(text(statement))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_every_guard_of_the_bank_holds_always(session: Session) -> None:
    query = text(
        "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
        " AND tgrelid IN ('bank_account'::regclass, 'bank_file'::regclass, 'bank_line'::regclass)"
    )
    found: dict[str, str | bytes] = {row.tgname: row.tgenabled for row in session.execute(query)}
    assert set(found) == {
        "bank_account_append_only", "bank_file_append_only", "bank_line_append_only",
        "bank_line_references", "bank_line_signed",
    }  # fmt: skip
    assert set(found.values()) <= {"A", b"A"}


def test_a_banks_new_name_can_be_told() -> None:
    with transaction() as session:
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="dues", unit="TW", by=None
        )
    with transaction() as session:
        session.execute(text("UPDATE bank_account SET bank = 'Vietcombank'"))


@pytest.mark.usefixtures("_booked")
@pytest.mark.parametrize(
    "unknown",
    [{"bank_account_id": 999}, {"unit_id": 999}, {"file_sha256": "0" * 64}, {"entry_id": 999}],
)
def test_a_line_of_something_unknown(engine_name: str, unknown: dict[str, object]) -> None:
    table = cast("Table", BankLine.__table__)
    with transaction() as session:
        lines = (
            Posting("1388", "dues", "TW", debit=500),
            Posting("3381", "dues", "TW", credit=500),
        )
        entry = Entry(date(2024, 9, 2), "other", "", "TW", lines)
        other = books.post(session, entry, source="test", external_id="1")
    fresh = {"id": 999, "occurrence": 999, "entry_id": other.id}
    copied = [
        literal(value, table.c[name].type) if value is not None else table.c[name]
        for name in table.c.keys()  # noqa: SIM118 - of columns, not of a dictionary
        for value in [(fresh | unknown).get(name)]
    ]
    adding = table.insert().from_select(list(table.c.keys()), select(*copied).limit(1))
    guard = {"postgresql": "bank_line_references", "sqlite": "FOREIGN KEY"}[engine_name]
    with pytest.raises(DBAPIError) as refused, transaction() as session:
        session.execute(adding)
    constraint = getattr(getattr(refused.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{refused.value.orig} {constraint}"
