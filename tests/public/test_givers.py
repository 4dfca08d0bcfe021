"""Who gave by message sees it with number and reference, and takes one receipt for several."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc import clock as service_clock
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.public.limits import Limiter
from fundsvc.receipts import document, service
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.secrecy import phone_hash
from fundsvc.sms import campaigns, donors
from fundsvc.sms import service as sms
from fundsvc.verify import faults
from tests import corpus
from tests.support import messages
from tests.support.forms import alike, send
from tests.support.gifts import give_with_receipt

PHONE = "0912 345 678"
HASHED = "84912345678"
MOMENT = datetime(2026, 10, 1, 9, 30, tzinfo=service_clock.VN)


@pytest.fixture(autouse=True)
def clock() -> Iterator[datetime]:
    """Hold the clock at a morning of October 2026."""
    with service_clock.fixed(MOMENT):
        yield MOMENT


@pytest.fixture(autouse=True)
def given(app: Flask) -> None:
    """Three messages of one number to a fund, one to another fund, one failed, one of others."""
    app.extensions["fundsvc.public.givers"] = (Limiter(burst=10_000), Limiter(burst=10_000))
    rows = messages.several(
        messages.one(),
        messages.one(message="TS 2", received_at="2026-07-09T08:00:00+07:00"),
        messages.one(message="TRUONGSON", short_code="1405"),
        messages.one(message="NTTS 50K", short_code="1409"),
        messages.one(status="failed"),
        messages.one(msisdn="84987654321"),
    )
    data = messages.Messages(rows=list(rows)).csv()
    with transaction() as session:
        campaigns.import_campaigns(session, messages.CAMPAIGNS, by=None)
    with transaction() as session:
        sms.import_sms(session, io.BytesIO(data), name="x.csv", commit=True, by=None)


def ask(client: FlaskClient, phone: str = PHONE, secret: str = "VI1") -> TestResponse:
    return send(client, "/receipts", phone=phone, secret=secret)


def take(client: FlaskClient, *ids: str, page: str | None = None) -> TestResponse:
    """Open the list and ask for a receipt for some messages."""
    page = page or ask(client).text
    proof = page.split('name="proof" value="')[1].split('"')[0]
    return send(
        client, "/receipts", "/receipts/issue", proof=proof, message=[f"viettel~{i}" for i in ids]
    )


def issue(*ids: str) -> Receipt:
    with transaction() as session:
        chosen = [("viettel", request_id) for request_id in ids]
        return donors.issue_receipt(session, phone_hash(HASHED), chosen)


def test_number_and_reference_give_the_list(client: FlaskClient) -> None:
    answer = ask(client)
    assert answer.status_code == 200
    for part in ("0912***678", "100.000 đ", "40.000 đ", "18.000 đ", "50.000 đ", "09/07/2026"):
        assert part in answer.text
    for secret in ("0912345678", "84912345678", "VI6"):
        assert secret not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_wrong_and_unknown_look_alike(client: FlaskClient) -> None:
    answers = [
        ask(client, *typed) for typed in ((PHONE, "VI6"), (PHONE, "VI99"), (PHONE, "123456"))
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({alike(answer) for answer in answers}) == 1
    status, unknown = alike(ask(client, "0900000000", "VI1"))
    assert (status, unknown.replace("0900000000", PHONE)) == alike(answers[0])
    assert "VI99" not in answers[1].text


def test_one_receipt_for_several_messages(client: FlaskClient, session: Session) -> None:
    answer = take(client, "VI1", "VI2", "VI3")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    for part in (
        "Biên nhận có hiệu lực",
        "158.000 đ",
        "0912***678",
        "3 tin nhắn, từ 05/07/2026 đến 09/07/2026",
    ):
        assert part in page.text
    receipt = session.scalars(select(Receipt)).one()
    facts = service.facts_of(receipt)
    assert (facts.amount, facts.messages, facts.method) == (158_000, 3, "sms")
    assert receipt.donation_id is None
    assert receipt.number.endswith("-2026-000001")
    listed = ask(client).text
    assert receipt.number in listed
    assert listed.count('type="checkbox"') == 1
    assert not [*faults(session)]


def test_the_paper_is_given_to_who_has_the_code(client: FlaskClient) -> None:
    receipt = issue("VI1", "VI2")
    address = f"/v/{receipt.number}.pdf"
    paper = client.get(address, query_string={"c": receipt.code})
    assert paper.mimetype == "application/pdf"
    assert client.get(address, query_string={"c": "A" * 16}).status_code == 404
    drawn = document.html(service.facts_of(receipt), receipt.code, "http://localhost")
    for part in ("Thuê bao", "0912***678", "2 tin nhắn", "140.000 đồng"):
        assert part in drawn


def test_the_paper_of_a_donation_is_not_given_to_strangers(client: FlaskClient) -> None:
    number = give_with_receipt()
    with transaction() as session:
        code = service.by_number(session, number).code
    assert client.get(f"/v/{number}.pdf", query_string={"c": code}).status_code == 404


def test_a_message_has_one_receipt(client: FlaskClient, session: Session) -> None:
    first = issue("VI1").number
    with pytest.raises(Conflict, match=first):
        issue("VI2", "VI1")
    assert take(client, "VI1").status_code == 409
    assert session.scalar(select(func.count()).select_from(Receipt)) == 1


def test_of_many_who_press_at_once_one_gets_the_receipt(app: Flask, session: Session) -> None:
    ended: list[str] = []

    def press() -> None:
        with app.app_context():
            try:
                issue("VI1", "VI2")
                ended.append("issued")
            except Conflict:
                ended.append("conflict")

    threads = [threading.Thread(target=press) for _one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["conflict"] * 3 + ["issued"]
    assert session.scalar(select(func.count()).select_from(Receipt)) == 1
    assert not [*faults(session)]


def test_voiding_frees_the_messages(session: Session) -> None:
    first = issue("VI1", "VI2").number
    with transaction() as writing:
        service.void(writing, first, "nhầm", by=None)
    second = issue("VI1").number
    assert second != first
    assert service.verify(session, first, service.by_number(session, first).code).state == "voided"
    assert not [*faults(session)]


@pytest.mark.parametrize(
    "ids", [(), ("VI6",), ("VI5",), ("VI1", "VI99"), ("VI3", "VI4"), ("VI1", "VI6")]
)
def test_only_ones_own_messages_of_one_fund(session: Session, ids: tuple[str, ...]) -> None:
    with pytest.raises(Refusal):
        issue(*ids)
    assert session.scalar(select(func.count()).select_from(Receipt)) == 0


def test_a_message_taken_back_is_no_gift(client: FlaskClient, session: Session) -> None:
    kept = issue("VI3").number
    with transaction() as writing:
        for request_id in ("VI1", "VI3"):
            entry = writing.scalars(select(Entry).filter_by(external_id=request_id)).one()
            books.reverse(writing, entry.id, on=MOMENT.date(), reason="nhắn nhầm", maker_id=None)
    assert "100.000 đ" not in ask(client).text
    with pytest.raises(Refusal):
        issue("VI1")
    # Taken back so that nothing stood in the way, which leaves no act either.
    found = {(fault.rule, fault.place) for fault in faults(session) if fault.rule != "act"}
    assert found == {("receipt-reversed", f"receipt:{kept}")}


def test_a_list_left_open_too_long_begins_anew(client: FlaskClient, app: Flask) -> None:
    for proof in ("", "x", "Ijg0OTEyMzQ1Njc4Ig.x.y"):
        answer = send(client, "/receipts", "/receipts/issue", proof=proof, message="viettel~VI1")
        assert answer.status_code == 422
        assert 'name="phone"' in answer.text


def test_too_many_tries_are_asked_to_wait(app: Flask, client: FlaskClient) -> None:
    app.extensions["fundsvc.public.givers"] = (Limiter(burst=3), Limiter(burst=100))
    assert [ask(client, secret="x").status_code for _try in range(4)] == [422, 422, 422, 429]
    app.extensions["fundsvc.public.givers"] = (Limiter(burst=100), Limiter(burst=2))
    tries = [ask(client, phone, "x").status_code for phone in (PHONE, "+84912345678", "0912345678")]
    assert tries == [422, 422, 429]


def test_hostile_texts(client: FlaskClient) -> None:
    for typed in (*corpus.ODD, *corpus.NEVER_AMOUNTS, "x" * 3000):
        text_ = typed[:3000].encode("utf-8", "replace").decode()
        assert ask(client, text_, text_).status_code < 500
        assert ask(client, PHONE, text_).status_code < 500


def test_a_treasurer_sees_the_receipt(signed_in: Callable[..., FlaskClient]) -> None:
    number = issue("VI1", "VI2").number
    page = signed_in("treasurer").get(f"/receipts/{number}")
    assert page.status_code == 200
    assert "0912***678" in page.text


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM receipt_sms",
        "UPDATE receipt_sms SET request_id = 'VI2'",
        "UPDATE receipt_sms SET voided = {true}",
    ],
)
def test_a_receipt_keeps_its_messages(engine_name: str, statement: str) -> None:
    issue("VI1")
    true = "true" if engine_name == "postgresql" else "1"
    with pytest.raises(DBAPIError, match="guard"), transaction() as writing:
        writing.execute(text(statement.format(true=true)))


def test_verify_names_a_receipt_that_its_messages_do_not_bear_out(session: Session) -> None:
    receipt = issue("VI1")
    number, receipt_id = receipt.number, receipt.id
    with transaction() as writing:
        writing.add(ReceiptSms(receipt_id=receipt_id, operator="viettel", request_id="VI2"))
    found = [(fault.rule, fault.place) for fault in faults(session)]
    place = f"receipt:{number}"
    assert found == [("receipt-messages", place), ("receipt-facts", place)]


def test_donors_find_their_page_where_they_come_in(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert 'href="/receipts"' in page
    assert 'href="/v"' in page


def test_the_database_holds_one_valid_receipt_for_a_message(session: Session) -> None:
    issue("VI1")
    second = issue("VI2").id
    with pytest.raises(DBAPIError), transaction() as writing:
        writing.add(ReceiptSms(receipt_id=second, operator="viettel", request_id="VI1"))
