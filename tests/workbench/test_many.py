"""All lines of a filter at once: a preview of what they come to, then slice by slice."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecision, BankLine
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from fundsvc.workbench import many_views, views
from tests.reconciliation.importing import file, run
from tests.support import periods
from tests.support.forms import hidden
from tests.workbench.deciding import book, money_in, money_out, waiting

pytestmark = [pytest.mark.usefixtures("app", "clock"), pytest.mark.both_engines]

SignedIn = Callable[..., FlaskClient]
ALL = "/workbench/VCB1/all"
SCRIPT = {views.QUIET: "1"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of three without the script, of two with it."""
    monkeypatch.setattr(many_views, "SLICE", 3)
    monkeypatch.setattr(many_views, "CHUNK", 2)


@pytest.fixture
def lines() -> list[int]:
    """Seven gifts, and money that went out."""
    rows = [money_in(f"{n}00.000", f"UNG HO DOT {n}", day=n) for n in range(1, 8)]
    return book("VCB1", *rows, money_out("150.000", "MUA QUA", day=8))


def fields_of(text: str) -> dict[str, str]:
    """Return the hidden fields of a page that is already there."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text))


def shown(browser: FlaskClient, query: str) -> dict[str, Any]:
    return hidden(browser, f"{ALL}?{query}")


def test_a_preview_says_count_and_sum_before_anything_is_booked(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    browser = signed_in("treasurer")
    assert f'formaction="{ALL}"' in browser.get("/workbench/VCB1").text
    text = browser.get(f"{ALL}?way=in").text
    assert "Danh sách đang lọc có 7 dòng, 2.800.000 đ." in text
    assert "Ghi là khoản ủng hộ ẩn danh" in text
    assert "Danh sách đang lọc có 1 dòng, 400.000 đ." in browser.get(f"{ALL}?q=dot%204").text
    whole = browser.get(ALL).text
    assert "Danh sách đang lọc có 8 dòng, 2.950.000 đ." in whole
    assert "Ghi là khoản ủng hộ ẩn danh" not in whole
    assert "Không có dòng nào như vậy." in browser.get(f"{ALL}?q=khong").text
    assert waiting(session) == 8


def test_without_the_script_it_goes_slice_by_slice(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    browser = signed_in("treasurer")
    data = shown(browser, "way=in") | {"what": "given"}
    told = []
    for _slice in range(2):
        page = browser.post(ALL, data=data)
        assert page.status_code == 200
        told.append(page.text)
        data = fields_of(page.text)
    assert "Đã qua 3 trên 7 dòng: ghi 3, không ghi được 0." in told[0]
    assert "Đã qua 6 trên 7 dòng: ghi 6, không ghi được 0." in told[1]
    done = browser.post(ALL, data=data)
    assert done.location == "/workbench/VCB1?way=in"
    assert "Đã quyết định 7 dòng." in browser.get(done.location).text
    assert session.scalar(select(func.sum(Donation.amount))) == 2_800_000
    assert waiting(session) == 1
    assert not [*faults(session)]


def test_the_script_is_told_where_to_go_on(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    browser = signed_in("treasurer")
    data = shown(browser, "way=in") | {"what": "held", "note": "Hỏi lại ngân hàng"}
    seen = []
    while data["after"] is not None:
        answer = browser.post(ALL, data=data, headers=SCRIPT).json
        assert answer is not None
        assert answer["wrong"] == []
        seen.append(answer["done"])
        data["after"] = answer["next"]
    assert seen == [2, 2, 2, 1]
    session.rollback()
    held = select(func.count()).select_from(BankLine).where(decided.held())
    assert session.scalar(held) == 7
    assert waiting(session) == 8


def test_what_came_in_after_the_preview_is_not_among_them(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    browser = signed_in("treasurer")
    data = shown(browser, "q=dot%207") | {"what": "given"}
    run("VCB1", file("1,09/09/2024,5213.9,,900.000,,UNG HO DOT 7"), name="moi.csv")
    assert browser.post(ALL, data=data).status_code == 303
    assert session.scalars(select(Donation.amount)).all() == [700_000]


def test_sending_a_slice_twice_decides_once(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    browser = signed_in("treasurer")
    data = shown(browser, "way=in") | {"what": "held", "note": "Hỏi"}
    for _time in range(2):
        assert browser.post(ALL, data=data, headers=SCRIPT).json["done"] == 2  # type: ignore[index]
    assert session.scalar(select(func.count()).select_from(BankDecision)) == 2


def test_one_that_is_refused_waits_and_stops_no_other(
    signed_in: SignedIn, session: Session
) -> None:
    book("VCB1", *(f"1,0{n}/0{7 + n}/2024,5213.{n},,{n}00.000,,ung ho" for n in (1, 2)))
    with transaction() as writing:
        unit = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        writing.add(periods.closed(unit, date(2024, 8, 1)))
    browser = signed_in("treasurer")
    data = shown(browser, "way=in") | {"what": "given"}
    answer = browser.post(ALL, data=data, headers=SCRIPT).json
    assert answer is not None
    assert (answer["done"], answer["next"]) == (1, None)
    ((_number, line, why),) = answer["wrong"]
    assert line == "01/08/2024 · 100.000 đ"
    assert "khóa" in why
    assert waiting(session) == 1


def test_likely_proposals_are_counted_and_booked_as_the_preview_said(
    signed_in: SignedIn, session: Session
) -> None:
    """Two lines are the two sides of one transfer: the second is decided with the first."""
    book("BIDV1", money_out("5.000.000", "CHUYEN SANG 00110268", day=2))
    book("VCB1", money_in("5.000.000", "CHUYEN TU 00110342", day=2), money_in("1.000", "x", day=3))
    browser = signed_in("treasurer")
    text = browser.get(ALL).text
    data = fields_of(text) | {"what": "accept"}
    assert data["kinds"] == "mirrored"
    assert "1 dòng cần xem riêng vẫn chờ" in text
    assert "Ghi đề nghị đứng đầu của 1 dòng" in text
    refused = browser.post(ALL, data=data | {"kinds": "given"}, headers=SCRIPT).json
    assert refused is not None
    assert (refused["done"], len(refused["wrong"])) == (0, 2)
    answer = browser.post(ALL, data=data, headers=SCRIPT).json
    assert answer is not None
    assert (answer["done"], len(answer["wrong"])) == (1, 1)
    assert waiting(session) == 1


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"what": "posted"},
        {"what": "held", "note": " "},
        {"what": "given", "until": "x"},
        {"what": "given", "until": "9" * 40},
        {"what": "given", "key": ""},
    ],
)
def test_forms_that_cannot_be_change_nothing(
    signed_in: SignedIn, lines: list[int], session: Session, more: dict[str, str]
) -> None:
    browser = signed_in("treasurer")
    data = shown(browser, "way=in") | more
    assert browser.post(ALL, data=data).status_code == 422
    assert browser.post(ALL, data=data, headers=SCRIPT).status_code == 422
    assert session.scalar(select(func.count()).select_from(BankDecision)) == 0


def test_only_who_keeps_these_books_decides_them(
    signed_in: SignedIn, lines: list[int], session: Session
) -> None:
    assert signed_in("auditor").get(ALL).status_code == 403
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert stranger.get(ALL).status_code == 404
    data = hidden(stranger, "/workbench") | {
        "what": "given",
        "until": str(lines[-1]),
        "key": "k" * 20,
    }
    assert stranger.post(ALL, data=data).status_code == 404
    assert waiting(session) == 8
