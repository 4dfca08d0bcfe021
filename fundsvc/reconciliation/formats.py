"""Know a bank file by its content, whatever its name says, and give the reader of its kind."""

import re
from codecs import getincrementaldecoder
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
from fundsvc.reconciliation.source import Source
from fundsvc.reconciliation.tables import Table, TableReader

# What a file of another kind begins with, and what people call it.
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "Excel (XLS)"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "GZIP"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_LINE_MARKS = (
    re.compile(rb"^:61:", re.MULTILINE),
    re.compile(rb"<(?:\w{1,20}:)?Ntry[ >]"),
    re.compile(rb"<STMTTRN>", re.IGNORECASE),
)
"""What each line of a format that is no table begins with."""


def read_file(
    data: bytes | Source,
    *,
    layout: str | None,
    bank: str,
    today: date,
    profiles: Sequence[Layout] = (),
) -> Reader:
    """Return the reader of a bank file.

    `layout` is the name of a layout, format or profile, or None to recognise it; `bank` is what
    the account calls its bank (see `header.find`); no line is after `today`.

    Raises:
        Refusal: the file as a whole cannot be read, and why.
    """
    source = Source.of(data)
    check(source)
    found = _message(source, today)
    named = {one.name for one in MESSAGES}
    if found is None:
        if layout in named or _is_xml(source.head):
            why = _("Tệp không phải là sao kê MT940, CAMT.053, OFX hay bảng CSV, XLSX.")
            raise Refusal(Reason(why, field="format" if layout in named else None))
        return TableReader(Table(source), layout=layout, bank=bank, today=today, profiles=profiles)
    if layout is not None and layout != found.layout.name:
        why = _("Tệp là %(kind)s, không phải mẫu đã chọn.", kind=found.layout.bank)
        raise Refusal(Reason(why, field="format"))
    return found


def is_table(data: bytes) -> bool:
    """Say of a file's beginning whether it may be a table."""
    return data.startswith(workbook.MARK) or not (_is_xml(data) or is_ofx(data) or is_mt940(data))


def count_lines(data: bytes | Source) -> int:
    """Return about how many lines a file has, without reading it: enough to know a large one.

    Raises:
        Refusal: it begins as a workbook and is none.
    """
    source = Source.of(data)
    if source.head.startswith(workbook.MARK):
        return workbook.height(source.stream())
    if is_table(source.head):
        return sum(block.count(b"\n") for block in source.blocks())
    whole = source.read()
    return max(len(mark.findall(whole)) for mark in _LINE_MARKS)


def media_type(data: bytes) -> str:
    """Return what kind of file begins like this, as it is kept."""
    if data.startswith(workbook.MARK):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    if _is_xml(data):
        return "application/xml"
    return "text/csv" if is_table(data) else "text/plain"


def check(data: bytes | Source) -> None:
    """Refuse what is neither a workbook nor text in UTF-8, in words that say what to do.

    Raises:
        Refusal: the file is empty, too large, of another kind or in another encoding.
    """
    source = Source.of(data)
    if all(block.isspace() for block in source.blocks()):
        raise Refusal(_("Tệp trống."))
    if source.size > MAX_BYTES:
        raise Refusal(_("Tệp lớn quá %(limit)d MB.", limit=MAX_BYTES // 1024**2))
    for beginning, kind in _OTHER_KINDS:
        if source.head.startswith(beginning):
            why = _("Tệp là %(kind)s. Hãy lưu sao kê thành CSV, bảng mã UTF-8.", kind=kind)
            raise Refusal(why)
    if source.head.startswith(workbook.MARK):
        return
    line = _broken_line(source)
    if line is not None:
        why = _(
            "Tệp không ở bảng mã UTF-8 (từ dòng văn bản %(line)d)."
            " Hãy lưu lại thành CSV, bảng mã UTF-8.",
            line=line,
        )
        raise Refusal(why)
    if any(b"\0" in block for block in source.blocks()):
        raise Refusal(_("Tệp không phải là văn bản CSV."))


def _broken_line(source: Source) -> int | None:
    """Return the line of the first bytes that are no UTF-8."""
    decoder = getincrementaldecoder("utf-8")()
    lines = 1
    try:
        for block in source.blocks():
            decoder.decode(block)
            lines += block.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # What was kept of the block before is part of a letter, and holds no line's end.
        return lines + error.object.count(b"\n", 0, error.start)
    return None


def _message(source: Source, today: date) -> Reader | None:
    head = source.head
    if head.startswith(workbook.MARK):
        return None
    if is_ofx(head):
        return OfxReader(source.read().decode("utf-8-sig"), today=today)
    if _is_xml(head) and is_camt053(head):
        return Camt053Reader(source, today=today)
    if is_mt940(head):
        return Mt940Reader(source.read().decode("utf-8-sig"), today=today)
    return None


def _is_xml(data: bytes) -> bool:
    return _XML.match(data) is not None
