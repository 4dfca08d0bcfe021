"""One statement in five formats: each is read back and tells the same, to the đồng."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pypdfium2
import pytest

from fundsvc.statements import formats
from fundsvc.statements.chart import draw
from fundsvc.statements.report import MEANING, Report, Seal
from fundsvc.statements.text import to_text
from ledger.statements import FundStatement, Scope, StatementLine, StatementRow

LONG = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh thành phố Hồ Chí Minh"
FORMULA = '=HYPERLINK("http://x","y")'
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def report(**changes: Any) -> Report:
    """Make a statement with large, negative and zero amounts, and names that are traps."""
    scope = Scope("nghia-tinh", date(2024, 9, 1), date(2024, 9, 30), province="2025:79")
    rows = (
        StatementRow("2025:79", "HCM", 123_456_789_012, 4_000_000, 999_999_999_999),
        StatementRow("2025:79", "TW", 0, 1_000, 0),
        StatementRow("2025:79", "+84", 7, 0, 0),
    )
    statement = FundStatement(
        scope,
        receipts=(
            StatementLine("sms", "Thu ủng hộ qua tin nhắn", 4_021_000, 1_234),
            StatementLine("cash", "Thu ủng hộ bằng tiền mặt", -20_000, 2),
            StatementLine("tổ", FORMULA, 0, 0),
        ),
        payments=(StatementLine("house", "Chi nhà tình nghĩa", 999_999_999_999, 3),),
        rows=rows,
    )
    names = (LONG, "Trung ương Hội", FORMULA)
    made = Report(
        statement=statement,
        fund_name="Quỹ Nghĩa tình Trường Sơn",
        province_name="Thành phố Hồ Chí Minh",
        unit_name=None,
        issuer_name="Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam",
        issuer_address="Hà Nội",
        rows_by="unit",
        names={row.place: name for row, name in zip(rows, names, strict=True)},
        only_units=(),
        seal=Seal(),
        drawn_at=datetime(2024, 10, 1, 18, tzinfo=UTC),
    )
    return replace(made, **changes)


def figures(made: Report) -> dict[str, list[int]]:
    """Return all amounts of a statement, as every format must tell them."""
    statement = made.statement
    return {
        "receipts": [line.amount for line in statement.receipts],
        "payments": [line.amount for line in statement.payments],
        "entries": [line.entries for line in (*statement.receipts, *statement.payments)],
        "rows": [
            amount
            for row in statement.rows
            for amount in (row.opening, row.receipts_total, row.payments_total, row.closing)
        ],
        "whole": [
            statement.opening,
            statement.receipts_total,
            statement.payments_total,
            statement.closing,
        ],
    }


def test_json() -> None:
    told = json.loads(formats.draw("json", report()))
    assert next(iter(told)) == "fund"
    assert {"province", "unit", "from", "to", "provinces", "currency", "sealed_through"} <= {*told}
    assert told["currency"] == "VND"
    assert told["sealed_through"] == {"seal": 0, "head": ""}
    assert (told["from"], told["to"], told["unit"]) == ("2024-09-01", "2024-09-30", None)
    totals = ("opening", "receipts_total", "payments_total", "closing")
    assert figures(report()) == {
        "receipts": [line["amount"] for line in told["receipts"]],
        "payments": [line["amount"] for line in told["payments"]],
        "entries": [line["entries"] for line in (*told["receipts"], *told["payments"])],
        "rows": [row[name] for row in told["rows"] for name in totals],
        "whole": [told[name] for name in totals],
    }
    assert [row["unit"] for row in told["rows"]] == ["HCM", "TW", "+84"]


def test_csv() -> None:
    data = formats.draw("csv", report())
    assert data.startswith(b"\xef\xbb\xbffund,")
    records = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    by_kind = {
        kind: [record for record in records if record["kind"] == kind]
        for kind in ("receipt", "payment", "row", "total")
    }
    totals = ("opening", "receipts", "payments", "closing")
    lines = (*by_kind["receipt"], *by_kind["payment"])
    assert figures(report()) == {
        "receipts": [int(line["receipts"]) for line in by_kind["receipt"]],
        "payments": [int(line["payments"]) for line in by_kind["payment"]],
        "entries": [int(line["entries"]) for line in lines],
        "rows": [int(row[name]) for row in by_kind["row"] for name in totals],
        "whole": [int(row[name]) for row in by_kind["total"] for name in totals],
    }
    assert {record["fund"] for record in records} == {"nghia-tinh"}


def test_csv_has_no_formula_and_keeps_what_it_defused() -> None:
    records = list(csv.reader(io.StringIO(formats.draw("csv", report()).decode("utf-8-sig"))))
    texts = [cell for record in records for cell in record if not re.fullmatch(r"-?[0-9]+", cell)]
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert f"'{FORMULA}" in texts
    assert "'+84" in texts


def test_xlsx() -> None:
    lines, rows = _sheets(formats.draw("xlsx", report()))
    told = {row[1]: row[3] for row in lines if len(row) > 3}
    statement = report().statement
    for line in (*statement.receipts, *statement.payments):
        assert told[line.label] == line.amount
    assert [told["Số dư đầu kỳ"], told["Thu trong kỳ"], told["Chi trong kỳ"]] == [
        statement.opening, statement.receipts_total, statement.payments_total,
    ]  # fmt: skip
    assert told["Số dư cuối kỳ"] == statement.closing
    counts = [row[2] for row in lines if len(row) > 3 and isinstance(row[2], int)]
    assert counts == figures(report())["entries"]
    numbers = [row[3:] for row in rows if len(row) > 6 and isinstance(row[3], int)]
    assert [amount for row in numbers for amount in row] == [
        *figures(report())["rows"],
        *figures(report())["whole"],
    ]
    assert ["Đơn vị: đồng"] in [row[:1] for row in lines]


def test_xlsx_stores_texts_as_texts() -> None:
    with zipfile.ZipFile(io.BytesIO(formats.draw("xlsx", report()))) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/" in name]
        assert not [sheet for sheet in sheets if b"<f>" in sheet or b"hyperlink" in sheet]
        assert all(b'state="frozen"' in sheet for sheet in sheets)
    cells = [
        cell for sheet in _sheets(formats.draw("xlsx", report())) for row in sheet for cell in row
    ]
    assert FORMULA in cells
    assert "+84" in cells


def test_xlsx_keeps_amounts_that_excel_would_round() -> None:
    huge = 9_007_199_254_740_993
    statement = FundStatement(
        report().statement.scope, (), (), (StatementRow("2025:79", "TW", huge),)
    )
    _lines, rows = _sheets(formats.draw("xlsx", report(statement=statement)))
    assert str(huge) in [cell for row in rows for cell in row]


def _sheets(data: bytes) -> list[list[list[Any]]]:
    """Read a workbook's cells: whole numbers as such, texts from the table of strings."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        strings = ["".join(node.itertext()) for node in _xml(archive, "sharedStrings.xml")]
        found = []
        for number in (1, 2):
            tree = _xml(archive, f"worksheets/sheet{number}.xml")
            found.append(
                [[_cell(cell, strings) for cell in row] for row in tree.iter(f"{SPACE}row")]
            )
    return found


