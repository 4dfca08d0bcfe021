"""Pushes from the wire to the books: answered in the gateway's words, and booked once."""

import io
import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry
from fundsvc.db import db
from fundsvc.inbox import door
from fundsvc.sms.models import SmsMessage
from fundsvc.verify import faults
from tests import corpus
from tests.sms.pushed import booked, handle, items, standard
from tests.support import messages, pushes

pytestmark = pytest.mark.usefixtures("with_campaigns", "gateways")


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
