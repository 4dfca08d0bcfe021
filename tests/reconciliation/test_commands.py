"""The commands of the bank, as scripts and people call them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.cli import cli

DATA = Path(__file__).parents[1] / "data" / "bank"
ADD = ("bank-account", "add", "VTB", "--bank", "VietinBank", "--number", "1028 7400",
       "--fund", "nghia-tinh", "--unit", "TW")  # fmt: skip


@pytest.fixture(autouse=True)
def _own_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the commands on the test's own database."""
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)


def call(*words: str | Path, code: int = 0) -> Result:
    told = CliRunner().invoke(cli, [str(word) for word in words])
    assert told.exit_code == code, (told.output, told.exception)
    return told


def document(*words: str | Path, code: int = 0) -> Any:
    return json.loads(call(*words, "--json", code=code).stdout)


def test_a_file_goes_from_preview_to_the_books() -> None:
    assert document(*ADD)["account"] == "112.VTB"
    file = DATA / "vietinbank-2024-09.csv"
    expected = {
        "lines": 3000,
        "new": 3000,
        "known": 0,
        "refused": [],
        "sum_in": 1_916_755_826,
        "sum_out": 0,
        "first": "2024-09-10",
        "last": "2024-09-11",
        "committed": False,
        "opening": None,
        "closing": None,
        "breaks": [],
    }
    preview = document("import", "bank", file, "--account", "VTB")
    assert preview | expected == preview
    done = document("import", "bank", file, "--account", "VTB", "--commit")
    assert done | expected | {"committed": True} == done
    again = document("import", "bank", file, "--account", "vtb", "--commit")
    assert (again["lines"], again["new"], again["known"]) == (3000, 0, 3000)
    [account] = document("bank-account", "list")["accounts"]
    assert (account["balance"], account["lines"]) == (1_916_755_826, 3000)
    assert "1.916.755.826 đ" in call("bank-account", "list").stdout


def test_people_are_told_in_sentences() -> None:
    call(*ADD)
    said = call("import", "bank", DATA / "agribank-2024-09.csv", "--account", "VTB").stdout
    assert "Tiền vào 1.747.963.098 đ" in said
    assert "Số dư đầu kỳ 24.700 đ, cuối kỳ 1.747.987.798 đ." in said
    assert "Xem trước: 3.000 dòng mới" in said


def test_a_refused_file_ends_with_1_and_its_reasons(tmp_path: Path) -> None:
    call(*(word.replace("VietinBank", "Vietcombank") for word in ADD))
    file = tmp_path / "bad.csv"
    good = (DATA / "vietcombank-2024-09.csv").read_bytes().splitlines()
    file.write_bytes(b"\r\n".join([*good[:3], b"1,02/09/2024,1,,50000,,x", b""]))
    for commit in ((), ("--commit",)):
        report = document("import", "bank", file, "--account", "VTB", *commit, code=1)
        assert report["committed"] is False
        assert [(row["row"], row["field"]) for row in report["refused"]] == [(4, "Credit")]
    told = call("import", "bank", file, "--account", "VTB", "--commit", code=1)
    assert "1.000.000" in told.output
    assert document("bank-account", "list")["accounts"][0]["lines"] == 0


def test_what_is_not_there_or_not_known_is_refused(tmp_path: Path) -> None:
    file = DATA / "agribank-2024-09.csv"
    assert document("import", "bank", file, "--account", "XX", code=1)["refused"]
    call(*ADD)
    wrong = ("import", "bank", file, "--account", "VTB", "--format", "nobank")
    assert document(*wrong, code=1)["refused"][0]["field"] == "format"
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert document("import", "bank", empty, "--account", "VTB", code=1)["refused"]
    call("import", "bank", tmp_path / "none.csv", "--account", "VTB", code=2)
    other = ("import", "bank", DATA / "vietcombank-2024-09.csv", "--account", "VTB")
    assert "Vietcombank" in document(*other, code=1)["refused"][0]["reason"]
    assert document(*other, "--format", "vietcombank")["new"] == 3000
    call(*ADD[:2], "V!", *ADD[3:], code=1)