def _xml(archive: zipfile.ZipFile, name: str) -> ET.Element:
    return ET.fromstring(archive.read(f"xl/{name}"))  # noqa: S314 - written by ourselves just now


def _cell(cell: ET.Element, strings: list[str]) -> Any:
    value = cell.findtext(f"{SPACE}v")
    if value is None:
        return None
    return strings[int(value)] if cell.get("t") == "s" else int(value)


def test_pdf() -> None:
    made = report()
    pages = _pdf_pages(formats.draw("pdf", made))
    text = " ".join(" ".join(pages).split())
    assert "BÁO CÁO THU CHI QUỸ" in text.upper()
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập – Tự do – Hạnh phúc",
        "Quỹ Nghĩa tình Trường Sơn",
        "Từ ngày 01/09/2024 đến ngày 30/09/2024",
        "Thành phố Hồ Chí Minh",
        "Đơn vị: đồng",
        "Âm tám trăm bảy mươi sáu tỷ",
        "Ngày 02 tháng 10 năm 2024",
        "Kế toán trưởng",
        MEANING,
        f"Trang 1/{len(pages)}",
    ):
        assert words in text
    for row in made.statement.rows:
        assert made.row_name(row) in text
    printed = re.findall(r"\([0-9][0-9.]*\)|(?<![0-9/])[0-9][0-9.]*(?![0-9/])", text)
    amounts = {
        int(word.strip("()").replace(".", "")) * (-1 if word.startswith("(") else 1)
        for word in printed
    }
    for told in figures(made).values():
        assert {*told} <= amounts


def test_pdf_is_the_same_every_time() -> None:
    assert formats.draw("pdf", report()) == formats.draw("pdf", report())


def test_pdf_prints_the_seal_when_there_is_one() -> None:
    sealed = report(seal=Seal(17, "ab" * 32))
    text = "".join(_pdf_pages(formats.draw("pdf", sealed)))
    assert "niêm phong đến số 17" in text
    assert "ab" * 32 in "".join(text.split())


def test_html_is_one_file_with_the_same_figures() -> None:
    page = formats.draw("html", report()).decode()
    assert FORMULA not in page  # Escaped, quotes and all.
    assert "<script" not in page
    for told in figures(report()).values():
        for amount in told:
            dotted = f"{abs(amount):,}".replace(",", ".")
            assert f">{f'({dotted})' if amount < 0 else dotted}<" in page


def test_text_is_aligned() -> None:
    lines = to_text(report()).splitlines()
    table = lines[lines.index("Đơn vị: đồng") + 3 :]
    upper = table[: table.index("")]
    assert {len(line) for line in upper} == {max(map(len, upper))}
    rows = [line for line in table[len(upper) + 1 :] if line and not line.startswith("(")]
    assert {len(line) for line in rows} == {max(map(len, rows))}
    assert lines[-1].split() == [
        "Tổng", "cộng", "123.456.789.019", "4.001.000", "999.999.999.999", "(876.539.209.980)",
    ]  # fmt: skip


def test_text_counts_rows_without_money() -> None:
    empty = (*report().statement.rows, StatementRow("2025:79", "X"), StatementRow("2025:79", "Y"))
    made = report(statement=replace(report().statement, rows=empty))
    assert "(2 dòng không có số liệu.)" in to_text(made)


def test_chart_shares_one_scale_and_begins_at_zero() -> None:
    charts = draw(report())
    assert [chart.side for chart in charts] == ["receipts", "payments"]
    bars = [bar for chart in charts for bar in chart.bars]
    assert [bar.amount for bar in bars] == [4_021_000, -20_000, 999_999_999_999]
    for bar in bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= charts[0].width
        assert charts[0].zero in {bar.x, bar.x + bar.width}
    assert bars[2].width > 100 * bars[0].width
    assert draw(report(statement=FundStatement(report().statement.scope, (), (), ()))) == ()


def test_there_is_no_other_format() -> None:
    with pytest.raises(ValueError, match="no such format"):
        formats.draw("doc", report())


def _pdf_pages(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
