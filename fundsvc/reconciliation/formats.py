"""Know a bank file by its content, whatever its name says, and give the reader of its kind."""

import io
import re
from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.errors import Reason, Refusal
from fundsvc.reconciliation.camt053 import Camt053Reader, is_camt053
from fundsvc.reconciliation.layouts import MESSAGES, Layout
from fundsvc.reconciliation.mt940 import Mt940Reader, is_mt940
from fundsvc.reconciliation.ofx import OfxReader, is_ofx
from fundsvc.reconciliation.reader import MAX_BYTES, Reader
from fundsvc.reconciliation.tables import Table, TableReader

# What a file of another kind begins with, and what people call it.
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "Excel (XLS)"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "GZIP"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MARK = b"\xef\xbb\xbf"
_LINE_MARKS = (
    re.compile(rb"^:61:", re.MULTILINE),
    re.compile(rb"<(?:\w{1,20}:)?Ntry[ >]"),
    re.compile(rb"<STMTTRN>", re.IGNORECASE),
)
"""What each line of a format that is no table begins with."""


def read_file(
    data: bytes, *, layout: str | None, bank: str, today: date, profiles: Sequence[Layout] = ()
) -> Reader:
    """Return the reader of a bank file.

    `layout` is the name of a layout, format or profile, or None to recognise it; `bank` is what
    the account calls its bank (see `header.find`); no line is after `today`.

    Raises:
        Refusal: the file as a whole cannot be read, and why.
    """
    check(data)
    found = _message(data, today)
    named = {one.name for one in MESSAGES}
    if found is None:
        if layout in named or _is_xml(data):
            why = _("Tệp không phải là sao kê MT940, CAMT.053, OFX hay bảng CSV, XLSX.")
            raise Refusal(Reason(why, field="format" if layout in named else None))
        return TableReader(Table(data), layout=layout, bank=bank, today=today, profiles=profiles)
    if layout is not None and layout != found.layout.name:
        why = _("Tệp là %(kind)s, không phải mẫu đã chọn.", kind=found.layout.bank)
        raise Refusal(Reason(why, field="format"))
    return found


def is_table(data: bytes) -> bool:
    """Say whether a file may be a table."""
    return data.startswith(workbook.MARK) or not (_is_xml(data) or is_ofx(data) or is_mt940(data))


def count_lines(data: bytes) -> int:
    """Return about how many lines a file has, without reading it: enough to know a large one.

    Raises:
        Refusal: it begins as a workbook and is none.
    """
    if data.startswith(workbook.MARK):
        return workbook.height(io.BytesIO(data))
    if is_table(data):
        return data.count(b"\n")
    return max(len(mark.findall(data)) for mark in _LINE_MARKS)


def media_type(data: bytes) -> str:
    """Return what kind of file this is, as it is kept."""
    if data.startswith(workbook.MARK):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    if _is_xml(data):
        return "application/xml"
    return "text/csv" if is_table(data) else "text/plain"


def check(data: bytes) -> None:
    """Refuse what is neither a workbook nor text in UTF-8, in words that say what to do.

    Raises:
        Refusal: the file is empty, too large, of another kind or in another encoding.
    """
    if not data.strip():
        raise Refusal(_("Tệp trống."))
    if len(data) > MAX_BYTES:
        raise Refusal(_("Tệp lớn quá %(limit)d MB.", limit=MAX_BYTES // 1024**2))
    for beginning, kind in _OTHER_KINDS:
        if data.startswith(beginning):
            why = _("Tệp là %(kind)s. Hãy lưu sao kê thành CSV, bảng mã UTF-8.", kind=kind)
            raise Refusal(why)
    if data.startswith(workbook.MARK):
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = _(
            "Tệp không ở bảng mã UTF-8 (từ dòng văn bản %(line)d)."
            " Hãy lưu lại thành CSV, bảng mã UTF-8.",
            line=line,
        )
        raise Refusal(why) from None
    if b"\0" in data:
        raise Refusal(_("Tệp không phải là văn bản CSV."))


def _message(data: bytes, today: date) -> Reader | None:
    if data.startswith(workbook.MARK):
        return None
    if is_ofx(data):
        return OfxReader(data.decode("utf-8-sig"), today=today)
    if _is_xml(data) and is_camt053(data):
        return Camt053Reader(data, today=today)
    if is_mt940(data):
        return Mt940Reader(data.decode("utf-8-sig"), today=today)
    return None


def _is_xml(data: bytes) -> bool:
    return data.removeprefix(_MARK).lstrip()[:1] == b"<"
