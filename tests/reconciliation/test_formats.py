"""Files of every kind, in shapes of our own: each is known by itself and says the same."""

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.errors import Refusal
from fundsvc.reconciliation import formats, source
from fundsvc.reconciliation.formats import count_lines, read_file
from fundsvc.reconciliation.reader import Line, Reader
from fundsvc.reconciliation.source import Source
from fundsvc.reconciliation.summary import Summary, compare

DATA = Path(__file__).parents[1] / "data" / "bank"
TODAY = date(2024, 10, 1)
MESSAGES = ("shapes.mt940", "shapes.camt053.xml", "shapes.ofx")


def statement(data: bytes | str, **told: Any) -> Reader:
    raw = data if isinstance(data, bytes) else data.encode()
    return read_file(raw, **{"layout": None, "bank": "", "today": TODAY} | told)


def read(data: bytes | str, **told: Any) -> tuple[list[Line], list[tuple[int, str]], Any]:
    """Return lines, reasons of refused rows, and what the file comes to."""
    found = statement(data, **told)
    lines, summary = list(found), Summary()
    for line in lines:
        summary.add(line)
    summary.turn()
    reasons = [(row.row, row.reason) for row in found.refused.rows]
    return lines, reasons, compare(summary, found.said)


def csv(*rows: str) -> str:
    return "\r\n".join((*rows, ""))


