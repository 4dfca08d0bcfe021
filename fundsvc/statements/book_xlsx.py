"""A book as XLSX, row by row: typed cells, no text that is taken for a formula, flat memory."""

from datetime import date
from typing import Any, BinaryIO, Final

import xlsxwriter

from fundsvc.statements.book import LINE, Book, Value
from fundsvc.statements.report import UNIT_NOTE

_EXACT: Final = 10**15 - 1
"""The largest whole number that Excel keeps to the last digit; larger ones are stored as text."""
_MOST_ROWS: Final = 1_048_000
_PER_SHARE: Final = 0.62


def write(book: Book, out: BinaryIO) -> None:
    """Write a workbook into a stream; a book longer than a sheet goes on on the next one."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as workbook:
        workbook.set_properties({"title": book.title, "created": book.drawn_at})
        styles = _styles(workbook)
        sheet, row, number = None, 0, 0
        for record in book.records:
            if sheet is None or row > _MOST_ROWS:
                number += 1
                sheet = workbook.add_worksheet(book.title if number == 1 else f"Trang {number}")
                row = _head(sheet, book, styles)
            strong = "" if record.kind == LINE else "total_"
            for place, value in enumerate(book.printed(record)):
                _cell(sheet, row, place, value, book.columns[place].kind, styles, strong)
            row += 1


def _styles(workbook: Any) -> dict[str, Any]:
    face = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
    money = {"num_format": "#,##0;(#,##0);0", "align": "right"}
    day = {"num_format": "dd/mm/yyyy", "align": "left"}
    ruled = {"bold": True, "top": 1, "bottom": 1}
    kinds: dict[str, dict[str, Any]] = {
        "text": {"text_wrap": True}, "money": money, "day": day
    }  # fmt: skip
    return {
        "plain": workbook.add_format(face),
        "title": workbook.add_format({**face, "bold": True, "font_size": 15}),
        "head": workbook.add_format(
            {**face, **ruled, "text_wrap": True, "align": "center", "valign": "vcenter"}
        ),
        **{kind: workbook.add_format({**face, **how}) for kind, how in kinds.items()},
        **{
            f"total_{kind}": workbook.add_format({**face, **how, **ruled})
            for kind, how in kinds.items()
        },
    }


def _head(sheet: Any, book: Book, styles: dict[str, Any]) -> int:
    """Write letterhead, title and column names; return the row below them."""
    for place, column in enumerate(book.columns):
        sheet.set_column(place, place, max(9, column.share * _PER_SHARE))
    texts = (book.issuer_name, book.title.upper(), *book.facts, book.span, UNIT_NOTE)
    row = 0
    for place, text in enumerate(texts):
        if text:
            sheet.write_string(row, 0, text, styles["title" if place == 1 else "plain"])
            row += 1
    for place, column in enumerate(book.columns):
        words = f"{column.group}: {column.title}" if column.group else column.title
        sheet.write_string(row, place, words, styles["head"])
    sheet.freeze_panes(row + 1, 0)
    sheet.repeat_rows(row)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.6, right=0.6, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&F&RTrang &P/&N")
    return row + 1


def _cell(
    sheet: Any, row: int, place: int, value: Value, kind: str, styles: dict[str, Any], strong: str
) -> None:
    style = styles[f"{strong}{kind}"]
    if value is None or value == "":
        sheet.write_blank(row, place, None, style)
    elif kind == "money" and isinstance(value, int) and abs(value) <= _EXACT:
        sheet.write_number(row, place, value, style)
    elif kind == "day" and isinstance(value, str):
        sheet.write_datetime(row, place, date.fromisoformat(value), style)
    else:
        sheet.write_string(row, place, str(value), style)
