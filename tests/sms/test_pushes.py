"""Pushes from the wire to the books: answered in the gateway's words, and booked once."""

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import db, transaction
from fundsvc.errors import Refusal
from fundsvc.inbox import door
from fundsvc.inbox.models import Gateway, InboxItem
from fundsvc.sms import campaigns, handling, push_commands, push_views, senders, service
from fundsvc.sms.models import SmsMessage, SmsTotal
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from tests import corpus
from tests.sms.conftest import Import
from tests.support import forms, messages, periods, pushes

pytestmark = pytest.mark.usefixtures("with_campaigns", "gateways")


@pytest.fixture
def gateways(app: Flask) -> None:
    """A gateway of each form."""
    with transaction() as session:
        senders.add(session, "vcom", "vcom", [pushes.KEY], operator=None, client_id="demo", by=None)
        senders.add(
            session, "esms", "esms", [pushes.KEY], operator="viettel", client_id="demo", by=None
        )
        senders.add(session, "standard", "standard", [pushes.WHSEC], operator=None, by=None)


def standard(row: dict[str, str], **facts: Any) -> pushes.Made:
    """Push a row after the specification, sent now."""
    return pushes.standard(row, clock.now(), **facts)


def handle() -> dict[str, int]:
    """Handle what waits."""
    return dict(handling.handle())


def items(session: Session) -> list[tuple[str, str | None]]:
    """Return state and reason of each item, in the order they came."""
    session.rollback()
    rows = session.execute(select(InboxItem.state, InboxItem.why).order_by(InboxItem.id))
    return [(state, why) for state, why in rows]


def booked(session: Session) -> tuple[int, int]:
    """Return how many messages are booked, and for how much by the books."""
    session.rollback()
    count = session.scalar(select(func.count(Entry.id)))
    return count or 0, -books.balance(session, account="7111", fund="nghia-tinh", unit="TW")


MAKE: dict[str, Callable[..., pushes.Made]] = {
    "vcom": pushes.vcom,
    "esms": pushes.esms,
    "standard": standard,
}


