"""Connections of a server: they are looked at after a rest, and SQLite's writers stand in line."""

import threading
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from fundsvc import db as database
from fundsvc.db import equip, plain_transaction, transaction
from fundsvc.driver import run_plain


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_connection_that_fell_while_it_rested_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST_SECONDS", 0.0)
    engine, other = create_engine(database_url), create_engine(database_url)
    equip(engine)
    with engine.connect() as connection:
        first = connection.scalar(text("SELECT pg_backend_pid()"))
    # Within one transaction PostgreSQL shows the list of connections as it first was.
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as killer:
        killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
        while killer.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": first}
        ):
            time.sleep(0.01)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != first
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("transaction", [transaction, plain_transaction])
def test_writers_of_one_process_stand_in_line(app: Flask, transaction: Any) -> None:
    inside: list[int] = []
    most: list[int] = []

    def write() -> None:
        with app.app_context(), transaction():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=write) for _ in range(6)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6
    # SQLite's own waiting would look again after up to 0.1 s each.
    assert time.monotonic() - start < database.SQLITE_WAIT_SECONDS


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_connection_lost_under_a_plain_statement_is_given_up(database_url: str) -> None:
    engine, other = create_engine(database_url), create_engine(database_url)
    equip(engine)
    with engine.connect() as connection:
        ((lost,),) = run_plain(connection, "SELECT pg_backend_pid()")
        with other.connect().execution_options(isolation_level="AUTOCOMMIT") as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": lost})
        with pytest.raises(OperationalError) as told:
            run_plain(connection, "SELECT 1")
        assert told.value.connection_invalidated
    with engine.connect() as connection:
        assert run_plain(connection, "SELECT pg_backend_pid()") != [(lost,)]
    engine.dispose()
    other.dispose()


def test_a_plain_statement_fails_as_any_other(app: Flask) -> None:
    with (
        app.app_context(),
        pytest.raises(DBAPIError, match="no_such_table") as told,
        transaction() as session,
    ):
        run_plain(session.connection(), "SELECT * FROM no_such_table")
    assert isinstance(told.value, OperationalError | ProgrammingError)
    with app.app_context(), transaction() as session:
        assert run_plain(session.connection(), "SELECT 1") == [(1,)]


def test_a_plain_transaction_is_kept_whole_or_not_at_all(app: Flask) -> None:
    def write(connection: Connection, year: int) -> None:
        values = {"book": "thu", "year": year}
        connection.execute(text("INSERT INTO series VALUES (:book, :year, 1)"), values)

    def years() -> list[int]:
        with database.db.engine.connect() as other:
            return list(other.scalars(text("SELECT year FROM series WHERE book = 'thu'")))

    def fail() -> None:
        with plain_transaction() as connection:
            write(connection, 2025)
            raise ZeroDivisionError

    with app.app_context():
        with plain_transaction() as connection:
            write(connection, 2024)
        with pytest.raises(ZeroDivisionError):
            fail()
        with transaction(), pytest.raises(RuntimeError, match="within"), plain_transaction():
            pass
        assert years() == [2024]
        with plain_transaction() as connection:
            write(connection, 2026)
            assert years() == [2024]
        assert years() == [2024, 2026]
