"""What `docs/seals.md` says is enough to recompute every seal and commitment without our code."""

import hmac
import io
import re
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from fundsvc.clock import VN, fixed
from fundsvc.config import Settings
from fundsvc.db import read_session, transaction
from fundsvc.seals.service import seal_new
from fundsvc.sms import campaigns, service
from tests.seals.mutations import make_books
from tests.support import gifts, messages

SCRIPT = Path(__file__).with_name("recompute.py")
ROOT = SCRIPT.parents[2]


@pytest.fixture
def file(app: Flask, clock: object, settings: Settings) -> Path:
    """Sealed books with donors, papers, a reversal, a province, and messages from a file."""
    make_books()
    gifts.give(province="2025:44")
    data = messages.make("viettel", 30).csv()
    later = datetime(2026, 9, 30, 9, 0, tzinfo=VN)
    with fixed(later), transaction() as session:
        campaigns.import_campaigns(session, messages.CAMPAIGNS, by=None)
        report = service.import_sms(
            session, io.BytesIO(data), name="tin-nhan.csv", commit=True, by=None
        )
    assert report.new
    seal_new()
    read_session().rollback()
    return Path(settings.database_url.removeprefix("sqlite:///"))


def recompute(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(file)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_seal_is_recomputed_from_the_tables_alone(file: Path) -> None:
    done = recompute(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "every seal" in done.stdout
    assert not re.search(r"^(?:import|from) (?:fundsvc|ledger)", SCRIPT.read_text(), re.MULTILINE)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_was_touched_is_found_by_it_too(file: Path) -> None:
    books = sqlite3.connect(file)
    books.execute("DROP TRIGGER entry_no_update")
    books.execute("UPDATE entry SET description = 'Việc khác' WHERE id = 3")
    books.commit()
    books.close()
    done = recompute(file)
    assert (done.returncode, done.stdout) == (1, "seal 1: its entries are not what was sealed\n")


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_donor_is_committed_to_as_told(file: Path) -> None:
    """HMAC-SHA-256 under the salt, of name, kind, source and key, each with its length."""
    books = sqlite3.connect(file)
    rows = books.execute("""
        SELECT donor.salt, donor.name, donor.kind, entry.source, entry.external_id, commitment
        FROM entry_donor JOIN entry ON entry.id = entry_donor.entry_id
            JOIN donation ON donation.entry_id = entry.id JOIN donor ON donor.id = donor_id
    """).fetchall()
    books.close()
    assert rows
    for salt, *facts, commitment in rows:
        told = ("fundsvc-donor-1", *facts)
        text = "".join(f"{len(value.encode())}:{value}," for value in told)
        assert hmac.new(salt.encode(), text.encode(), "sha256").hexdigest() == commitment


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_description_names_every_table_that_is_read(file: Path) -> None:
    told = (ROOT / "docs" / "seals.md").read_text(encoding="utf-8")
    for table in ("entry", "posting", "account", "fund", "unit", "province", "entry_evidence",
                  "entry_donor", "sms_message", "sms_file", "bank_line", "seal", "donor",
                  "staff_user"):  # fmt: skip
        assert f"`{table}" in told
