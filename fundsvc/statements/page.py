"""A statement as the page shows it: every figure with the address of what it is made of."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask_babel import gettext as _

from fundsvc.statements.chart import Chart, draw
from fundsvc.statements.options import Figure
from fundsvc.statements.report import Report
from ledger.statements import Scope, StatementRow

PATH = "/statements/fund"
BEHIND = f"{PATH}/entries"


@dataclass(frozen=True, slots=True)
class Linked:
    """A figure in đồng and the address of the entries behind it."""

    amount: int
    href: str


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of receipts or payments."""

    label: str
    entries: int
    figure: Linked


@dataclass(frozen=True, slots=True)
class PageRow:
    """A province or unit: its name, the address of its own statement, its figures."""

    name: str
    href: str
    opening: Linked
    receipts: Linked
    payments: Linked
    closing: Linked


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page of a statement shows; `moved` is false when there is nothing at all."""

    report: Report
    subject: str
    opening: Linked
    receipts: Linked
    payments: Linked
    closing: Linked
    receipt_lines: tuple[PageLine, ...]
    payment_lines: tuple[PageLine, ...]
    rows: tuple[PageRow, ...]
    charts: tuple[Chart, ...]
    downloads: tuple[tuple[str, str], ...]
    moved: bool


def page_of(report: Report) -> Page:
    """Return the page of a statement."""
    statement, scope = report.statement, report.statement.scope
    receipts, payments = (
        tuple(
            PageLine(
                line.label, line.entries, Linked(line.amount, _behind(scope, side, line=line.line))
            )
            for line in lines
        )
        for side, lines in (("receipts", statement.receipts), ("payments", statement.payments))
    )
    return Page(
        report=report,
        subject=_subject(report),
        opening=Linked(statement.opening, _behind(scope, "opening")),
        receipts=Linked(statement.receipts_total, _behind(scope, "receipts")),
        payments=Linked(statement.payments_total, _behind(scope, "payments")),
        closing=Linked(statement.closing, _behind(scope, "closing")),
        receipt_lines=receipts,
        payment_lines=payments,
        rows=tuple(_row(report, row) for row in statement.rows),
        charts=draw(report),
        downloads=tuple(
            (kind, f"{PATH}.{kind}?{urlencode(query(scope))}")
            for kind in ("pdf", "xlsx", "csv", "json")
        ),
        moved=any(line.entries for line in (*statement.receipts, *statement.payments))
        or any(row.opening or row.closing for row in statement.rows),
    )


def query(scope: Scope, **changes: str | None) -> dict[str, str]:
    """Return the address parameters of a statement, with some of them changed."""
    asked = {
        "fund": scope.fund,
        "province": scope.province,
        "unit": scope.unit,
        "from": scope.first.isoformat(),
        "to": scope.last.isoformat(),
        "provinces": scope.provinces,
    }
    return {name: value for name, value in (asked | changes).items() if value}


def figure_name(figure: Figure, label: str | None) -> str:
    """Return what a figure is called on the page of its entries."""
    names = {
        "opening": _("Số dư đầu kỳ"),
        "receipts": _("Thu trong kỳ"),
        "payments": _("Chi trong kỳ"),
        "closing": _("Số dư cuối kỳ"),
    }
    return label or names[figure.part]


def no_province() -> str:
    """Return what the page calls money that belongs to no province."""
    return _("Không thuộc tỉnh nào")


def _row(report: Report, row: StatementRow) -> PageRow:
    scope = report.statement.scope
    place = {"province": row.province, "unit": row.unit or scope.unit}
    own = place | ({"province": None} if report.rows_by == "unit" else {"unit": None})

    def linked(part: str, amount: int) -> Linked:
        return Linked(amount, _behind(scope, part, **place))

    return PageRow(
        name=report.names.get(row.place) or no_province(),
        href=f"{PATH}?{urlencode(query(scope, **own))}",
        opening=linked("opening", row.opening),
        receipts=linked("receipts", row.receipts_total),
        payments=linked("payments", row.payments_total),
        closing=linked("closing", row.closing),
    )


def _subject(report: Report) -> str:
    if report.statement.scope.province:
        return report.province_name or no_province()
    return report.unit_name or ""


def _behind(scope: Scope, part: str, **changes: str | None) -> str:
    of = "unit" if scope.unit else "province" if scope.province else "all"
    return f"{BEHIND}?{urlencode(query(scope, part=part, of=of, **changes))}"
