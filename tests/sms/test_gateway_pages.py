"""The page of gateways: added with a secret that is shown once, renewed, and told of."""

import html
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit.models import Act
from fundsvc.db import transaction
from fundsvc.inbox import door, gateways
from fundsvc.sms import senders
from tests.support import messages, pushes
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]
PAGE = "/sms/gateways"

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reads its gateways anew for every push."""
    monkeypatch.setattr(door, "FRESH_SECONDS", -1.0)


def made(page: str) -> str:
    found = re.search(r'class="secret">([^<]+)<', page)
    return html.unescape(found[1]) if found else ""


def test_a_gateway_is_added_with_a_secret_that_is_shown_once(
    signed_in: SignIn, client: FlaskClient, session: Session
) -> None:
    admin = signed_in("admin")
    assert "Chưa có cổng nào" in admin.get(PAGE).text
    added = send(admin, PAGE, name="cong-1", form="standard", secret="")
    secret = made(added.text)
    assert secret.startswith("whsec_")
    page = admin.get(PAGE).text
    assert f'href="{PAGE}" aria-current="page">Cổng tin nhắn<' in page
    assert secret not in page
    assert "http://localhost/webhooks/sms/cong-1" in page
    assert "chưa nhận tin nào" in page
    pushed = pushes.standard(messages.one(), clock.now(), secrets=(secret,), gateway="cong-1")
    assert pushed.send(client).status_code == 200
    assert "chưa nhận tin nào" not in admin.get(PAGE).text
    assert secret not in repr([vars(act) for act in session.scalars(select(Act))])


def test_a_secret_is_replaced_without_losing_a_push(signed_in: SignIn, client: FlaskClient) -> None:
    admin = signed_in("admin")
    typed = {"name": "vcom", "form": "vcom", "client_id": "demo", "secret": pushes.KEY}
    assert send(admin, PAGE, **typed).status_code == 303
    again = send(admin, PAGE, **typed)
    assert again.status_code == 422
    assert "Đã có cổng tên này" in again.text
    renewed = made(send(admin, PAGE, f"{PAGE}/vcom/secrets", new_secret="").text)
    for number, key in enumerate((pushes.KEY, renewed)):
        pushed = pushes.vcom(messages.one(request_id=f"VI{number}"), key=key)
        assert pushed.send(client).status_code == 200
    assert send(admin, PAGE, f"{PAGE}/vcom/secrets/1/retire").status_code == 303
    assert send(admin, PAGE, f"{PAGE}/vcom/secrets/1/retire").status_code == 404
    assert pushes.vcom(messages.one(request_id="VI9")).send(client).status_code == 401
    page = admin.get(PAGE).text
    assert "Khóa số 2 đang dùng" in page
    assert "1 khóa đã bỏ" in page
    assert send(admin, PAGE, f"{PAGE}/khac/secrets", new_secret="x").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "Cổng"}, "Tên cổng gồm"),
        ({"form": ""}, "Không có mẫu này"),
        ({"form": "vcom"}, "mã khách hàng"),
        ({"form": "esms", "client_id": "a"}, "cần một nhà mạng"),
        ({"operator": "viettel"}, "tự nói nhà mạng"),
        ({"secret": "no-secret"}, "Khóa không đúng dạng"),
    ],
)
def test_a_gateway_that_cannot_be_is_refused_and_keeps_what_was_typed(
    signed_in: SignIn, typed: dict[str, str], said: str
) -> None:
    refused = send(signed_in("admin"), PAGE, **{"name": "cong-x", "form": "standard"} | typed)
    assert refused.status_code == 422
    assert said in refused.text
    assert "no-secret" not in refused.text
    assert f'value="{typed.get("name", "cong-x")}"' in refused.text


def test_the_word_for_an_operator_can_be_forgotten(signed_in: SignIn) -> None:
    with transaction() as session:
        senders.add(session, "vcom", "vcom", ["k"], operator=None, client_id="demo", by=None)
        gateways.learn(session, "sms", "vcom", {senders.OPERATORS: {"gt": "gmobile"}})
    admin = signed_in("admin")
    assert "“gt” là Gmobile" in admin.get(PAGE).text
    assert send(admin, PAGE, f"{PAGE}/vcom/operators/forget", word="gt").status_code == 303
    assert send(admin, PAGE, f"{PAGE}/vcom/operators/forget", word="gt").status_code == 404
    assert "Gmobile</p>" not in admin.get(PAGE).text


@pytest.mark.parametrize("role", ["treasurer", "approver", "auditor", "unit-treasurer"])
def test_gateways_are_for_administrators(signed_in: SignIn, role: str) -> None:
    person = signed_in(role)
    assert person.get(PAGE).status_code == 403
    assert send(person, "/settings", PAGE, name="x", form="standard").status_code == 403
    assert f'href="{PAGE}"' not in person.get("/settings").text
