"""`fundsvc statement fund` as a script calls it: exit codes, stdout, files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.statements.commands import group
from tests.statements import worked

SEPTEMBER = ("fund", "--fund", "nghia-tinh", "--from", "2024-09-01", "--to", "2024-09-30")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, [*SEPTEMBER, *arguments])


def test_text_by_default(app: Flask, example: worked.Example) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.startswith("BÁO CÁO THU CHI QUỸ\n")
    assert "12.370.000" in result.stdout


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_json_is_one_document(app: Flask, example: worked.Example) -> None:
    for way in (("--json",), ("--format", "json"), ("--format", "json", "--json")):
        result = run(*way)
        assert result.exit_code == 0
        assert json.loads(result.stdout)["closing"] == 12_370_000
        assert result.stderr == ""


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_format_goes_to_a_file(app: Flask, example: worked.Example, tmp_path: Path) -> None:
    begins = {"json": b"{", "csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF", "html": b"<!"}
    for kind, beginning in begins.items():
        out = tmp_path / f"statement.{kind}"
        result = run("--province", "2025:44", "--format", kind, "--out", str(out), "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["province"] == "2025:44"
        assert out.read_bytes().startswith(beginning)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--province", "2025:44", "--unit", "TW"),
        ("--json", "--format", "pdf"),
        ("--format", "doc"),
        ("--provinces", "later"),
    ],
)
def test_called_wrongly_is_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_written_is_1(app: Flask, tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "missing" / "statement.txt"))
    assert result.exit_code == 1
    assert result.stdout == ""
