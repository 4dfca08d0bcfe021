"""Read the sheets of an Excel workbook (XLSX) row by row, as texts.

A workbook is a ZIP of XML files. It comes from strangers, so nothing of it is trusted: no file in
it is unpacked beyond a limit, and XML that brings a document type (the door to entities that grow
or that read other files) is refused before anything of it is read.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Final
from xml.parsers.expat import ExpatError, ParserCreate

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal

MARK: Final = b"PK\x03\x04"
"""What a workbook begins with."""
LARGEST: Final = 768 << 20
"""So many bytes of a sheet are unpacked at most: a million messages have half."""
LARGEST_BESIDE: Final = 192 << 20
"""And so many of a file beside it, whose texts are all held in memory."""
MOST_CELLS: Final = 200
MOST_ROWS: Final = 1_048_576
LONGEST_CELL: Final = 32_767
_BLOCK: Final = 1 << 16
_MOST_PACKED: Final = 150
"""A file in it that is larger than the next figure is packed to so small a part of itself at most:
real sheets come to a tenth or a twentieth, one made to fill the memory to a thousandth."""
_UNSUSPECTED: Final = 16 << 20
_EXACT: Final = 15
"""Excel keeps so many figures of a number; it rounds the rest away."""
_DAYS: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""The built-in formats of days and times."""
_LITERAL: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_OF_DAYS: Final = re.compile("[ymdhs]", re.IGNORECASE)
_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_EVE, _EVE_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a count of days
_MOST_DAYS: Final = 2_958_466
_DAY: Final = 86_400

_BROKEN: Final = (
    zipfile.BadZipFile, LookupError, ExpatError, ValueError, EOFError, OSError, zlib.error,
    RuntimeError,  # Of zipfile: locked with a password, or packed in a way that it does not know.
)  # fmt: skip

Start = Callable[[str, Mapping[str, str]], None]


class Number(str):
    """The text of a cell that holds a number, as plain figures; a text may only look like one."""

    __slots__ = ()


class Moment(str):
    """The text of a cell that holds a day or a time: `2026-07-01 08:30:00`."""

    __slots__ = ()


def is_workbook(stream: IO[bytes]) -> bool:
    """Say whether a stream begins as a workbook does; leave it at its beginning."""
    stream.seek(0)
    found = stream.read(len(MARK)) == MARK
    stream.seek(0)
    return found


def sheets(stream: IO[bytes]) -> list[str]:
    """Return the names of the sheets that Excel shows, in their order.

    Raises:
        Refusal: it is no workbook, or was made to fill the memory of whoever reads it.
    """
    try:
        with zipfile.ZipFile(stream) as book:
            return list(_sheets(book)[0])
    except _BROKEN:
        raise Refusal(Reason(_no_workbook(), 1)) from None
    finally:
        stream.seek(0)


def unpacked_bytes(stream: IO[bytes]) -> int:
    """Return how many bytes all sheets come to, as the workbook says itself.

    Raises:
        Refusal: it is no workbook.
    """
    try:
        with zipfile.ZipFile(stream) as book:
            told = (one for one in book.infolist() if one.filename.startswith("xl/worksheets/"))
            return sum(one.file_size for one in told)
    except _BROKEN:
        raise Refusal(Reason(_no_workbook(), 1)) from None
    finally:
        stream.seek(0)


def rows(stream: IO[bytes], sheet: str | None = None) -> Generator[list[str]]:
    """Yield the rows of a sheet, from the sheet's first row on; a blank one is empty.

    Without a name it is the first sheet. Cells that hold a number are `Number`, those that hold a
    day or a time `Moment`.

    Raises:
        Refusal: it is no workbook, is too large, or holds numbers that Excel rounded.
    """
    try:
        with zipfile.ZipFile(stream) as book:
            yield from _read(book, sheet)
    except _BROKEN:
        raise Refusal(Reason(_no_workbook(), 1)) from None
    finally:
        stream.seek(0)


