"""The frame around every page: language, text size, menu and person, as `ui` in templates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, current_app, has_request_context, request
from flask_babel import lazy_gettext, lazy_pgettext
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LOCALES: Final = ("vi", "en")
LANGUAGE_COOKIE: Final = "fundsvc_language"
TEXT_COOKIE: Final = "fundsvc_text"
LARGE: Final = "large"
_PHONE_BAR: Final = 4
_ROLES_AT: Final = "fundsvc-roles-at"


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the main menu, with one or more pages, and the paths that belong to it.

    It leads to the first of its pages that exists and that the person may see, and is not shown
    when there is none.
    """

    label: Any
    icon: str
    pages: tuple[tuple[str, Any], ...]
    covers: tuple[str, ...] = ()
    on_phone_bar: bool = False


PLACES: Final = (
    Place(
        lazy_gettext("Tổng quan"), "home", (("/", lazy_gettext("Tổng quan")),), on_phone_bar=True
    ),
    Place(
        lazy_gettext("Thu"),
        "in",
        (
            ("/donations", lazy_gettext("Khoản ủng hộ")),
            ("/donors", lazy_gettext("Người ủng hộ")),
            ("/campaign-pages", lazy_gettext("Trang vận động")),
            ("/sms", lazy_gettext("Tin nhắn ủng hộ")),
            ("/sms/settlements", lazy_gettext("Quyết toán nhà mạng")),
            ("/annual-receipts", lazy_gettext("Giấy xác nhận")),
            ("/card-payments", lazy_gettext("Thanh toán thẻ")),
            ("/letters", lazy_gettext("Thư")),
        ),
        ("/receipts", "/imports/sms", "/imports/settlement"),
        on_phone_bar=True,
    ),
    Place(
        lazy_gettext("Đối soát"),
        "match",
        (
            ("/workbench", lazy_gettext("Bàn đối soát")),
            ("/bank-accounts", lazy_gettext("Tài khoản ngân hàng")),
            ("/imports/bank", lazy_gettext("Nhập sao kê ngân hàng")),
            ("/clearing", lazy_gettext("Tài khoản trung gian")),
            ("/workbench/compare", lazy_gettext("So sánh tháng")),
            ("/periods", lazy_gettext("Kỳ kế toán")),
        ),
        ("/openings",),
        on_phone_bar=True,
    ),
    Place(lazy_gettext("Chi"), "out", (("/spending", lazy_gettext("Chi")),)),
    Place(
        lazy_pgettext("menu", "Chứng từ"),
        "paper",
        (
            ("/vouchers", lazy_pgettext("menu", "Chứng từ")),
            ("/voucher-templates", lazy_gettext("Mẫu hằng tháng")),
        ),
    ),
    Place(lazy_gettext("Hội phí"), "people", (("/dues", lazy_gettext("Hội phí")),)),
    Place(
        lazy_gettext("Báo cáo"),
        "chart",
        (
            ("/statements/fund", lazy_gettext("Báo cáo thu chi quỹ")),
            ("/statements/trial-balance", lazy_gettext("Bảng cân đối tài khoản")),
            ("/statements/general-ledger", lazy_gettext("Sổ cái")),
            ("/statements/journal", lazy_gettext("Sổ nhật ký chung")),
            ("/seals", lazy_gettext("Niêm phong sổ")),
        ),
        ("/statements", "/entries"),
        on_phone_bar=True,
    ),
    Place(lazy_pgettext("menu", "Đơn vị"), "unit", (("/units", lazy_pgettext("menu", "Đơn vị")),)),
    Place(
        lazy_gettext("Thiết lập"),
        "gear",
        (
            ("/settings", lazy_gettext("Tài khoản của tôi")),
            ("/staff", lazy_gettext("Người dùng")),
            ("/sms/gateways", lazy_gettext("Cổng tin nhắn")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A place, or one page of it, as the menu draws it."""

    href: str
    label: str
    current: bool
    icon: str = ""
    on_phone_bar: bool = False


class Frame:
    """The facts of the frame around every page, as `ui` in templates.

    A page has one of its own, which works out menu and tabs once however often it asks.
    """

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

    @cached_property
    def menu(self) -> list[MenuItem]:
        """The places this person may go to."""
        if not self.signed_in:
            return []
        items = []
        here, roles = _place(), _roles()
        for place in PLACES:
            pages = [path for path, _label in place.pages if _open_to(path, roles)]
            if pages:
                items.append(
                    MenuItem(
                        href=pages[0],
                        label=str(place.label),
                        current=place is here,
                        icon=place.icon,
                        on_phone_bar=place.on_phone_bar,
                    )
                )
        room = _PHONE_BAR - sum(item.on_phone_bar for item in items)
        others = [item for item in items if not item.on_phone_bar][:room]
        return [replace(item, on_phone_bar=True) if item in others else item for item in items]

    @cached_property
    def tabs(self) -> list[MenuItem]:
        """The pages of the place this page belongs to; none when there is only one."""
        if not self.signed_in:
            return []
        place, roles = _place(), _roles()
        pages = [page for page in place.pages if _open_to(page[0], roles)] if place else []
        here = _deepest(path for path, _label in pages)
        return [MenuItem(path, str(label), current=path == here) for path, label in pages] * (
            len(pages) > 1
        )


def may_open(path: str) -> bool:
    """Say whether a page exists at a path and the person signed in may see it.

    The roles are those that the view itself carries (`fundsvc.staff.access.allow`).
    """
    return _open_to(path, _roles())


def _roles() -> frozenset[str]:
    """Return the roles of the person signed in."""
    roles: frozenset[str] = getattr(current_user, "role_names", frozenset())
    return roles


def _open_to(path: str, roles: frozenset[str]) -> bool:
    wanted: frozenset[str] | None = current_app.extensions[_ROLES_AT](path)
    return wanted is None or bool(wanted & roles)


def init_app(app: Flask) -> None:
    """Remember who may open what: the menu asks on every page, and no route comes later."""
    app.extensions[_ROLES_AT] = lru_cache(maxsize=500)(partial(_roles_at, app))


def _roles_at(app: Flask, path: str) -> frozenset[str] | None:
    """Return the roles that may open a path: None for everybody, none where there is no page."""
    try:
        endpoint, _arguments = app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return None
    except HTTPException:
        return frozenset()
    return getattr(app.view_functions[endpoint], "allowed_roles", None)


def _paths(place: Place) -> list[str]:
    return [*(path for path, _label in place.pages), *place.covers]


def _place() -> Place | None:
    """Return the place that this page belongs to, the one with the deeper path of two."""
    place = max(PLACES, key=lambda place: len(_deepest(_paths(place))))
    return place if _deepest(_paths(place)) else None


def _deepest(paths: Iterable[str]) -> str:
    """Return the longest of some paths at or below which this page stands, or an empty text.

    Below "/" stands nothing.
    """
    here = request.path
    at = (path for path in paths if here == path or (path != "/" and here.startswith(f"{path}/")))
    return max(at, default="", key=len)


def chosen_locale() -> str:
    """Return the language of the page or command: Vietnamese unless switched to English.

    An address may name it (`?lang=en`), as links to pages of giving that go abroad do.
    """
    if has_request_context():
        # Asked many times for a page, whose address mostly says nothing, nor a stranger's cookie.
        if request.query_string and request.args.get("lang") in LOCALES:
            return request.args["lang"]
        asked = request.cookies.get(LANGUAGE_COOKIE) if "Cookie" in request.headers else None
        if asked in LOCALES:
            return asked
    return LOCALES[0]
