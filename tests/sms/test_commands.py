"""The commands of SMS donations: what they print, and how they end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.sms import commands, service
from tests.support import messages

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, tmp_path: Path) -> Run:
    """Run a command with a file as its argument."""

    def call(command: str, data: bytes | None, *options: str) -> Result:
        arguments = list(options)
        if data is not None:
            path = tmp_path / "tep.csv"
            path.write_bytes(data)
            arguments.insert(0, str(path))
        return CliRunner().invoke(COMMANDS[command], arguments, catch_exceptions=False)

    return call


COMMANDS = {
    "campaign import": commands.import_file,
    "campaign list": commands.list_campaigns,
    "import sms": commands.import_sms,
}


def test_from_campaigns_to_books(run: Run) -> None:
    empty = run("campaign list", None)
    assert (empty.exit_code, "campaign import" in empty.stdout) == (0, True)
    taken = run("campaign import", messages.CAMPAIGNS, "--json")
    assert (taken.exit_code, json.loads(taken.stdout)["new"]) == (0, 3)
    made = messages.make("viettel", 50)
    preview = json.loads(run("import sms", made.csv(), "--json").stdout)
    assert (preview["committed"], preview["new"]) == (False, len(made.rows) - made.repeated)
    done = run("import sms", made.csv(), "--commit", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0
    assert found == preview | {"committed": True}
    assert set(found) >= {
        "lines", "new", "known", "refused", "sum_in", "sum_out", "first", "last", "committed",
        "messages", "gross", "failed", "unknown_keyword", "by_campaign",
    }  # fmt: skip
    assert found["gross"] == found["sum_in"] == made.gross.total()
    assert set(found["by_campaign"][0]) == {
        "operator", "short_code", "keyword", "messages", "gross",
    }  # fmt: skip
    listed = json.loads(run("campaign list", None, "--json").stdout)["campaigns"]
    assert sum(campaign["gross"] for campaign in listed) == made.gross.total()
    assert "TRUONGSON" in run("campaign list", None).stdout


def test_people_read_what_was_done(run: Run) -> None:
    run("campaign import", messages.CAMPAIGNS)
    rows = messages.several(
        messages.one(), messages.one(status="failed"), messages.one(message="TS 0")
    )
    data = messages.Messages(rows=list(rows)).csv()
    assert "chưa ghi sổ" in run("import sms", data).stdout
    done = run("import sms", data, "--commit").stdout
    assert "100.000 đ" in done
    assert "số lượng ngoài mức cho phép" in done
    assert "Đã nhận 3 tin nhắn mới" in done


@pytest.mark.parametrize("commit", [[], ["--commit"]])
def test_a_refused_file_ends_with_1_and_reasons(run: Run, commit: list[str]) -> None:
    run("campaign import", messages.CAMPAIGNS)
    data = messages.Messages(rows=[messages.one(amount="1.5")]).csv()
    told = run("import sms", data, *commit, "--json")
    found = json.loads(told.stdout)
    assert (told.exit_code, found["committed"]) == (1, False)
    assert found["refused"][0] | {"reason": ""} == {"row": 2, "field": "amount", "reason": ""}
    assert "Dòng 2, amount" in run("import sms", data, *commit).stdout


def test_a_refused_file_of_campaigns_ends_with_1(run: Run) -> None:
    told = run("campaign import", messages.CAMPAIGNS.replace(b"units", b"double"))
    assert (told.exit_code, "Dòng 2, grammar" in told.stdout) == (1, True)


def test_a_long_file_shows_its_progress(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PROGRESS_FROM_BYTES", 1)
    told = run("import sms", messages.make("viettel", 30).csv())
    assert "dòng/giây" in told.stderr


def test_a_long_file_that_is_wrong_in_itself_is_refused_before_anybody_waits(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is the one of the import, and no write is begun."""
    run("campaign import", messages.CAMPAIGNS)
    long = messages.make("viettel", 30)
    rows = [row for row in long.rows if row["request_id"] not in {"", None}]
    rows[20] = rows[20] | {"amount": "2O000"}
    data = messages.Messages(rows=rows).csv()
    told = json.loads(run("import sms", data, "--json").stdout)
    monkeypatch.setattr(commands, "PROGRESS_FROM_BYTES", 1)
    monkeypatch.setattr(service, "import_sms", None)
    early = run("import sms", data, "--commit", "--json")
    found = json.loads(early.stdout)
    assert early.exit_code == 1
    assert [(row["row"], row["field"]) for row in found["refused"]] == [(22, "amount")]
    same = set(found) - {"new", "known", "messages", "gross", "failed", "by_campaign"}
    assert {name: found[name] for name in same} == {name: told[name] for name in same}
