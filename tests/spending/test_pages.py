"""The pages of payments as people use them: the list, the form, and the empty cash box."""

import csv
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.spending.models import Payment
from ledger import recipes
from tests.support.forms import hidden, send

pytestmark = pytest.mark.usefixtures("clock", "money")

SignedIn = Callable[..., FlaskClient]
TYPED = {
    "unit": "TW",
    "fund": "nghia-tinh",
    "line": "house",
    "amount": "80 000 000",
    "purpose": "Làm nhà tình nghĩa <xã Hướng Việt>",
    "payee": "Trần Thị Hường",
    "province": "2025:44",
    "paid_on": "2024-09-20",
    "paid_from": "111",
}


@pytest.fixture
def money(app: Flask) -> None:
    with transaction() as session:
        entry = recipes.opening_balance(
            on=date(2024, 1, 1),
            unit="TW",
            fund="nghia-tinh",
            amount=100_000_000,
            description="Số dư",
            account="111",
        )
        books.post(session, entry, source="opening", external_id="1")


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Payment)) or 0


def test_a_payment_is_recorded_and_listed_with_the_sum(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    assert "Không có khoản chi nào" in client.get("/spending").text
    fields = TYPED | {"key": hidden(client, "/spending/new")["key"]}
    assert send(client, "/spending/new", **fields).status_code == 303
    assert send(client, "/spending/new", **fields).status_code == 303
    page = client.get("/spending").text
    assert "Tổng cộng 80.000.000 đ, 1 khoản" in page
    assert "&lt;xã Hướng Việt&gt;" in page
    assert "Tỉnh Quảng Trị" in page
    assert count(session) == 1
    export = client.get("/spending.csv?unit=TW")
    assert export.mimetype == "text/csv"
    rows = list(csv.reader(export.text.removeprefix("\ufeff").splitlines()))
    assert rows[1][:3] == ["2024-09-20", TYPED["purpose"], "Trần Thị Hường"]
    assert rows[1][8] == "80000000"


def test_a_formula_stays_a_text_in_the_file(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    send(client, "/spending/new", **(TYPED | {"payee": "=1+1"}), key="k1")
    assert ",'=1+1," in client.get("/spending.csv").text


def test_money_that_is_not_there_is_told_beside_the_amount(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    answer = send(client, "/spending/new", **(TYPED | {"amount": "100.000.001"}), key="k1")
    assert answer.status_code == 422
    assert "thiếu 1 đ" in answer.text
    assert 'id="f-amount-error"' in answer.text
    for kept in ("100.000.001", "Trần Thị Hường", "&lt;xã Hướng Việt&gt;", 'value="k1"'):
        assert kept in answer.text
    assert count(session) == 0


def test_all_that_is_missing_is_told_at_once(signed_in: SignedIn) -> None:
    answer = send(signed_in("treasurer"), "/spending/new", key="k1")
    assert answer.status_code == 422
    for name in ("unit", "fund", "line", "amount", "purpose", "payee", "paid_on", "paid_from"):
        assert f'href="#f-{name}"' in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "?from=x&to=2024-02-31",
        "?after=2024-01-01.1",
        "?after=2024-99-01.1",
        "?after=.1",
        "?line=nothing&fund=nothing&unit=nothing",
    ],
)
def test_a_filter_that_makes_no_sense_harms_nobody(signed_in: SignedIn, query: str) -> None:
    assert signed_in("auditor").get(f"/spending{query}").status_code == 200


def test_an_auditor_reads_and_does_not_write(signed_in: SignedIn) -> None:
    client = signed_in("auditor")
    assert "/spending/new" not in client.get("/spending").text
    assert client.get("/spending/new").status_code == 403
