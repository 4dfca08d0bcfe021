"""A statement with all that its documents say: names, letterhead, and its lines in their order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.statements import FundStatement, Place, StatementRow
from ledger.words import grouped

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
TITLE = "Báo cáo thu chi quỹ"
OPENING = "Số dư đầu kỳ"
RECEIPTS = "Thu trong kỳ"
PAYMENTS = "Chi trong kỳ"
CLOSING = "Số dư cuối kỳ"
TOTAL = "Tổng cộng"
UNIT_NOTE = "Đơn vị: đồng"
NO_PROVINCE = "Không thuộc tỉnh nào"
MEANING = (
    "Số dư là giá trị thuần của quỹ (tài sản trừ nợ phải trả), không phải tiền mặt đang có:"
    " tin nhắn ủng hộ là khoản thu từ ngày ghi sổ tin nhắn; tiền vào ngân hàng chưa xác định"
    " chỉ là khoản thu từ ngày được xác định."
)
MAP_NOTES = {
    "now": "Tỉnh, thành phố theo 34 đơn vị hành chính từ 01/7/2025",
    "then": "Tỉnh, thành phố theo đơn vị hành chính như lúc ghi sổ",
}
MAP_WORDS = {"now": "", "then": "tinh-luc-ghi-so"}
"""What the names of files say of the map; today's, which most ask for, goes without saying."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The last seal that covers the books; number 0 and no head while there is none."""

    number: int = 0
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A fund statement and the names of everything on it.

    `rows_by` says what the rows are, `province` or `unit`. `only_units` names the units that
    the books were limited to, nothing when all were read. `names` has no name for what belongs
    to no province.
    """

    statement: FundStatement
    fund_name: str
    province_name: str | None
    unit_name: str | None
    issuer_name: str
    issuer_address: str
    rows_by: str
    names: Mapping[Place, str]
    only_units: tuple[str, ...]
    seal: Seal
    drawn_at: datetime

    def row_name(self, row: StatementRow) -> str:
        """Return what a row is called in documents."""
        return self.names.get(row.place, NO_PROVINCE)

    @property
    def rows_with_money(self) -> tuple[StatementRow, ...]:
        """The rows that anything stands in; documents for people leave out the others."""
        return tuple(
            row
            for row in self.statement.rows
            if row.opening or row.receipts_total or row.payments_total or row.closing
        )

    @property
    def subject(self) -> str:
        """Whom the statement is about, below the title; empty when it is all of the fund."""
        if self.statement.scope.province:
            return self.province_name or NO_PROVINCE
        return self.unit_name or ""

    @property
    def rows_title(self) -> str:
        """The heading of the column that names the rows."""
        return "Đơn vị" if self.rows_by == "unit" else "Tỉnh, thành phố"

    @property
    def file_name(self) -> str:
        """The name a download is kept under, without its ending."""
        scope = self.statement.scope
        part = scope.province or scope.unit or ""
        drawn = MAP_WORDS[scope.provinces]
        words = ("thu-chi", scope.fund, part, drawn, str(scope.first), str(scope.last))
        return _UNSAFE.sub("-", "_".join(word for word in words if word))


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One printed line: its number, its name, its amount in đồng; totals are ruled and bold."""

    mark: str
    label: str
    amount: int
    entries: int | None = None
    total: bool = False


def lines(report: Report) -> list[ReportLine]:
    """Return the lines of a report from opening to closing, as every document prints them."""
    statement = report.statement
    receipts = [
        ReportLine(str(place), line.label, line.amount, line.entries)
        for place, line in enumerate(statement.receipts, 1)
    ]
    payments = [
        ReportLine(str(place), line.label, line.amount, line.entries)
        for place, line in enumerate(statement.payments, 1)
    ]
    return [
        ReportLine("I", OPENING, statement.opening, total=True),
        ReportLine("II", RECEIPTS, statement.receipts_total, total=True),
        *receipts,
        ReportLine("III", PAYMENTS, statement.payments_total, total=True),
        *payments,
        ReportLine("IV", CLOSING, statement.closing, total=True),
    ]


def as_json(report: Report) -> dict[str, Any]:
    """Return the statement as others read it; the keys are fixed in the interface document."""
    statement, scope = report.statement, report.statement.scope
    return {
        "fund": scope.fund,
        "fund_name": report.fund_name,
        "province": scope.province,
        "province_name": report.province_name,
        "unit": scope.unit,
        "unit_name": report.unit_name,
        "only_units": list(report.only_units) or None,
        "from": scope.first.isoformat(),
        "to": scope.last.isoformat(),
        "provinces": scope.provinces,
        "currency": "VND",
        "opening": statement.opening,
        "receipts": [_line(line) for line in statement.receipts],
        "receipts_total": statement.receipts_total,
        "payments": [_line(line) for line in statement.payments],
        "payments_total": statement.payments_total,
        "closing": statement.closing,
        "rows": [
            {
                "province": row.province,
                "unit": row.unit,
                "name": report.row_name(row),
                "opening": row.opening,
                "receipts_total": row.receipts_total,
                "payments_total": row.payments_total,
                "closing": row.closing,
            }
            for row in statement.rows
        ],
        "sealed_through": {"seal": report.seal.number, "head": report.seal.head},
    }


def _line(line: Any) -> dict[str, Any]:
    return {
        "line": line.line,
        "label": line.label,
        "amount": line.amount,
        "entries": line.entries,
    }


def dotted(amount: int) -> str:
    """Return an amount as documents print it: dots after thousands, below zero in parentheses."""
    text = grouped(abs(amount))
    return f"({text})" if amount < 0 else text


def day(value: date) -> str:
    """Return a date as documents print it: 23/11/2026."""
    return f"{value:%d/%m/}{value.year:04}"
