"""Signing in and out, and the sessions on the server."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.config import Settings
from fundsvc.db import transaction
from fundsvc.staff import service, sessions
from fundsvc.staff.models import StaffSession
from tests.staff.helpers import PASSWORD, add, is_signed_in, post, sign_in, token
from tests.support import apps
from tests.support.browser import Browser

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("fundsvc")
    return found.value if found else ""


@pytest.mark.parametrize("name", ["thuquy", " ThuQuy ", "BinhAn@example.vn"])
def test_signs_in_by_user_name_or_email(app: Flask, client: FlaskClient, name: str) -> None:
    add(app, email="binhan@example.vn")
    answer = sign_in(client, name)
    assert answer.status_code == 302
    assert answer.location == "/"
    assert is_signed_in(client)


def test_wrong_name_wrong_password_and_disabled_say_the_same(
    app: Flask, client: FlaskClient
) -> None:
    add(app)
    add(app, "nghi", roles=("auditor",))
    with transaction() as session:
        service.set_active(session, "nghi", active=False, by=None)
    for name, password in (("thuquy", "sai"), ("khongco", PASSWORD), ("nghi", PASSWORD)):
        answer = sign_in(client, name, password)
        assert answer.status_code == 200
        assert answer.text.count("Tên đăng nhập hoặc mật khẩu không đúng.") == 1
        assert not is_signed_in(client)


def test_typed_name_is_kept_and_password_is_not(app: Flask, client: FlaskClient) -> None:
    text = sign_in(client, "thuquy", "mật khẩu gõ sai").text
    assert 'value="thuquy"' in text
    assert "mật khẩu gõ sai" not in text


def test_english_by_switch(client: FlaskClient) -> None:
    client.get("/preferences?language=en")
    text = sign_in(client, "thuquy", "wrong").text
    assert "The user name or the password is wrong." in text
    assert "Tên đăng nhập" not in text


def test_goes_on_to_the_page_that_was_asked_for(app: Flask, client: FlaskClient) -> None:
    add(app)
    answer = client.get("/settings?x=1")
    assert answer.location == "/sign-in?next=/settings?x%3D1"
    assert sign_in(client, next_page="/settings?x=1").location == "/settings?x=1"


@pytest.mark.parametrize("evil", ["//evil.vn", "https://evil.vn", "/\\evil.vn", "\t//evil.vn"])
def test_never_goes_on_to_another_place(app: Flask, client: FlaskClient, evil: str) -> None:
    add(app)
    assert sign_in(client, next_page=evil).status_code == 400
    assert client.get("/sign-in", query_string={"next": evil}).status_code == 400


def test_cookie_is_random_and_table_has_only_its_digest(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    add(app)
    client.get("/sign-in")
    planted = cookie(client)
    answer = sign_in(client)
    flags = answer.headers["Set-Cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Secure" not in flags  # http://localhost
    assert cookie(client) != planted
    rows = list(session.scalars(select(StaffSession.digest)))
    assert rows == [hashlib.sha256(cookie(client).encode()).hexdigest()]
    assert cookie(client) not in repr(session.execute(select(StaffSession.data)).all())


def test_cookie_is_secure_where_people_come_by_https(settings: Settings) -> None:
    with apps.made(replace(settings, base_url="https://quy.example.vn")) as app:
        answer = app.test_client().get("/sign-in", base_url="https://quy.example.vn")
    assert answer.headers["Set-Cookie"].startswith("__Host-fundsvc=")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


def test_people_sign_in_by_plain_http_where_they_come_by_it(settings: Settings) -> None:
    """A browser sends no Secure cookie back by http; `fundsvc serve` warns instead."""
    with apps.made(replace(settings, base_url="http://192.168.1.10:8000")) as app:
        app.test_client_class = Browser
        add(app)
        client = app.test_client()
        answer = sign_in(client)
        assert answer.headers["Set-Cookie"].startswith("fundsvc=")
        assert "Secure" not in answer.headers["Set-Cookie"]
        assert "Strict-Transport-Security" not in answer.headers
        assert is_signed_in(client)


def test_signing_out_ends_the_session_on_the_server(app: Flask, client: FlaskClient) -> None:
    add(app)
    sign_in(client)
    stolen = cookie(client)
    assert post(client, "/sign-out", "/settings").location == "/sign-in"
    assert not is_signed_in(client)
    thief = app.test_client()
    thief.set_cookie("fundsvc", stolen)
    assert not is_signed_in(thief)


def test_signing_out_needs_the_form(app: Flask, client: FlaskClient) -> None:
    add(app)
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 400
    assert is_signed_in(client)


def test_ends_when_idle_and_when_old(app: Flask, client: FlaskClient) -> None:
    add(app)
    with clock.fixed(NOON):
        sign_in(client)
    with clock.fixed(NOON + timedelta(minutes=59)):
        assert is_signed_in(client)
    with clock.fixed(NOON + timedelta(minutes=118)):
        assert is_signed_in(client)
    with clock.fixed(NOON + timedelta(minutes=179)):
        assert not is_signed_in(client)
    client = app.test_client()
    with clock.fixed(NOON):
        sign_in(client)
    for minutes in range(30, 12 * 60, 30):
        with clock.fixed(NOON + timedelta(minutes=minutes)):
            assert is_signed_in(client)
    with clock.fixed(NOON + timedelta(hours=12, minutes=1)):
        assert not is_signed_in(client)


def test_reading_a_page_again_at_once_writes_nothing(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    add(app)
    with clock.fixed(NOON):
        sign_in(client)
        client.get("/settings")
        session.rollback()
        before = session.scalar(select(StaffSession.expires_at))
    with clock.fixed(NOON + timedelta(seconds=59)):
        client.get("/settings")
    session.rollback()
    assert session.scalar(select(StaffSession.expires_at)) == before


def test_strangers_without_a_form_leave_no_session(client: FlaskClient, session: Session) -> None:
    for path in ("/healthz", "/static/app.css", "/v", "/nowhere", "/settings"):
        assert "Set-Cookie" not in client.get(path).headers
    assert session.scalar(select(func.count()).select_from(StaffSession)) == 0


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "a" * 5000, "é" * 43, "%00", '"\\000"'])
def test_a_made_up_cookie_is_a_stranger(client: FlaskClient, value: str) -> None:
    answer = client.get("/settings", headers={"Cookie": f"fundsvc={value}"})
    assert answer.status_code == 302


def test_changing_the_password_ends_all_other_sessions(app: Flask, client: FlaskClient) -> None:
    add(app)
    other = app.test_client()
    sign_in(client)
    sign_in(other)
    changed = post(
        client,
        "/password",
        password=PASSWORD,
        new_password="một câu khác hẳn",
        new_password_confirm="một câu khác hẳn",
    )
    assert changed.location == "/settings"
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "không đúng" in sign_in(other).text
    assert sign_in(other, password="một câu khác hẳn").status_code == 302


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("ngắn", "ngắn", "ít nhất 12 ký tự"),
        ("một câu khác hẳn", "một câu khác", "không giống nhau"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "lặp đi lặp lại"),
        ("THUQUY của hội", "THUQUY của hội", "không được chứa tên"),
        ("x y" * 200, "x y" * 200, "dài quá 256"),
        (PASSWORD, PASSWORD, "phải khác mật khẩu cũ"),
    ],
)
def test_refuses_a_bad_new_password(
    app: Flask, client: FlaskClient, new: str, again: str, told: str
) -> None:
    add(app)
    sign_in(client)
    answer = post(
        client, "/password", password=PASSWORD, new_password=new, new_password_confirm=again
    )
    assert told in answer.text


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have no session written any more, as while a long import holds the writer's place."""
    error = OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    def refuse(*_arguments: object) -> None:
        raise error

    return lambda: monkeypatch.setattr("fundsvc.staff.sessions.transaction", refuse)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_locked_database_does_not_take_an_answer_back(
    app: Flask, client: FlaskClient, locked: Callable[[], None]
) -> None:
    """What the page tells of is committed; only the notice is lost."""
    add(app, roles=("admin",))
    sign_in(client)
    form = token(client, "/staff/new")
    locked()
    typed = {"username": "hoa", "password": PASSWORD, "roles": "auditor", "csrf_token": form}
    answer = client.post("/staff/new", data=typed)
    assert (answer.status_code, answer.location) == (303, "/staff")
    assert "Set-Cookie" not in answer.headers
    assert "hoa" in client.get("/staff").text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_locked_database_asks_to_sign_in_and_out_again(
    app: Flask, client: FlaskClient, locked: Callable[[], None]
) -> None:
    add(app)
    stranger, inside = app.test_client(), app.test_client()
    sign_in(inside)
    typed = {"email": "thuquy", "password": PASSWORD, "csrf_token": token(client, "/sign-in")}
    leaving = {"csrf_token": token(inside, "/settings")}
    locked()
    for answer in (
        stranger.get("/sign-in"),
        client.post("/sign-in", data=typed),
        inside.post("/sign-out", data=leaving),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.content_type.startswith("text/html")
        assert not {"Set-Cookie", "Location"} & set(answer.headers.keys())
        assert "Máy chủ đang bận" in answer.text
        assert "/sign-out" not in answer.text
    assert not is_signed_in(client)
    assert is_signed_in(inside)


def test_a_new_session_takes_the_place_of_those_that_ended(app: Flask, session: Session) -> None:
    """Strangers who only look at the sign-in page leave a row, but not for longer than it lasts."""
    with clock.fixed(NOON):
        for _visit in range(3):
            app.test_client().get("/sign-in")
    with clock.fixed(NOON + sessions.IDLE_STRANGER):
        app.test_client().get("/sign-in")
    assert session.scalar(select(func.count()).select_from(StaffSession)) == 1


def test_a_disabled_person_is_out_at_once(app: Flask, client: FlaskClient) -> None:
    add(app)
    sign_in(client)
    with transaction() as session:
        service.set_active(session, "thuquy", active=False, by=None)
    assert not is_signed_in(client)


def test_an_ended_session_is_not_written_again(app: Flask, client: FlaskClient) -> None:
    """A request on its way while the session is ended elsewhere must not bring it back."""
    add(app)
    sign_in(client)

    def end_and_write() -> str:
        from flask import flash

        flash("x")
        with transaction() as session:
            service.set_password(session, "thuquy", "một câu khác hẳn", by=None)
        return "ok"

    app.view_functions["staff.settings"] = end_and_write
    end_and_write.allowed_roles = None  # type: ignore[attr-defined]
    assert client.get("/settings").text == "ok"
    with app.app_context():
        from fundsvc.db import read_session

        assert read_session().scalar(select(func.count()).select_from(StaffSession)) == 0
