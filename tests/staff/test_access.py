"""Every route says who may open it; none is open by oversight."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundsvc.staff.access import allow, public
from fundsvc.staff.models import ROLES

SignIn = Callable[..., FlaskClient]
SAFE = {"GET", "HEAD", "OPTIONS"}
MONEY = frozenset(ROLES) - {"admin"}
# What everybody signed in may change: their own password and second factor.
OWN = {
    "security.change_password",
    "security.mf_recovery_codes",
    "security.two_factor_setup",
    "security.two_factor_setup_validate",
    "security.verify",
}
# What strangers may send: what signing in and out takes.
SIGNING_IN = {
    "security.login",
    "security.logout",
    "security.mf_recovery",
    "security.tf_select",
    "security.two_factor_rescue",
    "security.two_factor_token_validation",
}
# What those may send who gave by message: it shows nothing without a reference or a code.
GIVEN = {"givers.show", "givers.issue", "again.find"}
# What a donor says on a campaign's page: a promise, and how it will be paid.
GIVING = {"give.promise", "give.pay"}
# What gateways may send: it is signed.
PUSHING = {"push.push", "bank_push.push", "bank_feed.take", "online.receive"}


def mark(app: Flask, endpoint: str) -> frozenset[str] | None:
    """Return the roles of a route, None when it is public; no mark is an error."""
    roles: frozenset[str] | None = vars(app.view_functions[endpoint])["allowed_roles"]
    return roles


def marks(app: Flask) -> dict[tuple[str, str], frozenset[str] | None]:
    """Return the mark of every rule and method of the service."""
    return {
        (rule.endpoint, method): mark(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }


def test_every_route_carries_exactly_one_mark(app: Flask) -> None:
    # A second mark is refused when it is made (below), a missing one has no such attribute here.
    assert len(marks(app)) > 30


def test_an_auditor_writes_nothing(app: Flask) -> None:
    for (endpoint, method), roles in marks(app).items():
        if method not in SAFE and endpoint not in OWN and roles is not None:
            assert "auditor" not in roles, endpoint


def test_strangers_send_nothing_but_to_sign_in(app: Flask) -> None:
    for (endpoint, method), roles in marks(app).items():
        if method not in SAFE and endpoint not in SIGNING_IN | GIVEN | GIVING | PUSHING:
            assert roles is not None, endpoint


def test_an_administrator_has_no_hand_in_money(app: Flask) -> None:
    for (endpoint, _method), roles in marks(app).items():
        if roles and "admin" in roles and endpoint not in OWN | {"home.index", "staff.settings"}:
            assert roles == frozenset({"admin"}), endpoint


def test_only_an_administrator_manages_staff(app: Flask) -> None:
    for (endpoint, _method), roles in marks(app).items():
        if endpoint.startswith("staff.") and endpoint != "staff.settings":
            assert roles == frozenset({"admin"}), endpoint


def test_a_route_without_a_mark_is_closed_to_all(
    app: Flask, client: FlaskClient, signed_in: SignIn
) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for browser in (client, *(signed_in(role) for role in ROLES)):
        answer = browser.get("/forgotten")
        assert answer.status_code == 403
        assert "secret" not in answer.text


def test_two_marks_and_unknown_roles_are_refused() -> None:
    with pytest.raises(TypeError):
        public(allow("treasurer")(lambda: ""))
    with pytest.raises(ValueError, match="kế toán"):
        allow("kế toán")
    with pytest.raises(ValueError, match="no such roles"):
        allow()


def test_every_role_is_held_to_its_marks(app: Flask, signed_in: SignIn) -> None:
    """Open every page without arguments as every role: 403 exactly where the mark says so."""
    pages = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments
    ]
    for role in ROLES:
        units = ["TW"] if role == "unit-treasurer" else []
        browser = signed_in(role, units=units)
        for rule in pages:
            roles = mark(app, rule.endpoint)
            answer = browser.get(rule.rule)
            may = roles is None or role in roles
            assert (answer.status_code == 403) is not may, (role, rule.rule)
            assert answer.status_code < 500, (role, rule.rule)
            if not may:
                assert "Tài khoản của bạn không có quyền thực hiện thao tác này." in answer.text


def test_a_stranger_is_asked_to_sign_in(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        roles = mark(app, rule.endpoint)
        if roles is None:
            continue
        path = rule.rule.replace("<int(max=9223372036854775807):", "<").replace("int:", "")
        path = "".join(_filled(part) for part in _parts(path))
        methods = rule.methods or set()
        if "GET" in methods:
            answer = client.get(path)
            assert answer.status_code == 302, path
            assert answer.location.startswith("/sign-in?next=/"), path
        if "POST" in methods:
            assert client.post(path).status_code == 401, path


def _filled(part: str) -> str:
    """Return what stands in a place of a rule: a number, or the first of its choices."""
    if part.startswith("<any("):
        return part.removeprefix("<any(").partition(",")[0]
    return "1" if part.startswith("<") else part


def _parts(path: str) -> list[str]:
    """Split a rule into its texts and its `<…>` places."""
    return path.replace("<", "\0<").replace(">", ">\0").split("\0")
