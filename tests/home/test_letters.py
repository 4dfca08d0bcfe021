"""The page of letters: what waits, what could not be sent, and sending it again."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.db import transaction
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import WAITING, Letter
from tests.support.forms import send
from tests.support.gifts import give

pytestmark = pytest.mark.usefixtures("app", "clock")

SignIn = Callable[..., FlaskClient]


def put(key: str, *, dead: bool = False) -> int:
    with transaction() as session:
        outbox.put(
            session,
            key=key,
            to="binh@example.com",
            subject=f"Biên nhận {key}",
            text="a",
            html="<p>a</p>",
            locale="vi",
        )
        claimed = outbox.claim(session) if dead else None
        if claimed:
            outbox.failed(session, claimed, "550 không có hộp thư này", for_good=True)
        return session.scalars(select(Letter.id).where(Letter.key == key)).one()


def test_it_says_what_waits_and_that_no_server_is_set(signed_in: SignIn) -> None:
    put("NT-1", dead=True)
    put("NT-2")
    page = signed_in("treasurer").get("/letters").text
    assert "FUNDSVC_SMTP_URL" in page
    assert "b***@example.com" in page
    assert "binh@example.com" not in page
    assert "550 không có hộp thư này" in page
    waiting = signed_in("treasurer").get("/letters?state=waiting").text
    assert "NT-2" in waiting
    assert "NT-1" not in waiting


def test_a_letter_that_was_given_up_waits_for_somebody_and_can_be_sent_again(
    signed_in: SignIn, session: Session
) -> None:
    give()
    letter_id = put("NT-1", dead=True)
    client = signed_in("treasurer")
    assert "thư không gửi được" in client.get("/").text
    answer = send(client, "/letters", f"/letters/{letter_id}/again")
    assert answer.status_code == 303
    assert "Thư sẽ được gửi trong giây lát." in client.get(answer.location).text
    session.rollback()
    assert session.get_one(Letter, letter_id).state == WAITING
    assert (
        session.scalar(select(Act.subject).where(Act.kind == "letter.again"))
        == f"letter:{letter_id}"
    )
    assert send(client, "/letters", "/letters/999/again").status_code == 404


def test_lists_of_many_letters_go_on(signed_in: SignIn) -> None:
    with transaction() as session:
        for number in range(60):
            outbox.put(
                session,
                key=f"{number}",
                to="binh@example.com",
                subject=f"Thư {number:03}",
                text="a",
                html="a",
                locale="vi",
            )
    client = signed_in("auditor")
    first = client.get("/letters").text
    assert "Thư 059" in first
    assert "Thư 009" not in first
    assert "Thư 009" in client.get("/letters?before=11").text
    for hostile in ("x", "-1", "9" * 30, "%00", "²"):
        assert client.get(f"/letters?before={hostile}&state={hostile}").status_code < 500


def test_who_sees_only_some_units_sees_no_letters(signed_in: SignIn) -> None:
    letter_id = put("NT-1", dead=True)
    assert signed_in("unit-treasurer", ["TW"]).get("/letters").status_code == 403
    auditor = signed_in("auditor")
    assert send(auditor, "/settings", f"/letters/{letter_id}/again").status_code == 403
