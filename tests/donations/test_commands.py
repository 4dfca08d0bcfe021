"""The commands as scripts call them: JSON on stdout, reasons, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.cli import cli

Run = Callable[..., Result]
RECORD = (
    "donation", "record", "--unit", "TW", "--fund", "nghia-tinh", "--amount", "1.200.000",
    "--date", "2024-09-10",
)  # fmt: skip


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own database."""
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)
    return lambda *arguments: CliRunner().invoke(cli, arguments)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.usefixtures("clock")
def test_record_issue_verify_void(run: Run, tmp_path: Path) -> None:
    donor = ("--donor", "Nguyễn Thị Hường", "--province", "2025:44", "--purpose", "nhà")
    given = told(run(*RECORD, *donor, "--key", "k1", "--json"))
    assert (given["amount"], given["new"], given["receipt"]) == (1_200_000, True, None)
    again = told(run(*RECORD, *donor, "--key", "k1", "--json"))
    assert (again["donation"], again["new"]) == (given["donation"], False)
    issued = told(run("receipt", "issue", str(given["donation"]), "--json"))
    number, code = issued["number"], issued["code"]
    assert number == "NT-2024-000001"
    assert issued["address"] == f"http://localhost/v/{number}?c={code}"
    for name, mark in (("a.pdf", ()), ("b.pdf", ("--copy",))):
        wrote = run("receipt", "pdf", number, "--out", str(tmp_path / name), *mark)
        assert wrote.exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(b"%PDF")
    assert (tmp_path / "a.pdf").read_bytes() != (tmp_path / "b.pdf").read_bytes()
    assert told(run("receipt", "verify", number, code, "--json"))["state"] == "valid"
    voided = told(run("receipt", "void", number, "--reason", "ghi sai", "--json"))
    assert (voided["state"], voided["void_reason"]) == ("voided", "ghi sai")
    assert told(run("receipt", "verify", number, code, "--json"))["state"] == "voided"
    newer = told(run("receipt", "issue", str(given["donation"]), "--json"))
    assert newer["replaces"] == number
    verdict = told(run("receipt", "verify", number, code, "--json"))
    assert verdict["replaced_by"] == newer["number"]


@pytest.mark.usefixtures("clock")
def test_what_was_booked_is_taken_back(run: Run) -> None:
    dated = ("--date", "2024-09-10", "--amount", "1.000", "--json")
    given = told(run(*RECORD, "--json"))["donation"]
    dues = ("dues", "record", "--unit", "TW", "--fund", "dues", "--month", "2024-09")
    total = told(run(*dues, *dated))["total"]
    spend = ("payment", "record", "--unit", "TW", "--fund", "dues", "--line", "admin")
    payment = told(run(*spend, "--payee", "A", "--purpose", "x", *dated))["payment"]
    blocked = run("dues", "reverse", str(total), "--reason", "Nhầm")
    assert blocked.exit_code == 1
    assert "thiếu 1.000 đ" in blocked.stderr
    for group, name, number in (
        ("payment", "payment", payment),
        ("dues", "total", total),
        ("donation", "donation", given),
    ):
        undo = (group, "reverse", str(number), "--reason", "Nhầm", "--date", "2024-09-10")
        first = told(run(*undo, "--json"))
        assert (first[name], first["new"], first["reason"]) == (number, True, "Nhầm")
        assert first["date"] == "2024-09-10"
        again = told(run(*undo[:-2], "--json"))
        assert again == first | {"new": False}
        assert "từ trước" in run(*undo).stdout
        for wrong, place in (
            ((group, "reverse", str(number), "--reason", "Khác"), None),
            ((group, "reverse", "999", "--reason", "Nhầm"), name),
            ((*undo[:-1], "10.9.2024"), "date"),
            ((group, "reverse", str(number), "--reason", " "), "reason"),
        ):
            refused = run(*wrong, "--json")
            assert refused.exit_code == 1
            assert json.loads(refused.stdout)["refused"][0]["field"] == place, wrong
        assert run(group, "reverse", str(number)).exit_code == 2
        assert run(group, "reverse", "0", "--reason", "x").exit_code == 2


@pytest.mark.usefixtures("clock")
def test_record_with_receipt_twice_is_one_receipt(run: Run) -> None:
    first = told(run(*RECORD, "--key", "k1", "--receipt", "--json"))
    second = told(run(*RECORD, "--key", "k1", "--receipt", "--json"))
    assert first["receipt"] == second["receipt"] == "NT-2024-000001"
    assert "NT-2024-000001" in run(*RECORD, "--key", "k1", "--receipt").stdout


@pytest.mark.usefixtures("clock")
def test_refusals_exit_1_with_reasons(run: Run) -> None:
    told(run(*RECORD, "--key", "k1", "--receipt", "--json"))
    for arguments, place in (
        ((*RECORD, "--key", "k1", "--note", "khác"), None),
        ((*RECORD, "--date", "2024-10-01"), "received_on"),
        ((*RECORD, "--date", "10.9.2024"), "date"),
        ((*RECORD, "--amount", "1,000"), "amount"),
        ((*RECORD, "--amount", "0"), "amount"),
        ((*RECORD, "--fund", "x"), "fund"),
        ((*RECORD, "--unit", "x"), "unit"),
        ((*RECORD, "--province", "44"), "province"),
        ((*RECORD, "--key", "a b"), "key"),
        (("receipt", "issue", "1"), None),
        (("receipt", "issue", "99"), "donation"),
        (("receipt", "void", "NT-2024-000009", "--reason", "x"), "number"),
        (("receipt", "void", "NT-2024-000001", "--reason", " "), "reason"),
    ):
        plain = run(*arguments)
        assert plain.exit_code == 1, arguments
        assert plain.stderr
        assert not plain.stdout
        as_json = run(*arguments, "--json")
        assert as_json.exit_code == 1
        assert json.loads(as_json.stdout)["refused"][0]["field"] == place, arguments
    unknown = run("receipt", "verify", "NT-2024-000001", "AAAA", "--json")
    assert unknown.exit_code == 1
    assert json.loads(unknown.stdout)["state"] == "unknown"
    assert run("receipt", "pdf", "NT-2024-000009", "--out", "x.pdf").exit_code == 1


@pytest.mark.usefixtures("clock")
def test_called_wrongly_exits_2(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("donation", "record"),
        (*RECORD, "--address", "ở đâu đó"),
        ("receipt", "issue", "x"),
        ("receipt", "issue", "9223372036854775808"),
        ("receipt", "pdf", "NT-2024-000001"),
        ("receipt", "verify", "NT-2024-000001"),
    ):
        assert run(*arguments).exit_code == 2, arguments


@pytest.mark.usefixtures("clock")
def test_a_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    told(run(*RECORD, "--receipt", "--json"))
    missing = str(tmp_path / "no" / "such" / "folder.pdf")
    result = run("receipt", "pdf", "NT-2024-000001", "--out", missing)
    assert result.exit_code == 1
    assert missing in result.stderr
