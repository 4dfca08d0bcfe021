"""What every page shares: filters for figures and dates, the frame's model, forms, error pages.

Templates find here, without importing anything:

* filters `dong` ("1.234.567 đ"), `number`, `day`, `month`, `moment`;
* `asset("app.css")`, the address of an own asset that changes with its content;
* `ui`, the frame's facts (language, text size, menu, person), see `Frame`.

Views find here `Form` (typed text and reasons, for the macros) and `reasons_of`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Flask, current_app, has_request_context, render_template, request, url_for
from flask_babel import Babel, get_locale, lazy_gettext
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from fundsvc.clock import VN
from fundsvc.errors import Reason, Refusal, from_ledger
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from marshmallow import ValidationError
    from werkzeug.wrappers import Response

LOCALES: Final = ("vi", "en")
LANGUAGE_COOKIE: Final = "fundsvc_language"
TEXT_COOKIE: Final = "fundsvc_text"
LARGE: Final = "large"
MINUS: Final = "\u2212"
_MONTH_LENGTH = 7
_SERVER_ERROR = 500


# --- filters -------------------------------------------------------------------------------


def number(amount: int) -> str:
    """Return a whole number with dots after the thousands and a true minus: `−1.234.567`."""
    return f"{amount:,}".replace(",", ".").replace("-", MINUS)


def dong(amount: int) -> str:
    """Return an amount of đồng as pages show it: `1.234.567 đ`."""
    return f"{number(amount)} đ"


def day(value: date | datetime | str | None) -> str:
    """Return a date as `23/11/2026`; a moment gives its day in Vietnam, None gives nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    if isinstance(value, datetime):
        value = value.astimezone(VN).date()
    return f"{value.day:02}/{value.month:02}/{value.year:04}"


def month(value: date | str | None) -> str:
    """Return a month as `11/2026`; it is given as a date in it or as `2026-11`."""
    if value is None:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(f"{value[:_MONTH_LENGTH]}-01")
    return f"{value.month:02}/{value.year:04}"


def moment(value: datetime | None) -> str:
    """Return an aware moment as `23/11/2026 14:05`, Vietnam time; None gives nothing."""
    if value is None:
        return ""
    return f"{day(value)} {value.astimezone(VN):%H:%M}"


# --- forms ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed into a form and why it was refused; the macros draw fields from it."""

    values: Mapping[str, str]
    reasons: tuple[Reason, ...] = ()

    def value(self, name: str) -> str:
        """Return what was typed into a field, or an empty text."""
        return self.values.get(name) or ""

    def errors(self, name: str) -> list[str]:
        """Return what is wrong with a field."""
        return [str(reason.text) for reason in self.reasons if reason.field == name]


def reasons_of(error: "ValidationError") -> tuple[Reason, ...]:
    """Turn the messages of a marshmallow schema into reasons, one for each message."""
    messages = error.normalized_messages()
    return tuple(
        Reason(str(text), field=None if field == "_schema" else str(field))
        for field, texts in messages.items()
        for text in _flat(texts)
    )


def _flat(texts: Any) -> Iterable[Any]:
    """Walk messages of nested fields in order."""
    if isinstance(texts, Mapping):
        for inner in texts.values():
            yield from _flat(inner)
    elif isinstance(texts, list | tuple):
        for inner in texts:
            yield from _flat(inner)
    else:
        yield texts


# --- the frame -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the main menu; it is shown when its page exists and the person may see it."""

    path: str
    label: Any
    icon: str
    covers: tuple[str, ...] = ()
    on_phone_bar: bool = False


