"""The commands as scripts call them: JSON on stdout, reasons, exit codes."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.cli import cli
from fundsvc.db import read_session, transaction
from fundsvc.periods.checklist import Span, items
from fundsvc.units import service as units
from fundsvc.vouchers import templates
from tests.vouchers.conftest import PAID, Desk

Run = Callable[..., Result]
CREATE = (
    "voucher", "create", "--kind", "cash-out", "--unit", "TW", "--fund", "nghia-tinh",
    "--date", "2024-09-10", "--party", "Trần Thị Hường", "--description", "Quà 27/7",
    "--line", "6112=3.000.000", "--line", "642=200.000", "--by", "lan",
)  # fmt: skip


@pytest.fixture
def run(app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own database."""
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)
    return lambda *arguments: CliRunner().invoke(cli, arguments)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 1, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["refused"]
    return found


def test_a_voucher_goes_its_way_by_commands(run: Run, tmp_path: Path) -> None:
    made = told(run(*CREATE, "--key", "k1", "--json"))
    assert (made["state"], made["amount"], made["version"]) == ("draft", 3_200_000, 1)
    assert told(run(*CREATE, "--key", "k1", "--json")) == made
    number = str(made["voucher"])
    invoice = tmp_path / "hóa đơn.pdf"
    invoice.write_bytes(b"%PDF-1.7")
    assert (
        told(run("voucher", "attach", number, str(invoice), "--by", "lan", "--json"))["files"] == 1
    )
    told(run("voucher", "submit", number, "--by", "lan", "--json"))
    back = run("voucher", "return", number, "--reason", "Sai", "--by", "hung", "--json")
    assert told(back)["state"] == "draft"
    told(run("voucher", "submit", number, "--by", "lan", "--version", "3", "--json"))
    (reason,) = refused(run("voucher", "approve", number, "--by", "lan", "--json"))
    assert reason["field"] == "by"
    done = told(run("voucher", "approve", number, "--post", "--by", "hung", "--json"))
    assert (done["state"], done["number"]) == ("posted", "PC-2024-000001")
    (reason,) = refused(run("voucher", "post", number, "--by", "lan", "--json"))
    assert "đã ghi sổ với số PC-2024-000001" in reason["reason"]
    wrote = run("voucher", "pdf", number, "--out", str(tmp_path / "phieu.pdf"))
    assert wrote.exit_code == 0, wrote.output
    assert (tmp_path / "phieu.pdf").read_bytes().startswith(b"%PDF")
    listed = told(run("voucher", "list", "--kind", "cash-out", "--state", "posted", "--json"))
    assert [row["number"] for row in listed["vouchers"]] == ["PC-2024-000001"]
    gone = run("voucher", "reverse", number, "--reason", "Nhầm", "--by", "lan", "--json")
    assert told(gone)["reversed"] is True
    assert "PC-2024-000001" in run("voucher", "list").stdout


def test_journals_and_transfers_are_written_by_options(run: Run) -> None:
    common = (
        "voucher",
        "create",
        "--unit",
        "TW",
        "--fund",
        "dues",
        "--description",
        "Mượn",
        "--by",
    )
    lines = ("--debit", "138=500", "--credit", "3388=500", "--debit", "138=700@base/HUE",
             "--credit", "3388=700@base/HUE")  # fmt: skip
    journal = told(run(*common, "lan", "--kind", "journal", *lines, "--json"))
    assert journal["amount"] == 1_200
    assert told(run("voucher", "submit", str(journal["voucher"]), "--by", "lan", "--json"))
    (reason,) = refused(run(*common, "lan", "--kind", "journal", "--debit", "136=500",
                            "--credit", "138=500", "--json"))  # fmt: skip
    assert (reason["field"], reason["row"]) == ("line_account", 1)
    assert "hãy lập Giấy chuyển quỹ, kèm số nghị quyết" in reason["reason"]
    moved = ("--to-unit", "HUE", "--amount", "1.000", "--resolution", "12/NQ",
             "--resolution-on", "2024-09-05")  # fmt: skip
    transfer = told(run(*common, "lan", "--kind", "transfer", *moved, "--json"))
    assert (transfer["kind"], transfer["amount"]) == ("transfer", 1_000)
    gone = told(run("voucher", "discard", str(transfer["voucher"]), "--by", "mai", "--json"))
    assert gone["state"] == "discarded"


def test_a_key_that_is_chosen_stands_in_no_templates_way(run: Run, desk: Desk) -> None:
    with transaction() as session:
        template = templates.add(session, "Lương", 25, PAID, by=desk.people.maker)
    made = told(run(*CREATE, "--key", f"template:{template}:2024-09", "--json"))
    with transaction() as session:
        assert [each.template_id for each in templates.due(session, date(2024, 9, 30))] == [
            template
        ]
        number = templates.draft_from(session, template, date(2024, 9, 1), by=desk.people.maker)
    assert number != made["voucher"]


def test_what_cannot_be_read_is_told_with_its_place(run: Run) -> None:
    for more, field in (
        (("--line", "6112"), "lines"),
        (("--line", "=5"), "lines"),
        (("--line", "6112=5@dues"), "lines"),
        (("--line", "6112=1_000"), "lines"),
        (("--date", "2024-02-30"), "date"),
        (("--key", "ê"), "key"),
        (("--by", "khong-ai"), "by"),
        (("--by", "tuan"), "by"),
    ):
        assert refused(run(*CREATE, *more, "--json"))[0]["field"] == field, more
    for option in ("--kind", "--state"):
        assert refused(run("voucher", "list", option, "x", "--json"))[0]["field"] == option[2:]
    assert run("voucher", "submit", "99", "--by", "lan").exit_code == 1
    assert run("voucher", "submit", "1_0", "--by", "lan").exit_code == 2


def test_what_is_not_in_the_books_is_told_before_a_month_is_closed(app: Flask, desk: Desk) -> None:
    desk.draft(date=date(2024, 9, 10))
    desk.submitted(date=date(2024, 9, 11))
    desk.posted(date=date(2024, 9, 12))
    desk.draft(date=date(2024, 8, 31))
    with transaction() as session:
        templates.add(session, "Lương", 25, PAID, by=desk.people.maker)
    session = read_session()
    session.rollback()
    waits = {"vouchers-waiting": 1, "vouchers-draft": 1, "voucher-templates": 1}
    for code, count in (("TW", waits), ("HUE", {})):
        unit = units.by_code(session, code)
        span = Span(unit.id, unit.code, date(2024, 9, 1), date(2024, 9, 30))
        found = {item.code: item.count for item in items(session, span)}
        assert {key: value for key, value in found.items() if "voucher" in key} == count
