"""A message told twice, by a push and a file or by two gateways: booked once, or a conflict."""

import random
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.sms import campaigns, push_views
from fundsvc.sms.models import SmsMessage
from fundsvc.verify import faults
from tests.sms.conftest import Import
from tests.sms.pushed import booked, handle, items, standard
from tests.support import messages, pushes

pytestmark = pytest.mark.usefixtures("with_campaigns", "gateways")


def push(client: FlaskClient, row: dict[str, str]) -> None:
    """Push a message and handle it."""
    pushes.vcom(row).send(client)
    handle()


def by_both(
    by_file: Callable[[], object], by_push: Callable[[], object], *, file_first: bool
) -> None:
    """Let a message come by both ways, in the one order or the other."""
    for bring in (by_file, by_push) if file_first else (by_push, by_file):
        bring()


def test_push_and_file_meet_whichever_comes_first(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    made = messages.make("viettel", 200)
    rows = [row | {"status": "", "amount": ""} for row in made.rows]
    unique = {row["request_id"]: row for row in rows}
    early = random.Random(3).sample(sorted(unique), 90)  # noqa: S311
    for request_id in early:
        pushes.vcom(unique[request_id]).send(client)
    assert set(handle()) == {"handled"}
    before = booked(session)
    report = bring(rows)
    assert (report.refused_count, report.new) == (0, len(unique) - len(early))
    all_booked = booked(session)
    assert all_booked > before
    for row in unique.values():
        pushes.vcom(row).send(client)
    assert set(handle()) == {"handled"}
    assert booked(session) == all_booked
    assert len(items(session)) == len(unique)
    assert not [*faults(session)]


@pytest.mark.parametrize("file_first", [True, False])
def test_clocks_may_differ_by_ten_minutes_and_files_may_say_more(
    file_first: bool, client: FlaskClient, bring: Import, session: Session
) -> None:
    row = messages.one()
    other = messages.one(
        received_at="2026-07-05T08:39:59+07:00", amount="100000", status="ok", msisdn="0912345678"
    )
    by_both(partial(bring, [other]), partial(push, client, row), file_first=file_first)
    assert booked(session) == (1, 100_000)
    assert items(session) == [("handled", None)]


@pytest.mark.parametrize(
    "change", [{"message": "TS 6"}, {"received_at": "2026-07-05T08:41:00+07:00"}]
)
def test_a_push_that_says_otherwise_than_a_file_is_a_conflict(
    change: dict[str, str], client: FlaskClient, bring: Import, session: Session, app: Flask
) -> None:
    bring([messages.one()])
    pushes.vcom(messages.one() | change).send(client)
    pushes.vcom(messages.one(request_id="VI2")).send(client)
    assert handle() == {"conflict": 1, "handled": 1}
    (state, why), _second = items(session)
    assert (state, "nội dung khác" in (why or "")) == ("conflict", True)
    assert booked(session) == (2, 200_000)
    with app.test_request_context():
        told = {item.text: item.count for item in push_views.waiting_pushes(session)}
    assert [*told.values()] == [1, 0, 0]
    assert next(iter(told)) == "tin từ cổng mâu thuẫn với tin đã nhận"


def test_a_file_that_says_otherwise_than_a_push_is_taken_with_an_alarm(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    push(client, messages.one())
    rows = [messages.one(message="TS 6"), messages.one(request_id="VI2")]
    preview = bring(rows, commit=False)
    assert (preview.new, preview.known, preview.refused_count) == (1, 1, 0)
    assert items(session) == [("handled", None)]
    report = bring(rows)
    assert (report.new, report.known, report.refused_count) == (1, 1, 0)
    assert booked(session) == (2, 200_000), "the books stay with what was pushed"
    ((state, why),) = items(session)
    assert (state, "Tệp của nhà mạng" in (why or "")) == ("conflict", True)
    assert not [*faults(session)]


def test_a_file_disputes_a_push_however_the_operator_was_written(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    standard(messages.one(operator="Viet tel")).send(client)
    assert handle() == {"handled": 1}
    bring([messages.one(message="TS 6")])
    assert [state for state, _why in items(session)] == ["conflict"]
    assert not [*faults(session)]


def test_the_same_message_by_two_gateways_is_one(client: FlaskClient, session: Session) -> None:
    row = messages.one(request_id="1")
    pushes.vcom(row).send(client)
    pushes.esms(row).send(client)
    standard(row, message_id="msg_1").send(client)
    standard(row, message_id="msg_2").send(client)
    standard(row | {"message": "TS 9"}, message_id="msg_3").send(client)
    assert handle() == {"handled": 4, "conflict": 1}
    assert booked(session) == (1, 100_000)
    assert not [*faults(session)]


@pytest.mark.parametrize("file_first", [True, False])
def test_one_side_that_says_failed_is_a_conflict(
    file_first: bool, client: FlaskClient, bring: Import, session: Session
) -> None:
    by_file = partial(bring, [messages.one(status="failed")])
    by_both(by_file, partial(push, client, messages.one()), file_first=file_first)
    ((state, _why),) = items(session)
    assert state == "conflict"
    assert booked(session) == ((0, 0) if file_first else (1, 100_000))
    assert not [*faults(session)]


def test_what_waited_is_booked_by_the_day_and_province_it_is_kept_with(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    late = messages.one(message="HD 2", received_at="2026-07-05T23:58:00+07:00")
    push(client, late)
    header = messages.CAMPAIGNS.partition(b"\n")[0]
    row = b"\n1400,HD,units,50000,nghia-tinh,TW,2026-07-01,2026-07-31\n"
    with transaction() as writing:
        campaigns.import_campaigns(writing, header + row, by=None)
    report = bring([late | {"received_at": "2026-07-06T00:02:00+07:00", "province": "2025:44"}])
    assert report.committed
    assert booked(session) == (1, 100_000)
    entry, kept = session.scalars(select(Entry)).one(), session.scalars(select(SmsMessage)).one()
    assert (entry.date, entry.province_id) == (kept.received_on, kept.province_id)
    assert kept.received_on == date(2026, 7, 5)
    assert not [*faults(session)]
