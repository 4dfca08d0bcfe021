"""Connections of a server: they are looked at after a rest, and SQLite's writers stand in line."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from fundsvc import db as database
from fundsvc.db import equip, transaction
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
def test_writers_of_one_process_stand_in_line(app: Flask) -> None:
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
