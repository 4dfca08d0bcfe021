"""The formats of a book: JSON and CSV piece by piece, XLSX, PDF and HTML into a stream."""

import json
import tempfile
from collections.abc import Iterator
from html import escape
from typing import Any, BinaryIO, Final, cast

from fundsvc.clock import VN
from fundsvc.sheet import csv_lines
from fundsvc.statements.book import LINE, Book, Record, Value
from fundsvc.statements.report import UNIT_NOTE, dotted

STREAMED: Final = ("json", "csv", "html", "text")
SIGNS: Final = (
    ("Người lập", "(Ký, họ tên)"),
    ("Kế toán trưởng", "(Ký, họ tên)"),
    ("Thủ trưởng đơn vị", "(Ký, họ tên)"),
)
FORM: Final = "Mẫu tham chiếu chế độ kế toán"
_WIDTHS: Final = {"day": 11, "money": 18, "text": 16}
_LONG_TEXT: Final = 44
_INDENT: Final = "\n  "


def pieces(kind: str, book: Book) -> Iterator[str]:
    """Yield a book as json, csv, html or text, piece by piece; no transaction may be open."""
    match kind:
        case "json":
            return as_json(book)
        case "csv":
            return csv_lines(("kind", *book.fields), map(_csv_cells, book.records))
        case "html":
            return _html(book)
        case _:
            return _text(book)


def write(kind: str, book: Book, out: BinaryIO) -> None:
    """Write a book in any format into a stream; no transaction may be open.

    Raises:
        ValueError: there is no such format.
    """
    if kind in STREAMED:
        out.writelines(piece.encode() for piece in pieces(kind, book))
    elif kind == "xlsx":
        from fundsvc.statements.book_xlsx import write as write_xlsx  # noqa: PLC0415 - is heavy

        write_xlsx(book, out)
    elif kind == "pdf":
        from fundsvc.statements.book_pdf import write as write_pdf  # noqa: PLC0415 - is heavy

        write_pdf(book, out)
    else:
        msg = f"no such format: {kind}"
        raise ValueError(msg)


def blocks(kind: str, book: Book, size: int) -> Iterator[bytes]:
    """Yield a book in a format that is streamed, in blocks of some size."""
    block = bytearray()
    for piece in pieces(kind, book):
        block += piece.encode()
        if len(block) >= size:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def to_file(kind: str, book: Book) -> BinaryIO:
    """Write a book into a file of its own, and return it at its beginning."""
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        write(kind, book, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def as_json(book: Book) -> Iterator[str]:
    """Yield a book as one JSON document; its rows are the records that are lines."""
    sealed: dict[str, Any] = {"seal": book.seal.number, "head": book.seal.head}
    if book.unsealed is not None:
        sealed["unsealed_lines"] = book.unsealed
    head = {**book.head, "sealed_through": sealed}
    yield json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    yield ',\n "rows": ['
    mark = ""
    for record in book.records:
        if record.kind == LINE:
            row = dict(zip(book.fields, record.values, strict=True))
            yield f"{mark}{_INDENT}{json.dumps(row, ensure_ascii=False)}"
            mark = ","
    yield "\n ]\n}\n"


def written(value: Value, kind: str) -> str:
    """Return a value as documents print it."""
    if value is None:
        return ""
    if kind == "money":
        return dotted(int(value))
    if kind == "day" and isinstance(value, str) and value:
        return f"{value[8:10]}/{value[5:7]}/{value[:4]}"
    return str(value)


def heading(book: Book) -> list[str]:
    """Return what every document says above the table, from the letterhead down."""
    return [book.issuer_name, book.title.upper(), *book.facts, book.span]


def _csv_cells(record: Record) -> tuple[str | int, ...]:
    return (record.kind, *("" if value is None else value for value in record.values))


def _text(book: Book) -> Iterator[str]:
    """Yield a book as a table for a terminal."""
    columns = book.columns
    widths = [
        _LONG_TEXT if place == book.text_column else _WIDTHS[column.kind]
        for place, column in enumerate(columns)
    ]

    def line(cells: list[str]) -> str:
        fitted = (
            cell.rjust(width)
            if column.kind == "money"
            else (cell if len(cell) <= width else f"{cell[: width - 1]}…").ljust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        )
        return "  ".join(fitted).rstrip() + "\n"

    yield "".join(f"{text}\n" for text in [*heading(book)[1:], UNIT_NOTE, ""])
    titles = [
        f"{column.group.removesuffix(' trong kỳ')} {column.title}"
        if column.group and column.kind == "money"
        else column.title
        for column in columns
    ]
    yield line(titles)
    yield "-" * (sum(widths) + 2 * (len(widths) - 1)) + "\n"
    for record in book.records:
        yield line(_printed(book, record))


def _html(book: Book) -> Iterator[str]:
    """Yield a book as one HTML file that needs no other."""
    title = escape(f"{book.title} – {', '.join(book.facts)}, {book.first}–{book.last}")
    yield (
        f'<!DOCTYPE html>\n<html lang="vi">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>'
        "\n<style>body{font-family:'Noto Serif',serif;font-size:10pt}h1,.centre{text-align:center}"
        "table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:2px 5px;"
        "vertical-align:top}td.num{text-align:right;white-space:nowrap}tr.strong{font-weight:bold}"
        "thead{display:table-header-group}.sign{display:inline-block;width:33%;text-align:center}"
        "</style>\n</head>\n<body>\n"
    )
    yield f"<p><b>{escape(book.issuer_name)}</b><br>{escape(book.issuer_address)}</p>\n"
    yield f"<h1>{escape(book.title.upper())}</h1>\n"
    for text in (*book.facts, book.span):
        yield f'<p class="centre">{escape(text)}</p>\n'
    yield f"<p>{UNIT_NOTE}</p>\n<table>\n<thead><tr>"
    for column in book.columns:
        words = f"{column.group}: {column.title}" if column.group else column.title
        yield f'<th scope="col">{escape(words)}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for record in book.records:
        cells = "".join(
            f"<td{' class=num' if column.kind == 'money' else ''}>{escape(text)}</td>"
            for text, column in zip(_printed(book, record), book.columns, strict=True)
        )
        yield f"<tr{'' if record.kind == LINE else ' class=strong'}>{cells}</tr>\n"
    drawn = book.drawn_at.astimezone(VN)
    yield f"</tbody>\n</table>\n<p>Ngày {drawn:%d} tháng {drawn:%m} năm {drawn.year}</p>\n<div>"
    for who, how in SIGNS:
        yield f'<p class="sign"><b>{who}</b><br><i>{how}</i></p>'
    yield "</div>\n</body>\n</html>\n"


def _printed(book: Book, record: Record) -> list[str]:
    cells: Any = zip(book.printed(record), book.columns, strict=True)
    return [written(value, column.kind) for value, column in cells]
