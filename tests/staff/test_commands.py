"""Commands about people who may sign in."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from fundsvc.cli import cli
from fundsvc.config import Settings
from tests.staff.helpers import PASSWORD, is_signed_in, sign_in


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("FUNDSVC_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("FUNDSVC_DATA_KEY", settings.data_key)
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(settings.instance_dir))


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["user", *arguments], input=typed)


def test_adds_somebody_who_can_sign_in(client: FlaskClient) -> None:
    done = run("add", "hoa", "--role", "treasurer", "--password-stdin", typed=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert sign_in(client, "hoa").status_code == 302


def test_asks_for_the_password_twice(client: FlaskClient) -> None:
    done = run("add", "hoa", "--role", "auditor", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert sign_in(client, "hoa").status_code == 302


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--role", "king"), "Không có vai trò “king”"),
        (("--role", "unit-treasurer"), "cần ít nhất một đơn vị"),
        (("--role", "unit-treasurer", "--unit", "NO"), "Không có đơn vị “NO”"),
        (("--role", "unit-treasurer", "--unit", "\udcff"), "Không có đơn vị"),
        (("--role", "treasurer", "--unit", "TW"), "Chỉ thủ quỹ đơn vị"),
        (
            ("--role", "unit-treasurer", "--role", "auditor", "--unit", "TW"),
            "không kiêm được vai trò thủ quỹ",
        ),
        (("--role", "treasurer", "--email", "\udcff@x.vn"), "Có ký tự không đọc được"),
    ],
)
def test_refuses_with_the_reason_and_exit_code_1(arguments: tuple[str, ...], told: str) -> None:
    done = run("add", "hoa", *arguments, "--password-stdin", typed=f"{PASSWORD}\n")
    assert done.exit_code == 1
    assert told in done.stderr
    assert json.loads(run("list", "--json").stdout) == {"users": []}
    told_json = run("add", "hoa", *arguments, "--password-stdin", "--json", typed=f"{PASSWORD}\n")
    assert told_json.exit_code == 1
    assert told in json.loads(told_json.stdout)["refused"][0]["reason"]


@pytest.mark.parametrize("name", ["add", "list", "disable", "enable", "password"])
def test_explains_itself_in_vietnamese(name: str) -> None:
    told = run(name, "--help").stdout
    assert "In một tài liệu JSON." in told
    assert "sign in" not in told


def test_called_wrongly_is_exit_code_2() -> None:
    assert run("add", "hoa").exit_code == 2


def test_lists_disables_and_renews(client: FlaskClient) -> None:
    run(
        *("add", "hoa", "--role", "unit-treasurer", "--unit", "TW", "--full-name", "Lê Thị Hoa"),
        "--password-stdin",
        typed=f"{PASSWORD}\n",
    )
    assert json.loads(run("list", "--json").stdout)["users"] == [
        {
            "number": 1,
            "user": "hoa",
            "name": "Lê Thị Hoa",
            "email": "",
            "roles": ["unit-treasurer"],
            "units": ["TW"],
            "active": True,
            "second_factor": False,
        }
    ]
    sign_in(client, "hoa")
    assert run("disable", "hoa").exit_code == 0
    assert not is_signed_in(client)
    assert "không còn vào được" in run("list").stdout
    assert run("enable", "hoa").exit_code == 0
    new = "một câu khác hẳn"
    assert run("password", "hoa", "--password-stdin", typed=f"{new}\n").exit_code == 0
    assert sign_in(client, "hoa", new).status_code == 302
    assert run("drop-second-factor", "hoa").exit_code == 0
    assert run("disable", "nobody").exit_code == 1


def test_a_program_of_its_own_loads_what_it_needs() -> None:
    """In this process all models are loaded; in a command only those it asks for."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fundsvc.cli", "user", "add", "hoa"),
            *("--role", "unit-treasurer", "--unit", "TW", "--password-stdin", "--json"),
        ],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"user": "hoa", "roles": ["unit-treasurer"], "units": ["TW"]}
