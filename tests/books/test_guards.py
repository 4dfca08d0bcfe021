"""Each guard of the journal refuses by name, on both engines, when the service is not asked.

The rows are written by plain SQL and committed for real, as somebody with a database shell would.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import db, transaction
from fundsvc.units.models import Unit

ENTRY = (
    "INSERT INTO entry (id, date, kind, description, unit_id, province_id, source, external_id,"
    " lines, posted_at, reverses_id) VALUES (:id, :date, 'other', '', :unit, :province, 'test',"
    " :external_id, :lines, '2026-01-01 00:00:00+00:00', :reverses)"
)
POSTING = (
    "INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit, credit)"
)
SHUT = (
    "INSERT INTO period (unit_id, month, state, closed_at, closing)"
    " VALUES (:unit, '2026-01-01', 'closed', '2026-02-01 00:00:00+00:00', '{}')"
)
Do = Callable[..., None]


class Shell:
    """A database shell: writes entries and postings as it is told, in one statement each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.units = (
            self.number("SELECT id FROM unit WHERE code = 'TW'"),
            self.number("SELECT id FROM unit WHERE code = 'HT-44'"),
        )
        self.funds = (
            self.number("SELECT id FROM fund WHERE code = 'dues'"),
            self.number("SELECT id FROM fund WHERE code = 'base'"),
        )
        self.account = self.number("SELECT id FROM account WHERE code = '111'")

    def number(self, statement: str) -> int:
        return int(self.connection.execute(text(statement)).scalar_one())

    def do(self, statement: str, **facts: object) -> None:
        self.connection.execute(text(statement), facts)

    def posting(self, line: int, amount: int, **other: object) -> str:
        """Return the VALUES of a posting; a positive amount is debit, a negative one credit."""
        facts = {
            "entry": 1,
            "lines": 2,
            "date": "'2026-01-05'",
            "account": self.account,
            "fund": self.funds[0],
            "unit": self.units[0],
            "debit": max(amount, 0),
            "credit": max(-amount, 0),
        } | other
        row = "{entry}, {line}, {lines}, {date}, {account}, {fund}, {unit}, {debit}, {credit}"
        return row.format(line=line, **facts)

    def book(
        self,
        *postings: str,
        number: int = 1,
        lines: int = 2,
        date: str = "2026-01-05",
        unit: int | None = None,
        province: int | None = None,
        reverses: int | None = None,
    ) -> None:
        """Write an entry with its postings in the way the engine wants them: all at once."""
        facts = {
            "id": number,
            "date": date,
            "unit": unit or self.units[0],
            "province": province,
            "external_id": str(number),
            "lines": lines,
            "reverses": reverses,
        }
        rows = " UNION ALL ".join(f"SELECT {row}" for row in postings)
        if self.connection.dialect.name == "postgresql":
            rows = rows.replace("'2026-", "date '2026-")
            entry = ENTRY.replace(":date", "CAST(:date AS date)").replace(
                ":province", "CAST(:province AS bigint)"
            )
            entry = entry.replace(":reverses", "CAST(:reverses AS bigint)")
            statement = f"WITH entries AS ({entry}) {POSTING} {rows}" if postings else entry
            self.do(statement, **facts)
        else:
            self.do(ENTRY, **facts)
            if postings:
                self.do(f"{POSTING} {rows}")

    def good(self, number: int = 1) -> None:
        """Write an entry that holds every rule."""
        self.book(
            self.posting(1, 500, entry=number), self.posting(2, -500, entry=number), number=number
        )


@pytest.fixture
def shell(app: Flask) -> Iterator[Shell]:
    """A shell on a database that has a second unit and one good entry, number 1."""
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Quảng Trị", folded="quang tri", kind="provincial"))
    with db.engine.connect() as connection:
        shell = Shell(connection)
        shell.good()
        connection.commit()
        yield shell


