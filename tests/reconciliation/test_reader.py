"""Reading statement files: what they come to, and each thing that is refused."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.errors import Refusal
from fundsvc.reconciliation.formats import read_file
from fundsvc.reconciliation.layouts import AMOUNTS, FEE, banks_named
from fundsvc.reconciliation.reader import Line, Reader
from fundsvc.reconciliation.summary import Summary
from ledger.money import MAX_DONG

DATA = Path(__file__).parents[1] / "data" / "bank"
TODAY = date(2024, 10, 1)
VCB = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
AGRIBANK = (
    "PageId,Date,Time,DocumentNumber,ReferenceNumber,TransactionDetails,"
    "DebitAmount,CreditAmount,Balance,OffsetAccount\r\n"
)


def statement(data: bytes | str, layout: str | None = None, bank: str = "") -> Reader:
    """Return a statement as of 1 October 2024."""
    raw = data if isinstance(data, bytes) else data.encode()
    return read_file(raw, layout=layout, bank=bank, today=TODAY)


def read(data: bytes | str) -> tuple[list[Line], list[tuple[int, str | None, str]]]:
    """Return the lines and the refused rows of a file."""
    found = statement(data)
    lines = list(found)
    return lines, [(row.row, row.field, row.reason) for row in found.refused.rows]


def vcb(
    *, day: str = "01/09/2024", debit: str = "", credit: str = "50.000", memo: str = "x"
) -> str:
    """Return a Vietcombank file of one line."""
    cells = ("1", day, "5213.1", debit, credit, "", memo)
    return VCB + ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells) + "\r\n"


@pytest.mark.parametrize(
    ("bank", "sum_in", "sum_out", "first", "last", "opening", "closing"),
    [
        ("vietcombank", 4_765_748_381, 55_000, 1, 9, 10_847_182_843, 15_612_876_224),
        ("agribank", 1_747_963_098, 0, 9, 10, 24_700, 1_747_987_798),
        ("vietinbank", 1_916_755_826, 0, 10, 11, None, None),
    ],
)
def test_samples_come_to_the_dong(
    bank: str,
    sum_in: int,
    sum_out: int,
    first: int,
    last: int,
    opening: int | None,
    closing: int | None,
) -> None:
    found = statement((DATA / f"{bank}-2024-09.csv").read_bytes(), bank=bank)
    summary = Summary()
    for line in found:
        summary.add(line)
    assert found.layout.name == bank
    assert found.refused.count == 0
    assert summary == Summary(
        lines=3_000,
        sum_in=sum_in,
        sum_out=sum_out,
        first=date(2024, 9, first),
        last=date(2024, 9, last),
        opening=opening,
        closing=closing,
    )


def test_a_cell_may_hold_line_breaks_and_still_is_one_row() -> None:
    text = AGRIBANK + '1,10/09/2024,12:01:29,,,"ung ho\r\nmien Bac",,"300,000",,"A\n– A/C"\r\n'
    lines, refused = read(text + '1,10/09/2024,25:01:29,,,y,,"1",,\r\n')
    assert [(line.row, line.memo, line.counterparty) for line in lines] == [
        (2, "ung ho mien Bac", "A – A/C")
    ]
    assert refused == [(3, "Time", "Giờ phải viết theo mẫu hh:mm:ss.")]


def test_byte_order_mark_semicolons_and_lines_above_the_header_are_no_hindrance() -> None:
    text = "Sao kê tài khoản\r\n\r\n" + vcb().replace(",", ";")
    lines, refused = read(b"\xef\xbb\xbf" + text.encode())
    assert [(line.row, line.credit) for line in lines] == [(4, 50_000)]
    assert refused == []


@pytest.mark.parametrize(
    "amount",
    [
        "50,000", "1.00", "1.0000", "1000", "50000", "01.000", ".500", "1.000.", "1 000", "1_000",
        "-1.000", "+1.000", "1e3", "NaN", "Infinity", "١.٠٠٠", "²", "1.000,00", "1.000đ", "0x10",
        "9.999.999.999.999.999.999", "1.000.000.000.000.001", "=1.000", "1．000",
    ],
)  # fmt: skip
def test_an_amount_of_another_grammar_is_refused(amount: str) -> None:
    lines, refused = read(vcb(credit=amount))
    assert lines == []
    assert [(row, name) for row, name, _why in refused] == [(2, "Credit")]


@given(st.integers(min_value=1, max_value=MAX_DONG))
def test_every_amount_is_read_back_exactly(amount: int) -> None:
    lines, refused = read(vcb(credit=f"{amount:,}".replace(",", ".")))
    assert [line.credit for line in lines] == [amount]
    assert refused == []


@given(st.text(alphabet="0123456789.,-+ eE_٣", max_size=12))
def test_whatever_is_read_as_an_amount_is_what_its_digits_say(raw: str) -> None:
    lines, _refused = read(vcb(credit=raw))
    for line in lines:
        written = f"{line.credit:,}".replace(",", ".")
        assert written == raw.strip()


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for data in (text, vcb(memo=text), VCB + text):
        try:
            found = statement(data.encode("utf-8", "surrogatepass"))
        except Refusal:
            continue
        for line in found:
            assert line.credit == 50_000 or line.debit or line.credit


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for beginning in (b"", VCB.encode()):
        with suppress(Refusal):
            list(statement(beginning + data))


@pytest.mark.parametrize(
    "day",
    [
        "1/9/2024",
        "2024-09-01",
        "31/02/2024",
        "01/09/24",
        "02/10/2024",
        "01/09/1989",
        "",
        "٠١/٠٩/٢٠٢٤",
    ],
)
def test_a_day_that_cannot_be_is_refused(day: str) -> None:
    lines, refused = read(vcb(day=day))
    assert lines == []
    assert [(row, name) for row, name, _why in refused] == [(2, "TNXDate")]


def test_a_line_is_money_in_or_money_out() -> None:
    both = read(vcb(debit="1.000", credit="1.000"))
    neither = read(vcb(debit="0", credit=""))
    assert both == ([], [(2, "Credit", "Dòng có cả tiền ra và tiền vào.")])
    assert neither == ([], [(2, "Credit", "Dòng không có số tiền ra hay vào.")])
    assert read(vcb(debit="1.000", credit="0"))[0][0].debit == 1_000


def test_cells_too_few_too_long_or_unreadable_are_refused_by_row() -> None:
    assert read(VCB + "1,01/09/2024,x\r\n")[1] == [(2, None, "Dòng có 3 ô, dòng tiêu đề có 7.")]
    assert read(vcb(memo="x" * 2_001))[1] == [(2, "TransactionDetails", "Dài quá 2000 ký tự.")]
    assert read(vcb(memo="a\x07b"))[1] == [(2, "TransactionDetails", "Có ký tự không đọc được.")]
    assert [row for row, _name, _why in read(vcb(memo="x" * 200_000))[1]] == [2]
    assert [row for row, _name, _why in read(VCB + '1,01/09/2024,"open')[1]] == [2]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Tệp trống."),
        (b" \r\n", "Tệp trống."),
        (VCB.encode("utf-16"), "UTF-16"),
        (VCB.encode() + "1,01/09/2024,1,,1.000,,ủng hộ".encode("cp1258", "replace"), None),
        (b"PK\x03\x04....", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (VCB.encode() + b"\x00", "CSV"),
        (b"\xef\xbb\xbf", "dòng tiêu đề"),
        (b"a,b,c\r\n1,2,3\r\n", "dòng tiêu đề"),
        (VCB.replace("Credit", "Debit").encode(), "dòng tiêu đề"),
        (VCB.replace("PageId", "Credit").encode(), "dòng tiêu đề"),
        (b"\xed\xa0\x80" + VCB.encode(), "UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(data: bytes, why: str | None) -> None:
    if why is None:
        # Windows-1258 writes a question mark for what it lacks, so nothing here is wrong but 0xFB.
        data += b"\xfb\xf0"
        why = "UTF-8"
    with pytest.raises(Refusal) as caught:
        statement(data)
    assert why in str(caught.value)


def test_a_layout_can_be_named_and_an_unknown_name_is_refused() -> None:
    assert statement(AGRIBANK, layout="vietinbank", bank="Agribank").layout.name == "vietinbank"
    assert statement(AGRIBANK, bank="Ngân hàng VietinBank").layout.name == "vietinbank"
    assert statement(AGRIBANK).layout.name == "agribank"
    with pytest.raises(Refusal, match="Không có mẫu"):
        statement(VCB, layout="nobank")
    with pytest.raises(Refusal, match="dòng tiêu đề"):
        statement(VCB, layout="agribank")


@pytest.mark.parametrize(
    ("bank", "column"),
    [
        *(("agribank", name) for name in ("Time", "DocumentNumber", "ReferenceNumber", "Balance")),
        ("vietinbank", "OffsetAccount"),
        ("vietcombank", "DocNo"),
    ],
)
@pytest.mark.parametrize("is_told", [False, True])
def test_a_file_without_a_column_that_tells_lines_apart_is_refused_by_its_name(
    bank: str, column: str, *, is_told: bool
) -> None:
    whole = (DATA / f"{bank}-2024-09.csv").read_bytes()
    changed = whole.replace(column.encode(), b"Other", 1)
    with pytest.raises(Refusal) as caught:
        statement(changed, layout=bank if is_told else None, bank=bank)
    [reason] = caught.value.reasons
    assert (str(reason.text), reason.row, reason.field) == (f"Thiếu cột {column}.", 1, column)


def test_a_balance_that_tells_no_lines_apart_may_be_missing() -> None:
    lines, refused = read(VCB.replace(",Balance", "") + "1,01/09/2024,5213.1,,50.000,x\r\n")
    assert ([line.balance for line in lines], refused) == ([None], [])


@pytest.mark.parametrize(
    ("bank", "known"),
    [
        ("Vietcombank", {"Vietcombank"}),
        ("VCB", {"Vietcombank"}),
        ("NH Vietcombank CN Hà Nội", {"Vietcombank"}),
        ("VCB-HN", {"Vietcombank"}),
        ("NH TMCP Ngoại thương Việt Nam", {"Vietcombank"}),
        ("AGRIBANK", {"Agribank"}),
        ("NHNo&PTNT tỉnh Quảng Trị", {"Agribank"}),
        ("Ngân hàng Nông nghiệp và PTNT", {"Agribank"}),
        ("VietinBank", {"VietinBank"}),
        ("Viettinbank", {"VietinBank"}),
        ("CTG", {"VietinBank"}),
        ("Ngân hàng TMCP Công Thương Việt Nam", {"VietinBank"}),
        ("Sài Gòn Công Thương", set()),
        ("BIDV", {"BIDV"}),
        ("NH TMCP Quân đội", {"MB"}),
        ("Techcombank", {"Techcombank"}),
        ("VIB", set()),
        ("", set()),
    ],
)
def test_a_bank_is_known_by_what_people_call_it(bank: str, known: set[str]) -> None:
    assert banks_named(bank) == known


@pytest.mark.parametrize(
    ("text", "bank", "others", "own"),
    [
        (AGRIBANK, "NH Vietcombank CN Hà Nội", "Agribank / VietinBank", "Vietcombank"),
        (VCB, "Agribank", "Vietcombank", "Agribank"),
        (VCB, "CTG", "Vietcombank", "VietinBank"),
    ],
)
def test_a_file_of_another_bank_is_refused_unless_its_layout_is_told(
    text: str, bank: str, others: str, own: str
) -> None:
    with pytest.raises(Refusal) as caught:
        statement(text, bank=bank)
    assert f"sao kê của {others}, còn tài khoản này thuộc {own}." in str(caught.value)
    told = "agribank" if text == AGRIBANK else "vietcombank"
    assert statement(text, layout=told, bank=bank).layout.name == told
    assert statement(text, bank="Ngân hàng ABC").layout.name == told


def test_the_fingerprint_is_of_the_line_and_not_of_the_export() -> None:
    first, again = read(vcb(memo="ung  ho\nbao"))[0], read(vcb(memo="ung ho bao"))[0]
    other_page = read(vcb(memo="ung ho bao").replace('"1"', '"7"'))[0]
    other_sum = read(vcb(memo="ung ho bao", credit="51.000"))[0]
    assert first[0].fingerprint == again[0].fingerprint == other_page[0].fingerprint
    assert first[0].fingerprint != other_sum[0].fingerprint


def test_a_running_balance_tells_equal_lines_apart_and_a_closing_one_does_not() -> None:
    line = '1,10/09/2024,,,7,ung ho,,"1,000","{}",\r\n'
    running = read(AGRIBANK + line.format("1,000") + line.format("2,000"))[0]
    assert len({found.fingerprint for found in running}) == 2
    closing = read(vcb() + "1,01/09/2024,5213.1,,50.000,90.000,x\r\n")[0]
    assert len({found.fingerprint for found in closing}) == 1


@pytest.mark.parametrize(
    ("memo", "debit", "fee"),
    [
        ("THU PHI DICH VU SMS CHU DONG THANG 08/2024. So tien 55000 VND", 55_000, True),
        ("Phí dịch vụ tháng 8", 11_000, True),
        ("PHI THUONG NIEN", 110_000, True),
        ("NGUYEN PHI DICH chuyen tien", 50_000, False),
        ("PHI DICHVU", 50_000, False),
        ("Thanh toan phi dich vu ve sinh theo hoa don 12", 500_000, False),
        ("MBVCB.1.phi dich vu.CT tu 0011 A toi 0022 B", 50_000, False),
        ("PHI DICH VU", 1_000_001, False),
        ("PHI DICH VU", 0, False),
        ("VU THU HANH PHI chuyen tien", 3_000, False),
    ],
)
def test_only_what_surely_is_the_banks_fee_is_booked_as_one(
    memo: str, debit: int, fee: bool
) -> None:
    assert FEE.holds(memo, debit) is fee


def test_every_layout_names_an_amount_grammar() -> None:
    for name, grammar in AMOUNTS.items():
        assert grammar.fullmatch(name)