def height(stream: IO[bytes]) -> int:
    """Return how many rows the first sheet has, as it says itself, or else by counting.

    Raises:
        Refusal: as `rows` does.
    """
    told: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "dimension":
            told.append(attributes.get("ref", ""))

    try:
        with zipfile.ZipFile(stream) as book:
            # It stands before the rows, or nowhere.
            next(_parse(book, _place_of(book, None)[0], start))
    except _BROKEN:
        raise Refusal(Reason(_no_workbook(), 1)) from None
    finally:
        stream.seek(0)
    found = _PLACE.fullmatch("".join(told).partition(":")[2])
    return int(found[2]) if found else sum(1 for _row in rows(stream))


def _no_workbook() -> str:
    return _("Không đọc được tệp Excel này. Hãy lưu lại thành XLSX hoặc CSV UTF-8.")


def _read(book: zipfile.ZipFile, name: str | None) -> Iterator[list[str]]:
    sheet, since_1904 = _place_of(book, name)
    names = set(book.namelist())
    shared = _shared(book) if "xl/sharedStrings.xml" in names else []
    dated = _dated(book) if "xl/styles.xml" in names else []
    reading = _Sheet(shared, dated, _EVE_1904 if since_1904 else _EVE)
    for _block in _parse(book, sheet, reading.start, reading.end, reading.text):
        yield from reading.take()


