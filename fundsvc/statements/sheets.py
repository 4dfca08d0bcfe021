"""A statement as CSV for programs and as XLSX for people who go on working with it.

In XLSX every text is stored as text, so that none is taken for a formula.
"""

import io
from collections.abc import Iterable
from typing import Any, Final

from fundsvc.sheet import csv_lines
from fundsvc.statements.report import (
    CLOSING,
    MAP_NOTES,
    MEANING,
    OPENING,
    PAYMENTS,
    RECEIPTS,
    TITLE,
    TOTAL,
    UNIT_NOTE,
    Report,
    day,
    lines,
)

COLUMNS: Final = (
    "fund", "from", "to", "kind", "line", "province", "unit", "label",
    "opening", "receipts", "payments", "closing", "entries",
)  # fmt: skip
_EXACT: Final = 10**15 - 1
"""The largest whole number that Excel keeps to the last digit; larger ones are stored as text."""


def to_csv(report: Report) -> bytes:
    """Return one table: a record per line (`receipt`, `payment`), per row (`row`), and `total`.

    Amounts are plain whole đồng; a cell that says nothing of a record is empty.
    """
    return "".join(csv_lines(COLUMNS, _records(report))).encode()


def _records(report: Report) -> Iterable[tuple[str | int, ...]]:
    statement, scope = report.statement, report.statement.scope
    period = scope.fund, scope.first.isoformat(), scope.last.isoformat()
    where = scope.province or "", scope.unit or ""
    for line in statement.receipts:
        yield (
            *period, "receipt", line.line, *where, line.label, "", line.amount, "", "", line.entries
        )  # fmt: skip
    for line in statement.payments:
        yield (
            *period, "payment", line.line, *where, line.label, "", "", line.amount, "", line.entries
        )  # fmt: skip
    for row in statement.rows:
        yield (
            *period, "row", "", row.province or "", row.unit or "", report.row_name(row),
            row.opening, row.receipts_total, row.payments_total, row.closing, "",
        )  # fmt: skip
    yield (
        *period, "total", "", *where, TOTAL, statement.opening,
        statement.receipts_total, statement.payments_total, statement.closing, "",
    )  # fmt: skip


def to_xlsx(report: Report) -> bytes:
    """Return a workbook: the statement by line, and a sheet with its rows."""
    import xlsxwriter  # noqa: PLC0415 - only this format should pay for it

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": f"{TITLE} – {report.fund_name}", "created": report.drawn_at})
        styles = _styles(book)
        _sheet_of_lines(book.add_worksheet("Thu chi"), report, styles)
        _sheet_of_rows(book.add_worksheet(report.rows_title.replace(",", "")), report, styles)
    return out.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    face = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
    money = {"num_format": "#,##0;(#,##0);0", "align": "right"}
    ruled = {"bold": True, "top": 1, "bottom": 1}
    return {
        "text": book.add_format(face),
        "wrap": book.add_format({**face, "text_wrap": True}),
        "note": book.add_format({**face, "italic": True, "text_wrap": True, "font_size": 10}),
        "title": book.add_format({**face, "bold": True, "font_size": 15}),
        "head": book.add_format(
            {**face, **ruled, "text_wrap": True, "align": "center", "valign": "vcenter"}
        ),
        "money": book.add_format({**face, **money}),
        "total": book.add_format({**face, **ruled}),
        "total_money": book.add_format({**face, **money, **ruled}),
    }


def _head(sheet: Any, report: Report, styles: dict[str, Any], columns: tuple[str, ...]) -> int:
    """Write letterhead, title and column names; return the row below them."""
    scope = report.statement.scope
    texts = [
        (report.issuer_name, "text"),
        (TITLE.upper(), "title"),
        (report.fund_name, "title"),
        (f"Từ ngày {day(scope.first)} đến ngày {day(scope.last)}", "text"),
        (report.subject, "text"),
        (MAP_NOTES[scope.provinces], "text"),
        ("Chỉ gồm: " + "; ".join(report.only_units) if report.only_units else "", "text"),
        (UNIT_NOTE, "text"),
    ]
    row = 0
    for text, style in texts:
        if text:
            sheet.write_string(row, 0, text, styles[style])
            row += 1
    for column, name in enumerate(columns):
        sheet.write_string(row, column, name, styles["head"])
    sheet.freeze_panes(row + 1, 0)
    sheet.repeat_rows(row)
    sheet.set_paper(9)
    sheet.set_margins(left=0.6, right=0.6, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&F&RTrang &P/&N")
    return row + 1


def _sheet_of_lines(sheet: Any, report: Report, styles: dict[str, Any]) -> None:
    row = _head(sheet, report, styles, ("STT", "Chỉ tiêu", "Số bút toán", "Số tiền"))
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 46)
    sheet.set_column(2, 2, 12)
    sheet.set_column(3, 3, 22)
    for line in lines(report):
        text, money = ("total", "total_money") if line.total else ("text", "money")
        sheet.write_string(row, 0, line.mark, styles[text])
        sheet.write_string(row, 1, line.label, styles[text])
        if line.entries is None:
            sheet.write_blank(row, 2, None, styles[text])
        else:
            _write_number(sheet, row, 2, line.entries, styles[money])
        _write_number(sheet, row, 3, line.amount, styles[money])
        row += 1
    sheet.merge_range(row + 1, 0, row + 1, 3, "", styles["note"])
    sheet.write_string(row + 1, 0, MEANING, styles["note"])
    sheet.set_row(row + 1, 44)


def _sheet_of_rows(sheet: Any, report: Report, styles: dict[str, Any]) -> None:
    columns = ("STT", report.rows_title, "Mã", OPENING, RECEIPTS, PAYMENTS, CLOSING)
    row = _head(sheet, report, styles, columns)
    sheet.set_landscape()
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 1, 46)
    sheet.set_column(2, 2, 12)
    sheet.set_column(3, 6, 20)
    statement = report.statement
    for place, part in enumerate(statement.rows, 1):
        code = part.unit if report.rows_by == "unit" else part.province
        _write_number(sheet, row, 0, place, styles["text"])
        sheet.write_string(row, 1, report.row_name(part), styles["wrap"])
        sheet.write_string(row, 2, code or "", styles["text"])
        amounts = (part.opening, part.receipts_total, part.payments_total, part.closing)
        for column, amount in enumerate(amounts, 3):
            _write_number(sheet, row, column, amount, styles["money"])
        row += 1
    for column, text in enumerate(("", TOTAL, "")):
        sheet.write_string(row, column, text, styles["total"])
    totals = (
        statement.opening, statement.receipts_total, statement.payments_total, statement.closing
    )  # fmt: skip
    for column, amount in enumerate(totals, 3):
        _write_number(sheet, row, column, amount, styles["total_money"])


def _write_number(sheet: Any, row: int, column: int, number: int, style: Any) -> None:
    if abs(number) > _EXACT:
        sheet.write_string(row, column, str(number), style)
    else:
        sheet.write_number(row, column, number, style)
