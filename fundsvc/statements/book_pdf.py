"""A book as a printed A4 document of any length, with sums carried over from page to page."""

from collections.abc import Iterator
from typing import BinaryIO

from fundsvc import longpdf
from fundsvc.clock import VN
from fundsvc.statements.book import LINE, Book
from fundsvc.statements.book_formats import FORM, SIGNS, written
from fundsvc.statements.report import UNIT_NOTE, dotted


def write(book: Book, out: BinaryIO) -> None:
    """Draw a book into a stream; no transaction may be open."""
    longpdf.render(
        longpdf.Document(
            title=book.title,
            facts=(*book.facts, book.span),
            issuer=book.issuer_name,
            address=book.issuer_address,
            form=FORM,
            note=UNIT_NOTE,
            columns=tuple(
                longpdf.Column(
                    column.title, column.share, figures=column.kind == "money", group=column.group
                )
                for column in book.columns
            ),
            signs=SIGNS,
            drawn_at=book.drawn_at.astimezone(VN),
            text_column=book.text_column,
            written=dotted,
            opened=opened(book) if book.bound else "",
            seal=sealed(book),
        ),
        _rows(book),
        out,
    )


def sealed(book: Book) -> str:
    """Return how far the books are sealed, and how many lines of this one are not."""
    through = f"Sổ đã niêm phong đến số {book.seal.number}: {book.seal.head}"
    left = f"{dotted(book.unsealed or 0)} dòng của sổ này chưa được niêm phong."
    return " – ".join([through] * bool(book.seal.number) + [left] * bool(book.unsealed))


def opened(book: Book) -> str:
    """Return when a book was opened and closed; that it is not closed while it may change."""
    closed = f"Ngày khóa sổ: {book.closed_on:%d/%m/%Y}" if book.closed_on else "Chưa khóa sổ"
    return f"Ngày mở sổ: {book.first:%d/%m/%Y}. {closed}."


def _rows(book: Book) -> Iterator[longpdf.Row]:
    """Yield the printed rows, each with what is carried over if a page ends below it."""
    carries = any(column.carried for column in book.columns)
    sums: list[int | None] = [0 if column.carried == "sum" else None for column in book.columns]
    for record in book.records:
        values = book.printed(record)
        for place, (value, column) in enumerate(zip(values, book.columns, strict=True)):
            if column.carried == "last":
                sums[place] = int(value) if value is not None else None
            elif column.carried == "sum" and record.kind == LINE:
                sums[place] = (sums[place] or 0) + int(value or 0)
        cells = tuple(
            written(value, column.kind) for value, column in zip(values, book.columns, strict=True)
        )
        strong = record.kind != LINE
        around = carries and record.kind in {LINE, "opening"}
        yield longpdf.Row(cells, strong=strong, sums=tuple(sums) if around else ())
