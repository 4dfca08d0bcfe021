"""The first page, the search and the pages of units: what they tell, and to whom."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.donors.service import DonorFacts
from fundsvc.units.models import Unit
from ledger import recipes
from tests.support.gifts import give, give_with_receipt

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]
ALL_READERS = ["treasurer", "approver", "auditor"]


@pytest.fixture
def two_units(app: Flask) -> None:
    """Two liaison boards, AA above A1 and beside BB."""
    with transaction() as session:
        above = Unit(
            code="AA",
            name="Ban liên lạc Ánh Dương",
            folded="ban lien lac anh duong",
            kind="liaison",
        )
        session.add(above)
        session.add(
            Unit(
                code="BB", name="Ban liên lạc Bí Mật", folded="ban lien lac bi mat", kind="liaison"
            )
        )
        session.flush()
        session.add(
            Unit(
                code="A1",
                name="Chi hội Một",
                folded="chi hoi mot",
                kind="branch",
                parent_id=above.id,
            )
        )


@pytest.mark.parametrize("role", ALL_READERS)
def test_empty_books_say_where_to_begin(signed_in: SignedIn, role: str) -> None:
    page = signed_in(role).get("/").text
    assert "Chưa có khoản thu chi nào" in page
    assert ('href="/donations/new"' in page) == (role == "treasurer")


def test_the_first_page_shows_funds_to_do_and_what_came_in(signed_in: SignedIn) -> None:
    give(amount=1_200_000, received_on=date(2024, 9, 10))
    give_with_receipt(amount=800_000, received_on=date(2024, 9, 11))
    with transaction() as session:
        entry = recipes.dues_total(
            on=date(2023, 12, 5),
            unit="TW",
            fund="dues",
            amount=77_000,
            description="Hội phí",
            paid_into="111",
        )
        books.post(session, entry, source="test", external_id="1")
    page = signed_in("treasurer").get("/").text
    assert "2.000.000 đ" in page
    assert "77.000 đ" in page
    assert "/statements/fund?fund=nghia-tinh&amp;from=2024-01-01&amp;to=2024-09-30" in page
    assert 'href="/donations?receipt=without"' in page
    assert "khoản ủng hộ chưa có biên nhận" in page
    assert 'from=2024-09-11&amp;to=2024-09-11">800.000</a>' in page


def test_what_waits_is_shown_only_to_who_may_open_its_list(signed_in: SignedIn) -> None:
    give(amount=1_000)
    assert "chưa có biên nhận" in signed_in("auditor").get("/").text
    assert "cú pháp" not in signed_in("unit-treasurer", units=["TW"]).get("/").text


def test_an_administrator_sees_no_money(signed_in: SignedIn) -> None:
    give(amount=1_234_567)
    page = signed_in("admin").get("/").text
    assert "1.234.567" not in page
    assert 'href="/donations"' not in page
    assert signed_in("admin").get("/units").status_code == 403
    assert signed_in("admin").get("/search?q=TW").status_code == 403


@pytest.mark.usefixtures("two_units")
def test_a_unit_treasurer_sees_the_sums_of_own_units_only(signed_in: SignedIn) -> None:
    give(unit="AA", amount=111_000)
    give(unit="BB", amount=222_000_000)
    mine = signed_in("unit-treasurer", units=["AA"])
    for path in ("/", "/units", "/search?q=bi+mat", "/search?q=ban", "/units/AA"):
        page = mine.get(path).text
        assert "222.000.000" not in page, path
        assert "Bí Mật" not in page, path
    assert "111.000 đ" in mine.get("/").text
    assert mine.get("/units/A1").status_code == 200
    assert mine.get("/units/BB").status_code == mine.get("/units/KHONGCO").status_code == 404


@pytest.mark.usefixtures("two_units")
def test_units_are_filtered_and_their_sums_follow(signed_in: SignedIn) -> None:
    give(unit="AA", amount=111_000)
    give(unit="TW", amount=5_000)
    client = signed_in("auditor")
    assert "116.000" in client.get("/units").text
    found = client.get("/units?q=ANH+duong").text
    assert "Ánh Dương" in found
    assert "116.000" not in found
    assert "111.000" in found
    assert "Chi hội Một" not in client.get("/units?kind=liaison").text
    assert "Không có đơn vị nào như vậy" in client.get("/units?q=zzz").text
    assert client.get("/units?province=2025:01").status_code == 200
    assert client.get("/units?province=2025:99").status_code == 404


@pytest.mark.usefixtures("two_units")
def test_a_unit_shows_its_place_its_branches_and_its_funds(signed_in: SignedIn) -> None:
    give(unit="A1", amount=9_000)
    page = signed_in("auditor").get("/units/AA").text
    assert "Chi hội Một" in page
    assert "9.000" in page
    assert 'href="/units/AA"' in signed_in("auditor").get("/units/A1").text


def test_search_finds_with_and_without_diacritics_and_opens_an_exact_number(
    signed_in: SignedIn,
) -> None:
    number = give_with_receipt(donor=DonorFacts(name="Đặng Đức Hòa"))
    client = signed_in("treasurer")
    assert "Đặng Đức Hòa" in client.get("/search?q=duc+hoa").text
    assert client.get(f"/search?q={number.lower()}").location == f"/receipts/{number}"
    assert "Không tìm thấy gì" in client.get("/search?q=%25").text
    assert client.get("/search?q=").status_code == 200


@pytest.mark.parametrize("text", ["%00", "%ff", "_", "%25", "'", "x" * 5000, "\u202e", "²"])
def test_search_survives_any_text(signed_in: SignedIn, text: str) -> None:
    client = signed_in("auditor")
    for path in ("/search", "/units"):
        assert client.get(f"{path}?q={text}").status_code in {200, 400}, path
