"""Messages become entries: to the đồng, once, all or none, on both engines."""

import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.evidence import service as evidence
from fundsvc.seals.service import files_of
from fundsvc.secrecy import open_phone, phone_hash
from fundsvc.sms import batches, campaigns, service
from fundsvc.sms.models import SmsDay, SmsFile, SmsMessage
from fundsvc.units.models import Unit
from tests.sms.conftest import Import
from tests.sms.standing import balance, clean, state
from tests.support import messages, periods

MAKE = Path(__file__).parents[3] / "shared" / "samples" / "make_sms.py"


@pytest.mark.parametrize("seed", [1, 2])
def test_files_come_to_what_they_were_made_of(bring: Import, session: Session, seed: int) -> None:
    expected_funds = {"nghia-tinh": 0, "base": 0}
    for operator, size in (("viettel", 700), ("gmobile", 200)):
        made = messages.make(operator, size, seed)
        report = bring(made.csv(bom=operator == "gmobile"))
        assert report.committed
        assert {(c.short_code, c.keyword): c.messages for c in report.by_campaign} == made.messages
        assert {(c.short_code, c.keyword): c.gross for c in report.by_campaign} == made.gross
        assert (report.failed, report.unknown_keyword) == (made.failed, made.unknown)
        assert (report.lines, report.known) == (len(made.rows), made.repeated)
        assert report.new == len(made.rows) - made.repeated
        nghia_tinh = made.gross["1400", "TS"] + made.gross["1405", "TRUONGSON"]
        assert balance(session, f"138.{operator}", "nghia-tinh") == nghia_tinh
        assert balance(session, f"138.{operator}", "base") == made.gross["1409", "NTTS"]
        expected_funds["nghia-tinh"] += nghia_tinh
        expected_funds["base"] += made.gross["1409", "NTTS"]
    for fund, gross in expected_funds.items():
        assert balance(session, "7111", fund) == -gross
    assert clean(session)


@pytest.mark.skipif(not MAKE.exists(), reason="the shared samples are not beside the repository")
@pytest.mark.parametrize("seed", [1400, 7])
def test_the_shared_samples_come_to_their_expected_sums(
    app: Flask, session: Session, tmp_path: Path, seed: int
) -> None:
    size = ["--messages", "5000", "--seed", str(seed)]
    subprocess.run([sys.executable, MAKE, tmp_path, *size], check=True)
    expected = json.loads((tmp_path / "expected.json").read_text())
    with transaction() as writing:
        campaigns.import_campaigns(writing, (tmp_path / "campaigns.csv").read_bytes(), by=None)
    reports = []
    for path in sorted(tmp_path.glob("sms-*.csv")):
        with path.open("rb") as stream, transaction() as writing:
            reports.append(
                service.import_sms(writing, stream, name=path.name, commit=True, by=None)
            )
    by_campaign = [found.as_json() for report in reports for found in report.by_campaign]
    assert by_campaign == expected["by_campaign"]
    assert sum(report.messages for report in reports) == expected["messages"]
    assert sum(report.gross for report in reports) == expected["gross"]
    assert sum(report.known for report in reports) == expected["repeated"]
    assert sum(report.unknown_keyword for report in reports) == expected["unknown_keyword"]
    assert balance(session, "7111", "nghia-tinh") == -expected["gross"]
    assert clean(session)


def test_a_preview_changes_nothing_and_tells_what_a_commit_does(
    bring: Import, session: Session
) -> None:
    data = messages.make("viettel", 300).csv()
    before = state(session)
    preview = bring(data, commit=False)
    assert state(session) == before
    done = bring(data)
    assert preview.as_json() | {"committed": True} == done.as_json()


