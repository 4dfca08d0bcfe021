"""The commands of settlements: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.settlements import commands
from tests.settlements.conftest import as_csv, reported

pytestmark = pytest.mark.usefixtures("given")


def run(tmp_path: Path, row: dict[str, str], *options: str) -> Result:
    path = tmp_path / "quyet-toan.csv"
    path.write_bytes(as_csv(row))
    arguments = [str(path), *options]
    return CliRunner().invoke(commands.import_settlement, arguments, catch_exceptions=False)


def test_from_file_to_list(app: Flask, tmp_path: Path) -> None:
    empty = CliRunner().invoke(commands.list_settlements, [], catch_exceptions=False)
    assert "import settlement" in empty.stdout
    preview = json.loads(run(tmp_path, reported(), "--json").stdout)
    assert (preview["committed"], preview["new"]) == (False, 1)
    assert set(preview) >= {
        "lines", "new", "known", "refused", "sum_in", "sum_out", "first", "last", "committed",
        "settlements",
    }  # fmt: skip
    done = run(tmp_path, reported(), "--commit", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, preview | {"committed": True})
    listed = CliRunner().invoke(commands.list_settlements, ["--json"], catch_exceptions=False)
    (row,) = json.loads(listed.stdout)["settlements"]
    assert (row["difference"], row["remaining"]) == ({"messages": -1, "gross": -60_000}, 360_000)
    told = CliRunner().invoke(commands.list_settlements, [], catch_exceptions=False).stdout
    assert "MobiFone" in told


def test_people_read_the_difference_and_refusals_end_with_1(app: Flask, tmp_path: Path) -> None:
    said = run(tmp_path, reported()).stdout
    assert "Hội ghi nhận 4 tin, 360.000 đ" in said
    assert "chênh lệch −1 tin, −60.000 đ" in said
    refused = run(tmp_path, reported(net="1"), "--commit")
    assert (refused.exit_code, "Dòng 2, net" in refused.stdout) == (1, True)
    assert run(tmp_path, reported(), "--commit").exit_code == 0
    other = reported(bank_reference="DS")
    assert run(tmp_path, other, "--commit").exit_code == 1
    assert run(tmp_path, other, "--commit", "--replace").exit_code == 0
