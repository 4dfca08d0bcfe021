"""Who may open what: one mark on every route, enforced in one place; no mark, no entry."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import Forbidden, Unauthorized

from fundsvc.db import limit
from fundsvc.staff.models import ROLES

View = TypeVar("View", bound=Callable[..., Any])

NOWHERE: frozenset[int] = frozenset()


def allow(*roles: str) -> Callable[[View], View]:
    """Mark a view as open to people signed in with one of the roles.

    Raises:
        ValueError: a role does not exist, or none is named.
        TypeError: the view carries a mark already.
    """
    if not roles or not set(roles) <= set(ROLES):
        msg = f"no such roles: {roles}"
        raise ValueError(msg)
    return lambda view: _mark(view, frozenset(roles))


def public(view: View) -> View:
    """Mark a view as open to strangers; it decides by itself what it shows, of all units."""
    return _mark(view, None)


def _mark(view: View, roles: frozenset[str] | None) -> View:
    if hasattr(view, "allowed_roles"):
        msg = f"{view} carries two marks of access"
        raise TypeError(msg)
    view.allowed_roles = roles  # type: ignore[attr-defined]  # Functions take any attribute.
    return view


def enforce() -> ResponseReturnValue | None:
    """Let a request through to its view or not, and limit its session to the person's units.

    This is the one place that sets the scope; `fundsvc.db` holds every query and write to it.
    """
    reach: frozenset[int] | None = NOWHERE
    try:
        answer, reach = _judge()
    finally:
        # Whoever is turned away sees no unit's things on the page that says so, either.
        limit(reach)
    return answer


def _judge() -> tuple[ResponseReturnValue | None, frozenset[int] | None]:
    """Return what to answer instead of the view, if anything, and the units within reach."""
    if request.endpoint is None:
        return None, NOWHERE  # No such page: the router's own answer follows.
    view = current_app.view_functions[request.endpoint]
    if not hasattr(view, "allowed_roles"):
        current_app.logger.error("route %s carries no mark of access", request.endpoint)
        raise Forbidden
    roles: frozenset[str] | None = view.allowed_roles
    if roles is None:
        return None, None
    if not current_user.is_authenticated:
        return _ask_to_sign_in(), NOWHERE
    if not roles & current_user.role_names:
        raise Forbidden
    return None, current_user.scope


def _ask_to_sign_in() -> ResponseReturnValue:
    """Send a reader to the sign-in page and back; what was sent by form cannot come back."""
    if request.method not in {"GET", "HEAD"}:
        raise Unauthorized
    here = request.full_path if request.query_string else request.path
    return redirect(url_for("security.login", next=here))


def init_app(app: Flask) -> None:
    """Enforce the marks before anything else reads a request, a large upload above all."""
    app.before_request(enforce)
    public(app.view_functions["static"])
