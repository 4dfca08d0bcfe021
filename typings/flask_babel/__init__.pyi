# Flask-Babel ships no types; what this project calls of it, as it is called.
from collections.abc import Callable
from contextlib import AbstractContextManager

from babel import Locale
from babel.support import NullTranslations
from flask import Flask

class Babel:
    def __init__(
        self,
        app: Flask | None = None,
        *,
        default_locale: str = ...,
        default_domain: str = ...,
        default_translation_directories: str = ...,
        default_timezone: str = ...,
        locale_selector: Callable[[], str | None] | None = ...,
        timezone_selector: Callable[[], str | None] | None = ...,
    ) -> None: ...
    def init_app(
        self,
        app: Flask,
        default_locale: str = ...,
        default_domain: str = ...,
        default_translation_directories: str = ...,
        default_timezone: str = ...,
        locale_selector: Callable[[], str | None] | None = ...,
        timezone_selector: Callable[[], str | None] | None = ...,
    ) -> None: ...

class Domain:
    def __init__(
        self, translation_directories: list[str] | None = None, domain: str = "messages"
    ) -> None: ...
    def gettext(self, string: str, **variables: object) -> str: ...
    def ngettext(self, singular: str, plural: str, num: int, **variables: object) -> str: ...

def get_locale() -> Locale | None: ...
def get_translations() -> NullTranslations: ...
def refresh() -> None: ...
def force_locale(locale: str | Locale) -> AbstractContextManager[None]: ...
def gettext(string: str, /, **variables: object) -> str: ...
def ngettext(singular: str, plural: str, num: int, /, **variables: object) -> str: ...

# A lazy text becomes a str where it is shown; callers treat it as one.
def lazy_gettext(string: str, /, **variables: object) -> str: ...
def lazy_pgettext(context: str, string: str, /, **variables: object) -> str: ...
