"""Printed documents: the only room that speaks WeasyPrint, with our own assets and nothing else.

WeasyPrint reads local files and the web if a document names them, and goes on with a warning when
it cannot. Here every address that is not a file of `fundsvc/static/print` stops the rendering, and
so does every warning, because a document with a letter, a picture or a rule missing is a wrong
document. Fonts and style sheets are read once per process, which makes a receipt 20 times faster.
"""

import logging
import os
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PRINT_DIR = Path(__file__).resolve().parent / "static" / "print"
_ASSETS = "https://print.invalid/"  # Never asked for over the network: it only names our files.
_TYPES = {".css": "text/css", ".ttf": "font/ttf", ".svg": "image/svg+xml", ".png": "image/png"}

PRINTABLE = (
    (0x20, 0x7E),  # Basic Latin.
    (0xA0, 0x17F),  # Latin-1 and Latin Extended-A.
    (0x1A0, 0x1A1),  # Ơ ơ.
    (0x1AF, 0x1B0),  # Ư ư.
    (0x300, 0x301),  # Huyền and sắc alone, as some pasted texts keep them.
    (0x303, 0x303),  # Ngã.
    (0x309, 0x309),  # Hỏi.
    (0x31B, 0x31B),  # The horn.
    (0x323, 0x323),  # Nặng.
    (0x391, 0x3A1),  # Greek and Cyrillic: friends from abroad give too.
    (0x3A3, 0x3C9),
    (0x401, 0x401),
    (0x410, 0x44F),
    (0x451, 0x451),
    (0x1E00, 0x1EFF),  # Latin Extended Additional: the rest of Vietnamese.
    (0x2010, 0x2015),  # Dashes.
    (0x2018, 0x201E),  # Quotation marks.
    (0x2020, 0x2022),
    (0x2026, 0x2026),  # Ellipsis.
    (0x2030, 0x2030),
    (0x2032, 0x2033),
    (0x20AB, 0x20AC),  # Đồng and euro.
    (0x2116, 0x2116),
    (0x2122, 0x2122),
    (0x2212, 0x2212),  # Minus.
    (0xFFFD, 0xFFFD),  # What stands for a letter that the faces do not have.
)
"""The code points that the faces of printed documents have (`scripts/make_print_fonts.py`)."""

_UNPRINTABLE = re.compile(
    "[^\n\r" + "".join(f"{chr(first)}-{chr(last)}" for first, last in PRINTABLE) + "]"
)


class PdfError(Exception):
    """A document could not be printed exactly as written; the message says what was missing."""


@dataclass(frozen=True, slots=True)
class _Engine:
    """WeasyPrint and what it has read once: fonts and parsed style sheets."""

    weasyprint: Any
    fatal: type[BaseException]
    fetcher: Any
    fonts: Any
    sheets: dict[str, Any]


_lock = threading.Lock()


def render(html: str, sheet: str | None = None) -> bytes:
    """Print a complete HTML document as a tagged PDF and return its bytes.

    The document must have `<html lang="vi">` and a `<title>`; they become the PDF's language and
    title. `print.css` (faces and common rules) always holds; `sheet` names one more file of
    `fundsvc/static/print` without its suffix. Letters that our faces do not have print as U+FFFD
    instead of whatever face the machine may have. The same HTML gives the same bytes until
    WeasyPrint, the fonts or the sheets change.

    Raises:
        PdfError: the document names an address outside our assets, or WeasyPrint warned.
    """
    if "<title>" not in html:
        msg = "a printed document needs a title"
        raise PdfError(msg)
    text = _UNPRINTABLE.sub("\ufffd", unicodedata.normalize("NFC", html).replace("\t", " "))
    # Threads gain nothing and share one font map, which must not be used by two at once.
    with _lock, _strict() as warnings:
        engine = _engine(os.getpid())
        names = ("print",) if sheet is None else ("print", sheet)
        try:
            document = engine.weasyprint.HTML(
                string=text, base_url=_ASSETS, url_fetcher=engine.fetcher
            )
            pdf: bytes = document.write_pdf(
                font_config=engine.fonts,
                stylesheets=[_sheet(engine, name) for name in names],
                pdf_tags=True,
            )
        except engine.fatal as error:
            raise PdfError(str(error.__cause__ or error)) from error
    if warnings:
        raise PdfError("; ".join(warnings))
    return pdf


@cache
def _engine(_process: int) -> _Engine:
    """Load WeasyPrint, once per process: a forked child must not share the font folder."""
    # WeasyPrint takes 0.6 s to import, which commands that print nothing should not pay.
    import weasyprint  # noqa: PLC0415 - as just said
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - as just said
    from weasyprint.urls import (  # noqa: PLC0415 - as just said
        FatalURLFetchingError,
        URLFetcher,
        URLFetcherResponse,
    )

    class OwnAssets(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types.
        """A fetcher that knows the files of `fundsvc/static/print` and nothing else."""

        def fetch(self, url: str, headers: object = None) -> Any:
            del headers
            path = _asset(url)
            body = path.read_bytes()
            return URLFetcherResponse(url, body, {"Content-Type": _TYPES[path.suffix]})

    fetcher = OwnAssets(allowed_protocols=(), fail_on_errors=True)
    return _Engine(weasyprint, FatalURLFetchingError, fetcher, FontConfiguration(), {})


def _asset(url: str) -> Path:
    """Return the file that an address names.

    Raises:
        PdfError: the address is not one of our assets.
    """
    if url.startswith(_ASSETS):
        path = (PRINT_DIR / url.removeprefix(_ASSETS)).resolve()
        if path.is_relative_to(PRINT_DIR) and path.suffix in _TYPES and path.is_file():
            return path
    msg = f"not an asset of printed documents: {url[:200]}"
    raise PdfError(msg)


def _sheet(engine: _Engine, name: str) -> Any:
    if name not in engine.sheets:
        engine.sheets[name] = engine.weasyprint.CSS(
            string=(PRINT_DIR / f"{name}.css").read_text(encoding="utf-8"),
            base_url=_ASSETS,
            url_fetcher=engine.fetcher,
            font_config=engine.fonts,
        )
    return engine.sheets[name]


@contextmanager
def _strict() -> Iterator[list[str]]:
    """Collect WeasyPrint's warnings of this rendering."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Collector(logging.WARNING)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
