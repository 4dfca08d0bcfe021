"""A file of units is read cell by cell, and every cell that cannot be is told with its place."""

import csv
import io
import unicodedata
from datetime import date

import pytest

from fundsvc.errors import Refusal
from fundsvc.units import sheet
from tests import corpus

HEADER = "code,name,kind,parent,province,address,valid_from,valid_to\n"


def read(text: str) -> sheet.Sheet:
    return sheet.read(text.encode())


def refused(text: str) -> list[tuple[int, str | None]]:
    found = read(HEADER + text)
    assert not found.rows
    return [(row.row, row.field) for row in found.refused.rows]


def test_a_row_with_everything() -> None:
    line = 'A.1,"Tỉnh hội A",Tỉnh hội,TW,2025:44,"Số 1, đường B",2020-01-02,31/12/2026\n'
    (row,) = read(HEADER + line).rows
    assert row == sheet.UnitRow(
        row=2,
        code="A.1",
        name="Tỉnh hội A",
        kind="provincial",
        parent="TW",
        province="2025:44",
        address="Số 1, đường B",
        valid_from=date(2020, 1, 2),
        valid_to=date(2026, 12, 31),
    )


def test_columns_in_any_order_with_blank_lines_and_a_byte_order_mark() -> None:
    text = "\ufeffName,KIND,code\r\n\r\nBan B,Ban liên lạc,B\r\n"
    (row,) = read(text).rows
    assert (row.row, row.code, row.name, row.kind, row.parent) == (3, "B", "Ban B", "liaison", None)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("centre", "centre"),
        ("THÀNH HỘI", "provincial"),
        ("Đơn vị truyền thống", "traditional"),
        ("Ban liên lạc", "liaison"),
        ("bll", "liaison"),
        ("chi hội", "branch"),
    ],
)
def test_kinds_in_both_languages(word: str, kind: str) -> None:
    (row,) = read(f"code,name,kind,province\nX,Tên,{word},2025:44\n").rows
    assert row.kind == kind


@pytest.mark.parametrize(
    ("line", "places"),
    [
        (",Tên,branch,,,,,\n", [(2, "code")]),
        ("Mã lạ,Tên,branch,,,,,\n", [(2, "code")]),
        ("é,Tên,branch,,,,,\n", [(2, "code")]),
        ("A,,branch,,,,,\n", [(2, "name")]),
        ("A,Tên\x00,branch,,,,,\n", [(2, "name")]),
        ("A,Tên \u202egnut,branch,,,,,\n", [(2, "name")]),
        (f"A,{'x' * 201},branch,,,,,\n", [(2, "name")]),
        ("A,Tên,nhóm,,,,,\n", [(2, "kind")]),
        ("A,Tên,provincial,,,,,\n", [(2, "province")]),
        ("A,Tên,provincial,,44,,,\n", [(2, "province")]),
        ("A,Tên,provincial,,2025:٤٤,,,\n", [(2, "province")]),
        ("A,Tên,branch,A,,,,\n", [(2, "parent")]),
        ("A,Tên,centre,B,,,,\n", [(2, "parent")]),
        ("A,Tên,branch,,,,2026-02-30,\n", [(2, "valid_from")]),
        ("A,Tên,branch,,,,01/13/2026,\n", [(2, "valid_from")]),
        ("A,Tên,branch,,,,2026-03-01,2026-02-01\n", [(2, "valid_to")]),
        ("A,Tên,branch,,\n", [(2, None)]),
        (",,nhóm,,,,x,\n", [(2, "code"), (2, "name"), (2, "kind"), (2, "valid_from")]),
    ],
)
def test_refused_cells_have_their_place(line: str, places: list[tuple[int, str | None]]) -> None:
    assert refused(line) == places


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"name,kind\nA,branch\n",
        b"code,name,kind,code\n",
        b"code,name,kind,colour\n",
        b"\xff\xfe\x00c",
        HEADER.encode() + b"A,\xe9,branch,,,,,\n",
        b"PK\x03\x04\x00\x00",
        HEADER.encode() + b'A,"no end,branch,,,,,\n',
        b"x" * 5_000_001,
        HEADER.encode() + b"A,B,branch,,,,,\n" * 20_001,
    ],
)
def test_what_is_no_file_of_units_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(Refusal):
        sheet.read(data)


@pytest.mark.parametrize("name", corpus.FILES)
def test_a_hostile_file_gives_no_unit(name: str) -> None:
    try:
        found = sheet.read(corpus.FILES[name])
    except Refusal:
        return
    assert not found.rows


@pytest.mark.parametrize("text", corpus.TEXTS)
def test_a_hostile_text_is_refused_or_kept_as_it_is(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("code", "name", "kind"), ("A", text, "branch")])
    try:
        found = sheet.read(out.getvalue().encode("utf-8", "surrogatepass"))
    except Refusal:
        return
    for row in found.rows:
        assert row.name == unicodedata.normalize("NFC", " ".join(text.split()))
        assert len(row.name) <= sheet.LONGEST_NAME
    assert bool(found.rows) != bool(found.refused.count)
