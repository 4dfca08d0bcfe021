"""Pushed messages that cannot be booked: kept, shown to a person, and in nobody's way."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from unittest.mock import Mock

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.inbox.models import InboxItem
from fundsvc.sms import campaigns, push_commands, service
from fundsvc.sms.models import SmsMessage, SmsTotal
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from tests.sms.pushed import booked, handle, items, standard
from tests.support import forms, messages, periods, pushes

pytestmark = pytest.mark.usefixtures("with_campaigns", "gateways")


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
    assert {fault.rule for fault in faults(session)} == {"closed-period", "period-act"}


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