def refuses(shell: Shell, guard: str, act: Callable[[], None]) -> None:
    """Hold that an act fails at the latest at COMMIT, and that the guard's name is told."""
    before = counts(shell)

    def act_and_commit() -> None:
        act()
        shell.connection.commit()

    with pytest.raises(DBAPIError) as error:
        act_and_commit()
    shell.connection.rollback()
    # SQLite keeps a transaction open when its COMMIT is refused; SQLAlchemy thinks it is over.
    shell.connection.connection.rollback()
    constraint = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{error.value.orig} {constraint}"
    assert counts(shell) == before


def counts(shell: Shell) -> list[object]:
    totals = "SELECT count(*), sum(debit), sum(credit) FROM posting"
    entries = "SELECT count(*), min(description) FROM entry"
    return [tuple(shell.connection.execute(text(query)).one()) for query in (totals, entries)]


def test_a_good_entry_is_taken(shell: Shell) -> None:
    shell.good(2)
    shell.connection.commit()
    assert counts(shell)[1] == (2, "")


def test_entry_out_of_balance(shell: Shell) -> None:
    postings = (shell.posting(1, 500, entry=2), shell.posting(2, -499, entry=2))
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_balanced_over_funds_but_not_in_each(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, fund=shell.funds[0]),
        shell.posting(2, -500, entry=2, fund=shell.funds[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_balanced_over_units_but_not_in_each(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, unit=shell.units[0]),
        shell.posting(2, -500, entry=2, unit=shell.units[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_of_four_lines_out_of_balance_in_one_fund(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=4),
        shell.posting(2, -400, entry=2, lines=4),
        shell.posting(3, 400, entry=2, lines=4, fund=shell.funds[1]),
        shell.posting(4, -500, entry=2, lines=4, fund=shell.funds[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2, lines=4))


def test_entry_without_postings(shell: Shell) -> None:
    guard = {"postgresql": "entry_complete", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard[shell.connection.dialect.name], lambda: shell.book(number=2))


def test_entry_without_its_last_posting(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=3),
        shell.posting(2, -500, entry=2, lines=3),
    )
    guard = {"postgresql": "entry_complete", "sqlite": "FOREIGN KEY"}
    engine = shell.connection.dialect.name
    refuses(shell, guard[engine], lambda: shell.book(*postings, number=2, lines=3))


def test_entry_without_a_middle_posting(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=3),
        shell.posting(3, -500, entry=2, lines=3),
    )
    guard = {"postgresql": "entry_complete", "sqlite": "posting_with_entry"}
    engine = shell.connection.dialect.name
    refuses(shell, guard[engine], lambda: shell.book(*postings, number=2, lines=3))


@pytest.mark.parametrize("lines", [2, 4])
def test_a_balanced_pair_added_to_an_old_entry(shell: Shell, lines: int) -> None:
    pair = (shell.posting(3, 900, lines=lines), shell.posting(4, -900, lines=lines))
    rows = " UNION ALL ".join(f"SELECT {row}" for row in pair)
    if shell.connection.dialect.name == "postgresql":
        rows = rows.replace("'2026-", "date '2026-")
        guard = "entry_complete" if lines == 4 else "ck_posting_line"
    else:
        guard = "FOREIGN KEY" if lines == 4 else "ck_posting_line"
    refuses(shell, guard, lambda: shell.do(f"{POSTING} {rows}"))


def test_a_posting_put_again_on_an_old_line(shell: Shell) -> None:
    rows = f"SELECT {shell.posting(1, 500)} UNION ALL SELECT {shell.posting(2, -500)}"
    if shell.connection.dialect.name == "postgresql":
        rows = rows.replace("'2026-", "date '2026-")
    guard = {"postgresql": "pk_posting", "sqlite": "UNIQUE constraint failed: posting"}
    refuses(shell, guard[shell.connection.dialect.name], lambda: shell.do(f"{POSTING} {rows}"))


def test_postings_of_no_entry(shell: Shell) -> None:
    pair = (shell.posting(1, 900, entry=77), shell.posting(2, -900, entry=77))
    rows = " UNION ALL ".join(f"SELECT {row}" for row in pair)
    if shell.connection.dialect.name == "postgresql":
        rows = rows.replace("'2026-", "date '2026-")
    guard = {"postgresql": "posting_with_entry", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard[shell.connection.dialect.name], lambda: shell.do(f"{POSTING} {rows}"))


def test_a_posting_of_another_date_than_its_entry(shell: Shell) -> None:
    pair = (
        shell.posting(1, 900, entry=2, date="'2026-01-06'"),
        shell.posting(2, -900, entry=2, date="'2026-01-06'"),
    )
    guard = {"postgresql": "posting_with_entry", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard[shell.connection.dialect.name], lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("name", ["account", "fund", "unit"])
def test_a_posting_of_something_unknown(shell: Shell, name: str) -> None:
    pair = (
        shell.posting(1, 900, entry=2, **{name: 999}),
        shell.posting(2, -900, entry=2, **{name: 999}),
    )
    guard = {"postgresql": "posting_references", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard[shell.connection.dialect.name], lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("facts", [{"unit": 999}, {"province": 999}, {"reverses": 999}])
def test_an_entry_of_something_unknown(shell: Shell, facts: dict[str, Any]) -> None:
    pair = (shell.posting(1, 900, entry=2), shell.posting(2, -900, entry=2))
    guard = {"postgresql": "entry_re", "sqlite": "FOREIGN KEY"}
    engine = shell.connection.dialect.name
    refuses(shell, guard[engine], lambda: shell.book(*pair, number=2, **facts))


@pytest.mark.parametrize("amount", [10**15 + 1, 2**63 - 1])
def test_an_amount_out_of_range(shell: Shell, amount: int) -> None:
    pair = (shell.posting(1, amount, entry=2), shell.posting(2, -amount, entry=2))
    refuses(shell, "ck_posting_range", lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("sides", [{"debit": 0, "credit": 0}, {"debit": 5, "credit": 5}])
def test_a_posting_on_both_sides_or_none(shell: Shell, sides: dict[str, int]) -> None:
    pair = (shell.posting(1, 1, entry=2, **sides), shell.posting(2, -1, entry=2, **sides))
    refuses(shell, "ck_posting_one_side", lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("amount", ["'500x'", "1.5", "9223372036854775807 + 1"])
def test_an_amount_that_is_no_integer(shell: Shell, amount: str) -> None:
    pair = (
        shell.posting(1, 1, entry=2, debit=amount),
        shell.posting(2, -1, entry=2, credit=amount),
    )
    refuses(shell, "posting.debit", lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("table", ["posting", "entry"])
@pytest.mark.parametrize("act", ["update", "delete", "truncate", "replace"])
def test_the_journal_is_append_only(shell: Shell, table: str, act: str) -> None:
    postgresql = shell.connection.dialect.name == "postgresql"
    if (act == "truncate" and not postgresql) or (act == "replace" and postgresql):
        pytest.skip("the other engine has no such statement")
    column = {"posting": "debit = debit + 1", "entry": "description = 'x'"}[table]
    statement = {
        "update": f"UPDATE {table} SET {column}",
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table} CASCADE",
        "replace": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    }[act]
    refuses(shell, f"{table}_append_only", lambda: shell.do(statement))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("INSERT OR REPLACE INTO posting VALUES ({first})", "posting_append_only"),
        ("INSERT OR REPLACE INTO posting VALUES ({last})", "FOREIGN KEY"),
        ("INSERT OR REPLACE INTO entry SELECT * FROM entry", "FOREIGN KEY"),
    ],
)
def test_replacing_does_not_walk_past_the_guards_when_triggers_do_not_recurse(
    shell: Shell, statement: str, guard: str
) -> None:
    shell.connection.commit()
    raw = shell.connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA recursive_triggers = OFF")
    replaced = statement.format(first=shell.posting(1, 900), last=shell.posting(2, -500))
    refuses(shell, guard, lambda: shell.do(replaced))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_role_of_a_replica_does_not_walk_past_the_guards(shell: Shell) -> None:
    shell.do("SET session_replication_role = replica")
    refuses(shell, "posting_append_only", lambda: shell.do("UPDATE posting SET debit = 1"))


@pytest.mark.parametrize("table", ["account", "fund", "unit", "province"])
def test_what_the_journal_points_to_stays(shell: Shell, table: str) -> None:
    refuses(shell, f"{table}_append_only", lambda: shell.do(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("account", "id = id + 1000"),
        ("account", "code = 'x' || code"),
        ("account", "type = 'liability' WHERE code = '111'"),
        ("account", "line = 'cash' WHERE code = '7111'"),
        ("fund", "id = id + 1000"),
        ("fund", "prefix = 'x' || prefix"),
        ("unit", "id = id + 1000"),
        ("unit", "code = 'x' || code"),
        ("province", "id = id + 1000"),
        ("province", "code = 'x' || code"),
    ],
)
def test_what_identifies_it_stays_too(shell: Shell, table: str, change: str) -> None:
    refuses(shell, f"{table}_stays", lambda: shell.do(f"UPDATE {table} SET {change}"))


def test_its_name_may_change(shell: Shell) -> None:
    shell.do("UPDATE account SET name = 'Tiền mặt tại quỹ' WHERE code = '111'")
    shell.do("UPDATE unit SET name = 'Tên mới' WHERE code = 'HT-44'")
    shell.connection.commit()


@pytest.mark.parametrize("act", ["UPDATE act SET kind = 'x'", "DELETE FROM act"])
def test_the_log_of_acts_is_append_only(shell: Shell, act: str) -> None:
    shell.do(
        "INSERT INTO act (at, kind, subject, facts)"
        " VALUES ('2026-01-01 00:00:00+00:00', 'x', 'y', '{}')"
    )
    shell.connection.commit()
    refuses(shell, "act_append_only", lambda: shell.do(act))


@pytest.mark.parametrize("act", ["UPDATE stored_file SET size = 1", "DELETE FROM stored_file"])
def test_the_notes_of_kept_files_are_append_only(shell: Shell, act: str) -> None:
    shell.do(
        "INSERT INTO stored_file (sha256, name, media_type, size, stored_at)"
        " VALUES (:sha256, 'x', 'y', 0, '2026-01-01 00:00:00+00:00')",
        sha256="0" * 64,
    )
    shell.connection.commit()
    refuses(shell, "stored_file_append_only", lambda: shell.do(act))


def test_an_entry_in_a_closed_month(shell: Shell) -> None:
    shell.do(
        SHUT,
        unit=shell.units[0],
    )
    shell.connection.commit()
    refuses(shell, "posting_open_period", lambda: shell.good(2))
    other = {"unit": shell.units[1], "entry": 3}
    shell.book(
        shell.posting(1, 500, **other),
        shell.posting(2, -500, **other),
        number=3,
        unit=shell.units[1],
    )
    shell.connection.commit()


def test_an_entry_of_four_lines_in_a_closed_month(shell: Shell) -> None:
    shell.do(
        SHUT,
        unit=shell.units[1],
    )
    shell.connection.commit()
    four = {"entry": 2, "lines": 4}
    postings = (
        shell.posting(1, 500, **four),
        shell.posting(2, -500, **four),
        shell.posting(3, 500, **four, unit=shell.units[1]),
        shell.posting(4, -500, **four, unit=shell.units[1]),
    )
    refuses(shell, "posting_open_period", lambda: shell.book(*postings, number=2, lines=4))


def test_one_external_id_is_booked_once(shell: Shell) -> None:
    guard = {"postgresql": "uq_entry_source", "sqlite": "entry.source, entry.external_id"}

    def book_again() -> None:
        facts = {"unit": shell.units[0], "province": None, "lines": 2, "reverses": None}
        shell.do(ENTRY.replace(":date", "'2026-01-05'"), id=9, external_id="1", **facts)

    refuses(shell, guard[shell.connection.dialect.name], book_again)


def test_one_entry_is_reversed_once(shell: Shell) -> None:
    guard = {"postgresql": "ix_entry_reverses_id", "sqlite": "entry.reverses_id"}

    def reverse_as(number: int) -> None:
        debit = shell.posting(1, 1, entry=number, debit=-500)
        credit = shell.posting(2, -1, entry=number, credit=-500)
        shell.book(debit, credit, number=number, reverses=1)

    reverse_as(2)
    shell.connection.commit()
    refuses(shell, guard[shell.connection.dialect.name], lambda: reverse_as(3))