def workbook(*sheets: list[list[Any]]) -> bytes:
    """Return a workbook; a date is a cell that Excel knows as one."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    style = book.add_format({"num_format": "dd/mm/yyyy"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for row, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(row, place, cell, style)
                elif isinstance(cell, str):
                    sheet.write_string(row, place, cell)
                elif cell is not None:
                    sheet.write_number(row, place, cell)
    book.close()
    return out.getvalue()


VCB_HEAD = ["STT", "Ngày/TNX Date\nSố CT/Doc No", "Số tiền ghi nợ/Debit", "Số tiền ghi có/Credit",
            "Số dư/Balance", "Nội dung chi tiết/Transactions in detail"]  # fmt: skip
BIDV = "STT,Ngày hiệu lực,Ghi nợ,Ghi có,Số dư,Mô tả"
EFAST = (
    "STT,Ngày hạch toán/Accounting date,Ngày phát sinh/Transaction date,Mô tả giao dịch,"
    "Nợ/Debit,Có/Credit,Số dư TK,Số giao dịch/Transaction number"
)
MB = (
    "STT,Ngày hạch toán/Posting date,Ngày giao dịch/Transaction date,Phát sinh nợ/Debit,"
    "Phát sinh có/Credit,Số dư/Balance,Nội dung/Diễn giải"
)
TCB = (
    "Ngày giao dịch,Đối tác/Remitter,NH Đối tác,Diễn giải/Details,Số bút toán/Transaction No,"
    "Nợ TKTT/Debit,Có TKTT/Credit,Số dư"
)


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_of_each_standard_say_the_same(name: str) -> None:
    data = (DATA / name).read_bytes()
    found = statement(data, bank="Vietcombank")
    lines, refused, told = read(data)
    assert refused == []
    assert found.said.account == "0011004455"
    assert [(line.booked_on.day, line.credit, line.debit) for line in lines[:3]] == [
        (1, 500_000, 0), (2, 200_000, 0), (2, 0, 11_000),
    ]  # fmt: skip
    assert "nghia" in lines[0].memo
    assert (told.opening, told.faults) == (10_000_000, ())
    assert told.closing == (10_700_000 if name.endswith("mt940") else 10_689_000)
    assert len({line.fingerprint for line in lines}) == len(lines)
    # A mark at its beginning or another name of the file changes nothing.
    marked = b"\xef\xbb\xbf" + data
    assert [line.fingerprint for line in statement(marked)] == [one.fingerprint for one in lines]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_is_cut_off_anywhere_is_refused(name: str) -> None:
    data = (DATA / name).read_bytes()
    whole = [line.fingerprint for line in statement(data)]
    # A file of several statements may end behind one of them, and no message has an end mark.
    for end in range(200, len(data.rstrip()) - 3, 7):
        try:
            lines, refused, told = read(data[:end])
        except Refusal:
            continue
        if not (refused or told.faults):
            assert name.endswith("mt940")
            assert [line.fingerprint for line in lines] == whole[: len(lines)]
            assert len(lines) in {3, 4}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("shapes.mt940", b"C500000,", b"C5000000,"),
        ("shapes.mt940", b"VND", b"USD"),
        ("shapes.mt940", b"200000,00", b"200000,50"),
        ("shapes.mt940", b"2409030903", b"2409310931"),
        ("shapes.mt940", b":25:0011004455\n:28C:246", b":25:0011004456\n:28C:246"),
        ("shapes.camt053.xml", b"200000<", b"2000000<"),
        ("shapes.camt053.xml", b'Ccy="VND">500000', b'Ccy="USD">500000'),
        ("shapes.camt053.xml", b"500000.00", b"500000.50"),
        ("shapes.camt053.xml", b"<Document", b"<!DOCTYPE x><Document"),
        ("shapes.camt053.xml", b"2024-09-01</Dt></BookgDt>", b"2024-09-31</Dt></BookgDt>"),
        ("shapes.ofx", b"500000.00", b"500000.50"),
        ("shapes.ofx", b"<CURDEF>VND", b"<CURDEF>USD"),
        ("shapes.ofx", b"<OFX>", b"<!DOCTYPE x []><OFX>"),
        ("shapes.ofx", b"20240902\n<TRNAMT>200000", b"20240932\n<TRNAMT>200000"),
    ],
)
def test_what_is_wrong_within_a_message_refuses_it(name: str, old: bytes, new: bytes) -> None:
    data = (DATA / name).read_bytes()
    assert old in data
    try:
        _lines, refused, told = read(data.replace(old, new, 1))
    except Refusal:
        return
    assert refused or told.faults


def test_a_download_of_vietcombank_has_day_and_number_in_one_cell() -> None:
    rows: list[list[Any]] = [
        ["SAO KÊ TÀI KHOẢN"],
        ["Số tài khoản/Account No:", "0011004455"],
        ["Số dư đầu kỳ/Opening balance", None, None, None, "1.000.000"],
        VCB_HEAD,
        ["1", "01/09/2024\n5213.45946", "", "50.000", "1.050.000", "ung ho"],
        ["2", "02/09/2024\n5213.45947", 11_000, None, "1.039.000", "PHI DICH VU SMS"],
        ["Tổng số", None, "11.000", "50.000"],
        ["Số dư cuối kỳ", None, None, None, "1.039.000"],
        ["Ngày in: 03/09/2024. Quý khách vui lòng kiểm tra."],
    ]
    data = workbook([["Bìa"]], rows)
    found = statement(data)
    list(found)
    lines, refused, told = read(data)
    assert (found.layout.name, found.said.account, refused) == (
        "vietcombank-download", "0011004455", [],
    )  # fmt: skip
    assert [(line.booked_on.day, line.doc_no, line.credit, line.debit) for line in lines] == [
        (1, "5213.45946", 50_000, 0), (2, "5213.45947", 0, 11_000),
    ]  # fmt: skip
    assert (told.opening, told.closing, told.faults) == (1_000_000, 1_039_000, ())
    # The same line of the published file is the same line.
    published = "TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    [same] = statement(published + "01/09/2024,5213.45946,,50.000,,ung ho\r\n")
    assert same.fingerprint == lines[0].fingerprint
    # Several sheets go on one from the other.
    more = [*rows[:4], ["3", "03/09/2024\n5213.45948", "", "1.000", "1.040.000", "x"]]
    assert [line.row for line in statement(workbook(rows[:6], more))] == [5, 6, 11]
    # A sum that the lines do not come to refuses the file.
    for place, cell in ((6, "12.000"), (7, "1.040.000")):
        wrong = [list(row) for row in rows]
        wrong[place][-1 if place == 7 else 2] = cell
        assert read(workbook(wrong))[2].faults


def test_downloads_of_other_banks_are_known_by_themselves() -> None:
    bidv = csv(
        BIDV,
        '1,01/09/2024,,"50,000.00","150,000.00",ung ho',
        '2,02/09/2024 10:11:12,"1,000.00",,"149,000.00",x',
    )
    lines, refused, told = read(bidv)
    assert (refused, told.opening, told.closing) == ([], 100_000, 149_000)
    assert [(line.credit, line.debit, line.at_time) for line in lines] == [
        (50_000, 0, ""), (0, 1_000, "10:11:12"),
    ]  # fmt: skip
    efast = csv(
        EFAST,
        '1,01/09/2024,01/09/2024,ung ho,,"50.000","150.000",9',
        '2,,,Cong ty A ung ho,,"500","150.500",10',
        'Tổng cộng,,,,0,"50.500",,',
    )
    lines, refused, told = read(efast)
    assert (refused, told.faults) == ([], ())
    assert [(line.booked_on.day, line.credit, line.doc_no) for line in lines] == [
        (1, 50_000, "9"), (1, 500, "10"),
    ]  # fmt: skip
    newest_first = csv(
        MB,
        '2,02/09/2024,02/09/2024 09:00:00,"1,000",,"149,000",x',
        '1,01/09/2024,01/09/2024 08:00:00,,"50,000","150,000",ung ho',
    )
    lines, refused, told = read(newest_first)
    assert (refused, told.opening, told.closing) == ([], 100_000, 149_000)
    assert lines[0].at_time == "09:00:00"
    techcombank = csv(
        TCB,
        '01/09/2024,NGUYEN A,VCB,ung ho,FT1,,"50,000","150,000"',
        '02/09/2024,,,phi,FT2,"-1,000",,"149,000"',
    )
    lines, refused, told = read(techcombank)
    assert [(line.credit, line.debit, line.counterparty) for line in lines] == [
        (50_000, 0, "NGUYEN A"), (0, 1_000, ""),
    ]  # fmt: skip
    assert (refused, told.closing) == ([], 149_000)


@pytest.mark.parametrize(
    "rows",
    [
        ["1,01/09/2024,,50.000,150.000"],
        ["1,01/09/2024,,50,000,150,000,ung ho"],
        ["01/09/2024,,50.000,150.000,ung ho,"],
        [",1,01/09/2024,,50.000,150.000"],
        ["1,01/09/2024,,-50.000,150.000,ung ho"],
        ['1,01/09/2024,,"50.000","150,000",ung ho'],
        ["1,01/09/2024,,50.000,150.000,ung ho", "Tổng cộng,,0,51.000,,"],
        ["1,01/09/2024,,50.000,150.000,ung ho", "Số dư cuối kỳ,,,,1.500,"],
        ["Số dư đầu kỳ,,,,100.000,", "1,01/09/2024,,50.000,,a", "Số dư cuối kỳ,,,,15.000,"],
    ],
)
def test_garbled_separators_shifted_columns_and_wrong_sums_refuse_the_file(rows: list[str]) -> None:
    _lines, refused, told = read(csv(BIDV, *rows))
    assert refused or told.faults


def test_days_that_excel_turned_round_and_parts_of_a_dong_are_refused() -> None:
    head = BIDV.split(",")
    first = [1, datetime(2024, 9, 8), None, 50_000, 150_000, "a"]  # noqa: DTZ001 - a cell
    good = workbook([head, first])
    assert [(line.booked_on.day, line.credit) for line in statement(good)] == [(8, 50_000)]
    mixed = workbook([head, first, [2, "31/08/2024", None, 1_000, 151_000, "b"]])
    assert "đảo ngày và tháng" in read(mixed)[1][0][1]
    part = workbook([head, [1, "01/09/2024", None, 50.5, None, "a"]])
    assert "phần lẻ" in read(part)[1][0][1]
    later = workbook([head, first], [head, [1, "x", None, 5, None, "a"]])
    assert read(later)[1][0][1].startswith("Trang “Sheet2”, dòng 2: Ngày")


def test_how_many_lines_a_file_has_is_known_before_it_is_read() -> None:
    rows = [["Ngày", "Mô tả", "Ghi nợ", "Ghi có", "Số dư"], *[["01/09/2024"] * 5] * 40]
    assert count_lines(workbook(rows)) == 41
    assert count_lines((DATA / "vietcombank-2024-09.csv").read_bytes()) == 3_001
    for name, not_booked in (("shapes.mt940", 0), ("shapes.camt053.xml", 1), ("shapes.ofx", 0)):
        data = (DATA / name).read_bytes()
        assert count_lines(data) == len(list(statement(data))) + not_booked, name


@given(
    st.lists(st.sampled_from([b"\n", b"a", "Đồng".encode(), "€".encode()[:2], b"\xff"])),
    st.integers(1, 7),
)
def test_the_line_that_is_no_utf8_is_told_wherever_a_block_ends(
    parts: list[bytes], block: int
) -> None:
    data = b"".join(parts)
    try:
        data.decode()
        expected = None
    except UnicodeDecodeError as error:
        expected = data.count(b"\n", 0, error.start) + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_BLOCK", block)
        assert formats._broken_line(Source.of(data)) == expected
