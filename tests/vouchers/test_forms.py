"""A form that is sent half empty is told all it lacks at the first try, each beside its field."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.units import service as units
from tests.support import periods
from tests.support.forms import send

pytestmark = pytest.mark.usefixtures("clock", "money")

SignedIn = Callable[..., FlaskClient]
_REASON = re.compile(r'<li>(?:Dòng (\d+): )?<a href="#f-([^"]+)">([^<]+)</a></li>')


def told(answer: TestResponse) -> dict[str, str]:
    """Return what the top of a refused form says, by the fields it leads to, in its order."""
    assert answer.status_code == 422
    summary = answer.text.partition('id="errors"')[2].partition("</ul>")[0]
    found = _REASON.findall(summary)
    assert len(found) == summary.count("<li>")
    for _row, field, text in found:
        assert f'id="f-{field}"' in answer.text, field
        assert answer.text.count(text) > 1, f"not beside {field}"
    return {field: unescape(text) for _row, field, text in found}


def fill(client: FlaskClient, kind: str, act: str = "submit", **fields: str) -> TestResponse:
    """Send the form of a new voucher."""
    return send(client, f"/vouchers/new?kind={kind}", kind=kind, key="k1", act=act, **fields)


def test_an_empty_form_says_all_it_lacks(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    head = {"date": "Thiếu ngày chứng từ.", "unit": "Chọn đơn vị.", "fund": "Chọn quỹ."}
    party = {"party": "Thiếu họ tên người nộp hoặc người nhận tiền."}
    till = {"till": "Chọn tài khoản ngân hàng."}
    about = {"description": "Thiếu nội dung."}
    line = {"lines": "Cần ít nhất 1 dòng định khoản."}
    lacking = {
        "cash-in": head | party | about | line,
        "cash-out": head | party | about | line,
        "bank-in": head | till | about | line,
        "bank-out": head | till | about | line,
        "journal": head | about | {"lines": "Cần ít nhất 2 dòng định khoản."},
        "transfer": head
        | {
            "to_unit": "Chọn đơn vị nhận.",
            "to_fund": "Chọn quỹ nhận.",
            "amount": "Thiếu số tiền chuyển.",
            "resolution": "Thiếu số nghị quyết cho phép chuyển quỹ.",
            "resolution_on": "Thiếu ngày của nghị quyết.",
        }
        | about,
    }
    for kind, expected in lacking.items():
        assert list(told(fill(client, kind)).items()) == list(expected.items()), kind


def test_a_draft_is_told_only_what_it_needs_to_be_kept(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    assert list(told(fill(client, "cash-out", "save"))) == ["date", "unit", "fund"]
    assert list(told(fill(client, "bank-in", "save"))) == ["date", "unit", "fund", "till"]
    transfer = told(fill(client, "transfer", "save", till="111"))
    assert list(transfer) == ["date", "unit", "fund", "to_unit", "to_fund", "to_till"]


def test_what_one_step_finds_does_not_hide_what_the_next_would(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    typed = {"unit": "TW", "fund": "nghia-tinh", "date": "01/10/2024", "account-1": "6111"}
    answer = fill(client, "bank-out", party="Lê Văn Nam", **typed)
    assert told(answer) == {
        "date": "Ngày chứng từ không thể sau hôm nay.",
        "till": "Chọn tài khoản ngân hàng.",
        "description": "Thiếu nội dung.",
        "amount-1": "Ghi số tiền cho dòng này.",
    }, "nothing is said of how many lines there are: one could not be read"
    for kept in ("Lê Văn Nam", "01/10/2024", 'value="6111" selected', 'value="TW" selected'):
        assert kept in answer.text
    wrong = {"account-1": "9999", "amount-1": "5", "account-3": "8888", "amount-3": "5"}
    answer = fill(client, "bank-out", **typed | wrong | {"till": "112.KHAC"})
    assert list(told(answer)) == ["date", "till", "description", "account-1", "account-3"]


def test_a_closed_month_is_told_of_at_the_first_try(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    with transaction() as writing:
        unit_id = units.by_code(writing, "TW").id
        writing.add(periods.closed(unit_id, date(2024, 8, 1), by=None))
    typed = {"unit": "TW", "date": "20/08/2024", "party": "Lê Văn Nam"}
    reasons = told(fill(client, "cash-in", **typed))
    assert list(reasons) == ["date", "fund", "description", "lines"]
    assert "đã khóa sổ" in reasons["date"]
    stranger = signed_in("unit-treasurer", units=["HUE"])
    assert "date" not in told(fill(stranger, "cash-in", **typed)), "of others' books no word"


def test_a_draft_that_is_changed_and_sent_is_told_all_it_lacks(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    head = {"unit": "TW", "fund": "dues", "date": "20/09/2024"}
    kept = fill(client, "cash-out", "save", **head)
    page = f"{kept.location}/edit"
    answer = send(client, page, version="1", act="submit", **head | {"fund": ""})
    assert list(told(answer)) == ["fund", "party", "description", "lines"]


def test_the_form_of_a_monthly_template_is_told_all_it_lacks(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    kept = fill(client, "cash-out", "save", unit="TW", fund="dues", date="20/09/2024")
    page = f"/voucher-templates/new?voucher={kept.location.rpartition('/')[2]}"
    assert told(send(client, page, name="", day="")) == {
        "name": "Thiếu tên mẫu.",
        "day": "Ngày trong tháng là số từ 1 đến 31.",
    }
    assert list(told(send(client, page, name="", day="32"))) == ["name", "day"]
