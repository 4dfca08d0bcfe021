"""The commands of seals, and the check that an auditor makes without the service."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from fundsvc.cli import cli
from fundsvc.config import Settings
from ledger import check
from tests.support import gifts

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the test's database."""
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("FUNDSVC_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("FUNDSVC_DATA_KEY", settings.data_key)
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(settings.instance_dir))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    return call


def three_seals(run: Any) -> None:
    """Give three times, each sealed by itself."""
    for amount in (100_000, 200_000, 300_000):
        gifts.give(amount=amount)
        run("seal")


def test_sealing_tells_what_it_did_and_does_nothing_twice(run: Any, clock: object) -> None:
    assert "Chưa có bút toán" in run("seal").output
    gifts.give()
    first = json.loads(run("seal", "--json").output)
    assert (first["seals"], first["entries"], first["unsealed"]) == (1, 1, 0)
    again = json.loads(run("seal", "--json").output)
    assert (again["seals"], again["sealed_through"]) == (0, first["sealed_through"])
    assert first["sealed_through"]["head"] in run("seal").output


def test_an_auditor_checks_heads_and_proof_alone(run: Any, clock: object, tmp_path: Path) -> None:
    """`ledger/check.py` and `ledger/seals.py` in a folder of their own are all it takes."""
    three_seals(run)
    entry = gifts.give(amount=400_000).entry_id
    assert run("proof", str(entry)).exit_code == 1, "not sealed yet"
    run("seal")
    heads, proof = tmp_path / "heads.csv", tmp_path / "proof.json"
    assert run("heads", "--out", str(heads)).exit_code == 0
    proof.write_text(run("proof", str(entry)).stdout, encoding="utf-8")
    alone = tmp_path / "ledger"
    alone.mkdir()
    for name in ("seals.py", "check.py"):
        (alone / name).write_bytes((ROOT / "ledger" / name).read_bytes())
    rows = list(csv.DictReader(heads.read_text(encoding="utf-8-sig").splitlines()))
    published = f"2:{rows[1]['head'][:16]}"
    command = [sys.executable, "-m", "ledger.check", str(heads), "--proof", str(proof)]
    done = subprocess.run(
        [*command, "--published", published], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 niêm phong nối liền nhau, 1 bằng chứng, 1 mã đã công bố" in done.stdout
    told = [line.strip() for line in done.stdout.splitlines()]
    assert told[0] == "Được chứng minh:", "it says what is proved, each value under its name"
    assert f"bút toán số: {entry}" in told
    assert {"chứng từ: không ghi", "số tệp: 0", "số dòng định khoản: 2"} <= set(told)
    assert any(line.startswith("diễn giải: Thu tiền mặt ủng hộ") for line in told)
    posting = "dòng 1; tài khoản 111; loại asset; dòng báo cáo không ghi; quỹ nghia-tinh;"
    assert f"{posting} đơn vị TW; Nợ 400000; Có 0" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("6:400000,", "6:900000,", "không băm ra mã lá"),
        ('"place": 0', '"place": 1', "không dẫn tới gốc"),
        ('"number": 4', '"number": 3', "không có trong danh sách"),
    ],
)
def test_a_proof_that_was_touched_is_refuted(
    run: Any, clock: object, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str,
    told: str,
) -> None:  # fmt: skip
    three_seals(run)
    entry = gifts.give(amount=400_000).entry_id
    run("seal")
    heads, proof = tmp_path / "heads.csv", tmp_path / "proof.json"
    run("heads", "--out", str(heads))
    text = run("proof", str(entry)).stdout
    assert old in text
    proof.write_text(text.replace(old, new), encoding="utf-8")
    assert check.main([str(heads), "--proof", str(proof)]) == 1
    assert told in capsys.readouterr().out


