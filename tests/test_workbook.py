"""Workbooks of Excel as texts: what the cells show, and what no stranger may bring."""

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from xlsxwriter import Workbook

from fundsvc import workbook
from fundsvc.errors import Refusal

EARLY = datetime(2026, 7, 5, 8, 30, 15)  # noqa: DTZ001 - Excel's days have no zone

pytestmark = pytest.mark.usefixtures("app")


def made(*rows: tuple[Any, ...], **options: Any) -> bytes:
    """Make a workbook; days are shown as days, texts stay texts."""
    out = io.BytesIO()
    with Workbook(out, {"default_date_format": "dd/mm/yyyy hh:mm", **options}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        book.add_worksheet("khác").write(0, 0, "trang sau")
    return out.getvalue()


def read(data: bytes) -> list[list[str]]:
    return list(workbook.rows(io.BytesIO(data)))


def changed(data: bytes, **files: bytes) -> bytes:
    """Return a workbook with other files in it, named by the end of their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w", 8) as other:
        for name in book.namelist():
            end = name.rpartition("/")[2].partition(".")[0]
            other.writestr(name, files.get(end, book.read(name)))
    return out.getvalue()


def sheet_of(cells: str) -> bytes:
    return changed(
        made(("a",)),
        sheet1=f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>".encode(),
    )


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}])
def test_cells_are_given_as_they_are_meant(options: dict[str, Any]) -> None:
    rows = [
        ("Nhà mạng", "Số", "Lúc"),
        ("Viettel <&> “ấy”", 84912345678, EARLY),
        (),
        ("", 20_000.0, date(2026, 7, 5), None, True, 1.5),
        ("0912", -3, 0),
    ]
    assert read(made(*rows, **options)) == [
        ["Nhà mạng", "Số", "Lúc"],
        ["Viettel <&> “ấy”", "84912345678", "2026-07-05 08:30:15"],
        [],
        ["", "20000", "2026-07-05 00:00:00", "", "1", "1.5"],
        ["0912", "-3", "0"],
    ]


def test_a_stream_is_left_at_its_beginning_and_tells_its_height() -> None:
    stream = io.BytesIO(made(*((n, "x") for n in range(40))))
    assert workbook.is_workbook(stream)
    assert next(workbook.rows(stream)) == ["0", "x"]
    assert workbook.height(stream) == 40
    assert stream.tell() == 0
    assert workbook.height(io.BytesIO(sheet_of("<c><v>1</v></c>"))) == 1
    assert not workbook.is_workbook(io.BytesIO(b"a,b"))


def test_numbers_that_excel_rounded_are_refused_with_their_row() -> None:
    with pytest.raises(Refusal) as refusal:
        read(made(("a",), (1234567890123456789,)))
    assert refusal.value.reasons[0].row == 2
    assert "15 chữ số" in refusal.value.reasons[0].text
    assert read(made((123456789012345,))) == [["123456789012345"]]


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"x" * 500,
        made(("a",))[:-40],
        changed(made(("a",)), workbook=b"<workbook/>"),
        changed(made(("a",)), sheet1=b"<worksheet>"),
        changed(made(("a",)), sheet1=b"\xff\xfe\x00"),
        changed(made(("a",)), sharedStrings=b"<sst/>"),
        sheet_of('<c t="s"><v>-1</v></c>'),
        sheet_of("<c><v>một</v></c>"),
        sheet_of("<c><v>NaN</v></c>"),
        sheet_of('<c r="ZZ1"><v>1</v></c>'),
        sheet_of(f"<c t='str'><v>{'x' * 40_000}</v></c>"),
        changed(
            made(("a",)), sheet1=b'<worksheet><sheetData><row r="9999999"/></sheetData></worksheet>'
        ),
        changed(
            made(("a",)),
            sheet1=b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
            b"<worksheet><sheetData><row><c t='str'><v>&b;</v></c></row></sheetData></worksheet>",
        ),
    ],
)
def test_what_is_no_sound_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        read(data)
    with suppress(Refusal):
        workbook.height(io.BytesIO(data))


def test_nothing_is_unpacked_beyond_a_limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LARGEST", 1 << 20)
    row = b"<row><c t='str'><v>x</v></c></row>"
    bomb = b"<worksheet><sheetData>" + row * 100_000 + b"</sheetData></worksheet>"
    with pytest.raises(Refusal, match="quá lớn"):
        read(changed(made(("a",)), sheet1=bomb))
    monkeypatch.setattr(workbook, "LARGEST_BESIDE", 1 << 10)
    with pytest.raises(Refusal, match="quá lớn"):
        read(changed(made(("a",)), sharedStrings=b"<sst>" + b"<si/>" * 1000 + b"</sst>"))
