"""The commands of periods, as scripts and people call them."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.cli import cli
from tests.periods.conftest import Give


@pytest.fixture(autouse=True)
def _own_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the commands on the test's own database."""
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)


def call(*words: str, code: int = 0) -> Result:
    told = CliRunner().invoke(cli, ["period", *words])
    assert told.exit_code == code, (told.output, told.exception)
    return told


def document(*words: str, code: int = 0) -> Any:
    return json.loads(call(*words, "--json", code=code).stdout)


def test_a_month_is_closed_listed_and_opened_again_by_two(give: Give) -> None:
    give(date(2024, 9, 2))
    looked = document("close", "2024-09", "--unit", "TW", "--dry-run")
    assert looked["would_close"] == ["2024-09"]
    done = document("close", "2024-09", "--unit", "TW", "--by", "lan")
    assert (done["new"], done["closed"][0]["entries"]) == (True, 1)
    assert document("close", "09/2024", "--unit", "TW")["new"] is False
    (row,) = document("list", "--year", "2024")["periods"]
    assert (row["unit"], row["month"], row["state"]) == ("TW", "2024-09", "closed")
    assert row["closed_by"] == "Lan"
    assert "09/2024  TW" in call("list", "--year", "2024", "--unit", "TW").stdout
    where = ("2024-09", "--unit", "TW")
    asked = document("reopen", *where, "--reason", "Sót phiếu thu", "--by", "lan")
    assert (asked["state"], asked["months"]) == ("asked", ["2024-09"])
    refused = call("reopen", *where, "--confirm", "--by", "lan", code=1)
    assert "Chỉ người duyệt" in refused.stderr
    assert document("reopen", *where, "--confirm", "--by", "hoa")["state"] == "confirmed"
    (row,) = document("list", "--year", "2024")["periods"]
    assert row["state"] == "open"
    call("reopen", *where, "--confirm", "--by", "hoa", code=1)


def test_all_units_are_closed_each_by_itself(give: Give) -> None:
    give(date(2024, 9, 2))
    give(date(2024, 8, 2), unit="HT-44")
    give(date(2024, 9, 3), unit="HT-44")
    told = document("close", "2024-09", code=1)["units"]
    assert [facts["unit"] for facts in told] == ["TW", "HT-44"]
    assert told[0]["new"]
    assert "Còn tháng 08/2024" in told[1]["refused"][0]["reason"]
    told = document("close", "2024-09", "--through")["units"]
    assert [len(facts["closed"]) for facts in told] == [0, 2]
    spoken = call("close", "2024-09", "--unit", "HT-44").stdout
    assert "đã khóa sổ từ trước" in spoken


def test_what_makes_no_sense_is_refused_or_called_wrong(give: Give) -> None:
    give(date(2024, 9, 2))
    call("close", "2024-13", code=1)
    call("close", "2024-09", "--unit", "XX", code=1)
    call("close", "2024-09", "--by", "nobody", code=1)
    call("close", "2024-09", "--by", "kiem", "--unit", "TW", code=1)
    call("close", "2024-10", "--unit", "TW", code=1)
    call("reopen", "2024-09", "--unit", "TW", "--by", "lan", code=2)
    call("reopen", "2024-09", "--unit", "TW", "--by", "lan", "--withdraw", code=1)
    call("list", "--year", "1", code=2)
    call("list", "--unit", "XX", code=1)


def test_a_request_is_withdrawn_or_refused(give: Give) -> None:
    give(date(2024, 9, 2))
    call("close", "2024-09", "--unit", "TW")
    where = ("2024-09", "--unit", "TW", "--by")
    for act, who, said in (("--withdraw", "lan", "Đã rút"), ("--refuse", "hoa", "Đã từ chối")):
        call("reopen", *where, "lan", "--reason", "x")
        assert said in call("reopen", *where, who, act).stdout