@pytest.mark.parametrize("chunks", [1, 60])
def test_a_row_that_cannot_be_read_refuses_the_whole_file(
    bring: Import, session: Session, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNKS", chunks)
    monkeypatch.setattr("fundsvc.sms.reader.CHUNK", 50)
    rows = messages.make("viettel", 300).rows
    rows[250]["amount"] = "1.5"
    before = state(session)
    for commit in (False, True):
        report = bring(rows, commit=commit)
        assert [(row.row, row.field) for row in report.refused] == [(252, "amount")]
        assert (report.refused_count, report.committed) == (1, False)
        assert report.lines == len(rows) == report.new + report.known + 1
        assert state(session) == before


def test_failed_and_unknown_are_kept_but_not_booked(bring: Import, session: Session) -> None:
    rows = messages.several(
        messages.one(status="failed"),
        messages.one(message="XX 5", amount="100000"),
        messages.one(message="TS 0"),
        messages.one(message='TS 5 \\n "tặng"\t, các bác\r\nTrường Sơn'),
        messages.one(message=""),
    )
    report = bring(list(rows))
    assert (report.messages, report.gross) == (1, 100_000)
    assert (report.failed, report.unknown_keyword) == (1, 3)
    assert report.parked == {"no-keyword": 2, "out-of-range": 1}
    assert state(session)[:3] == [1, 2, 5]
    kept = session.scalars(select(SmsMessage.message).order_by(SmsMessage.row)).all()
    assert kept == ["TS 5", "XX 5", "TS 0", 'TS 5 \\n "tặng"\t, các bác\r\nTrường Sơn', ""]


def test_what_waited_is_booked_when_its_campaign_is_there(
    app: Flask, bring: Import, session: Session
) -> None:
    rows = messages.several(
        messages.one(message="HD 2"), messages.one(), messages.one(message="HD 5", status="failed")
    )
    data = messages.Messages(rows=list(rows)).csv()
    assert bring(data).unknown_keyword == 1
    header = messages.CAMPAIGNS.partition(b"\n")[0]
    with transaction() as writing:
        campaigns.import_campaigns(
            writing,
            header + b"\n1400,HD,units,50000,nghia-tinh,TW,2026-07-01,2026-07-31\n",
            by=None,
        )
    assert bring(data, commit=False).new == 1
    again = bring(data)
    assert (again.new, again.known, again.unknown_keyword) == (1, 2, 0)
    assert (again.messages, again.gross) == (2, 200_000)
    assert balance(session, "138.viettel", "nghia-tinh") == 200_000
    assert bring(data).new == 0
    assert clean(session)


def test_an_entry_tells_what_was_booked(bring: Import, session: Session) -> None:
    names = (*messages.NAMES, "province")
    row = messages.one(province="2025:44", received_at="2026-07-31T18:00:00Z", request_id="A-1")
    bring(messages.Messages(rows=[row]).csv(names))
    found = session.scalars(select(Entry)).one()
    assert (found.source, found.external_id, found.kind) == ("sms:viettel", "A-1", "sms")
    entry = books.read_entry(session, found.id)
    assert (str(entry.date), entry.province, entry.unit) == ("2026-08-01", "2025:44", "TW")
    assert entry.description == "Tin nhắn TS gửi 1400"
    assert [(p.account, p.fund, p.debit, p.credit) for p in entry.postings] == [
        ("138.viettel", "nghia-tinh", 100_000, 0),
        ("7111", "nghia-tinh", 0, 100_000),
    ]


def test_the_file_is_kept(bring: Import, session: Session) -> None:
    data = messages.make("viettel", 20).csv()
    bring(data)
    file = session.scalars(select(SmsFile)).one()
    assert evidence.read(file.sha256) == data
    assert file.name == "tin-nhan.csv"


def test_every_entry_is_sealed_with_the_file_it_came_from(bring: Import, session: Session) -> None:
    given = messages.make("viettel", 20)
    bring(given.csv())
    sha256 = session.scalars(select(SmsFile.sha256)).one()
    entries = set(session.scalars(select(Entry.id)))
    assert entries
    assert files_of(session, min(entries), max(entries)) == dict.fromkeys(entries, sha256)


def test_a_closed_month_refuses_the_file(bring: Import, session: Session) -> None:
    centre = session.scalars(select(Unit.id).where(Unit.code == "TW")).one()
    session.rollback()
    with transaction() as writing:
        month = date(2026, 7, 1)
        writing.add(periods.closed(centre, month))
    before = state(session)
    for commit in (False, True):
        with pytest.raises(Refusal):
            bring([messages.one()], commit=commit)
        assert state(session) == before
    assert bring([messages.one(received_at="2026-08-05 08:00:00")]).new == 1


def test_an_unknown_format_is_refused(app: Flask) -> None:
    with transaction() as session, pytest.raises(Refusal) as refusal:
        service.import_sms(session, io.BytesIO(b""), name="x", format="xlsx", commit=True, by=None)
    assert refusal.value.reasons[0].field == "format"


def test_no_number_stands_in_the_database(bring: Import, session: Session) -> None:
    bring([messages.one(), messages.one(request_id="VI2", msisdn="0912345678")])
    kept = session.scalars(select(SmsMessage).order_by(SmsMessage.request_id)).all()
    assert len({(row.phone_hash, row.phone_sealed) for row in kept}) == 1
    assert kept[0].phone_hash == phone_hash("84912345678")
    assert open_phone(kept[0].phone_hash, kept[0].phone_sealed) == "84912345678"
    for row in kept:
        assert "912345678" not in repr(vars(row))


def test_days_are_counted_as_messages_come(bring: Import, session: Session) -> None:
    bring(
        list(
            messages.several(
                messages.one(),
                messages.one(message="TS 2"),
                messages.one(message="XX"),
                messages.one(status="failed"),
                messages.one(received_at="2026-07-06 00:00:00"),
            )
        )
    )
    bring([messages.one(request_id="VI9"), messages.one()])
    days = session.scalars(select(SmsDay).order_by(SmsDay.received_on)).all()
    assert [(str(day.received_on), day.messages, day.gross) for day in days] == [
        ("2026-07-05", 3, 240_000),
        ("2026-07-06", 1, 100_000),
    ]
    assert clean(session)


def test_a_message_of_tomorrow_is_refused(bring: Import, session: Session) -> None:
    before = state(session)
    report = bring(
        [messages.one(), messages.one(request_id="V2", received_at="2026-10-02 00:00:00")]
    )
    assert [(row.row, row.field) for row in report.refused] == [(3, "received_at")]
    assert not report.committed
    assert state(session) == before
