"""`fundsvc export books` as a script calls it: exit codes, stdout, files."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.books import service as books
from fundsvc.cli import cli
from fundsvc.db import transaction
from fundsvc.export.commands import FORMATS
from fundsvc.export.service import FORMATS as WRITTEN
from ledger import recipes

Run = Callable[..., Result]
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on the test's own database, which has two gifts."""
    with transaction() as session:
        for day in (1, 2):
            entry = recipes.cash_donation(
                on=date(2024, 9, day), unit="TW", fund="base", amount=5, description="Quỹ"
            )
            books.post(session, entry, source="test", external_id=str(day))
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)
    return lambda *arguments: CliRunner().invoke(cli, ("export", "books", *arguments))


def refused(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 1
    found: list[dict[str, Any]] = json.loads(result.stdout)["refused"]
    return found


def test_every_format_is_offered_and_goes_to_stdout_or_a_file(run: Run, tmp_path: Path) -> None:
    assert tuple(WRITTEN) == FORMATS
    for kind in FORMATS:
        shown = run("--format", kind)
        assert shown.exit_code == 0
        assert shown.stderr == ""
        out = tmp_path / kind
        wrote = run("--format", kind, "--out", str(out))
        assert wrote.exit_code == 0
        assert wrote.stdout == f"Đã ghi {out}: 2 bút toán, 4 dòng định khoản.\n"
        assert out.read_bytes() == shown.stdout_bytes
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_json_is_one_document(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "book")
    told = run("--format", "hledger", "--from", "2024-09-02", "--out", out, "--json")
    assert told.exit_code == 0
    assert told.stderr == ""
    assert json.loads(told.stdout) == {
        "entries": 1,
        "postings": 2,
        "format": "hledger",
        "from": "2024-09-02",
        "to": "2024-09-02",
        "out": out,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--format", "gnucash"),
        ("--format", "hledger", "--json"),
        ("--format", "hledger", "--out", "."),
        ("--format", "hledger", "extra"),
    ],
)
def test_called_wrongly_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (("--from", "2024-13-01"), ["from"]),
        (("--from", "x", "--to", "2024-02-30"), ["from", "to"]),
        (("--to", "٢٠٢٤-٠٩-٠١"), ["to"]),
        (("--to", "0001-01-01"), ["to"]),
        (("--from", ""), ["from"]),
        (("--from", "2024-09-02", "--to", "2024-09-01"), ["to"]),
    ],
)
def test_days_that_cannot_be_are_1_with_reasons(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], fields: list[str]
) -> None:
    out = tmp_path / "book"
    result = run("--format", "beancount", *arguments, "--out", str(out), "--json")
    assert [reason["field"] for reason in refused(result)] == fields
    assert list(tmp_path.iterdir()) == [tmp_path / "instance"]
    plain = run("--format", "beancount", *arguments)
    assert plain.exit_code == 1
    assert plain.stdout == ""
    assert fields[0] in plain.stderr


def test_a_file_that_cannot_be_written_is_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "missing" / "book", tmp_path / "file" / "book", tmp_path / ("x" * 300)):
        result = run("--format", "hledger", "--out", str(out), "--json")
        (reason,) = refused(result)
        assert reason["field"] == "out"


def test_what_fails_on_the_way_leaves_the_old_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "book"
    out.write_text("cũ", encoding="utf-8")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fundsvc.export.service.export", full)
    (reason,) = refused(run("--format", "hledger", "--out", str(out), "--json"))
    assert "No space left" in reason["reason"]
    assert out.read_text(encoding="utf-8") == "cũ"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
