"""What a person does about a push that waits: say of whom it is, try it again, leave it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.db import transaction
from fundsvc.inbox.models import InboxItem
from fundsvc.sms import handling, senders
from fundsvc.sms.models import SmsMessage
from fundsvc.units.models import Unit
from tests.support import messages, periods, pushes
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]
PAGE = "/sms/pushes"

pytestmark = pytest.mark.usefixtures("with_campaigns")


@pytest.fixture(autouse=True)
def gateway(app: Flask) -> None:
    """A gateway of V-COM."""
    with transaction() as session:
        senders.add(session, "vcom", "vcom", [pushes.KEY], operator=None, client_id="demo", by=None)


def push(client: FlaskClient, **cells: str) -> None:
    assert pushes.vcom(messages.one(**cells)).send(client).status_code == 200


def handle() -> dict[str, int]:
    return dict(handling.handle())


def first_item(session: Session, **wanted: Any) -> int:
    session.rollback()
    return session.scalars(select(InboxItem.id).filter_by(**wanted).order_by(InboxItem.id)).all()[0]


def test_an_unknown_operator_is_named_once_and_all_its_messages_are_booked(
    client: FlaskClient, signed_in: SignIn, session: Session
) -> None:
    push(client, operator="GT")
    push(client, operator="GT", request_id="VI2")
    assert handle() == {"parked": 2}
    treasurer = signed_in("treasurer")
    page = treasurer.get(PAGE).text
    assert "Sổ chưa biết “gt” là nhà mạng nào" in page
    assert "Thử ghi sổ lại" not in page
    item = first_item(session, state="parked")
    refused = send(treasurer, PAGE, f"{PAGE}/{item}", act="operator", operator="")
    assert refused.status_code == 422
    assert "Chưa chọn nhà mạng" in refused.text
    named = send(treasurer, PAGE, f"{PAGE}/{item}", act="operator", operator="vietnamobile")
    assert named.status_code == 303
    assert handle() == {"handled": 2}
    push(client, operator="GT", request_id="VI3")
    assert handle() == {"handled": 1}, "the gateway's word is remembered"
    session.rollback()
    assert set(session.scalars(select(SmsMessage.operator))) == {"vietnamobile"}
    act = session.scalars(select(Act).where(Act.kind == "gateway.operator")).one()
    assert (act.subject, act.facts) == (
        "gateway:vcom", {"word": "gt", "operator": "vietnamobile"},
    )  # fmt: skip
    session.rollback()
    push(client, operator="GT")
    assert handle() == {}, "the same push again is a duplicate as before"


def test_an_operator_is_named_only_where_it_is_unknown_and_by_treasurers(
    client: FlaskClient, signed_in: SignIn, session: Session
) -> None:
    push(client, operator="GT")
    push(client, message="TS 5\0", request_id="VI2")
    assert handle() == {"parked": 2}
    unknown, other = first_item(session, external_id="VI1"), first_item(session, external_id="VI2")
    typed = {"act": "operator", "operator": "viettel"}
    treasurer = signed_in("treasurer")
    for item in (other, 999, other + unknown):
        assert send(treasurer, PAGE, f"{PAGE}/{item}", **typed).status_code == 404
    auditor = signed_in("auditor")
    assert "Nhớ nhà mạng" not in auditor.get(PAGE).text
    assert send(auditor, "/settings", f"{PAGE}/{unknown}", **typed).status_code == 403


def test_more_secrets_can_be_added_after_an_operator_was_named(
    client: FlaskClient, signed_in: SignIn, session: Session
) -> None:
    push(client, operator="GT")
    handle()
    item = first_item(session, state="parked")
    send(signed_in("treasurer"), PAGE, f"{PAGE}/{item}", act="operator", operator="viettel")
    with transaction() as writing:
        assert not senders.add(
            writing, "vcom", "vcom", ["khóa mới"], operator=None, client_id="demo", by=None
        )
    assert handle() == {"handled": 1}


def test_a_conflict_with_what_is_kept_offers_no_vain_trial(
    client: FlaskClient, signed_in: SignIn, session: Session
) -> None:
    push(client, message="TS 5")
    push(client, message="TS 6")
    handle()
    treasurer = signed_in("treasurer")
    page = treasurer.get(PAGE).text
    assert "Một mã chỉ ghi sổ một lần" in page
    assert 'value="retry"' not in page
    assert "/sms/message?operator=viettel&amp;id=VI1" in page
    shown = treasurer.get("/sms/message?operator=viettel&id=VI1").text
    assert "/entries/" in shown
    item = first_item(session, state="conflict")
    assert send(treasurer, PAGE, f"{PAGE}/{item}", act="leave").status_code == 303
    assert "Không có tin nào cần xem" in treasurer.get(PAGE).text


def test_a_conflict_with_what_never_came_into_the_books_can_be_booked(
    client: FlaskClient, signed_in: SignIn, session: Session
) -> None:
    with transaction() as writing:
        centre = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        writing.add(periods.closed(centre, date(2026, 7, 1)))
    push(client)
    august = "2026-08-05T08:00:00+07:00"
    push(client, message="TS 6", received_at=august)
    assert handle() == {"parked": 1}
    treasurer = signed_in("treasurer")
    page = treasurer.get(PAGE).text
    assert "Sổ chưa có tin nào mang mã này" in page
    item = first_item(session, state="conflict")
    assert send(treasurer, PAGE, f"{PAGE}/{item}", act="retry").status_code == 303
    assert handle() == {"handled": 1}
    session.rollback()
    assert session.scalars(select(SmsMessage.message)).all() == ["TS 6"]
