"""A statement as a printed A4 document, and the same document as an HTML file of its own."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fundsvc import pdf
from fundsvc.clock import VN
from fundsvc.statements import report as words
from fundsvc.statements.chart import draw
from fundsvc.statements.report import Report, day, dotted, lines
from ledger.words import amount_in_words

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "statements"
SHEET = "statement"


def to_pdf(report: Report) -> bytes:
    """Return the document as PDF; no transaction may be open.

    Raises:
        PdfError: the document cannot be printed exactly.
    """
    return pdf.render(_html(report, css=""), SHEET)


def to_html(report: Report) -> bytes:
    """Return the document as one HTML file that needs no other."""
    sheets = [
        (pdf.PRINT_DIR / f"{name}.css").read_text(encoding="utf-8") for name in ("print", SHEET)
    ]
    return _html(report, css="\n".join(sheets)).encode("utf-8")


def _html(report: Report, css: str) -> str:
    scope, statement = report.statement.scope, report.statement
    drawn = report.drawn_at.astimezone(VN)
    closing = f"{amount_in_words(statement.closing)} đồng"
    page: str = _template().render(
        words=words,
        report=report,
        statement=statement,
        first=day(scope.first),
        last=day(scope.last),
        map_note=words.MAP_NOTES[scope.provinces],
        lines=lines(report),
        rows=report.rows_with_money,
        silent=len(statement.rows) - len(report.rows_with_money),
        charts=draw(report),
        sides={"receipts": words.RECEIPTS, "payments": words.PAYMENTS},
        closing_words=closing[0].upper() + closing[1:],
        drawn=drawn,
        dotted=dotted,
        css=css,
    )
    return page


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dotted"] = dotted
    return environment.get_template("document.html")