def _parse(
    book: zipfile.ZipFile,
    name: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Read one file of the workbook; after each block whoever asks may take what is there."""
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda tag, attributes: start(_bare(tag), attributes)
    if end:
        parser.EndElementHandler = lambda tag: end(_bare(tag))
    if text:
        parser.CharacterDataHandler = text
    unpacked = 0
    with book.open(name) as file:
        while block := file.read(_BLOCK):
            unpacked += len(block)
            if unpacked > (LARGEST if name.startswith("xl/worksheets/") else LARGEST_BESIDE):
                raise Refusal(_("Tệp Excel quá lớn. Hãy chia nhỏ, hoặc lưu thành CSV UTF-8."))
            parser.Parse(block, False)  # noqa: FBT003 - expat takes it so
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - expat takes it so
    yield


def _refuse_doctype(*_told: Any) -> None:
    raise Refusal(Reason(_no_workbook(), 1))


def _bare(tag: str) -> str:
    return tag.rpartition(" ")[2]


def _place_of(book: zipfile.ZipFile, name: str | None) -> tuple[str, bool]:
    """Return where a sheet lies, the first one without a name, and whether 1904 is the eve."""
    places, since_1904 = _sheets(book)
    return places[next(iter(places), "") if name is None else name], since_1904


def _sheets(book: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Return where the sheets that are shown lie, and whether days are counted from 1904."""
    _refuse_bombs(book)
    ids: dict[str, str] = {}
    places: dict[str, str] = {}
    since_1904: list[bool] = []

    def of_book(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheet" and attributes.get("state", "visible") == "visible":
            key = next((told for name, told in attributes.items() if name.endswith(" id")), "")
            ids.setdefault(attributes.get("name", key), key)
        elif tag == "workbookPr":
            since_1904.append(attributes.get("date1904") in {"1", "true"})

    def of_places(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            places[attributes["Id"]] = attributes["Target"]

    for name, start in (("xl/workbook.xml", of_book), ("xl/_rels/workbook.xml.rels", of_places)):
        for _block in _parse(book, name, start):
            pass
    found = {name: _path(places[key]) for name, key in ids.items()}
    return found, any(since_1904)


def _path(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _refuse_bombs(book: zipfile.ZipFile) -> None:
    for one in book.infolist():
        packed = max(one.compress_size, 1)
        if one.file_size > _UNSUSPECTED and one.file_size > packed * _MOST_PACKED:
            raise Refusal(Reason(_no_workbook(), 1))


def _shared(book: zipfile.ZipFile) -> list[str]:
    """Return the texts that cells name by their number; how they are spoken is left out."""
    found: list[str] = []
    parts: list[str] = []
    state = {"in": False, "spoken": False}

    def start(tag: str, _attributes: Mapping[str, str]) -> None:
        if tag == "rPh":
            state["spoken"] = True
        state["in"] = tag == "t" and not state["spoken"]

    def end(tag: str) -> None:
        state["in"] = False
        if tag == "rPh":
            state["spoken"] = False
        elif tag == "si":
            found.append("".join(parts))
            parts.clear()

    def text(data: str) -> None:
        if state["in"]:
            parts.append(data)

    for _block in _parse(book, "xl/sharedStrings.xml", start, end, text):
        pass
    return found


def _dated(book: zipfile.ZipFile) -> list[bool]:
    """Say of each style of cells whether it shows days or times."""
    own: dict[str, bool] = {}
    found: list[bool] = []
    within: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "numFmt":
            code = _LITERAL.sub("", attributes.get("formatCode", ""))
            own[attributes.get("numFmtId", "")] = bool(_OF_DAYS.search(code))
        elif tag == "xf" and "cellXfs" in within:
            number = attributes.get("numFmtId", "0")
            found.append(own.get(number, number.isdigit() and int(number) in _DAYS))
        elif tag == "cellXfs":
            within.append(tag)

    def end(tag: str) -> None:
        if tag == "cellXfs":
            within.clear()

    for _block in _parse(book, "xl/styles.xml", start, end):
        pass
    return found


@dataclass(slots=True)
class _Sheet:
    """Takes a sheet's XML in and gives its rows out."""

    shared: list[str]
    dated: list[bool]
    eve: datetime
    ready: list[list[str]] = field(default_factory=list)
    cells: dict[int, str] = field(default_factory=dict)
    row: int = 0
    place: int = -1
    kind: str = ""
    is_date: bool = False
    parts: list[str] = field(default_factory=list)
    length: int = 0
    reading: bool = False

    def take(self) -> list[list[str]]:
        """Return the rows that are whole."""
        taken, self.ready = self.ready, []
        return taken

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin a row, a cell or its value."""
        if tag == "row":
            number = int(attributes.get("r") or self.row + 1)
            if not self.row < number <= MOST_ROWS:
                raise Refusal(Reason(_no_workbook(), 1))
            self.ready.extend([] for _blank in range(number - self.row - 1))
            self.row, self.place, self.cells = number, -1, {}
        elif tag == "c":
            found = _PLACE.fullmatch(attributes.get("r", ""))
            self.place = _column(found[1]) if found else self.place + 1
            self.kind = attributes.get("t", "n")
            style = attributes.get("s", "")
            self.is_date = (
                style.isdigit() and int(style) < len(self.dated) and self.dated[int(style)]
            )
            self.parts, self.length = [], 0
        else:
            self.reading = tag in {"v", "t"}

    def text(self, data: str) -> None:
        """Take a part of a value."""
        if self.reading:
            self.length += len(data)
            if self.length > LONGEST_CELL:
                raise Refusal(Reason(_("Ô dài quá %(limit)d ký tự.", limit=LONGEST_CELL), self.row))
            self.parts.append(data)

    def end(self, tag: str) -> None:
        """End a value, a cell or a row."""
        self.reading = False
        if tag == "c" and self.parts:
            if self.place >= MOST_CELLS:
                raise Refusal(Reason(_("Dòng có quá %(limit)d cột.", limit=MOST_CELLS), self.row))
            self.cells[self.place] = self._value("".join(self.parts))
        elif tag == "row":
            width = max((place for place, text in self.cells.items() if text), default=-1) + 1
            self.ready.append([self.cells.get(place, "") for place in range(width)])

    def _value(self, raw: str) -> str:
        if self.kind == "s":
            return self.shared[int(raw) if raw.isdigit() else len(self.shared)]
        if self.kind != "n":
            return raw
        try:
            number = Decimal(raw)
        except InvalidOperation:
            raise Refusal(Reason(_no_workbook(), 1)) from None
        if not number.is_finite() or number.adjusted() >= _EXACT:
            why = _(
                "Có ô là số dài quá %(figures)d chữ số, Excel đã làm tròn. Hãy xin nơi gửi tệp mà"
                " cột ấy là văn bản (Text).",
                figures=_EXACT,
            )
            raise Refusal(Reason(why, self.row))
        if self.is_date and 0 <= number < _MOST_DAYS:
            moment = self.eve + timedelta(seconds=round(float(number) * _DAY))
            return Moment(f"{moment:%Y-%m-%d %H:%M:%S}")
        return Number(int(number) if number == number.to_integral_value() else raw)


def _column(letters: str) -> int:
    """Return the place of a column: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
