"""Writing a voucher: lines, sums and reasons on its form, which loses nothing that was typed."""

import re

import pytest
from sqlalchemy.orm import Session

from tests.support.forms import hidden, send
from tests.vouchers.pages import JOURNAL, PAID, SignedIn, count, write

pytestmark = pytest.mark.usefixtures("clock", "money")


def test_a_journal_that_does_not_balance_says_by_how_much_and_where(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=journal"
    wrong = JOURNAL | {"credit-2": "400.000", "fund-1": "dues", "credit-3": "", "act": "submit"}
    answer = send(client, page, **wrong, key="k1")
    assert answer.status_code == 422
    assert "Chứng từ lệch 1.000.000 đ ở Hội phí thường xuyên" in answer.text
    assert "Chứng từ lệch 400.000 đ ở Quỹ Nghĩa tình Trường Sơn" in answer.text
    assert 'Nợ 1.000.000 đ, Có 0 đ – <strong class="sums__off">lệch 1.000.000 đ' in answer.text
    assert 'value="400.000"' in answer.text
    assert count(session) == 0
    kept = send(client, page, **(wrong | {"act": "save"}), key="k1")
    assert kept.status_code == 303
    assert "Nợ và Có còn lệch 600.000 đ" in client.get(kept.location).text


def test_lines_are_added_without_script_and_nothing_typed_is_lost(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {"amount-2": "không rõ", "act": "add"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1")
    assert answer.status_code == 200
    assert 'name="account-3"' in answer.text
    for kept in ("80 000 000", "không rõ", "&lt;xã Hướng Việt&gt;", 'value="k1"', "Xã Hướng Việt"):
        assert kept in answer.text
    assert 'value="642" selected' in answer.text
    assert 'Tổng cộng: <output class="amount" data-total>80.000.000 đ' in answer.text
    assert count(session) == 0


def test_what_is_wrong_stands_beside_its_line_and_all_at_once(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {
        "date": "31/02/2024",
        "amount-1": "1,5",
        "account-2": "",
        "account-5": "111",
        "amount-5": "",
    }
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="submit")
    assert answer.status_code == 422
    for place in ("date", "amount-1", "account-2", "amount-5"):
        assert f'id="f-{place}-error"' in answer.text, place
    assert 'value="1,5"' in answer.text
    assert count(session) == 0
    fields = PAID | {"account-2": "9999", "amount-2": "1"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="save")
    assert answer.status_code == 422
    assert 'id="f-account-2-error"' in answer.text
    assert count(session) == 0


def test_money_that_is_not_there_is_refused_when_it_is_submitted_and_kept_as_a_draft(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {"amount-1": "99.500.001"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="submit")
    assert answer.status_code == 422
    assert "thiếu 1 đ" in answer.text
    assert count(session) == 0
    assert (
        send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="save").status_code
        == 303
    )
    assert count(session) == 1


def test_sending_a_form_twice_makes_one_voucher(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=cash-out"
    first = send(client, page, **PAID, key="k1", act="save")
    again = send(client, page, **PAID, key="k1", act="save")
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    other = send(client, page, **(PAID | {"amount-1": "7"}), key="k1", act="save")
    assert other.status_code == 409
    assert f'href="{first.location}"' in other.text
    assert 'value="7"' in other.text
    assert count(session) == 1


def test_a_stale_form_is_refused_and_keeps_what_was_typed(
    signed_in: SignedIn, session: Session
) -> None:
    one, other = signed_in("treasurer"), signed_in("treasurer")
    voucher = write(one, PAID, act="save")
    page = f"/vouchers/{voucher}/edit"
    version = hidden(one, page)["version"]
    assert send(other, page, **(PAID | {"amount-1": "5.000"}), version=version).status_code == 303
    answer = send(one, page, **(PAID | {"amount-1": "9.000"}), version=version)
    assert answer.status_code == 409
    assert "vừa thay đổi chứng từ này" in answer.text
    assert 'value="9.000"' in answer.text
    assert f'href="/vouchers/{voucher}"' in answer.text
    newer = dict(re.findall(r'name="(version)" value="([0-9]+)"', answer.text))["version"]
    assert int(newer) == int(version) + 1
    assert send(one, page, **(PAID | {"amount-1": "9.000"}), version=newer).status_code == 303
    assert "509.000 đ" in one.get(f"/vouchers/{voucher}").text
    assert send(one, page, **PAID, version="x").status_code == 409


def test_a_kind_that_is_not_there_is_not_found(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    assert "Lập phiếu thu" in client.get("/vouchers/new?kind=nothing").text
    answer = send(client, "/vouchers/new?kind=cash-in", "/vouchers/new", kind="nothing")
    assert answer.status_code == 404


def test_the_next_voucher_begins_with_the_unit_of_the_last(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=cash-out"
    chosen = '<option value="TW" selected>'
    assert chosen not in client.get(page).text
    send(client, page, **PAID, key=hidden(client, page)["key"], act="save")
    assert chosen in client.get("/vouchers/new?kind=cash-in").text
    assert chosen not in signed_in("treasurer").get(page).text
