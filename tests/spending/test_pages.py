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
    ("query", "field"),
    [
        ("from=x", "from"),
        ("from=2024-01-01&to=2024-02-31", "to"),
        ("from=2024-09-02&to=2024-09-01", "to"),
        ("line=nothing", "line"),
        ("fund=" + "x" * 61, "fund"),
    ],
)
def test_a_filter_that_cannot_be_is_told_and_is_no_other_period(
    signed_in: SignedIn, query: str, field: str
) -> None:
    client = signed_in("auditor")
    page = client.get(f"/spending?{query}")
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.text
    assert "Không có khoản chi nào" not in page.text
    assert client.get(f"/spending.csv?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "01/01/2024", "31/12/2024"),
        ("from=&to=", "01/01/2024", "31/12/2024"),
        ("from=5/3/2022", "05/03/2022", "31/12/2024"),
        ("to=5/3/2022", "01/01/2022", "05/03/2022"),
        ("from=2030-02-01", "01/02/2030", "31/12/2030"),
    ],
)
def test_days_left_open_make_it_whole_years(
    signed_in: SignedIn, query: str, first: str, last: str
) -> None:
    page = signed_in("auditor").get(f"/spending?{query}").text
    assert [f'value="{day}"' in page for day in (first, last)] == [True, True]


def test_a_payment_is_taken_back_on_its_page(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    send(client, "/spending/new", **TYPED, key="k1")
    number = session.scalars(select(Payment.id)).one()
    assert f'href="/spending/{number}"' in client.get("/spending").text
    page = client.get(f"/spending/{number}").text
    for shown in ("80.000.000 đ", "Trần Thị Hường", "Tỉnh Quảng Trị", "Tiền mặt"):
        assert shown in page
    wrong = send(client, "/spending", f"/spending/{number}/reverse", reason="")
    assert wrong.status_code == 422
    assert "Xin ghi lý do ghi đảo." in wrong.text
    undo = {"reason": "Ghi hai lần", "date": "25/09/2024"}
    assert send(client, "/spending", f"/spending/{number}/reverse", **undo).status_code == 303
    page = client.get(f"/spending/{number}").text
    assert "ngày 25/09/2024" in page
    assert "Ghi hai lần" in page
    assert 'name="reason"' not in page
    assert "Tổng cộng 0 đ, 0 khoản" in client.get("/spending").text
    assert "Đã ghi đảo" in client.get("/spending").text
    assert ",Đã ghi đảo" in client.get("/spending.csv").text
    missing = send(client, "/spending", "/spending/999999/reverse", **undo)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?after=2024-01-01.1", "?after=2024-99-01.1", "?after=.1", "?fund=nothing&unit=nothing"],
)
def test_a_mark_that_makes_no_sense_harms_nobody(signed_in: SignedIn, query: str) -> None:
    assert signed_in("auditor").get(f"/spending{query}").status_code == 200


def test_an_auditor_reads_and_does_not_write(signed_in: SignedIn) -> None:
    client = signed_in("auditor")
    assert "/spending/new" not in client.get("/spending").text
    assert client.get("/spending/new").status_code == 403
    send(signed_in("treasurer"), "/spending/new", **TYPED, key="k1")
    page = client.get("/spending/1")
    assert page.status_code == 200
    assert 'name="reason"' not in page.text
    assert send(client, "/spending", "/spending/1/reverse", reason="x").status_code == 403
