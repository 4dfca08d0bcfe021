"""Tables as CSV that spreadsheets read as they are meant."""

import csv
import io
from collections.abc import Iterable, Iterator

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int


def csv_lines(head: Iterable[Cell], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield a table line by line: RFC 4180 with commas, amounts as plain whole đồng.

    It begins with a byte order mark, because Excel reads Vietnamese letters wrongly without it
    (Python reads it with `utf-8-sig`). A text that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    yield BOM + _line(head)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Cell]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
