"""The pages of donations: the form, the list with its total, the export, and who sees what."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.pdf import PdfError
from fundsvc.receipts.models import Receipt
from fundsvc.units.models import Unit
from tests import corpus
from tests.support.forms import alike, hidden, send
from tests.support.gifts import give, give_with_receipt

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]
GOOD = {
    "unit": "TW",
    "fund": "nghia-tinh",
    "amount": "1.200.000",
    "received_on": "2024-09-10",
    "donor": "Nguyễn Thị Hường",
    "donor_kind": "person",
    "address": "Thôn Đông",
    "receipt": "1",
    "key": "k1",
}


@pytest.fixture
def treasurer(signed_in: SignedIn) -> FlaskClient:
    return signed_in("treasurer")


@pytest.fixture
def two_units(app: Flask) -> None:
    """Two branches besides the centre."""
    with transaction() as session:
        for code in ("AA", "BB"):
            session.add(Unit(code=code, name=f"Đơn vị {code}", folded=code, kind="liaison"))


def counted(session: Session, model: Any) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_record_and_receipt_in_one_step(treasurer: FlaskClient, session: Session) -> None:
    answer = send(treasurer, "/donations/new", **GOOD)
    assert answer.status_code == 303
    assert answer.location == "/receipts/NT-2024-000001"
    page = treasurer.get(answer.location).text
    assert "Nguyễn Thị Hường" in page
    assert "Một triệu hai trăm nghìn đồng" in page
    receipt = session.scalars(select(Receipt)).one()
    assert receipt.pdf_sha256
    assert receipt.facts["issued_by"].startswith("Người thử")
    assert session.scalars(select(Donation.recorded_by)).one() is not None


def test_a_double_tap_is_one_donation(treasurer: FlaskClient, session: Session) -> None:
    first = send(treasurer, "/donations/new", **GOOD)
    second = send(treasurer, "/donations/new", **GOOD)
    assert second.location == first.location
    assert counted(session, Donation) == 1
    assert counted(session, Receipt) == 1


def test_the_form_sent_again_with_other_facts_asks(
    treasurer: FlaskClient, session: Session
) -> None:
    send(treasurer, "/donations/new", **GOOD)
    answer = send(treasurer, "/donations/new", **GOOD | {"amount": "5.000.000"})
    assert answer.status_code == 409
    assert "đã được ghi sổ trước đó với nội dung khác" in answer.text
    assert 'value="5.000.000"' in answer.text
    key = re.search(r'name="key" value="([^"]+)"', answer.text)
    assert key
    assert key[1] != "k1"
    again = send(treasurer, "/donations/new", **GOOD | {"amount": "5.000.000", "key": key[1]})
    assert again.status_code == 303
    assert counted(session, Donation) == 2


def test_a_printer_that_fails_does_not_lose_the_receipt(
    treasurer: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> bytes:
        raise PdfError

    with monkeypatch.context() as patch:
        patch.setattr("fundsvc.pdf.render", fail)
        answer = send(treasurer, "/donations/new", **GOOD)
    assert answer.location == "/receipts/NT-2024-000001"
    assert session.scalars(select(Receipt.pdf_sha256)).one() is None
    assert treasurer.get(f"{answer.location}.pdf").data.startswith(b"%PDF")
    session.rollback()
    assert session.scalars(select(Receipt.pdf_sha256)).one()


def test_without_a_receipt_it_leads_to_the_donation_and_the_receipt_comes_later(
    treasurer: FlaskClient,
) -> None:
    answer = send(treasurer, "/donations/new", **GOOD | {"receipt": ""})
    assert answer.location.startswith("/donations/")
    assert "Chưa cấp biên nhận" in treasurer.get(answer.location).text
    issued = send(treasurer, answer.location, to=f"{answer.location}/receipt")
    assert issued.location == "/receipts/NT-2024-000001"
    twice = send(treasurer, "/donations/new", to=f"{answer.location}/receipt")
    assert twice.status_code == 409
    assert "NT-2024-000001" in twice.text


def test_every_new_form_has_its_own_key_and_todays_date(treasurer: FlaskClient) -> None:
    assert hidden(treasurer, "/donations/new")["key"] != hidden(treasurer, "/donations/new")["key"]
    assert 'value="30/09/2024"' in treasurer.get("/donations/new").text


WRONG = (
    ("amount", "", "Chưa ghi số tiền"),
    ("amount", "abc", "chữ số"),
    ("amount", "0", "từ 1 đ"),
    ("amount", "-5", "chữ số"),
    ("amount", "1,000", "chữ số"),
    ("amount", "1.00", "chữ số"),
    ("amount", "9" * 16, "quá lớn"),
    ("received_on", "2024-10-01", "tương lai"),
    ("received_on", "30/02/2024", "trong lịch"),
    ("received_on", "hôm qua", "31/12/2026"),
    ("donor", "", "ẩn danh"),
    ("donor", "x" * 201, "Dài quá 200"),
    ("unit", "XX", "XX"),
    ("fund", "yy", "yy"),
    ("province", "44", "2025:44"),
    ("donor_kind", "robot", "lựa chọn"),
    ("key", "a b", "Khóa"),
)


def test_what_is_wrong_stands_beside_its_field_and_typed_text_stays(
    treasurer: FlaskClient, session: Session
) -> None:
    for field, typed, says in WRONG:
        answer = send(treasurer, "/donations/new", **GOOD | {field: typed})
        assert answer.status_code == 422, (field, typed)
        assert says in answer.text, (field, typed)
        if field != "key":
            assert f'href="#f-{field}"' in answer.text
            assert f'id="f-{field}-error"' in answer.text
        assert 'value="Thôn Đông"' in answer.text
    assert (counted(session, Donation), counted(session, Entry)) == (0, 0)


def test_dots_are_thousands(treasurer: FlaskClient, session: Session) -> None:
    send(treasurer, "/donations/new", **GOOD | {"amount": "1.000"})
    assert session.scalars(select(Donation.amount)).one() == 1_000


def test_anonymous(treasurer: FlaskClient, session: Session) -> None:
    send(treasurer, "/donations/new", **GOOD | {"donor": "", "anonymous": "1"})
    assert session.scalars(select(Donation.donor_id)).one() is None
    assert "Ẩn danh" in treasurer.get("/donations").text
    both = send(treasurer, "/donations/new", **GOOD | {"anonymous": "1", "key": "k2"})
    assert both.status_code == 422


def test_the_list_shows_its_total(treasurer: FlaskClient) -> None:
    give(amount=1_000_000)
    give(amount=2_345_678, fund="base", donor=DonorFacts(name="Trần Đức Thuận"))
    page = treasurer.get("/donations").text
    assert "2 khoản, tổng cộng 3.345.678 đ" in page
    assert "Chân quỹ" in page
    for query, total in (
        ("fund=base", "1 khoản, tổng cộng 2.345.678 đ"),
        ("q=duc+thuan", "1 khoản, tổng cộng 2.345.678 đ"),
        ("unit=TW&from=2024-09-01&to=30/09/2024", "2 khoản, tổng cộng 3.345.678 đ"),
        ("receipt=without", "2 khoản, tổng cộng 3.345.678 đ"),
    ):
        assert total in treasurer.get(f"/donations?{query}").text
    for query in ("receipt=with", "to=2024-09-01", "q=x%25", "q=_"):
        assert "Không có khoản ủng hộ nào khớp" in treasurer.get(f"/donations?{query}").text


@pytest.mark.parametrize(
    "query",
    [
        "from=2024-13-01",
        "to=x",
        "receipt=perhaps",
        "q=" + "x" * 300,
        "from=2024-09-02&to=2024-09-01",
    ],
)
def test_a_filter_that_cannot_be_is_told(treasurer: FlaskClient, query: str) -> None:
    assert treasurer.get(f"/donations?{query}").status_code == 422
    assert treasurer.get(f"/donations.csv?{query}").status_code == 422


def test_empty_says_what_to_do_next(treasurer: FlaskClient, signed_in: SignedIn) -> None:
    assert "Bắt đầu bằng" in treasurer.get("/donations").text
    auditor = signed_in("auditor").get("/donations").text
    assert "Chưa có khoản ủng hộ nào" in auditor
    assert "/donations/new" not in auditor


def test_paging_shows_each_row_once(
    treasurer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fundsvc.donations.listing.PAGE", 5)
    for number in range(13):
        give(amount=1_000 + number, received_on=date(2024, 9, 1 + number % 3), donor=None)
    seen: list[str] = []
    address: str | None = "/donations?fund=nghia-tinh"
    while address:
        page = treasurer.get(address).text
        assert "13 khoản" in page
        seen += re.findall(r'href="/donations/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 13


@pytest.mark.parametrize("mark", ["x", "2024-09-01", "2024-09-01.x", "2024-09-01." + "9" * 30, "²"])
def test_a_mark_that_is_none_gives_the_first_page(treasurer: FlaskClient, mark: str) -> None:
    give()
    assert "1 khoản" in treasurer.get("/donations", query_string={"after": mark}).text


def test_the_export_is_what_is_shown_and_runs_no_formula(treasurer: FlaskClient) -> None:
    for place, name in enumerate(corpus.FORMULAS):
        give(donor=DonorFacts(name=name), amount=1_000 + place)
    give_with_receipt(fund="base", donor=None)
    answer = treasurer.get("/donations.csv?fund=nghia-tinh")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == len(corpus.FORMULAS) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]
    assert "'+84912345678" in {row[1] for row in rows}
    shown = re.findall(r'href="/donations/\d+">', treasurer.get("/donations?fund=nghia-tinh").text)
    assert len(shown) == len(rows) - 1


@pytest.mark.parametrize("role", ["treasurer", "approver", "auditor", "unit-treasurer", "admin"])
def test_who_may_do_what(signed_in: SignedIn, role: str) -> None:
    browser = signed_in(role, units=["TW"])
    reads, writes = role != "admin", role in {"treasurer", "unit-treasurer"}
    assert browser.get("/donations").status_code == (200 if reads else 403)
    assert browser.get("/donations.csv").status_code == (200 if reads else 403)
    assert browser.get("/donations/new").status_code == (200 if writes else 403)


def test_a_donation_is_taken_back_once_its_receipt_is_void(
    treasurer: FlaskClient, session: Session
) -> None:
    number = give_with_receipt()
    given = session.scalars(select(Donation.id)).one()
    page = treasurer.get(f"/donations/{given}").text
    assert "hãy hủy biên nhận trước" in page
    assert "/reverse" not in page
    undo = {"to": f"/donations/{given}/reverse", "reason": "Ghi hai lần"}
    refused = send(treasurer, "/donations/new", **undo)
    assert refused.status_code == 422
    assert f"Hủy biên nhận {number} trước" in refused.text
    send(treasurer, "/donations/new", to=f"/receipts/{number}/void", reason="Ghi nhầm")
    assert f'action="/donations/{given}/reverse"' in treasurer.get(f"/donations/{given}").text
    for _time in range(2):
        assert send(treasurer, "/donations/new", **undo).location == f"/donations/{given}"
    page = treasurer.get(f"/donations/{given}").text
    assert "đã ghi đảo (số âm) ngày 30/09/2024" in page
    assert "/reverse" not in page
    assert f"/donations/{given}/receipt" not in page
    assert "Đã ghi đảo" in treasurer.get("/donations").text
    assert "0 khoản, tổng cộng 0 đ" in treasurer.get("/donations").text
    assert ",Đã ghi đảo" in treasurer.get("/donations.csv").text


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    for address in ("/donations", "/donations.csv", "/donations/new", "/donations/1"):
        assert client.get(address).status_code == 302


@pytest.mark.usefixtures("two_units")
def test_a_unit_treasurer_sees_and_touches_only_its_units(
    signed_in: SignedIn, session: Session
) -> None:
    theirs = give(unit="BB", donor=DonorFacts(name="CANARYBB", phone="1"), amount=7_654_321)
    number = give_with_receipt(unit="BB", donor=DonorFacts(name="CANARYBB2", phone="2"))
    give(unit="AA", donor=DonorFacts(name="Người của AA"))
    browser = signed_in("unit-treasurer", units=["AA"])
    listed = browser.get("/donations").text
    assert "Người của AA" in listed
    missing = browser.get("/donations/999999")
    foreign = browser.get(f"/donations/{theirs.id}")
    assert alike(foreign) == alike(missing)
    for address in (
        "/donations",
        "/donations.csv",
        "/donations?q=canary",
        "/donations?unit=BB",
        "/donations/new",
        f"/receipts/{number}",
    ):
        page = browser.get(address).text
        assert "CANARY" not in page
        assert "7.654.321" not in page
    assert "Đơn vị BB" not in browser.get("/donations/new").text
    refused = send(browser, "/donations/new", **GOOD | {"unit": "BB"})
    assert refused.status_code == 422
    issue = send(browser, "/donations/new", to=f"/donations/{theirs.id}/receipt")
    assert issue.status_code == 404
    assert counted(session, Donation) == 3


def test_without_a_token_nothing_is_written(treasurer: FlaskClient, session: Session) -> None:
    assert treasurer.post("/donations/new", data=GOOD).status_code == 400
    assert counted(session, Donation) == 0


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_hostile_amounts_are_refused(treasurer: FlaskClient, session: Session) -> None:
    for typed in (*corpus.NEVER_AMOUNTS, *corpus.NOT_POSITIVE):
        fields: dict[str, Any] = GOOD | {"amount": typed.encode("utf-8", "surrogatepass")}
        answer = send(treasurer, "/donations/new", **fields)
        assert 400 <= answer.status_code < 500, typed[:40]
    assert counted(session, Donation) == 0


def test_amounts_are_read_as_written(treasurer: FlaskClient, session: Session) -> None:
    for place, (typed, amount) in enumerate(corpus.AMOUNTS):
        fields: dict[str, Any] = GOOD | {"amount": typed, "key": f"k{place}", "receipt": ""}
        assert send(treasurer, "/donations/new", **fields).status_code == 303, typed
        session.rollback()
        newest = select(Donation.amount).order_by(Donation.id.desc()).limit(1)
        assert session.scalar(newest) == amount


TEXTS = ("donor", "address", "phone", "on_behalf_of", "in_memory_of", "earmark", "note")


def test_hostile_texts_are_refused_field_by_field(treasurer: FlaskClient, session: Session) -> None:
    # A form cannot carry half a surrogate pair, so those arrive as a mark and may be kept.
    for typed in (*corpus.UNKEEPABLE, *corpus.LONG):
        text: Any = typed.encode("utf-8", "surrogatepass")
        fields: dict[str, Any] = GOOD | dict.fromkeys(TEXTS, text) | {"receipt": ""}
        answer = send(treasurer, "/donations/new", **fields)
        assert answer.status_code < 500, repr(typed[:40])
        if answer.status_code == 422 and typed.strip():
            for field in TEXTS:
                assert f'id="f-{field}-error"' in answer.text, (field, repr(typed[:40]))
    session.rollback()
    kept = [str(value) for row in session.execute(select(Donation.__table__)) for value in row]
    assert not [value for value in kept if set(value) & set("\x00\x01\x1b\x7f\u202e\ufffe")]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_odd_texts_come_back_as_they_went_in(treasurer: FlaskClient, session: Session) -> None:
    for place, typed in enumerate(corpus.ODD):
        fields = GOOD | {"earmark": typed, "key": f"k{place}"}
        answer = send(treasurer, "/donations/new", **fields)
        assert answer.status_code == 303, typed
        assert treasurer.get(answer.location).status_code == 200
        assert treasurer.get(f"{answer.location}.pdf").data.startswith(b"%PDF")
    page = treasurer.get("/donations").text
    assert "<script>alert(1)" not in page
    assert "{{ 7*7 }}" in page