@pytest.mark.parametrize("form", MAKE)
def test_from_the_push_to_the_books(form: str, client: FlaskClient, session: Session) -> None:
    first = MAKE[form](messages.one()).send(client)
    assert first.status_code == 200
    assert "Set-Cookie" not in first.headers
    assert booked(session) == (0, 0), "nothing is booked within the request"
    assert handle() == {"handled": 1}
    assert booked(session) == (1, 100_000)
    entry = session.scalars(select(Entry)).one()
    number = "1" if form == "esms" else "VI1"
    assert (entry.source, entry.external_id) == ("sms:viettel", number)
    assert entry.date == date(2026, 7, 5)
    assert MAKE[form](messages.one()).send(client).status_code == 200
    assert handle() == {}
    assert booked(session) == (1, 100_000)
    assert not [*faults(session)]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_push_is_answered_while_a_file_is_booked(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    with db.engine.connect() as other:
        importing = other.execution_options(fundsvc_writes=True)
        with importing.begin():
            first, again = (pushes.vcom(messages.one()).send(client) for _time in range(2))
            assert (first.status_code, first.get_json()["data"]["code"]) == (200, 200)
            assert (again.status_code, again.get_json()["data"]["code"]) == (200, 104)
    assert handle() == {"handled": 1}
    assert booked(session) == (1, 100_000)
    assert not [*faults(session)]


def test_v_com_is_answered_with_its_codes(client: FlaskClient, session: Session) -> None:
    def code(made: pushes.Made) -> tuple[int, int]:
        answer = made.send(client)
        return answer.status_code, answer.get_json()["data"]["code"]

    row = messages.one()
    assert code(pushes.vcom(row)) == (200, 200)
    assert code(pushes.vcom(row)) == (200, 104)
    assert code(pushes.vcom(row, type="recovery")) == (200, 104)
    assert code(pushes.vcom(row, message="TS 50")) == (200, 104)
    assert code(pushes.vcom(row, key="wrong")) == (401, 106)
    assert code(pushes.vcom(row, checksum="")) == (401, 106)
    assert items(session) == [
        ("waiting", None),
        ("conflict", "Cùng mã với lần nhận trước nhưng nội dung khác."),
    ]
    assert handle() == {"handled": 1}
    assert booked(session) == (1, 100_000)


def test_a_resend_of_one_that_we_lack_is_booked(client: FlaskClient, session: Session) -> None:
    old = clock.now() - timedelta(days=60)
    made = pushes.vcom(messages.one(received_at=old.isoformat()), type="recovery")
    assert made.send(client).get_json() == {"data": {"code": 200}}
    handle()
    assert booked(session) == (1, 100_000)


def test_bad_input_is_refused_and_keeps_nothing(client: FlaskClient, session: Session) -> None:
    row = messages.one()
    far = clock.now() + timedelta(minutes=6)
    late = clock.now() - timedelta(minutes=6)
    large = b"x" * (door.LARGEST + 1)
    refused = [
        (pushes.vcom(row, key="wrong"), 401),
        (pushes.esms(row, key="wrong"), 401),
        (standard(row, secrets=("whsec_" + "QUJD" * 8,)), 401),
        (pushes.vcom(row, time=int(far.timestamp())), 400),
        (pushes.standard(row, far), 400),
        (pushes.standard(row, late), 400),
        (standard(row, body=large), 413),
        (pushes.Made("vcom", "POST", large, {"Content-Type": "application/json"}), 413),
        (pushes.Made("vcom", "POST", b"x=1", {"Content-Type": "text/plain"}), 400),
        (pushes.Made("vcom", "POST", b"", {}), 400),
        (pushes.Made("vcom", "POST", corpus.nested_json(30_000), {}), 400),
        (pushes.Made("vcom", "GET", b"a=b", {}), 405),
        (pushes.Made("nobody", "POST", b"{}", {}), 404),
    ]
    for made, status in refused:
        answer = made.send(client)
        assert answer.status_code == status, (made.gateway, made.body[:60], answer.text[:200])
    assert items(session) == []


@pytest.mark.parametrize("over", [0, 1, 100_000])
def test_a_stream_of_unknown_length_is_cut_off(client: FlaskClient, over: int) -> None:
    answer = client.post(
        "/webhooks/sms/vcom",
        input_stream=io.BytesIO(b"x" * (door.LARGEST + over)),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == (413 if over else 400)


def test_a_form_is_read_as_the_bytes_it_is(client: FlaskClient) -> None:
    made = pushes.esms(messages.one())
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert pushes.Made("esms", "POST", made.body, form).send(client).status_code == 200
    vcom = pushes.vcom(messages.one())
    assert pushes.Made("vcom", "POST", vcom.body, form).send(client).status_code == 200


@pytest.mark.parametrize("form", MAKE)
def test_the_corpus_breaks_nothing_and_books_nothing_wrong(
    form: str, client: FlaskClient, session: Session
) -> None:
    names = {
        "vcom": ("phone", "service_id", "message", "telco", "time", "client_id", "type"),
        "esms": ("sender", "serviceNumber", "content", "receiverTime", "keyword"),
        "standard": ("operator", "msisdn", "short_code", "received_at", "amount", "status"),
    }[form]
    faulty, number = [], 0
    texts = [text for text in corpus.TEXTS if len(text) < 1_000]
    for value in (*texts, *corpus.NEVER_AMOUNTS[1:], *corpus.NEVER_DAYS):
        if len(value) > 1_000:
            continue
        for name in names:
            number += 1
            row = messages.one(request_id=f"C{number}")
            changed = {name: value}
            made = standard(row | changed) if form == "standard" else MAKE[form](row, **changed)
            status = made.send(client).status_code
            if status >= 500:
                faulty.append((name, value[:30], status))
    assert faulty == []
    handle()
    sums = session.execute(select(SmsMessage.amount, func.count()).group_by(SmsMessage.amount))
    assert {amount for amount, _count in sums} <= {None, 100_000}
    assert not [*faults(session)]


def test_secrets_are_replaced_without_losing_a_push(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", -1.0)
    new = "whsec_" + "QUJDREVG" * 4
    rows = list(messages.several(*[messages.one()] * 4))
    assert standard(rows[0], secrets=(new,)).send(client).status_code == 401
    with transaction() as session:
        senders.add(session, "standard", "standard", [new], operator=None, by=None)
    assert standard(rows[0], secrets=(new,)).send(client).status_code == 200
    assert standard(rows[1]).send(client).status_code == 200
    assert standard(rows[2], secrets=(pushes.WHSEC, new)).send(client).status_code == 200
    runner = CliRunner()
    told = json.loads(runner.invoke(push_commands.list_gateways, ["--json"]).stdout)
    (number, _) = [
        secret["number"]
        for gateway in told["gateways"]
        for secret in gateway["secrets"]
        if gateway["gateway"] == "standard"
    ]
    assert runner.invoke(push_commands.retire_secret, ["standard", str(number)]).exit_code == 0
    assert standard(rows[3]).send(client).status_code == 401
    assert standard(rows[3], secrets=(new,)).send(client).status_code == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "V-COM"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"form_name": "soap"}, "form"),
        ({"form_name": "esms"}, "operator"),
        ({"operator": "viettel"}, "operator"),
        ({"form_name": "esms", "operator": "mobi"}, "operator"),
        ({"form_name": "standard"}, "client_id"),
        ({"form_name": "standard", "client_id": None}, "secret"),
        ({"client_id": None}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"form_name": "esms", "operator": "viettel", "client_id": None}, "client_id"),
        ({"secrets": [""]}, "secret"),
    ],
)
def test_a_gateway_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    facts: dict[str, Any] = {
        "name": "khac",
        "form_name": "vcom",
        "secrets": ["s"],
        "operator": None,
        "client_id": "demo",
    }
    facts |= changed
    with pytest.raises(Refusal) as caught, transaction() as session:
        senders.add(session, **facts, by=None)
    assert caught.value.reasons[0].field == field


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
    steps: list[Callable[[], object]] = [
        lambda: bring([other]),
        lambda: (pushes.vcom(row).send(client), handle()),
    ]
    for step in steps if file_first else reversed(steps):
        step()
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
    pushes.vcom(messages.one()).send(client)
    handle()
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


