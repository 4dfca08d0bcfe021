"""Printed books of any length: the only room that speaks fpdf2, line by line, never as a table.

`fundsvc.pdf` lays out a document as a whole, which for a table of 10,000 rows takes a minute and a
gigabyte. A book needs no layout: columns of one width, a head that is repeated, sums carried over
from page to page. So it is drawn row by row with faces of our own, and nothing else can be named.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from fpdf import FPDF
from fpdf.fonts import TTFFont

FONTS: Final = Path(__file__).resolve().parent / "static" / "print" / "fonts"
FACE: Final = "Serif"
_FACES: Final = (
    ("", "NotoSerif-Regular.ttf"),
    ("B", "NotoSerif-Bold.ttf"),
    ("I", "NotoSerif-Italic.ttf"),
)
WIDTH, HEIGHT = 297.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 15.0, 12.0, 12.0, 14.0
SIZE, LINE, PAD = 8.0, 3.7, 0.9
MOST_LINES: Final = 12
"""A text in a cell is cut after so many lines; the page of its entry has all of it."""
_THIN, _THICK = 0.1, 0.35
CARRIED_OUT = "Cộng chuyển trang sau"
CARRIED_IN = "Số trang trước chuyển sang"
_UNKNOWN = "\ufffd"
_BASE: Final = 0.76
"""How far down in a line its letters stand."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its share of the width, whether figures stand in it.

    Columns that follow each other with the same `group` share a heading above their own.
    """

    title: str
    share: float
    figures: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a book; `sums` are what is carried over when a page ends below it.

    `sums` has an amount or None per column. A row without any is never carried over.
    """

    cells: tuple[str, ...]
    strong: bool = False
    sums: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What stands around the rows: letterhead, title, the facts below it, who signs."""

    title: str
    facts: tuple[str, ...]
    issuer: str
    address: str
    form: str
    note: str
    columns: tuple[Column, ...]
    signs: tuple[tuple[str, str], ...]
    drawn_at: datetime
    text_column: int
    """The column that says what a carried line is."""
    written: Callable[[int], str]
    opened: str
    """When the book was opened and closed; nothing for what is no book, and has no such foot."""
    seal: str = ""


def render(document: Document, rows: Iterable[Row], out: BinaryIO) -> int:
    """Draw a book as PDF into a stream, and return the number of its pages.

    No transaction may be open: rows come from where they were put aside.
    """
    sheet = _Sheet(document)
    sheet.begin()
    last: Row | None = None
    for row in rows:
        sheet.row(row, last)
        last = row
    sheet.end()
    sheet.pdf.output(out)
    return sheet.pdf.page


class _Sheet:
    """The page that is being drawn, and how far down it is."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.pdf = pdf = FPDF(orientation="landscape", unit="mm", format="A4")
        pdf.set_auto_page_break(auto=False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        for style, name in _FACES:
            pdf.add_font(FACE, style, FONTS / name)
        pdf.set_title(document.title)
        pdf.set_author(document.issuer)
        pdf.set_lang("vi")
        pdf.set_creation_date(document.drawn_at)
        pdf.set_producer("fundsvc")
        pdf.set_text_color(0)
        pdf.set_fill_color(0)  # Another than the text's would be told beside every text.
        self.letters = {style: self._letters(style) for style, _name in _FACES}
        self.face: tuple[str, float, int] | None = None
        self.whole = WIDTH - LEFT - RIGHT
        whole = sum(column.share for column in document.columns)
        self.widths = [column.share * self.whole / whole for column in document.columns]
        self.lefts = [LEFT + sum(self.widths[:place]) for place in range(len(self.widths))]
        self.y = self.rows_from = TOP

    def begin(self) -> None:
        """Draw the first page down to the head of its table."""
        document = self.document
        self.pdf.add_page()
        half = self.whole / 2
        lines = [(document.issuer, "B"), (document.address, "")]
        for text, style in lines:
            for part in self._wrapped(text, half, style) if text else ():
                self._text(LEFT, self.y, part, style)
                self.y += LINE + 0.4
        self._text(WIDTH - RIGHT - half, TOP, document.form, "I", half, "R")
        self.y = max(self.y, TOP + LINE) + 3
        self._centred(document.title.upper(), "B", 14)
        for place, text in enumerate(document.facts):
            self._centred(text, "B" if place == 0 else "", 9)
        self._head()

    def row(self, row: Row, before: Row | None) -> None:
        """Draw a row, on a new page if there is no room for it and for what is carried over."""
        style = "B" if row.strong else ""
        cells = [
            self._cell(text, self.widths[place], style, figures=column.figures)
            for place, (text, column) in enumerate(
                zip(row.cells, self.document.columns, strict=True)
            )
        ]
        height = max(map(len, cells)) * LINE + 2 * PAD
        room = LINE + 2 * PAD if row.sums else 0
        if self.y + height + room > HEIGHT - BOTTOM:
            self._turn(before)
        self._cells(cells, style)
        self._rule(self.y + height, _THICK if row.strong else _THIN)
        self.y += height

    def end(self) -> None:
        """Draw what stands below the last row: seal and signatures, all on one page."""
        document = self.document
        self._close_table()
        if self.y + 46 > HEIGHT - BOTTOM:
            self.pdf.add_page()
            self.y = TOP
        self.y += 3
        if document.opened:
            count = self.pdf.page
            pages = f"Sổ này có {count} trang, đánh số từ trang 1 đến trang {count}."
            self._text(LEFT, self.y, pages, "")
        on = (
            f"Ngày {document.drawn_at:%d} tháng {document.drawn_at:%m} năm {document.drawn_at.year}"
        )
        self._text(LEFT, self.y, on, "I", self.whole - 10, "R")
        self.y += LINE + 1
        for part in (document.opened, *self._wrapped(document.seal, self.whole, "")):
            self._text(LEFT, self.y, part, "")
            self.y += LINE
        self.y += 1
        width = self.whole / len(document.signs)
        for place, (who, how) in enumerate(document.signs):
            left = LEFT + place * width
            self._text(left, self.y, who, "B", width, "C")
            self._text(left, self.y + LINE + 0.6, how, "I", width, "C")
        self._feet()

    def _turn(self, before: Row | None) -> None:
        """End the page with what is carried over, and begin the next one with it."""
        sums = before.sums if before else ()
        if sums:
            self._carried(CARRIED_OUT, sums)
        self._close_table()
        self.pdf.add_page()
        self.y = TOP
        self._head()
        if sums:
            self._carried(CARRIED_IN, sums)

    def _carried(self, label: str, sums: Sequence[int | None]) -> None:
        texts = ["" if amount is None else self.document.written(amount) for amount in sums]
        texts[self.document.text_column] = label
        self._cells([[text] for text in texts], "B")
        height = LINE + 2 * PAD
        self._rule(self.y + height, _THIN)
        self.y += height

    def _head(self) -> None:
        """Draw the head of the table; columns of one group stand under a heading of their own."""
        document = self.document
        self._text(LEFT, self.y, document.note, "I", self.whole, "R")
        self.y += LINE + 0.8
        self._rule(self.y, _THICK)
        titles = [
            self._wrapped(column.title, width - 2 * PAD, "B")
            for column, width in zip(document.columns, self.widths, strict=True)
        ]
        grouped = any(column.group for column in document.columns)
        above = LINE + 2 * PAD if grouped else 0.0
        height = above + max(map(len, titles)) * LINE + 2 * PAD
        for place, (column, lines) in enumerate(zip(document.columns, titles, strict=True)):
            top = self.y + above if column.group else self.y
            room = self.y + height - top
            y = top + (room - len(lines) * LINE) / 2
            for text in lines:
                self._text(self.lefts[place], y, text, "B", self.widths[place], "C")
                y += LINE
        self._groups(above)
        self.y += height
        self._rule(self.y, _THICK)
        self.rows_from = self.y - height

    def _groups(self, height: float) -> None:
        place, columns = 0, self.document.columns
        while place < len(columns):
            group, first = columns[place].group, place
            while place < len(columns) and columns[place].group == group:
                place += 1
            if group:
                left, width = self.lefts[first], sum(self.widths[first:place])
                self._text(left, self.y + PAD, group, "B", width, "C")
                self._line(left, self.y + height, left + width, self.y + height, _THIN)

    def _cells(self, cells: Sequence[Sequence[str]], style: str) -> None:
        for place, lines in enumerate(cells):
            right = self.document.columns[place].figures
            y, left = self.y + PAD, self.lefts[place] + PAD
            width = self.widths[place] - 2 * PAD
            for text in lines:
                if text:
                    self._text(left, y, text, style, width, "R" if right else "L")
                y += LINE

    def _close_table(self) -> None:
        """Draw the upright rules of a page's table at once, from its head to its last row."""
        columns = self.document.columns
        height = LINE + 2 * PAD
        for place, left in enumerate(self.lefts):
            inner = (
                place and columns[place].group and columns[place].group == columns[place - 1].group
            )
            self._line(left, self.rows_from + (height if inner else 0), left, self.y, _THIN)
        self._line(WIDTH - RIGHT, self.rows_from, WIDTH - RIGHT, self.y, _THIN)
        self._rule(self.y, _THICK)

    def _feet(self) -> None:
        """Number the pages, now that it is known how many they are."""
        y, count = HEIGHT - BOTTOM + 4, self.pdf.page
        for number in range(1, count + 1):
            self.pdf.page = number
            self._text(LEFT, y, self.document.title, "I")
            self._text(LEFT, y, f"Trang {number}/{count}", "I", self.whole, "R")

    def _centred(self, text: str, style: str, size: float) -> None:
        line = size * 0.46
        for part in self._wrapped(text, self.whole * SIZE / size, style):
            self._text(LEFT, self.y, part, style, self.whole, "C", size=size, line=line)
            self.y += line

    def _text(
        self, x: float, y: float, text: str, style: str, width: float = 0, align: str = "L",
        *, size: float = SIZE, line: float = LINE,
    ) -> None:  # fmt: skip
        """Write a text on one line; `cell` of fpdf does the same ten times as slowly."""
        text = self._printable(text, style)
        if align != "L":
            rest = width - self._measure(text, style) * size / SIZE
            x += rest if align == "R" else rest / 2
        self._face(style, size)
        self.pdf.text(x, y + line * _BASE, text)

    def _face(self, style: str, size: float) -> None:
        if self.face != (style, size, self.pdf.page):
            # The face is told to every page anew, also to one that is come back to.
            self.pdf.current_font_is_set_on_page = False
            self.pdf.set_font(FACE, style, size)
            self.face = (style, size, self.pdf.page)

    def _rule(self, y: float, width: float) -> None:
        self._line(LEFT, y, WIDTH - RIGHT, y, width)

    def _line(self, x: float, y: float, to_x: float, to_y: float, width: float) -> None:
        self.pdf.set_line_width(width)
        self.pdf.line(x, y, to_x, to_y)

    def _printable(self, text: str, style: str) -> str:
        """Return a text of letters that the face has; another prints as a mark, never as a box."""
        widths = self.letters[style]
        if widths.keys() >= set(text):
            return text
        return "".join(letter if letter in widths else _UNKNOWN for letter in text)

    def _cell(self, text: str, width: float, style: str, *, figures: bool) -> list[str]:
        if figures or not text:
            return [text]
        lines = list(self._wrapped(text, width - 2 * PAD, style))
        return (
            [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]}…"]
            if len(lines) > MOST_LINES
            else lines
        )

    def _wrapped(self, text: str, width: float, style: str) -> list[str]:
        """Break a text into lines at blanks; a word longer than a line is broken anywhere."""
        text = unicodedata.normalize("NFC", " ".join(text.split()))
        if self._measure(text, style) <= width:
            return [text]
        blank = self._measure(" ", style)
        lines: list[str] = []
        line, used = "", 0.0
        for word, wide in self._words(text, width, style):
            if line and used + blank + wide > width:
                lines.append(line)
                line, used = word, wide
            elif line:
                line, used = f"{line} {word}", used + blank + wide
            else:
                line, used = word, wide
        return [*lines, line]

    def _words(self, text: str, width: float, style: str) -> Iterator[tuple[str, float]]:
        """Yield words and how wide they are; what is longer than a line comes in pieces."""
        for word in text.split(" "):
            piece, used = "", 0.0
            for letter in word if self._measure(word, style) > width else ():
                wide = self._measure(letter, style)
                if piece and used + wide > width:
                    yield piece, used
                    piece, used = "", 0.0
                piece, used = piece + letter, used + wide
            yield (piece, used) if piece else (word, self._measure(word, style))

    def _measure(self, text: str, style: str) -> float:
        """Return how wide a text is at the size of rows, letter by letter."""
        widths = self.letters[style]
        return sum([widths.get(letter, widths[_UNKNOWN]) for letter in text])

    def _letters(self, style: str) -> dict[str, float]:
        """Return how wide each letter of a face is, at the size of rows."""
        self.pdf.set_font(FACE, style, SIZE)
        font = self.pdf.current_font
        if not isinstance(font, TTFFont):
            msg = f"no face of our own: {font}"
            raise TypeError(msg)
        return {chr(code): float(self.pdf.get_string_width(chr(code))) for code in font.cmap}
