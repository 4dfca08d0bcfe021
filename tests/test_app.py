"""The service as a whole: headers, health, limits, and input that makes no sense."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from fundsvc.app import LARGEST_FORM, create_app
from fundsvc.config import BadSettingError, Settings, load
from fundsvc.db import db
from fundsvc.public.give_views import WITHOUT_SESSION
from fundsvc.staff.access import public
from tests.support import apps

SignIn = Callable[..., FlaskClient]

# As they stand in an address: NUL, bytes that are no UTF-8, digits that are none, and the rest.
HOSTILE = (
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%C0%AF",
    "%E2%80%AE",
    "%F0%9F%98%80",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 400,
    "-1",
    "0",
    "1e3",
    "%C2%B2",
    "%D9%A1",
    "NaN",
    "..%2F..%2Fetc%2Fpasswd",
    "%27%20OR%201=1--",
    "{{7*7}}",
    "%25s%25n",
    "a" * 3000,
    "=1+1",
    "0000-00-00",
    "2024-02-30",
    "9999-99-99",
    "%20",
)


NO_FIELDS = {"csrf_token", "viewport", "color-scheme", "theme-color"}


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


def names_of_arguments(app: Flask, browser: FlaskClient) -> Iterator[tuple[str, set[str]]]:
    """Yield each page of a treasurer with the names of its fields, and of what pages often ask."""
    often = {"from", "to", "fund", "unit", "after", "before"}
    for path in plain_pages(app):
        page = browser.get(path)
        if page.status_code == 200:
            fields = set(re.findall(r'\sname="([^"]+)"', page.text)) - NO_FIELDS
            yield path, fields | often


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nonsense_in_an_address_is_never_our_fault(app: Flask, signed_in: SignIn) -> None:
    browser = signed_in("treasurer")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or not rule.arguments:
            continue
        for value in HOSTILE:
            path = value.join(re.split(r"<[^>]+>", rule.rule))
            assert browser.get(path).status_code < 500, path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nonsense_in_a_query_is_never_our_fault(app: Flask, signed_in: SignIn) -> None:
    """Each value in all fields of a page at once, and a few in each field alone.

    The first field that refuses hides the others, so both are needed.
    """
    browser = signed_in("treasurer")
    taken = db.engine.pool.checkedout()  # type: ignore[attr-defined]  # a pool that counts
    for path, names in names_of_arguments(app, browser):
        for value in HOSTILE:
            query = "&".join(f"{quote(name)}={value}" for name in sorted(names))
            assert browser.get(f"{path}?{query}").status_code < 500, (path, value)
        for name in sorted(names):
            for value in ("9" * 30, "%FF"):
                assert browser.get(f"{path}?{name}={value}").status_code < 500, (path, name)
        assert browser.get(f"{path}?%FF%00=%00").status_code == 400
        assert db.engine.pool.checkedout() == taken, f"{path} keeps a connection"  # type: ignore[attr-defined]  # as above


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nonsense_in_a_form_is_never_our_fault(app: Flask, signed_in: SignIn) -> None:
    browsers = [signed_in("treasurer"), signed_in("admin")]
    found = re.search(r'name="csrf_token" value="([^"]+)"', browsers[0].get("/settings").text)
    tokens = [found[1]] if found else []
    found = re.search(r'name="csrf_token" value="([^"]+)"', browsers[1].get("/settings").text)
    tokens += [found[1]] if found else []
    for browser, csrf in zip(browsers, tokens, strict=True):
        for rule in app.url_map.iter_rules():
            if "POST" not in (rule.methods or ()) or rule.endpoint == "security.logout":
                continue
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            page = browser.get(path)
            text = page.text if page.status_code == 200 else ""
            names = set(re.findall(r'\sname="([^"]+)"', text)) - NO_FIELDS
            for value in HOSTILE if names else HOSTILE[:3]:
                body = "&".join(f"{quote(name)}={value}" for name in sorted(names))
                answer = browser.post(
                    path,
                    data=f"csrf_token={csrf}&{body}",
                    content_type="application/x-www-form-urlencoded",
                )
                assert answer.status_code < 500, (path, value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[" * 200_000, "application/json"),
        (b'{"a": "\\ud800"}', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"", "application/json"),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1", "multipart/form-data; boundary=x"),
        (b"a=%00&csrf_token=%FF", "application/x-www-form-urlencoded"),
        (b"\xff" * 1000, "application/x-www-form-urlencoded"),
        (b"&" * 100_000, "application/x-www-form-urlencoded"),
        (b"a=1", "text/plain; charset=\xff".encode("latin-1").decode("latin-1")),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    app: Flask, client: FlaskClient, signed_in: SignIn, body: bytes, kind: str
) -> None:
    for browser in (client, signed_in("treasurer")):
        for rule in app.url_map.iter_rules():
            if "POST" in (rule.methods or ()):
                path = re.sub(r"<[^>]+>", "1", rule.rule)
                answer = browser.post(path, data=body, content_type=kind)
                assert 400 <= answer.status_code < 500, path


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
