"""A message that comes again: known, or refused with another content; never booked twice."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.sms import batches
from fundsvc.sms.models import SmsTotal
from tests.sms.conftest import Import
from tests.sms.standing import balance, clean, count, state
from tests.support import messages


def test_the_same_file_again_adds_nothing(bring: Import, session: Session) -> None:
    data = messages.make("viettel", 300).csv()
    first = bring(data)
    stored = state(session)
    for _ in range(2):
        again = bring(data)
        assert (again.new, again.known, again.committed) == (0, first.lines, True)
        assert again.by_campaign == first.by_campaign
        assert state(session) == stored


@pytest.mark.parametrize("chunks", [1, 60])
def test_overlapping_files_add_only_what_is_new(
    bring: Import, session: Session, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNKS", chunks)
    monkeypatch.setattr("fundsvc.sms.reader.CHUNK", 100)
    made = messages.make("viettel", 900)
    rows, new = made.rows, 0
    rows.sort(key=lambda row: row["msisdn"][::-1])
    for part in (rows[:400], rows[200:700], rows[650:]):
        report = bring(part)
        assert report.committed
        new += report.new
    assert new == len(rows) - made.repeated
    query = select(SmsTotal.status, func.sum(SmsTotal.messages)).group_by(SmsTotal.status)
    totals = {status: int(number) for status, number in session.execute(query)}
    assert totals == {
        "booked": made.messages.total(),
        "failed": made.failed,
        "unknown": made.unknown,
    }
    assert -balance(session, "7111", "base") == made.gross["1409", "NTTS"]
    assert clean(session)


@pytest.mark.parametrize(
    "change",
    [
        {"message": "TS 6"},
        {"msisdn": "84912345679"},
        {"received_at": "2026-07-05T08:30:01+07:00"},
        {"amount": "100000"},
        {"status": "failed"},
        {"province": "2025:44"},
        {"short_code": "1405"},
    ],
)
def test_the_same_id_with_another_content_is_refused(
    bring: Import, session: Session, change: dict[str, str]
) -> None:
    names = (*messages.NAMES, "province")

    def file(*rows: dict[str, str]) -> bytes:
        return messages.Messages(rows=list(rows)).csv(names)

    good = messages.one(province="")
    other = messages.one(province="") | change
    within = bring(file(good, other))
    assert [(row.row, row.field) for row in within.refused] == [(3, "request_id")]
    assert bring(file(good)).new == 1
    stored = state(session)
    for commit in (False, True):
        later = bring(file(messages.one(request_id="VI2", province=""), other), commit=commit)
        assert [(row.row, row.field) for row in later.refused] == [(3, "request_id")]
        assert (later.new, later.known) == (1, 0)
        assert state(session) == stored


def test_the_same_id_of_two_operators_is_two_messages(bring: Import, session: Session) -> None:
    report = bring([messages.one(), messages.one(operator="mobifone", message="TS 2")])
    assert (report.new, report.gross) == (2, 140_000)
    assert clean(session)


def test_a_message_spelt_otherwise_but_equal_is_known(bring: Import) -> None:
    bring([messages.one(amount="100000")])
    again = bring(
        [
            messages.one(
                operator="VIETTEL",
                msisdn="+84912345678",
                received_at="2026-07-05T01:30:00Z",
                amount="0100000",
                status="ok",
            )
        ]
    )
    assert (again.new, again.known, again.refused_count) == (0, 1, 0)


def test_two_imports_at_once_book_each_message_once(
    app: Flask, bring: Import, session: Session
) -> None:
    made = messages.make("viettel", 800)
    data, reports, troubles = made.csv(), [], []
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        try:
            with app.app_context():
                reports.append(bring(data))
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            troubles.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert sorted(report.new for report in reports) == [0, 0, len(made.rows) - made.repeated]
    assert count(session, Entry) == [made.messages.total()]
