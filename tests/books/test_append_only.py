"""Nothing of the journal, nor what it points to, is changed or taken away by any statement."""

import pytest

from tests.books.shell import Shell, refuses


@pytest.mark.parametrize("table", ["posting", "entry"])
@pytest.mark.parametrize("act", ["update", "delete", "truncate", "replace"])
def test_the_journal_is_append_only(shell: Shell, table: str, act: str) -> None:
    postgresql = shell.engine == "postgresql"
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
