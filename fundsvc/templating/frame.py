"""The frame around every page: language, text size, menu and person, as `ui` in templates."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import current_app, has_request_context, request
from flask_babel import lazy_gettext, lazy_pgettext
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LOCALES: Final = ("vi", "en")
LANGUAGE_COOKIE: Final = "fundsvc_language"
TEXT_COOKIE: Final = "fundsvc_text"
LARGE: Final = "large"


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
    Place(
        "/donations", lazy_gettext("Thu"), "in", ("/receipts", "/imports/sms"), on_phone_bar=True
    ),
    Place(
        "/imports/bank", lazy_gettext("Đối soát"), "match", ("/bank-accounts",), on_phone_bar=True
    ),
    Place("/spending", lazy_gettext("Chi"), "out"),
    Place("/dues", lazy_gettext("Hội phí"), "people"),
    Place(
        "/statements/fund", lazy_gettext("Báo cáo"), "chart", ("/statements",), on_phone_bar=True
    ),
    Place("/units", lazy_pgettext("menu", "Đơn vị"), "unit"),
    Place("/settings", lazy_gettext("Thiết lập"), "gear", ("/staff", "/account")),
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
    return roles is None or bool(roles & current_user.role_names)


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
