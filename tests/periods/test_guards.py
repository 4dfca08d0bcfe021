"""What the database refuses of periods and reopenings, whoever asks; one test for each guard."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import db, transaction
from fundsvc.periods import reopening, service
from tests.periods.conftest import AUGUST, SEPTEMBER, Give

INSERT = (
    "INSERT INTO period (unit_id, month, state, closed_at, closing, reopening_id)"
    " SELECT id, {month}, {state}, {closed_at}, {closing}, {reopening} FROM unit WHERE code = 'TW'"
)
MOMENT = "'2024-10-05 02:00:00+00:00'"


@pytest.fixture
def shell(app: Flask, give: Give, people: dict[str, int]) -> Iterator[Connection]:
    """A database shell; August and September of the centre are closed, a reopening is asked."""
    give(date(2024, 8, 2))
    give(date(2024, 9, 2))
    with transaction() as session:
        service.close(session, "TW", SEPTEMBER, through=True, seen=service.SEEN, by=people["lan"])
        reopening.ask(session, "TW", SEPTEMBER, "Sót phiếu", by=people["lan"])
    with db.engine.connect() as connection:
        yield connection


def refused(shell: Connection, statement: str, guard: str, **facts: object) -> None:
    with pytest.raises(DBAPIError) as error:
        shell.execute(text(statement), facts)
    name = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{error.value.orig} {name}"
    shell.rollback()


IMPOSSIBLE = [
    ({"month": "'2024-07-02'"}, "period_month"),
    ({"closed_at": "NULL"}, "period_closing"),
    ({"closing": "NULL"}, "period_closing"),
    ({"state": "'open'", "reopening": "1"}, "period_reopening"),
    ({"month": "'2024-08-01'"}, "period"),
]


def test_a_period_that_cannot_be(shell: Connection, subtests: pytest.Subtests) -> None:
    for facts, guard in IMPOSSIBLE:
        with subtests.test(str(facts)):
            good = {
                "month": "'2024-07-01'",
                "state": "'closed'",
                "closed_at": MOMENT,
                "closing": "'{}'",
                "reopening": "NULL",
            }
            statement = INSERT.format(**good | facts)
            if shell.dialect.name == "postgresql":
                statement = statement.replace("'2024-0", "date '2024-0").replace(
                    MOMENT, f"timestamptz {MOMENT}"
                )
                statement = statement.replace("NULL, '{}'", "NULL::timestamptz, '{}'").replace(
                    ", NULL FROM", ", NULL::bigint FROM"
                )
            refused(shell, statement, guard)


CHANGES = [
    ("closing = '{} '", "period_frozen"),
    (f"closed_at = {MOMENT.replace('02:00', '03:00')}", "period_frozen"),
    ("closed_by = NULL", "period_frozen"),
    ("state = 'open', closing = NULL", "period_"),
    ("month = '2030-01-01' WHERE month = '2024-09-01'", "period_stays"),
    ("id = id + 100", "period_stays"),
    ("unit_id = unit_id + 1", "period_stays"),
    ("state = 'open'", "period_reopening"),
    ("state = 'open', reopening_id = 1", "period_reopening"),
    ("reopening_id = 1", "period_reopening"),
]


def test_a_closed_month_stays_as_it_was_closed(
    shell: Connection, subtests: pytest.Subtests
) -> None:
    for change, guard in CHANGES:
        with subtests.test(change):
            refused(shell, f"UPDATE period SET {change}", guard)


@pytest.mark.parametrize("table", ["period", "reopening"])
def test_nothing_vanishes(shell: Connection, table: str) -> None:
    refused(shell, f"DELETE FROM {table}", f"{table}_kept")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["period", "reopening"])
def test_nothing_is_emptied(shell: Connection, table: str) -> None:
    refused(shell, f"TRUNCATE {table}", f"{table}_kept")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_role_of_a_replica_opens_nothing(shell: Connection) -> None:
    shell.execute(text("SET session_replication_role = replica"))
    refused(shell, "UPDATE period SET state = 'open'", "period_reopening")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_nothing_is_replaced(shell: Connection, recursive: str) -> None:
    raw = shell.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA recursive_triggers = {recursive}")
    refused(
        shell,
        "INSERT OR REPLACE INTO period (unit_id, month, state) SELECT unit_id, month, 'open'"
        " FROM period",
        "period_kept",
    )
    refused(
        shell,
        "INSERT OR REPLACE INTO reopening (id, unit_id, month, reason, asked_by, asked_at, state)"
        " SELECT id, unit_id, month, 'x', asked_by, asked_at, state FROM reopening",
        "reopening_kept",
    )


DECISIONS = [
    ("reason = 'x'", "reopening_frozen"),
    ("month = '2024-08-01'", "reopening_frozen"),
    ("asked_by = :son", "reopening_frozen"),
    ("state = 'confirmed', decided_by = :lan, decided_at = {now}, last_month = month", "re"),
    (
        "state = 'confirmed', decided_by = :minh, decided_at = {now}, last_month = month",
        "reopening_by_approver",
    ),
    ("state = 'confirmed', decided_by = :hoa, decided_at = {now}", "ck_reopening_last_month"),
    ("state = 'refused'", "ck_reopening_decided"),
    ("state = 'open'", "ck_reopening"),
]


def test_a_reopening_is_decided_by_another_approver(
    shell: Connection, people: dict[str, int], subtests: pytest.Subtests
) -> None:
    for change, guard in DECISIONS:
        with subtests.test(change):
            statement = f"UPDATE reopening SET {change.format(now=MOMENT)}"
            refused(
                shell, statement, guard, **{name: people[name] for name in people if name in change}
            )


def test_who_asked_never_confirms_even_as_an_approver(
    shell: Connection, people: dict[str, int]
) -> None:
    shell.execute(
        text("INSERT INTO staff_user_role (user_id, role) VALUES (:lan, 'approver')"),
        {"lan": people["lan"]},
    )
    refused(
        shell,
        "UPDATE reopening SET state = 'confirmed', decided_by = asked_by,"
        f" decided_at = {MOMENT}, last_month = month",
        "two_people",
    )


def test_a_reopening_is_asked_for_before_it_is_decided(
    shell: Connection, people: dict[str, int]
) -> None:
    shell.execute(
        text(
            f"UPDATE reopening SET state = 'withdrawn', decided_by = asked_by,"
            f" decided_at = {MOMENT}"
        )
    )
    shell.commit()
    refused(shell, "UPDATE reopening SET state = 'asked'", "reopening_decided_once")
    refused(
        shell,
        "INSERT INTO reopening (unit_id, month, reason, asked_by, asked_at, state, decided_by,"
        " decided_at, last_month) SELECT unit_id, month, 'x', :lan, asked_at, 'confirmed', :hoa,"
        " decided_at, month FROM reopening",
        "reopening_asked",
        lan=people["lan"],
        hoa=people["hoa"],
    )


def test_a_reopening_opens_its_own_months_once(shell: Connection, people: dict[str, int]) -> None:
    with transaction() as session:
        reopening.confirm(session, 1, by=people["hoa"])
        service.close(session, "TW", SEPTEMBER, seen=service.SEEN, by=None)
    refused(
        shell,
        "UPDATE period SET state = 'open', reopening_id = 1 WHERE month = '2024-09-01'",
        "period_reopening",
    )
    refused(
        shell,
        "UPDATE period SET state = 'open', reopening_id = 1 WHERE month = '2024-08-01'",
        "period_reopening",
    )
    assert AUGUST < SEPTEMBER
