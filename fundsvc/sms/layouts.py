"""How files of messages are laid out: which column holds what, found by the words of the header.

Our own names are known, and so are the words that operators use, with or without diacritics. Any
other table is read by a profile: somebody said once, on a page, which column is which.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import IO, Final

from flask_babel import gettext as _

from fundsvc import uploads, workbook
from fundsvc.errors import Reason, Refusal, Unrecognised
from fundsvc.sms.labels import LABELS
from fundsvc.text import fold

FIELDS: Final = (
    "operator",
    "request_id",
    "msisdn",
    "short_code",
    "message",
    "received_at",
    "amount",
    "status",
)
OPTIONAL: Final = "province"
NEEDED: Final = FIELDS[:-2]
"""What a profile must say; without amounts the grammar gives them, without status all came in."""
FIXABLE: Final = ("operator", "short_code")
"""What may be the same for a whole file."""
ISO, DAY_FIRST, MONTH_FIRST, COMPACT = "iso", "dmy", "mdy", "compact"
DAYS: Final = (ISO, DAY_FIRST, MONTH_FIRST, COMPACT)

ALIASES: Final[Mapping[str, frozenset[str]]] = {
    "operator": frozenset(("operator", "nha mang", "mang", "telco", "carrier")),
    "request_id": frozenset((
        "request id", "ma tin", "ma tin nhan", "ma giao dich", "ma gd", "ma yeu cau",
        "transaction id", "transaction", "message id", "mo id", "sms id", "smsid",
    )),
    "msisdn": frozenset((
        "msisdn", "so thue bao", "thue bao", "so dien thoai", "dien thoai", "sdt", "so may",
        "phone", "phone number", "mobile", "subscriber", "sender",
    )),
    "short_code": frozenset((
        "short code", "shortcode", "dau so", "service number", "service id",
    )),
    "message": frozenset((
        "message", "noi dung", "noi dung tin", "noi dung tin nhan", "tin nhan", "content", "text",
    )),
    "received_at": frozenset((
        "received at", "thoi gian", "thoi gian nhan", "thoi diem", "thoi diem nhan", "ngay gio",
        "ngay gio nhan", "nhan luc", "time", "received time", "date time", "datetime",
    )),
    "amount": frozenset(("amount", "so tien", "gia tien", "muc gia", "price")),
    "status": frozenset(("status", "trang thai", "ket qua", "tinh trang", "result")),
}  # fmt: skip

WITHIN: Final = 30
"""The header is one of the first rows."""
SHOWN: Final = 10
_HEAD_BYTES = 1 << 18
_DELIMITERS = (",", ";", "\t")
_FEWEST, _MOST = len(NEEDED) - len(FIXABLE), 100
_MARKS = re.compile(r"[^0-9a-z]+")
_ASIDE = re.compile(r"\([^)]*\)")
_PARTS = re.compile(r"[/|\n]")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Profile:
    """A way to read files, as somebody chose it: header words by field, what is the same for all.

    `days` says how moments are written.
    """

    name: str
    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    days: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is to be read: where each field stands in a row (None: not there).

    `header` is the number of the header's row, `names` what stands in it. `days` is None for our
    own form, whose cells are taken as they are.
    """

    delimiter: str
    header: int
    order: tuple[int | None, ...]
    width: int
    days: str | None = None
    fixed: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()

    @property
    def headings(self) -> dict[str, str]:
        """What the file itself calls each field that it has."""
        places = zip((*FIELDS, OPTIONAL), self.order, strict=True)
        return {field: self.names[at].strip() for field, at in places if at is not None}


@dataclass(frozen=True, slots=True)
class Table:
    """The beginning of a file that nobody recognised: a header and the rows below it."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Places = Mapping[str, int]


def find(stream: IO[bytes], profile: Profile | None = None) -> Layout:
    """Return how a file is laid out, and leave it at its beginning.

    Raises:
        Unrecognised: it is a table, but its columns have other names.
        Refusal: it is none, or names a column twice.
    """
    head = _head(stream)
    if profile:
        found = _first(head, _places_of(profile), profile.days, profile.fixed)
    else:
        found = _first(head, _own_places, None) or _first(head, _known_places, DAY_FIRST)
    if found is None:
        raise _refusal(head, profile)
    return found


def look(stream: IO[bytes]) -> Table | None:
    """Return the table that a file begins with, if it is one; leave it at its beginning."""
    try:
        head = _head(stream)
    except Refusal:  # Something that begins like a workbook and is none.
        return None
    return _table(head)


def count_rows(stream: IO[bytes], layout: Layout) -> int:
    """Return how many rows stand below the header of a file, or nearly so."""
    if workbook.is_workbook(stream):
        return max(workbook.height(stream) - layout.header, 0)
    return max(uploads.count_lines(stream) - layout.header, 0)


def meaning(cell: str) -> str | None:
    """Return the field that a header's words name, if they name one."""
    words = _words(cell)
    return next((name for name in FIELDS if not words.isdisjoint(ALIASES[name])), None)