def test_what_no_campaign_explains_is_kept_and_booked_later(
    client: FlaskClient, session: Session
) -> None:
    pushes.vcom(messages.one(message="HD 2")).send(client)
    assert handle() == {"handled": 1}
    kept = session.scalars(select(SmsMessage)).one()
    assert (kept.status, kept.why) == ("unknown", "no-keyword")
    header = messages.CAMPAIGNS.partition(b"\n")[0]
    row = b"\n1400,HD,units,50000,nghia-tinh,TW,2026-07-01,2026-07-31\n"
    with transaction() as writing:
        campaigns.import_campaigns(writing, header + row, by=None)
    told = CliRunner().invoke(push_commands.handle, ["--unknown", "--json"])
    assert json.loads(told.stdout) == {"handled": 1, "parked": 0, "conflict": 0}
    assert booked(session) == (1, 100_000)
    totals = session.execute(select(SmsTotal.status, SmsTotal.messages).order_by(SmsTotal.status))
    assert [(status, count) for status, count in totals] == [("booked", 1), ("unknown", 0)]
    assert not [*faults(session)]


def test_what_waited_is_booked_by_the_day_and_province_it_is_kept_with(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    late = messages.one(message="HD 2", received_at="2026-07-05T23:58:00+07:00")
    pushes.vcom(late).send(client)
    handle()
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


@pytest.mark.parametrize("file_first", [True, False])
def test_one_side_that_says_failed_is_a_conflict(
    file_first: bool, client: FlaskClient, bring: Import, session: Session
) -> None:
    steps: list[Callable[[], object]] = [
        lambda: bring([messages.one(status="failed")]),
        lambda: (pushes.vcom(messages.one()).send(client), handle()),
    ]
    for step in steps if file_first else reversed(steps):
        step()
    ((state, _why),) = items(session)
    assert state == "conflict"
    assert booked(session) == ((0, 0) if file_first else (1, 100_000))
    assert not [*faults(session)]


def test_one_that_cannot_be_booked_is_set_aside_and_the_others_go_on(
    client: FlaskClient, session: Session
) -> None:
    with transaction() as writing:
        centre = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        writing.add(periods.closed(centre, date(2026, 7, 1)))
    august = "2026-08-05T08:00:00+07:00"
    rows = [
        messages.one(received_at=august),
        messages.one(),
        messages.one(received_at=august, operator="GT"),
        messages.one(received_at=august, msisdn="tám bốn"),
        messages.one(received_at=august, message="TS 5\0"),
        messages.one(received_at=august, message="TS 2"),
        messages.one(received_at=august, short_code="xyz"),
    ]
    for number, row in enumerate(messages.several(*rows)):
        made = standard(row) if number == 3 else pushes.vcom(row)  # V-COM's phones are checked.
        assert made.send(client).status_code == 200
    assert handle() == {"handled": 2, "parked": 5}
    assert booked(session) == (2, 140_000)
    reasons = [why or "" for state, why in items(session) if state == "parked"]
    assert len(reasons) == 5
    assert "đã khóa" in reasons[0]
    assert "Không có nhà mạng này" in reasons[1]
    assert "Số điện thoại" in reasons[2]
    # The month was closed by hand, so that fault is the test's own.
    assert {fault.rule for fault in faults(session)} == {"closed-period"}


def test_a_person_sees_what_was_set_aside_and_tries_it_again(
    client: FlaskClient, session: Session, signed_in: Callable[..., FlaskClient]
) -> None:
    with transaction() as writing:
        centre = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        month = periods.closed(centre, date(2026, 7, 1))
        writing.add(month)
    pushes.vcom(messages.one(message="TS 5 <b>")).send(client)
    pushes.vcom(messages.one(message="TS 6")).send(client)
    handle()
    treasurer = signed_in("treasurer")
    page = treasurer.get("/sms/pushes").text
    assert "TS 5 &lt;b&gt;" in page
    assert "84912345678" not in page
    assert "0912***678" in page
    assert "lần trước: TS 5" in page
    assert pushes.KEY not in page
    numbers = list(session.scalars(select(InboxItem.id).order_by(InboxItem.id)))
    session.rollback()
    auditor = signed_in("auditor")
    assert "Thử ghi sổ lại" not in auditor.get("/sms/pushes").text
    assert (
        forms.send(auditor, "/settings", f"/sms/pushes/{numbers[0]}", act="retry").status_code
        == 403
    )
    answer = forms.send(treasurer, "/sms/pushes", f"/sms/pushes/{numbers[0]}", act="retry")
    assert answer.status_code == 303
    assert handle() == {"parked": 1}
    leave = forms.send(treasurer, "/sms/pushes", f"/sms/pushes/{numbers[1]}", act="leave")
    assert leave.status_code == 303
    again = forms.send(treasurer, "/sms/pushes", f"/sms/pushes/{numbers[1]}", act="leave")
    assert again.status_code == 404
    assert [state for state, _why in items(session)] == ["parked", "handled"]
    assert client.get("/sms/pushes").status_code == 302
    assert signed_in("unit-treasurer", ["TW"]).get("/sms/pushes").status_code == 403


def test_pages_of_pushes_turn(client: FlaskClient, signed_in: Callable[..., FlaskClient]) -> None:
    for number in range(55):
        pushes.vcom(messages.one(request_id=f"P{number}", operator="GT")).send(client)
    assert handle() == {"parked": 55}
    browser = signed_in("treasurer")
    page = browser.get("/sms/pushes").text
    assert "P54" in page
    assert "P4<" not in page
    older = page.partition('rel="next" href="')[2].partition('"')[0]
    assert "P4<" in browser.get(older).text


def test_a_lost_message_is_a_fault(client: FlaskClient, session: Session) -> None:
    pushes.vcom(messages.one()).send(client)
    handle()
    with transaction() as writing:
        item = writing.scalars(select(InboxItem)).one()
        item.led_to = "viettel:GONE"
    assert {fault.rule for fault in faults(session)} == {"sms-push"}


def test_an_item_that_does_not_open_holds_up_no_other(
    client: FlaskClient, session: Session
) -> None:
    pushes.vcom(messages.one()).send(client)
    with transaction() as writing:
        writing.add(
            InboxItem(
                source="sms:vcom",
                external_id="damaged",
                digest="d",
                body=b"no seal",
                received_at=datetime(2026, 7, 1, tzinfo=UTC),
                state="waiting",
            )
        )
    assert handle() == {"handled": 1, "parked": 1}
    assert booked(session) == (1, 100_000)


def test_the_worker_books_what_was_pushed(client: FlaskClient, session: Session) -> None:
    from fundsvc.worker import worker

    pushes.vcom(messages.one()).send(client)
    assert CliRunner().invoke(worker, ["--once"], catch_exceptions=False).exit_code == 0
    assert booked(session) == (1, 100_000)


def test_many_pushes_by_many_threads_are_booked_once(app: Flask, session: Session) -> None:
    from concurrent.futures import ThreadPoolExecutor

    made = messages.make("mobifone", 150, seed=5)
    rows = list({row["request_id"]: row for row in made.rows}.values()) * 2
    random.Random(5).shuffle(rows)  # noqa: S311

    def send(row: dict[str, str]) -> int:
        with app.app_context():
            return int(pushes.vcom(row).send(app.test_client()).get_json()["data"]["code"])

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(send, rows))
    assert codes.count(200) == codes.count(104) == len(rows) // 2
    handle()
    assert session.scalar(select(func.count()).select_from(SmsMessage)) == len(rows) // 2
    assert not [*faults(session)]


