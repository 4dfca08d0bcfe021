"""Commands that read without the application: the same output, errors and exit codes."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc import reading
from fundsvc.cli import cli
from fundsvc.driver import Alone, read_plain

FUND = ("fund", "--fund", "nghia-tinh", "--from", "2024-09-01", "--to", "2024-09-30")
BALANCE = ("trial-balance", "--from", "2024-01-01", "--to", "2024-09-17")
LEDGER = ("general-ledger", "--from", "2024-09-01", "--to", "2024-09-30", "--account")
JOURNAL = ("journal", "--from", "2024-09-01", "--to", "2024-09-30")
HEAVY = ("flask", "sqlalchemy", "babel", "jinja2", "weasyprint")
LOOK = f"""
import sys
from fundsvc.cli import main
try:
    main()
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
ON_SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def _settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", database_url)
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["statement", *arguments])


def file_of(url: str) -> str:
    return url.removeprefix("sqlite:///")


@pytest.mark.usefixtures("app", "example", "_settings")
@pytest.mark.parametrize(
    "arguments",
    [
        FUND,
        (*FUND, "--province", "2025:44", "--json"),
        (*FUND, "--unit", "TW", "--format", "csv"),
        (*FUND, "--provinces", "then"),
        BALANCE,
        (*BALANCE, "--fund", "dues", "--json"),
        (*BALANCE, "--province", "2004:45", "--format", "csv"),
        ("fund", "--fund", "none", "--from", "2024-09-01", "--to", "2024-09-30"),
        ("fund", "--fund", "none", "--from", "2024-09-31", "--to", "2024-09-30", "--json"),
        (*BALANCE, "--unit", "NONE"),
        (*LEDGER, "111"),
        (*LEDGER, "7111", "--province", "2025:44", "--json"),
        (*LEDGER, "999"),
        JOURNAL,
        (*JOURNAL, "--fund", "nghia-tinh", "--format", "csv"),
    ],
)
def test_a_command_says_the_same_with_and_without_the_application(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    found = run(*arguments)
    monkeypatch.setattr(reading, "done_alone", lambda *_: False)
    expected = run(*arguments)
    assert found.exit_code == expected.exit_code
    assert (found.stdout, found.stderr) == (expected.stdout, expected.stderr)


@ON_SQLITE
@pytest.mark.usefixtures("example", "_settings")
@pytest.mark.parametrize(
    "arguments", [FUND, (*BALANCE, "--format", "csv"), (*LEDGER, "111"), JOURNAL]
)
def test_on_sqlite_nothing_heavy_is_loaded(app: Flask, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, "statement", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
    assert done.stdout == run(*arguments).stdout


@ON_SQLITE
@pytest.mark.usefixtures("app", "example", "_settings")
@pytest.mark.parametrize("arguments", [FUND, BALANCE, (*LEDGER, "111"), JOURNAL])
def test_a_workbook_needs_nothing_heavy_either(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    out = tmp_path / "statement.xlsx"
    done = subprocess.run(
        [sys.executable, "-c", LOOK, "statement", *arguments, "--format", "xlsx", "--out", out],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (f"Đã ghi {out}.\n", "[]\n")
    assert out.read_bytes().startswith(b"PK")


@ON_SQLITE
@pytest.mark.usefixtures("app", "_settings")
def test_a_database_that_is_not_ready_is_told_as_ever(database_url: str) -> None:
    with closing(sqlite3.connect(file_of(database_url))) as connection:
        connection.execute("DROP TABLE rollup_quarter_whole")
    found = run("trial-balance", "--from", "2024-01-01", "--to", "2024-06-30")
    assert found.exit_code == 1
    assert found.stderr.startswith("Cơ sở dữ liệu chưa sẵn sàng; hãy chạy: fundsvc db upgrade\n")
    assert found.stderr.endswith("no such table: rollup_quarter_whole\n")


@ON_SQLITE
@pytest.mark.parametrize("ending", ["?mode=ro", "#part", "%20"])
def test_only_a_plain_path_of_a_file_is_read_alone(
    app: Flask, database_url: str, ending: str
) -> None:
    done: list[object] = []
    act = reading.alone(lambda: True)(lambda: done.append(reading.snapshot()))
    for url in (database_url + ending, f"{database_url}-none", "sqlite:///:memory:", "sqlite://"):
        assert not reading.done_alone(act, {}, url)
    assert done == []
    assert reading.done_alone(act, {}, database_url)
    assert isinstance(done[0], Alone)


@ON_SQLITE
def test_what_is_read_alone_is_of_one_moment_and_never_written(
    app: Flask, database_url: str
) -> None:
    name = "SELECT name FROM fund WHERE code = 'dues'"
    with closing(sqlite3.connect(file_of(database_url), isolation_level=None)) as other:

        def act() -> None:
            reader = reading.snapshot()
            before = read_plain(reader, name)
            other.execute("UPDATE fund SET name = 'Tên mới' WHERE code = 'dues'")
            assert read_plain(reader, name) == before
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                read_plain(reader, "DELETE FROM reference_mark")

        assert reading.done_alone(reading.alone(lambda: True)(act), {}, database_url)
