"""The command line: what it lists, how it refuses, and how little it imports to do so."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from fundsvc.cli import EXPORTS, IMPORTS, PLACES, Place, cli
from fundsvc.errors import Reason, Refusal
from ledger.errors import UnbalancedError

HEAVY = ("flask", "sqlalchemy", "weasyprint", "alembic", "marshmallow", "gunicorn")


def test_listing_the_commands_imports_nothing_heavy() -> None:
    check = f"""
import sys
from fundsvc.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", check, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in PLACES)


@pytest.mark.parametrize(
    "name",
    [
        *PLACES,
        *(f"export {name}" for name in EXPORTS),
        *(f"import {name}" for name in IMPORTS),
    ],
)
def test_every_listed_command_is_there_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Cách dùng:" in shown.output


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["db", "nothing"], ["serve", "--port", "0"], ["serve", "--port", "٨"], ["--x"]],
)
def test_a_wrong_call_exits_with_2(words: list[str]) -> None:
    assert CliRunner().invoke(cli, words).exit_code == 2


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "words",
    [
        ["seal"],
        ["statement", "fund", "--fund", "dues", "--from", "2026-01-01", "--to", "2026-12-31"],
    ],
    ids=["application", "driver alone"],
)
def test_rubbish_is_looked_for_again_once_a_program_is_loaded(
    database_url: str, tmp_path: Path, words: list[str]
) -> None:
    check = """
import click, gc
from fundsvc import cli

echo, seen = click.echo, []
def telling(*words, **options):
    seen.append(gc.isenabled() and gc.get_freeze_count() > 0)
    echo(*words, **options)
click.echo = telling
try:
    cli.main()
except SystemExit as end:
    assert not end.code, end.code
assert seen and all(seen), seen
"""
    environment = {
        **os.environ,
        "FUNDSVC_DATABASE_URL": database_url,
        "FUNDSVC_INSTANCE_DIR": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", check, *words], env=environment, check=True)


def test_a_refusal_exits_with_1_and_its_reasons_on_stderr() -> None:
    with pretended(Refusal(Reason("thiếu số tiền", row=3, field="amount"), "khác")):
        told = CliRunner().invoke(cli, ["pretended"])
    assert told.exit_code == 1
    assert told.stdout == ""
    assert told.stderr == "dòng 3, amount: thiếu số tiền\nkhác\n"


def test_a_refusal_with_json_is_one_document_on_stdout() -> None:
    with pretended(Refusal(Reason("thiếu số tiền", row=3, field="amount"))):
        told = CliRunner().invoke(cli, ["pretended", "--json"])
    assert told.exit_code == 1
    assert told.stderr == ""
    assert json.loads(told.stdout) == {
        "refused": [{"row": 3, "field": "amount", "reason": "thiếu số tiền"}]
    }


def test_a_broken_rule_of_the_books_is_told_like_a_refusal() -> None:
    with pretended(UnbalancedError("nghia-tinh", "TW", 5)):
        told = CliRunner().invoke(cli, ["pretended"])
    assert told.exit_code == 1
    assert "nghia-tinh" in told.stderr


def test_a_bad_setting_stops_with_a_sentence_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", "mysql://x")
    told = CliRunner().invoke(cli, ["db", "upgrade"])
    assert told.exit_code == 1
    assert "FUNDSVC_DATABASE_URL" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("base_url", "warned"),
    [
        ("http://192.168.1.10:8000", True),
        ("http://quy.example.vn", True),
        ("https://quy.example.vn", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_serving_without_https_to_others_starts_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, base_url: str, warned: bool
) -> None:
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(tmp_path))
    monkeypatch.setenv("FUNDSVC_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("FUNDSVC_BASE_URL", base_url)
    monkeypatch.setattr("fundsvc.serving._Server.run", lambda _server: None)
    told = CliRunner().invoke(cli, ["serve"])
    assert told.exit_code == 0, told.output
    assert ("không được bảo vệ" in told.stderr) == warned
    assert base_url in told.stdout


def test_a_command_of_a_slice_stays_as_it_is() -> None:
    from fundsvc.workbench.commands import auto

    before = (auto.callback, list(auto.params))
    assert CliRunner().invoke(cli, ["reconcile", "auto", "--help"]).exit_code == 0
    assert (auto.callback, auto.params) == before


def test_the_longest_push_by_get_comes_through_the_server() -> None:
    from gunicorn.config import Config

    from fundsvc import serving

    config = Config()
    config.set("limit_request_line", serving.LONGEST_LINE)
    # 160 Vietnamese letters of a long message, each three bytes and so nine characters, five times.
    assert config.limit_request_line >= 160 * 9 * 5
    assert serving.LONGEST_LINE <= 8190, "gunicorn itself takes no more"


def test_a_database_without_schema_is_told_by_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(tmp_path))
    told = CliRunner().invoke(cli, ["verify"])
    assert told.exit_code == 1
    assert "fundsvc db upgrade" in told.stderr


@contextmanager
def pretended(error: Exception) -> Iterator[None]:
    """Have a command `pretended` that raises an error."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def pretend(*, as_json: bool) -> None:
        del as_json
        raise error

    module = ModuleType("pretended")
    module.pretend = pretend  # type: ignore[attr-defined]
    cli.places["pretended"] = Place("pretended:pretend", "", within_app=False)
    sys.modules["pretended"] = module
    try:
        yield
    finally:
        del sys.modules["pretended"]
        del cli.places["pretended"]