def test_a_list_of_heads_that_was_touched_is_refuted(
    run: Any, clock: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_seals(run)
    heads = tmp_path / "heads.csv"
    run("heads", "--out", str(heads))
    lines = heads.read_text(encoding="utf-8").splitlines(keepends=True)
    heads.write_text("".join([*lines[:2], *lines[3:]]), encoding="utf-8")
    assert check.main([str(heads)]) == 1
    assert "thiếu niêm phong số 2" in capsys.readouterr().out
    heads.write_text("".join(lines).replace("200000", "250000"), encoding="utf-8")
    assert check.main([str(heads)]) == 1
    assert "không bằng mã" in capsys.readouterr().out
    heads.write_text("".join(lines), encoding="utf-8")
    assert check.main([str(heads), "--published", "2:0000000000000000"]) == 1
    assert check.main([str(tmp_path / "none.csv")]) == 1
    for nothing in ("2:", "2:d", "x:" + "0" * 16):
        assert check.main([str(heads), "--published", nothing]) == 1


def test_a_list_that_proves_nothing_is_refused(
    run: Any, clock: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_seals(run)
    heads = tmp_path / "heads.csv"
    run("heads", "--out", str(heads))
    lines = heads.read_text(encoding="utf-8").splitlines(keepends=True)
    refused = {
        "thiếu cột seal": [],
        "không có niêm phong nào": lines[:1],
        "thiếu cột root": [line.replace("root", "top", 1) for line in lines],
        "niêm phong số 2 đứng hai lần": [*lines[:3], *lines[2:]],
    }
    for why, kept in refused.items():
        heads.write_text("".join(kept), encoding="utf-8")
        assert check.main([str(heads)]) == 1
        told = capsys.readouterr()
        assert (why in told.err, told.out) == (True, "")
        done = run("verify", "--heads", str(heads))
        assert (done.exit_code, why in done.stderr) == (2, True)


def test_a_list_that_begins_later_says_what_it_does_not_prove(
    run: Any, clock: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_seals(run)
    heads = tmp_path / "heads.csv"
    run("heads", "--after", "1", "--out", str(heads))
    assert check.main([str(heads)]) == 0
    told = capsys.readouterr().out
    assert "từ niêm phong số 2; phần trước không kiểm được từ tệp này" in told
    assert run("verify", "--heads", str(heads)).exit_code == 0
    run("heads", "--out", str(heads))
    assert check.main([str(heads)]) == 0
    assert "phần trước" not in capsys.readouterr().out


def test_verify_compares_heads_kept_earlier(run: Any, clock: object, tmp_path: Path) -> None:
    gifts.give()
    run("seal")
    heads = tmp_path / "heads.csv"
    run("heads", "--out", str(heads))
    assert run("verify", "--heads", str(heads)).exit_code == 0
    wrong = run("verify", "--head", "1:0123456789abcdef", "--json")
    assert wrong.exit_code == 1
    assert [fault["place"] for fault in json.loads(wrong.stdout)["faults"]] == ["seal:1"]
    assert run("verify", "--head", "one").exit_code == 2
    heads.write_text("no,list\n1,2\n", encoding="utf-8")
    assert run("verify", "--heads", str(heads)).exit_code == 2


def test_the_worker_seals_what_waits(run: Any, clock: object) -> None:
    gifts.give()
    assert run("worker", "--once").exit_code == 0
    told = json.loads(run("seal", "--json").output)
    assert (told["seals"], told["sealed_through"]["seal"]) == (0, 1)


@pytest.mark.parametrize("proof", ["[" * 100_000, "[]", '{"entry": 1}', "nothing", '{"seal": 5}'])
def test_a_proof_that_is_none_is_told_without_a_crash(
    run: Any, clock: object, tmp_path: Path, proof: str
) -> None:
    gifts.give()
    run("seal")
    heads, file = tmp_path / "heads.csv", tmp_path / "proof.json"
    run("heads", "--out", str(heads))
    file.write_text(proof, encoding="utf-8")
    assert check.main([str(heads), "--proof", str(file)]) == 1
    heads.write_text("seal,head\n1," + "a" * 200_000, encoding="utf-8")
    assert check.main([str(heads)]) == 1
    assert run("verify", "--heads", str(heads)).exit_code == 2
    assert run("verify", "--head", "9" * 30 + ":" + "ab" * 8).exit_code == 2


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_one_round_of_work_without_a_schema_says_so(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite")
    told = run("worker", "--once")
    assert told.exit_code == 1
    assert "fundsvc db upgrade" in told.stderr