def test_a_file_disputes_a_push_however_the_operator_was_written(
    client: FlaskClient, bring: Import, session: Session
) -> None:
    standard(messages.one(operator="Viet tel")).send(client)
    assert handle() == {"handled": 1}
    bring([messages.one(message="TS 6")])
    assert [state for state, _why in items(session)] == ["conflict"]
    assert not [*faults(session)]


def test_what_only_the_database_refuses_is_told_without_its_words(
    client: FlaskClient,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = IntegrityError("INSERT INTO sms_message", {"phone": "84912345678"}, ValueError("x"))
    monkeypatch.setattr(service, "book_pushed", Mock(side_effect=refused))
    pushes.vcom(messages.one()).send(client)
    assert handle() == {"parked": 1}
    ((_state, why),) = items(session)
    assert why == "Cơ sở dữ liệu không nhận tin này. Xin báo quản trị."
    assert "refused item" in caplog.text
    assert "84912345678" not in caplog.text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_gateway_without_its_client_id_is_told_of(app: Flask, session: Session) -> None:
    with transaction() as writing:
        gateway = writing.scalars(select(Gateway).filter_by(name="esms")).one()
        gateway.settings = {"operator": "viettel"}
    with app.test_request_context():
        (told,) = (item for item in push_views.waiting_pushes(session) if item.count)
    assert (told.count, "chưa có mã khách hàng" in told.text) == (1, True)
    shown = CliRunner().invoke(push_commands.list_gateways, []).stdout
    assert "gateway add esms --form esms --operator viettel --client-id" in shown
    assert shown.count("THIẾU") == 1
    told_json = CliRunner().invoke(push_commands.list_gateways, ["--json"]).stdout
    assert [one["refuses"] for one in json.loads(told_json)["gateways"]] == [True, False, False]
