"""The second factor: setting it up, codes that count once, recovery codes."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.staff import service
from fundsvc.staff.models import StaffUser
from tests.staff.helpers import PASSWORD, add, is_signed_in, post, sign_in, token


def code(secret: str, later: int = 0) -> str:
    """Return the code of a secret, some steps of 30 seconds later."""
    moment = clock.now().timestamp() + 30 * later
    return str(TOTP(key=secret, format="base32").generate(time=moment).token)


def set_up(client: FlaskClient) -> str:
    """Switch the second factor on and return its secret."""
    page = post(client, "/two-factor", setup="authenticator").text
    key = re.search(r"<code>([A-Z2-7 -]+)</code>", page)
    action = re.search(r'action="(/two-factor/[^"]+)"', page)
    assert key
    assert action
    assert "<svg" in page
    secret = re.sub(r"[ -]", "", key[1])
    csrf = token(client, "/settings")
    answer = client.post(html.unescape(action[1]), data={"csrf_token": csrf, "code": code(secret)})
    assert answer.location == "/settings"
    return secret


@pytest.fixture
def secret(app: Flask, client: FlaskClient) -> str:
    """The secret of a treasurer with a second factor, who is signed out again."""
    add(app)
    sign_in(client)
    secret = set_up(client)
    post(client, "/sign-out", "/settings")
    return secret


def test_password_alone_is_not_enough(client: FlaskClient, secret: str) -> None:
    answer = sign_in(client, next_page="/settings")
    assert answer.location.startswith("/sign-in/code")
    assert not is_signed_in(client)
    answer = post(client, answer.location, code=code(secret, 1))
    assert answer.location == "/settings"
    assert is_signed_in(client)


def test_a_code_counts_once(app: Flask, client: FlaskClient, secret: str) -> None:
    used = code(secret, 1)
    sign_in(client)
    assert post(client, "/sign-in/code", code=used).status_code == 302
    other = app.test_client()
    sign_in(other)
    answer = post(other, "/sign-in/code", code=used)
    assert "không đúng hoặc đã dùng" in answer.text
    assert not is_signed_in(other)


# Codes change every 30 seconds; over the change the second one would be a code of its own.
@pytest.mark.usefixtures("clock")
def test_a_code_used_for_setting_up_does_not_sign_in(client: FlaskClient, secret: str) -> None:
    sign_in(client)
    assert "đã dùng" in post(client, "/sign-in/code", code=code(secret)).text


@pytest.mark.parametrize("typed", ["", "1", "abcdef", "²²²²²²", "١٢٣٤٥٦", "9" * 400])
def test_a_wrong_code_is_refused(client: FlaskClient, secret: str, typed: str) -> None:
    sign_in(client)
    assert post(client, "/sign-in/code", code=typed).status_code == 200
    assert not is_signed_in(client)


def test_guessing_codes_is_slowed_down(app: Flask, client: FlaskClient, secret: str) -> None:
    with clock.fixed(clock.now() + timedelta(hours=1)):
        sign_in(client)
        for _ in range(5):
            assert post(client, "/sign-in/code", code="000000").status_code == 200
        assert post(client, "/sign-in/code", code="000000").status_code == 429
        # Neither a new start with the password nor a recovery code gives new tries.
        again = app.test_client()
        sign_in(again)
        assert post(again, "/sign-in/code", code="000000").status_code == 429
        assert post(again, "/sign-in/recovery", code="aaaa-bbbb-cccc").status_code == 429


def test_recovery_codes_are_shown_once_and_count_once(
    app: Flask, client: FlaskClient, secret: str, session: Session
) -> None:
    sign_in(client)
    post(client, "/sign-in/code", code=code(secret, 1))
    page = post(client, "/two-factor/recovery-codes", generate_new_codes="1").text
    codes = re.findall(r"<li><code>([a-z0-9-]{14})</code>", page)
    assert len(set(codes)) == 10
    assert codes[0] not in client.get("/two-factor/recovery-codes?show_codes=1").text
    stored = session.scalar(select(StaffUser.recovery))
    assert stored
    assert not set(codes) & set(stored["codes"])
    for number, (typed, works) in enumerate(
        [(codes[0].upper().replace("-", " "), True), (codes[0], False), (codes[1], True)]
    ):
        browser = app.test_client()
        sign_in(browser)
        answer = post(browser, "/sign-in/recovery", code=typed)
        assert (answer.status_code == 302) == works, number
        assert is_signed_in(browser) == works


def test_code_pages_need_the_password_first(client: FlaskClient, app: Flask) -> None:
    add(app)
    for path in ("/sign-in/code", "/sign-in/recovery"):
        assert client.get(path).location == "/sign-in"


def test_an_administrator_takes_a_lost_telephone_away(
    app: Flask, client: FlaskClient, secret: str
) -> None:
    with transaction() as session:
        service.drop_second_factor(session, "thuquy", by=None)
    assert sign_in(client).location == "/"


def test_switching_it_off_needs_the_password_again_after_a_while(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(app)
    sign_in(client)
    set_up(client)
    app.config["SECURITY_FRESHNESS"] = timedelta(microseconds=1)
    app.config["SECURITY_FRESHNESS_GRACE_PERIOD"] = timedelta(0)
    with client.session_transaction() as stored:
        stored.pop("fs_gexp", None)
    answer = client.get("/two-factor")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in/again?next=")
    assert "không đúng" in post(client, answer.location, password="sai").text
    app.config["SECURITY_FRESHNESS"] = timedelta(minutes=15)
    assert post(client, answer.location, password=PASSWORD).location == "/two-factor"
    assert post(client, "/two-factor", setup="disable").location == "/settings"
    post(client, "/sign-out", "/settings")
    assert sign_in(client).location == "/"


def test_a_changed_secret_key_refuses_codes_but_does_not_fail(
    app: Flask, client: FlaskClient, secret: str
) -> None:
    from fundsvc.staff.codes import OnceTotp

    app.extensions["security"]._totp_factory = OnceTotp({"1": "x" * 32}, "x")
    sign_in(client)
    assert post(client, "/sign-in/code", code=code(secret, 1)).status_code == 200
    assert not is_signed_in(client)


def test_of_many_requests_with_one_code_only_one_signs_in(
    app: Flask, client: FlaskClient, secret: str
) -> None:
    """The check and its trace are one step in the database, not two in the program."""
    used = code(secret, 1)
    browsers = [app.test_client() for _ in range(4)]
    tokens = []
    for browser in browsers:
        sign_in(browser)
        tokens.append(token(browser, "/sign-in/code"))
    start = Barrier(len(browsers))

    def send(browser: FlaskClient, csrf: str) -> int:
        start.wait()
        answer = browser.post("/sign-in/code", data={"csrf_token": csrf, "code": used})
        return answer.status_code

    with ThreadPoolExecutor(len(browsers)) as pool:
        statuses = list(pool.map(send, browsers, tokens))
    assert sorted(statuses) == [200, 200, 200, 302]
    assert sum(is_signed_in(browser) for browser in browsers) == 1
