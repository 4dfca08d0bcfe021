"""A receipt once more: by its code, or the one in the memo, and the e-mail or phone given."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.donors.service import DonorFacts
from fundsvc.giving import becoming
from fundsvc.giving.models import Pledge
from fundsvc.public.limits import Limiter
from fundsvc.receipts import service
from tests.support.forms import alike, send
from tests.support.gifts import give, give_with_receipt, receipt
from tests.support.giving import DAY, bank_money, promised, published

pytestmark = pytest.mark.usefixtures("clock")

BINH = DonorFacts(name="Nguyễn Văn Bình", email="binh@example.com", phone="0912 345 678")

Ask = Callable[[str, str], TestResponse]


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Ask:
    """Send the form; the limit is wide here."""
    app.extensions["fundsvc.public.again"] = (Limiter(burst=10_000), Limiter(burst=10_000))
    return lambda code, contact: send(
        client, "/receipts", "/receipts/again", code=code, contact=contact
    )


def code_of(session: Session, number: str) -> str:
    session.rollback()
    return service.by_number(session, number).code


@pytest.mark.parametrize(
    "contact", ["binh@example.com", " Binh@Example.COM", "0912345678", "+84 912.345.678"]
)
def test_code_and_contact_give_the_receipt(
    ask: Ask, client: FlaskClient, session: Session, contact: str
) -> None:
    number = give_with_receipt(donor=BINH)
    code = code_of(session, number)
    answer = ask(code.lower(), contact)
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Mở biên nhận để in hoặc lưu" in page
    proof = answer.location.rpartition("proof=")[2]
    pdf = client.get(f"/receipts/again.pdf?proof={proof}")
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Cache-Control"] == "no-store"
    assert client.get(f"/receipts/again.pdf?proof={proof[:-2]}").status_code == 404


def test_the_code_of_the_memo_gives_the_receipt_too(
    ask: Ask, session: Session, client: FlaskClient
) -> None:
    published()
    promise = promised("k1", name="", may_be_named=False, email="xa@example.com")
    with transaction() as writing:
        bank_money(writing, 200_000, "bank-line:1")
        found = writing.scalars(select(Pledge).where(Pledge.key == "k1")).one()
        becoming.becomes(writing, found, origin="bank-line:1", amount=200_000, received_on=DAY)
    answer = ask(f"{promise.code} Ung ho", "xa@example.com")
    assert answer.status_code == 303, "an anonymous donor too"
    assert ask(promise.code, "ai@example.com").status_code == 422


def test_a_voided_receipt_leads_to_the_one_that_replaces_it(ask: Ask, session: Session) -> None:
    donation = give(donor=BINH).id
    first = receipt(donation)
    code = code_of(session, first)
    with transaction() as writing:
        service.void(writing, first, "ghi sai", by=None)
    second = receipt(donation)
    assert f"/v/{second}?" in ask(code, BINH.email).location


def test_an_unknown_code_and_a_wrong_contact_look_the_same(ask: Ask, session: Session) -> None:
    number = give_with_receipt(donor=BINH)
    silent = give_with_receipt(donor=None)
    code = code_of(session, number)

    def told(answer: TestResponse) -> tuple[int, str]:
        status, text = alike(answer)
        return status, text.replace(typed, "")

    answers = set()
    for typed, contact in (
        (code, "lan@example.com"),
        ("ABCDEFGHJKLMNPQR", "lan@example.com"),
        (code_of(session, silent), "lan@example.com"),
        (number, "lan@example.com"),
    ):
        answers.add(told(ask(typed, contact)))
    assert len(answers) == 1
    assert ask(code_of(session, silent), "").status_code == 422


@pytest.mark.parametrize("text", ["", "²", "-", "١", "a@b", "@", "TS", "\u202e", "A" * 5_000])
def test_whatever_is_typed_is_answered_in_words(ask: Ask, text: str) -> None:
    give_with_receipt(donor=BINH)
    assert ask(text, text).status_code in {400, 413, 422}


def test_who_tries_too_often_waits(client: FlaskClient) -> None:
    found = [
        send(client, "/receipts", "/receipts/again", code="X", contact="a@example.com").status_code
        for _ in range(12)
    ]
    assert found[0] == 422
    assert found[-1] == 429
