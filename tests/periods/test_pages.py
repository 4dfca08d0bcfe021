"""The pages of periods as people use them: the year, a month, its closing and its reopening."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Period
from fundsvc.db import transaction
from fundsvc.periods.models import Reopening
from fundsvc.units.models import Unit
from ledger import recipes
from tests import corpus
from tests.periods.conftest import Give
from tests.support.forms import hidden, send

SignedIn = Callable[..., FlaskClient]
PAGE = "/periods/TW/2024-09"


def state(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Period.state).order_by(Period.month)))


def owed(amount: int = 20_000) -> None:
    """Book a message, which the operator then owes."""
    from fundsvc.books import service as books

    entry = recipes.sms_message(
        operator="viettel",
        on=date(2024, 9, 3),
        unit="TW",
        fund="nghia-tinh",
        amount=amount,
        description="",
    )
    with transaction() as session:
        books.post(session, entry, source="sms:viettel", external_id=str(amount))


def test_a_month_is_looked_at_and_closed(signed_in: SignedIn, give: Give, session: Session) -> None:
    give(date(2024, 9, 2), 1_500_000)
    owed()
    client = signed_in("treasurer")
    grid = client.get("/periods").text
    assert "Chưa khóa" in grid
    assert f'href="{PAGE}"' in grid
    page = client.get(PAGE).text
    assert "khoản phải thu nhà mạng" in page
    assert "đến 30 ngày: <span" in page
    report = re.search(r'href="(/statements/trial-balance[^"]+)"', page)
    assert report
    assert client.get(report[1].replace("&amp;", "&")).status_code == 200
    assert "1.520.000" in page
    statement = re.escape(
        "/statements/fund?fund=nghia-tinh&amp;unit=TW&amp;from=2024-09-01&amp;to=2024-09-30"
    )
    # The fund's name and each of its four figures lead to the statement of the unit and month.
    assert len(re.findall(f'href="{statement}"', page)) == 5
    to = f"{PAGE}/close"
    unseen = send(client, PAGE, to, mark=hidden(client, PAGE)["mark"])
    assert unseen.status_code == 422
    assert "đánh dấu đã xem" in unseen.text
    owed(30_000)
    stale = send(client, PAGE, to, seen="1", mark=hidden(client, PAGE)["mark"] + "x")
    assert stale.status_code == 422
    assert "Danh sách đã thay đổi" in stale.text
    done = send(client, PAGE, to, seen="1", mark=hidden(client, PAGE)["mark"])
    assert (done.status_code, done.location) == (303, PAGE)
    page = client.get(PAGE).text
    assert "Đã khóa sổ tháng 09/2024." in page
    assert "Người thử treasurer" in page
    assert "Đề nghị mở lại sổ" in page
    again = send(client, PAGE, to)
    assert "đã khóa sổ từ trước" in client.get(again.location).text
    assert state(session) == ["closed"]
    assert "Đã khóa" in client.get("/periods?year=2024&unit=TW").text


def test_earlier_months_are_named_and_closed_by_a_tick(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    give(date(2024, 7, 2))
    give(date(2024, 9, 2))
    client = signed_in("approver")
    assert "còn mở: 07/2024" in client.get(PAGE).text
    answer = send(client, PAGE, f"{PAGE}/close")
    assert answer.status_code == 422
    assert 'id="f-through-error"' in answer.text
    assert send(client, PAGE, f"{PAGE}/close", through="1").status_code == 303
    assert state(session) == ["closed", "closed"]
    covered = client.get("/periods/TW/2024-08").text
    assert "đã khóa cùng tháng sau" in covered


def test_a_month_is_opened_again_by_another_person(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    give(date(2024, 9, 2))
    lan, hoa = signed_in("approver"), signed_in("approver")
    send(lan, PAGE, f"{PAGE}/close")
    empty = send(lan, PAGE, f"{PAGE}/reopen", reason=" ")
    assert empty.status_code == 422
    assert 'id="f-reason-error"' in empty.text
    assert "<details" in empty.text
    assert send(lan, PAGE, f"{PAGE}/reopen", reason="Sót phiếu thu 12").status_code == 303
    number = session.scalars(select(Reopening.id)).one()
    own = lan.get("/periods/reopenings").text
    assert "Rút đề nghị" in own
    assert "Xác nhận mở lại sổ" not in own
    act = f"/periods/reopenings/{number}"
    send(lan, "/periods/reopenings", f"{act}/confirm")
    assert "không tự xác nhận được" in lan.get("/periods/reopenings").text
    assert state(session) == ["closed"]
    assert "chờ xác nhận" in hoa.get("/").text
    assert "Xác nhận mở lại sổ" in hoa.get("/periods/reopenings").text
    assert send(hoa, "/periods/reopenings", f"{act}/confirm").status_code == 303
    page = hoa.get("/periods/reopenings").text
    assert "Đã mở lại sổ tháng 09/2024." in page
    assert state(session) == ["open"]
    send(hoa, "/periods/reopenings", f"{act}/refuse")
    assert "đã được xử lý" in hoa.get("/periods/reopenings").text
    page = hoa.get(PAGE).text
    assert re.search(r"Xác nhận mở lại sổ · Người thử approver", page)
    assert "Sót phiếu thu 12" in page
    assert "Mở lại" in hoa.get("/periods").text


@pytest.mark.parametrize("act", ["withdraw", "refuse"])
def test_a_request_comes_to_nothing(
    signed_in: SignedIn, give: Give, session: Session, act: str
) -> None:
    give(date(2024, 9, 2))
    lan, hoa = signed_in("approver"), signed_in("approver")
    send(lan, PAGE, f"{PAGE}/close")
    send(lan, PAGE, f"{PAGE}/reopen", reason="x")
    number = session.scalars(select(Reopening.id)).one()
    who = lan if act == "withdraw" else hoa
    send(who, "/periods/reopenings", f"/periods/reopenings/{number}/{act}")
    assert "các tháng vẫn khóa" in who.get("/periods/reopenings").text
    assert state(session) == ["closed"]


def test_who_reads_only_sees_no_forms_and_may_send_none(signed_in: SignedIn, give: Give) -> None:
    give(date(2024, 9, 2))
    auditor = signed_in("auditor")
    page = auditor.get(PAGE)
    assert page.status_code == 200
    assert "<form method" not in page.text.partition("<main")[2]
    for path in (f"{PAGE}/close", f"{PAGE}/reopen", "/periods/reopenings/1/confirm"):
        assert send(auditor, "/settings", path).status_code == 403
    assert send(signed_in("treasurer"), PAGE, "/periods/reopenings/1/confirm").status_code == 403


def test_a_unit_treasurer_closes_the_own_unit_only(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    give(date(2024, 9, 2))
    give(date(2024, 9, 2), unit="HT-44")
    own = signed_in("unit-treasurer", units=["HT-44"])
    listed = own.get("/periods").text
    assert "Các tháng năm 2024 của Hội Quảng Trị" in listed
    assert "/periods/TW/" not in listed
    for path in ("/periods/TW/2024-09", "/periods/XX/2024-09", "/periods?unit=TW"):
        assert own.get(path).status_code == 404
    assert send(own, "/periods/HT-44/2024-09", f"{PAGE}/close").status_code == 404
    page = "/periods/HT-44/2024-09"
    assert send(own, page, f"{page}/close").status_code == 303
    units = session.scalars(select(Unit.code).join(Period, Period.unit_id == Unit.id))
    assert list(units) == ["HT-44"]


@pytest.mark.parametrize(
    "path", ["2024-13", "2024-9", "0000-01", "²024-01", "x", "2024-09-01", "1989-12"]
)
def test_a_month_that_is_none(signed_in: SignedIn, give: Give, path: str) -> None:
    assert signed_in("auditor").get(f"/periods/TW/{path}").status_code == 404


@pytest.mark.parametrize("query", ["?year=abc", "?year=99999", "?unit=XX", "?year=²024"])
def test_a_filter_that_makes_no_sense(signed_in: SignedIn, give: Give, query: str) -> None:
    page = signed_in("auditor").get(f"/periods{query}")
    assert page.status_code in {404, 422}
    assert "Xin sửa các điểm sau" in page.text


def test_before_anything_was_booked(signed_in: SignedIn) -> None:
    client = signed_in("auditor")
    assert "Không phát sinh" in client.get("/periods").text
    assert "Chưa có bút toán nào đến hết tháng này" in client.get(PAGE).text
    assert "Chưa có đề nghị mở lại sổ nào" in client.get("/periods/reopenings").text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_hostile_reasons_and_marks_are_refused_or_kept_as_text(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    give(date(2024, 9, 2))
    owed()
    client = signed_in("treasurer")
    # What no form takes at all is tested for all of them (tests/test_hostile_walk.py).
    values = [
        value
        for value in corpus.TEXTS[::4]
        if "\0" not in value and not any("\ud800" <= mark <= "\udfff" for mark in value)
    ]
    for value in values:
        answer = send(client, PAGE, f"{PAGE}/close", mark=value, seen=value, through=value)
        assert answer.status_code < 500
    assert state(session) == []
    send(client, PAGE, f"{PAGE}/close", seen="1", mark=hidden(client, PAGE)["mark"])
    for value in values:
        assert send(client, PAGE, f"{PAGE}/reopen", reason=value).status_code < 500
    assert state(session) == ["closed"]


def test_openings_are_recorded_listed_and_taken_back(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    client = signed_in("treasurer")
    assert "Chưa có số dư đầu kỳ nào" in client.get("/openings").text
    typed = {"unit": "TW", "fund": "dues", "account": "111", "date": "01/01/2024"}
    wrong = send(client, "/openings/new", **typed, amount="1,5 triệu")
    assert wrong.status_code == 422
    assert 'value="1,5 triệu"' in wrong.text
    assert 'id="f-amount-error"' in wrong.text
    done = send(client, "/openings/new", **typed, amount="1.500.000")
    assert (done.status_code, done.location) == (303, "/openings")
    page = client.get("/openings").text
    assert "Đã ghi số dư đầu kỳ 1.500.000 đ." in page
    number = re.search(r'href="(/openings/[0-9]+)"', page)
    assert number
    other = send(client, "/openings/new", **typed, amount="2.000.000")
    assert other.status_code == 409
    assert "đã có số dư đầu kỳ 1.500.000 đ" in other.text
    assert "không ghi đảo lại được" in client.get(number[1]).text
    assert send(client, "/openings", f"{number[1]}/reverse", reason="").status_code == 422
    assert send(client, "/openings", f"{number[1]}/reverse", reason="Nhầm").status_code == 303
    assert "Nhầm" in client.get(number[1]).text
    assert "Tổng cộng 0 đ, 0 số dư" in client.get("/openings").text
    assert send(client, "/openings/new", **typed, amount="2.000.000").status_code == 303


def test_anothers_opening_looks_like_none(signed_in: SignedIn, give: Give) -> None:
    client = signed_in("treasurer")
    typed = {"unit": "TW", "fund": "dues", "account": "111", "date": "01/01/2024"}
    send(client, "/openings/new", **typed, amount="1.500.000")
    number = re.search(r'href="(/openings/[0-9]+)"', client.get("/openings").text)
    assert number
    own = signed_in("unit-treasurer", units=["HT-44"])
    assert "Chưa có số dư đầu kỳ nào" in own.get("/openings").text
    for path in (number[1], "/openings/99999"):
        assert own.get(path).status_code == 404
        assert send(own, "/openings/new", f"{path}/reverse", reason="x").status_code == 404
    assert send(own, "/openings/new", **typed, amount="5").status_code == 404
    auditor = signed_in("auditor")
    assert auditor.get(number[1]).status_code == 200
    assert auditor.get("/openings/new").status_code == 403


def test_a_year_is_looked_at_and_carried_forward(signed_in: SignedIn, give: Give) -> None:
    give(date(2023, 5, 5), 70_000)
    give(date(2023, 6, 5), 30_000, unit="HT-44")
    client = signed_in("treasurer")
    page = client.get("/periods/carry-forward").text
    assert "Kết quả 100.000 đ" in page
    to = "/periods/carry-forward"
    assert send(client, to, year="2023", unit="HT-44").status_code == 303
    assert "Kết quả 70.000 đ" in client.get(f"{to}?year=2023").text
    done = send(client, to, year="2023")
    assert "Đã ghi 1 bút toán kết chuyển." in client.get(done.location).text
    assert "Không còn gì để kết chuyển cho năm 2023." in client.get(to).text
    for year in ("2024", "abc", "", "²023"):
        assert send(client, to, year=year).status_code == 422
    assert "chưa hết" in send(client, to, year="2024").text
    assert client.get(f"{to}?year=x").status_code == 422
    assert send(client, to, year="2023", unit="XX").status_code == 404
    assert send(signed_in("approver"), "/settings", to, year="2023").status_code == 403


def test_a_closed_december_says_so_on_the_page(
    signed_in: SignedIn, give: Give, session: Session
) -> None:
    give(date(2023, 12, 5), 70_000)
    client = signed_in("treasurer")
    page = "/periods/TW/2023-12"
    assert "quỹ chưa kết chuyển cuối năm 2023" in client.get(page).text
    send(client, page, f"{page}/close", seen="1", mark=hidden(client, page)["mark"])
    answer = send(client, "/periods/carry-forward", year="2023")
    assert answer.status_code == 422
    assert "Tháng 12/2023" in answer.text
