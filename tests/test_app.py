"""The service as a whole: headers, health, limits, and input that makes no sense."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from fundsvc.app import LARGEST_FORM, create_app
from fundsvc.config import BadSettingError, Settings, load
from fundsvc.public.give_views import WITHOUT_SESSION
from fundsvc.staff.access import public
from tests.support import apps

SignIn = Callable[..., FlaskClient]


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/static/app.css", "/v"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers  # http://localhost


def test_pages_are_not_kept_and_assets_are(client: FlaskClient) -> None:
    page = client.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    style = re.search(r'href="(/static/app\.css\?v=\w+)"', page.text)
    assert style
    assert "immutable" in client.get(style[1]).headers["Cache-Control"]


def test_no_page_needs_inline_script_or_style(app: Flask, signed_in: SignIn) -> None:
    browser = signed_in("treasurer")
    for path in [*plain_pages(app), "/nowhere"]:
        answer = browser.get(path)
        if answer.mimetype == "text/html":
            assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=", answer.text), (
                path
            )


def test_healthz_asks_the_database(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").json == {"status": "ok"}

    down = OperationalError("SELECT 1", {}, Exception("gone"))

    def gone(*_arguments: object) -> None:
        raise down

    monkeypatch.setattr("sqlalchemy.orm.Session.execute", gone)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json == {"status": "no database"}


def test_a_busy_database_asks_to_try_again(app: Flask, client: FlaskClient) -> None:
    locked = OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    def busy() -> str:
        raise locked

    busy.allowed_roles = None  # type: ignore[attr-defined]
    app.add_url_rule("/busy", "busy", busy)
    answer = client.get("/busy")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def plain_pages(app: Flask) -> list[str]:
    """Return the addresses of all pages without arguments."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments
    )


@pytest.mark.parametrize(
    "cookie",
    [
        "fundsvc=%00; fundsvc_language=%00; fundsvc_text=%FF",
        "fundsvc_language=../../x",
        "\xff\xfe=\xff",
        "=;;;==",
        "fundsvc=" + "a" * 8000,
        "fundsvc_language=en; fundsvc_language=vi; remember_token=x|y; tf_validity=1.2.3",
    ],
)
def test_cookies_that_make_no_sense_are_a_strangers(client: FlaskClient, cookie: str) -> None:
    assert client.get("/sign-in", headers={"Cookie": cookie}).status_code == 200
    assert client.get("/settings", headers={"Cookie": cookie}).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "%00", "é", "a.b.c", "9" * 5000])
def test_a_form_without_its_token_is_refused(client: FlaskClient, token: str) -> None:
    for path in ("/sign-in", "/sign-out", "/sign-in/code"):
        answer = client.post(path, data={"csrf_token": token, "email": "a", "password": "b"})
        assert answer.status_code == 400, path
        assert "<h1>" in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"])
def test_other_methods_are_refused(app: Flask, client: FlaskClient, method: str) -> None:
    for path in plain_pages(app):
        assert client.open(path, method=method).status_code == 405, path


def test_asking_what_an_address_takes_does_nothing(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where forms go straight to their views: no payment is begun by a question."""
    called: list[str] = []

    @public
    def view(**_values: str) -> str:
        called.append(request.path)
        return ""

    for endpoint in WITHOUT_SESSION:
        monkeypatch.setitem(app.view_functions, endpoint, view)
    for path in ("/give/x/y/pay/card", "/give/x"):
        answer = client.options(path)
        assert answer.status_code == 200
        assert "POST" in answer.headers["Allow"]
    assert called == []


def test_large_bodies_are_refused_except_files_to_import(
    client: FlaskClient, signed_in: SignIn
) -> None:
    large = b"a=" + b"x" * (LARGEST_FORM + 1)
    kind = "application/x-www-form-urlencoded"
    assert client.post("/sign-in", data=large, content_type=kind).status_code == 413
    # Strangers are turned away before anybody reads what they send.
    assert client.post("/imports/bank", data=large, content_type=kind).status_code == 401
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
    answer = signed_in("treasurer").post(
        "/imports/bank",
        data=head + b"x" * (LARGEST_FORM + 1) + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 400  # Read, and refused for its missing token.


def test_error_pages_say_what_to_do(client: FlaskClient) -> None:
    for path, status in (("/nowhere", 404), ("/sign-out", 405), ("/sign-in?next=//x", 400)):
        answer = client.get(path)
        assert answer.status_code == status
        assert "<h1>" in answer.text
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_a_proxy_is_believed_only_when_told_so(settings: Settings, proxies: int, seen: str) -> None:
    asked = {}
    with apps.made(replace(settings, proxies=proxies)) as app:

        @app.before_request
        def remember() -> None:
            asked["address"] = request.remote_addr

        app.test_client().get("/healthz", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.7"})
    assert asked["address"] == seen


@pytest.mark.parametrize("number", ["-1", "10", "x", "1.5", "١", " "])
def test_a_bad_number_of_proxies_is_named(number: str) -> None:
    with pytest.raises(BadSettingError, match="FUNDSVC_PROXIES"):
        load({"FUNDSVC_PROXIES": number, "FUNDSVC_SECRET_KEY": "k" * 64})


def test_commands_start_without_pages(settings: Settings) -> None:
    app = create_app(settings, testing=True, web=False)
    assert [rule.endpoint for rule in app.url_map.iter_rules()] == ["static"]
    with app.app_context():
        assert app.jinja_env.filters["dong"](1_000) == "1.000 đ"