PLACES: Final = (
    Place("/", lazy_gettext("Tổng quan"), "home", on_phone_bar=True),
    Place("/donations", lazy_gettext("Thu"), "in", ("/receipts", "/imports/sms"), True),
    Place("/imports/bank", lazy_gettext("Đối soát"), "match", ("/bank-accounts",), True),
    Place("/spending", lazy_gettext("Chi"), "out"),
    Place("/dues", lazy_gettext("Hội phí"), "people"),
    Place("/statements/fund", lazy_gettext("Báo cáo"), "chart", ("/statements",), True),
    Place("/units", lazy_gettext("Đơn vị"), "unit"),
    Place("/settings", lazy_gettext("Thiết lập"), "gear", ("/users",)),
)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A place as the menu draws it."""

    href: str
    label: str
    icon: str
    current: bool
    on_phone_bar: bool


class Frame:
    """The facts of the frame around every page, as `ui` in templates."""

    @property
    def locale(self) -> str:
        """The language of this page, `vi` or `en`."""
        return chosen_locale()

    @property
    def large_text(self) -> bool:
        """Whether the person asked for larger text."""
        return has_request_context() and request.cookies.get(TEXT_COOKIE) == LARGE

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(current_user and current_user.is_authenticated)

    @property
    def person(self) -> str:
        """The name of the person signed in."""
        name = getattr(current_user, "name", None) or getattr(current_user, "username", None)
        return str(name or "")

    @property
    def unit(self) -> str:
        """The unit in view, for people who see only their own."""
        return str(getattr(current_user, "unit_names", None) or "")

    def switch(self, **choice: str) -> str:
        """Return the address that switches `language` or `text` and comes back to this page.

        It is a plain link: a cookie is all it sets, so strangers need no session for it.
        """
        here = request.full_path if request.query_string else request.path
        back = here if request.method == "GET" else "/"
        return f"/preferences?{urlencode({**choice, 'next': back})}"

    @property
    def menu(self) -> list[MenuItem]:
        """The places this person may go to."""
        if not self.signed_in:
            return []
        return [
            MenuItem(
                href=place.path,
                label=str(place.label),
                icon=place.icon,
                current=_is_current(place),
                on_phone_bar=place.on_phone_bar,
            )
            for place in PLACES
            if may_open(place.path)
        ]


def may_open(path: str) -> bool:
    """Say whether a page exists at a path and the person signed in may see it.

    The roles are those that the view itself carries (`fundsvc.staff.access.allow`).
    """
    adapter = current_app.url_map.bind("")
    try:
        endpoint, _arguments = adapter.match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    roles = getattr(current_app.view_functions[endpoint], "allowed_roles", None)
    return roles is None or any(current_user.has_role(role) for role in roles)


def _is_current(place: Place) -> bool:
    if place.path == "/":
        return request.path == "/"
    return any(
        request.path == path or request.path.startswith(f"{path}/")
        for path in (place.path, *place.covers)
    )


def chosen_locale() -> str:
    """Return the language of the page or command: Vietnamese unless switched to English."""
    if has_request_context():
        asked = request.cookies.get(LANGUAGE_COOKIE)
        if asked in LOCALES:
            return asked
    return LOCALES[0]


def asset(name: str) -> str:
    """Return the address of an own asset, with a mark that changes when its content does."""
    folder = current_app.static_folder or ""
    return url_for("static", filename=name, v=_mark(str(Path(folder) / name)))


@lru_cache(maxsize=64)
def _mark(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


# --- error pages ---------------------------------------------------------------------------


def refused_page(error: Refusal) -> tuple[str, int]:
    """Draw a refusal as a page: its reasons with row and field."""
    if isinstance(error.status, int) and error.status in {403, 404}:
        return render_template(f"errors/{error.status}.html", reasons=error.reasons), error.status
    return render_template("errors/refusal.html", reasons=error.reasons), error.status


def _http_page(error: HTTPException) -> "Response | tuple[str, int, list[tuple[str, str]]]":
    status = error.code or _SERVER_ERROR
    if status < 400:  # noqa: PLR2004 - redirects of the router are exceptions too
        return error.get_response()  # type: ignore[return-value]
    kept = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    return _error_body(status), status, kept


def _error_body(status: int) -> str:
    names = [f"errors/{status}.html", "errors/500.html" if status >= _SERVER_ERROR else "errors/400.html"]
    return render_template(names, status=status, reasons=())


def _ledger_page(error: LedgerError) -> tuple[str, int]:
    return refused_page(from_ledger(error))


def init_app(app: Flask) -> None:
    """Give an application the filters, the frame, the languages and the error pages."""
    Babel(app, default_locale=LOCALES[0], locale_selector=chosen_locale)
    for filter_ in (number, dong, day, month, moment):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.globals.update(asset=asset, may_open=may_open)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: {"ui": Frame()})
    app.register_error_handler(Refusal, refused_page)
    app.register_error_handler(LedgerError, _ledger_page)
    app.register_error_handler(HTTPException, _http_page)