def _head(stream: IO[bytes]) -> str:
    """Return the whole lines that a file begins with; bytes that are not UTF-8 as surrogates.

    The first rows of a workbook become such lines, all as wide as the widest.
    """
    if workbook.is_workbook(stream):
        with closing(workbook.rows(stream)) as rows:
            first = list(islice(rows, WITHIN))
        width = max(map(len, first), default=0)
        out = io.StringIO(newline="")
        csv.writer(out).writerows(row + [""] * (width - len(row)) for row in first)
        return out.getvalue()
    data = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if len(data) == _HEAD_BYTES:
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8-sig", "surrogateescape")


def _rows(head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the first rows with their numbers, as far as they can be taken apart."""
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        yield from enumerate(islice(rows, WITHIN), 1)
    except csv.Error:
        return


Find = Callable[[Sequence[str]], Places | None]


def _first(
    head: str, find_places: Find, days: str | None, fixed: Mapping[str, str] = MappingProxyType({})
) -> Layout | None:
    """Return the layout that the first row gives in which places are found."""
    for delimiter in _DELIMITERS:
        for number, cells in _rows(head, delimiter):
            if places := find_places(cells):
                order = tuple(places.get(name) for name in (*FIELDS, OPTIONAL))
                known = tuple(fixed.items())
                return Layout(delimiter, number, order, len(cells), days, known, tuple(cells))
    return None


def _own_places(cells: Sequence[str]) -> Places | None:
    names = [cell.strip().lower() for cell in cells]
    if not set(FIELDS).issubset(names):
        return None
    wanted = [name for name in (*FIELDS, OPTIONAL) if name in names]
    for name in wanted:
        if names.count(name) > 1:
            raise Refusal(Reason(_("Cột %(name)s bị trùng.", name=name), 1, name))
    return {name: names.index(name) for name in wanted}


def _known_places(cells: Sequence[str]) -> Places | None:
    if not len(FIELDS) <= len(cells) <= _MOST:
        return None
    names = [meaning(cell) for cell in cells]
    if any(names.count(name) != 1 for name in FIELDS):
        return None
    return {name: names.index(name) for name in FIELDS}


def _places_of(profile: Profile) -> Find:
    wanted = {name: fold(text) for name, text in profile.columns.items()}

    def places(cells: Sequence[str]) -> Places | None:
        if len(cells) > _MOST:
            return None
        names = [fold(cell) for cell in cells]
        if any(names.count(text) != 1 for text in wanted.values()):
            return None
        return {name: names.index(text) for name, text in wanted.items()}

    return places


def _refusal(head: str, profile: Profile | None) -> Refusal:
    if profile:
        names = ", ".join(profile.columns.values())
        why = _("Tệp không có đủ các cột của mẫu này: %(names)s.", names=names)
        return Refusal(Reason(why, 1, "format"))
    cells = next((row for _number, row in _rows(head, ",")), [])
    there = {cell.strip().lower() for cell in cells} | {meaning(cell) for cell in cells[:_MOST]}
    absent = [name for name in FIELDS if name not in there] or FIELDS
    missing = ", ".join(f"{LABELS[name]} ({name})" for name in absent)
    why = _(
        "Dòng đầu phải ghi tên các cột, cách nhau bằng dấu phẩy; còn thiếu: %(missing)s.",
        missing=missing,
    )
    if _table(head) is None:
        return Refusal(Reason(why, 1))
    hint = _("Hoặc chọn cột một lần trên trang Nhập tin nhắn và giữ làm mẫu.")
    return Unrecognised(Reason(why, 1), Reason(hint, field="format"))


def _table(head: str) -> Table | None:
    """Return the widest table that a text begins with."""
    tables = filter(None, (_table_by(head, delimiter) for delimiter in _DELIMITERS))
    return max(tables, key=lambda table: len(table.header), default=None)


def _table_by(head: str, delimiter: str) -> Table | None:
    rows = [cells for _number, cells in _rows(head, delimiter)]
    for at, cells in enumerate(rows):
        filled = sum(1 for cell in cells if cell.strip())
        if not _FEWEST <= filled <= len(cells) <= _MOST:
            continue
        below = [tuple(row) for row in rows[at + 1 :] if len(row) == len(cells)]
        shown = (tuple(cells), *below[:SHOWN])
        if not below or any(_NOT_TEXT.search(cell) for row in shown for cell in row):
            return None
        return Table(shown[0], shown[1:])
    return None


def _words(cell: str) -> frozenset[str]:
    """Return what a header's cell says, plainly: `Mã giao dịch/Trans. ID (*)` says two things."""
    parts = _PARTS.split(_ASIDE.sub(" ", cell[:200]))
    return frozenset(_MARKS.sub(" ", fold(part)).strip() for part in parts)
