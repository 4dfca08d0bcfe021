"""Error pages: what happened and what to do next, in plain words."""

from typing import TYPE_CHECKING

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from fundsvc.errors import Refusal, from_ledger
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from jinja2 import Template
    from werkzeug.wrappers import Response

_BAD, _SERVER_ERROR = 400, 500
_OWN_PAGES = frozenset({403, 404})


def refused_page(error: Refusal) -> tuple[str, int]:
    """Draw a refusal as a page: its reasons with row and field."""
    name = error.status if error.status in _OWN_PAGES else "refusal"
    return render_template(f"errors/{name}.html", reasons=error.reasons), error.status


def _http_page(error: HTTPException) -> "Response | tuple[str, int, list[tuple[str, str]]]":
    status = error.code or _SERVER_ERROR
    if status < _BAD:
        return error.get_response()  # The router's redirects are exceptions too.
    kept = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    fallback = _SERVER_ERROR if status >= _SERVER_ERROR else _BAD
    names: list[str | Template] = [f"errors/{status}.html", f"errors/{fallback}.html"]
    return render_template(names, reasons=()), status, kept


def _ledger_page(error: LedgerError) -> tuple[str, int]:
    return refused_page(from_ledger(error))


def init_app(app: Flask) -> None:
    """Answer refusals and HTTP errors of an application with pages."""
    app.register_error_handler(Refusal, refused_page)
    app.register_error_handler(LedgerError, _ledger_page)
    app.register_error_handler(HTTPException, _http_page)
