"""What comes every month, on its pages: made of a voucher, asked for when due, drafted once."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.vouchers.models import Voucher
from tests.support import gifts
from tests.support.forms import hidden, send

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]
PAID = {
    "unit": "TW",
    "fund": "dues",
    "date": "20/09/2024",
    "party": "Điện lực Ba Đình",
    "description": "Tiền điện <văn phòng>",
    "account-1": "642",
    "amount-1": "350.000",
}


def draft(client: FlaskClient) -> str:
    page = "/vouchers/new?kind=cash-out"
    answer = send(client, page, **PAID, key=hidden(client, page)["key"], act="save")
    return str(answer.location).rpartition("/")[2]


def test_a_voucher_becomes_a_template_whose_draft_is_made_once_a_month(
    signed_in: SignedIn, session: Session
) -> None:
    gifts.give()  # The first page of empty books asks for other things.
    client = signed_in("treasurer")
    voucher = draft(client)
    assert "Chưa có mẫu nào" in client.get("/voucher-templates").text
    page = f"/voucher-templates/new?voucher={voucher}"
    assert f'href="{page}"' in client.get(f"/vouchers/{voucher}").text
    assert "Tiền điện &lt;văn phòng&gt;" in client.get(page).text
    wrong = send(client, page, name="", day="32")
    assert wrong.status_code == 422
    wrong = send(client, page, name="Tiền điện", day="hai")
    assert wrong.status_code == 422
    assert 'value="hai"' in wrong.text
    assert 'id="f-day-error"' in wrong.text
    assert send(client, page, name="Tiền điện", day="25").status_code == 303
    assert "chứng từ hằng tháng đến kỳ lập" in client.get("/").text
    assert "ngày chứng từ 25/09/2024" in client.get("/voucher-templates").text
    make = "/voucher-templates/1/draft"
    made = send(client, "/voucher-templates", make, month="2024-09")
    again = send(client, "/voucher-templates", make, month="2024-09")
    assert made.status_code == again.status_code == 303
    assert made.location == again.location
    shown = client.get(made.location).text
    assert "25/09/2024" in shown
    assert "350.000" in shown
    assert "Tiền điện" in shown
    assert "Đến kỳ lập" not in client.get("/voucher-templates").text
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Voucher)) == 2


def test_a_forms_key_stands_in_no_templates_way(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    voucher = draft(client)
    send(client, f"/voucher-templates/new?voucher={voucher}", name="Tiền điện", day="25")
    form, key = "/vouchers/new?kind=cash-out", "template:1:2024-09"
    chosen = send(client, form, **PAID, key=key, act="save")
    again = send(client, form, **PAID, key=key, act="save")
    assert chosen.location == again.location
    made = send(client, "/voucher-templates", "/voucher-templates/1/draft", month="2024-09")
    assert made.status_code == 303
    assert made.location not in {chosen.location, f"/vouchers/{voucher}"}


def test_a_template_is_switched_off_and_on(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    voucher = draft(client)
    send(client, f"/voucher-templates/new?voucher={voucher}", name="Tiền điện", day="1")
    switch = "/voucher-templates/1/switch"
    assert send(client, "/voucher-templates", switch, active="0").status_code == 303
    page = client.get("/voucher-templates").text
    assert "Đã ngừng" in page
    assert "Đến kỳ lập" not in page
    refused = send(client, "/voucher-templates", "/voucher-templates/1/draft", month="2024-09")
    assert refused.status_code == 422
    assert "Mẫu này đã ngừng dùng." in refused.text
    assert send(client, "/voucher-templates", switch, active="1").status_code == 303
    assert "Đến kỳ lập" in client.get("/voucher-templates").text
    wrong = send(client, "/voucher-templates", "/voucher-templates/1/draft", month="13/2024")
    assert wrong.status_code == 422


def test_strangers_find_no_template_and_readers_make_none(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    voucher = draft(client)
    page = f"/voucher-templates/new?voucher={voucher}"
    send(client, page, name="Tiền điện", day="1")
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert "Tiền điện" not in stranger.get("/voucher-templates").text
    assert stranger.get(page).status_code == 404
    for act in ("draft", "switch"):
        for number in (1, 2):
            answer = send(stranger, "/settings", f"/voucher-templates/{number}/{act}")
            assert answer.status_code == 404, (act, number)
    for role in ("auditor", "approver"):
        assert signed_in(role).get("/voucher-templates").status_code == 403
    assert client.get("/voucher-templates/new?voucher=x").status_code == 404
    assert client.get("/voucher-templates/new").status_code == 303
