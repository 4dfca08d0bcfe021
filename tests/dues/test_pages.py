"""The pages of dues as people use them: the year, the form, and what is said when it is wrong."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.dues.models import DuesTotal
from tests.support.forms import hidden, send

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]
TYPED = {
    "unit": "TW",
    "fund": "dues",
    "month": "09/2024",
    "amount": "4.800.000",
    "paid_on": "20/09/2024",
    "paid_into": "111",
}


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(DuesTotal)) or 0


def test_a_total_is_recorded_and_shown_in_its_month(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    assert "Chưa có khoản nào cho năm 2024" in client.get("/dues").text
    answer = send(client, "/dues/new", **TYPED, key=hidden(client, "/dues/new")["key"])
    assert (answer.status_code, answer.location) == (303, "/dues?fund=dues&year=2024")
    page = client.get(answer.location).text
    assert "Đã ghi sổ 4.800.000 đ cho tháng 09/2024." in page
    assert re.search(r"Tổng cộng 4\.800\.000 đ của 1 đơn vị", page)
    assert count(session) == 1


def test_sending_the_same_form_twice_records_once(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    fields = TYPED | {"key": hidden(client, "/dues/new")["key"]}
    send(client, "/dues/new", **fields)
    again = send(client, "/dues/new", **fields)
    assert again.status_code == 303
    assert "đã ghi sổ từ trước" in client.get(again.location).text
    assert count(session) == 1


def test_what_was_typed_comes_back_with_every_reason(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    wrong = TYPED | {"amount": "4,8 triệu", "paid_on": "31/02/2024", "key": "k1"}
    answer = send(client, "/dues/new", **wrong)
    assert answer.status_code == 422
    for kept in ("4,8 triệu", "31/02/2024", "09/2024", 'name="key" value="k1"'):
        assert kept in answer.text
    assert 'href="#f-amount"' in answer.text
    assert 'id="f-paid_on-error"' in answer.text
    assert count(session) == 0


def test_an_equal_total_asks_and_may_be_said_to_be_another(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    send(client, "/dues/new", **TYPED, key="k1")
    asked = send(client, "/dues/new", **TYPED, key="k2")
    assert asked.status_code == 409
    assert 'name="additional"' in asked.text
    assert count(session) == 1
    send(client, "/dues/new", **TYPED, key="k2", additional="1")
    assert count(session) == 2


def test_a_form_changed_after_it_was_recorded_gets_a_new_key(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    send(client, "/dues/new", **TYPED, key="k1")
    answer = send(client, "/dues/new", **(TYPED | {"amount": "5"}), key="k1")
    assert answer.status_code == 409
    assert 'name="key" value="k1"' not in answer.text
    assert count(session) == 1


@pytest.mark.parametrize(
    "query",
    ["?fund=nghia-tinh", "?year=abc", "?year=²024", "?year=99999", "?fund=&year=0", "?unit=XX"],
)
def test_a_filter_that_makes_no_sense_says_so_beside_it(signed_in: SignedIn, query: str) -> None:
    page = signed_in("auditor").get(f"/dues{query}")
    assert page.status_code in {404, 422}
    assert "Xin sửa các điểm sau" in page.text
    assert 'id="f-year"' in page.text
    assert "Chưa có khoản nào" not in page.text


def test_a_filter_without_a_word_shows_dues_of_this_year(signed_in: SignedIn) -> None:
    page = signed_in("auditor").get("/dues?fund=&year=")
    assert page.status_code == 200
    assert "Chưa có khoản nào cho năm 2024" in page.text


def test_a_total_is_found_in_the_year_and_taken_back(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    send(client, "/dues/new", **TYPED, key="k1")
    number = session.scalars(select(DuesTotal.id)).one()
    listed = client.get("/dues?fund=dues&year=2024&unit=TW").text
    assert f'href="/dues/{number}"' in listed
    assert "Tổng cộng 4.800.000 đ, 1 khoản" in listed
    page = client.get(f"/dues/{number}").text
    assert "4.800.000 đ" in page
    assert "không ghi đảo lại được" in page
    empty = send(client, "/dues", f"/dues/{number}/reverse", reason=" ", date="x")
    assert empty.status_code == 422
    assert 'id="f-reason-error"' in empty.text
    assert 'id="f-date-error"' in empty.text
    for _time in range(2):
        answer = send(client, "/dues", f"/dues/{number}/reverse", reason="Ghi nhầm tháng")
        assert (answer.status_code, answer.location) == (303, f"/dues/{number}")
    page = client.get(f"/dues/{number}").text
    assert "Đã ghi đảo khoản này." in page
    assert "ngày 30/09/2024" in page
    assert "Ghi nhầm tháng" in page
    assert 'name="reason"' not in page
    send(client, "/dues", f"/dues/{number}/reverse", reason="Vì việc khác")
    assert "với lý do hoặc ngày khác" in client.get(f"/dues/{number}").text
    listed = client.get("/dues?fund=dues&year=2024&unit=TW").text
    assert "Đã ghi đảo" in listed
    assert "Tổng cộng 0 đ, 0 khoản" in listed


def test_money_that_was_spent_since_stays_and_says_so(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    send(client, "/dues/new", **TYPED, key="k1")
    spent = {"line": "admin", "payee": "A", "purpose": "x", "paid_from": "111"}
    fields = {"unit": "TW", "fund": "dues", "amount": "4.800.000", "paid_on": "21/09/2024"}
    assert send(client, "/spending/new", **spent, **fields, key="k1").status_code == 303
    number = session.scalars(select(DuesTotal.id)).one()
    answer = send(client, "/dues", f"/dues/{number}/reverse", reason="Ghi nhầm")
    assert answer.status_code == 422
    assert "thiếu 4.800.000 đ" in answer.text
    assert 'value="Ghi nhầm"' in answer.text


@pytest.mark.parametrize("role", ["approver", "auditor", "admin"])
def test_who_only_reads_takes_nothing_back(
    signed_in: SignedIn, session: Session, role: str
) -> None:
    send(signed_in("treasurer"), "/dues/new", **TYPED, key="k1")
    number = session.scalars(select(DuesTotal.id)).one()
    client = signed_in(role)
    page = client.get(f"/dues/{number}")
    assert page.status_code == (403 if role == "admin" else 200)
    assert 'name="reason"' not in page.text
    assert send(client, "/", f"/dues/{number}/reverse", reason="x").status_code == 403


def test_an_auditor_reads_and_does_not_write(signed_in: SignedIn) -> None:
    client = signed_in("auditor")
    assert "/dues/new" not in client.get("/dues").text
    assert client.get("/dues/new").status_code == 403


def test_the_fields_for_a_month_and_a_day_show_ones_of_now(signed_in: SignedIn) -> None:
    page = signed_in("treasurer").get("/dues/new").text
    assert 'placeholder="09/2024"' in page
    assert "Tháng và năm, ví dụ 09/2024." in page
    assert 'placeholder="30/09/2024"' in page
