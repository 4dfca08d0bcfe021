"""What every page shares: filters for figures and dates, the frame's model, forms, error pages.

Templates find here, without importing anything:

* filters `dong` ("1.234.567 đ"), `number`, `day`, `month`, `moment`;
* `asset("app.css")`, the address of an own asset that changes with its content;
* `example_day()`, a day as an example of how to write one, in the month that is running;
* `may_open("/units")`, whether that page exists and the person signed in may see it;
* `ui`, the frame's facts (language, text size, menu, person), see `frame.Frame`.

Views find here `Form` (typed text and reasons, for the macros), `reasons_of` (from a marshmallow
error to reasons), `in_language` (a name that is kept in both languages) and `attend`.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, current_app, url_for
from flask_babel import Babel, get_locale, get_translations

from fundsvc.templating import errors, frame
from fundsvc.templating.attention import Attention, attend, waiting
from fundsvc.templating.filters import day, dong, example_day, moment, month, number, typed_day
from fundsvc.templating.forms import Form, reasons_of
from fundsvc.templating.frame import LOCALES, Frame, chosen_locale, may_open

__all__ = [
    "Attention",
    "Form",
    "Frame",
    "asset",
    "attend",
    "chosen_locale",
    "day",
    "dong",
    "in_language",
    "init_app",
    "may_open",
    "moment",
    "month",
    "number",
    "reasons_of",
    "waiting",
]


def asset(name: str) -> str:
    """Return the address of an own asset, with a mark that changes when its content does."""
    folder = current_app.static_folder or ""
    return url_for("static", filename=name, v=_mark(str(Path(folder) / name)))


@lru_cache(maxsize=64)
def _mark(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def in_language(name: str, name_en: str) -> str:
    """Return the one of a name's two forms that this page's language wants."""
    return name_en if chosen_locale() == "en" and name_en else name


def _catalogue() -> NullTranslations:
    """Return the texts in this page's language.

    A page asks for some hundred texts; Flask-Babel would look for their catalogue each time.
    """
    locale = get_locale()
    return get_translations() if locale is None else _catalogue_of(locale)


@lru_cache(maxsize=len(LOCALES))
def _catalogue_of(_locale: Locale) -> NullTranslations:
    return get_translations()


def init_app(app: Flask) -> None:
    """Give an application the filters, the frame, the languages and the error pages."""
    Babel(app, default_locale=LOCALES[0], locale_selector=chosen_locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # Jinja's extension adds it.
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count),
        pgettext=lambda place, text: _catalogue().upgettext(place, text),
        npgettext=lambda place, one, many, count: _catalogue().unpgettext(place, one, many, count),
        newstyle=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for filter_ in (number, dong, day, month, moment, typed_day):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.globals.update(asset=asset, may_open=may_open, example_day=example_day)
    frame.init_app(app)
    app.context_processor(lambda: {"ui": Frame()})
    errors.init_app(app)
