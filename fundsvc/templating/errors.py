"""Error pages: what happened and what to do next, in plain words."""

from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Flask, current_app, g, render_template, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from fundsvc.errors import Refusal, from_ledger
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from jinja2 import Template
    from werkzeug.wrappers import Response

_BAD, _SERVER_ERROR = 400, 500
_OWN_PAGES = frozenset({403, 404})


def refused_page(error: Refusal) -> "ResponseReturnValue":
    """Draw a refusal as a page, or for a program as JSON: its reasons with row and field."""
    if request.path.endswith(".json"):
        return {"refused": [reason.as_json() for reason in error.reasons]}, error.status
    name = error.status if error.status in _OWN_PAGES else "refusal"
    return render_template(f"errors/{name}.html", reasons=error.reasons), error.status


def _http_page(error: HTTPException) -> "Response | tuple[str, int, list[tuple[str, str]]]":
    status = error.code or _SERVER_ERROR
    if status < _BAD:
        return error.get_response()  # The router's redirects are exceptions too.
    if status >= _SERVER_ERROR:
        _be_nobody_if_unknown()
    kept = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    fallback = _SERVER_ERROR if status >= _SERVER_ERROR else _BAD
    names: list[str | Template] = [f"errors/{status}.html", f"errors/{fallback}.html"]
    return render_template(names, reasons=()), status, kept


def _be_nobody_if_unknown() -> None:
    """Go on as a stranger when the database cannot say who is signed in.

    The page that tells of a database that is gone must not fail by asking it for the menu.
    """
    with suppress(SQLAlchemyError):
        current_user._get_current_object()  # noqa: SLF001 - werkzeug's own name for it
        return
    # The place where Flask-Login keeps the person of a request; it has no setter for it.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # noqa: SLF001


def _ledger_page(error: LedgerError) -> "ResponseReturnValue":
    return refused_page(from_ledger(error))


def init_app(app: Flask) -> None:
    """Answer refusals and HTTP errors of an application with pages."""
    app.register_error_handler(Refusal, refused_page)
    app.register_error_handler(LedgerError, _ledger_page)
    app.register_error_handler(HTTPException, _http_page)
