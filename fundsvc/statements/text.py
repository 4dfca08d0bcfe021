"""A statement as plain text for a terminal: aligned columns, dots after thousands."""

from collections.abc import Sequence

from fundsvc.statements.report import (
    CLOSING,
    MAP_NOTES,
    OPENING,
    PAYMENTS,
    RECEIPTS,
    TITLE,
    TOTAL,
    UNIT_NOTE,
    Report,
    day,
    dotted,
    lines,
)

_NAME_WIDTH = 46


def to_text(report: Report) -> str:
    """Return the statement: its lines, then its rows with money, then what they come to."""
    scope = report.statement.scope
    head = [
        TITLE.upper(),
        " · ".join(part for part in (report.fund_name, report.subject) if part),
        f"Từ ngày {day(scope.first)} đến ngày {day(scope.last)}",
        *(["Chỉ gồm: " + "; ".join(report.only_units)] if report.only_units else []),
        MAP_NOTES[scope.provinces],
        UNIT_NOTE,
        "",
    ]
    return "\n".join([*head, *_lines(report), "", *_rows(report), ""])


def _lines(report: Report) -> list[str]:
    cells = [
        (
            line.label if line.total else f"  {line.label}",
            "" if line.entries is None else dotted(line.entries),
            dotted(line.amount),
        )
        for line in lines(report)
    ]
    return _aligned([("", "bút toán", "số tiền"), *cells])


def _rows(report: Report) -> list[str]:
    """Return the rows; those without any money are counted, not listed."""
    statement = report.statement
    shown = report.rows_with_money
    cells: list[tuple[str, ...]] = [(report.rows_title, OPENING, RECEIPTS, PAYMENTS, CLOSING)]
    cells += [
        (
            _cut(row.unit if report.rows_by == "unit" else None, report.row_name(row)),
            *map(dotted, (row.opening, row.receipts_total, row.payments_total, row.closing)),
        )
        for row in shown
    ]
    totals = (
        statement.opening, statement.receipts_total, statement.payments_total, statement.closing
    )  # fmt: skip
    table = _aligned([*cells, (TOTAL, *map(dotted, totals))])
    width = len(table[0])
    silent = len(statement.rows) - len(shown)
    note = [f"({silent} dòng không có số liệu.)"] if silent else []
    return [table[0], "-" * width, *table[1:-1], "-" * width, table[-1], *note]


def _cut(code: str | None, name: str) -> str:
    """Return a code and a name that leave room for the figures; a name's end tells it apart."""
    room = _NAME_WIDTH - (len(code) + 1 if code else 0)
    short = name if len(name) <= room else f"…{name[1 - max(room, 2) :]}"
    return f"{code} {short}" if code else short


def _aligned(cells: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
