"""The list of payments as CSV: what the filter shows, in the same order."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.sheet import Cell, csv_lines
from fundsvc.spending.listing import PaymentRow


def lines(rows: Iterable[PaymentRow]) -> Iterator[str]:
    """Yield the lines of the file; amounts are plain whole đồng."""
    head = (
        _("Ngày"),
        _("Nội dung"),
        _("Người nhận tiền"),
        _("Mục chi"),
        _("Quỹ"),
        _("Mã đơn vị"),
        _("Đơn vị"),
        _("Nơi chi"),
        _("Số tiền (đồng)"),
        _("Tình trạng"),
    )
    return csv_lines(head, map(_cells, rows))


def _cells(row: PaymentRow) -> tuple[Cell, ...]:
    return (
        row.paid_on.isoformat(),
        row.purpose,
        row.payee,
        row.line_name,
        row.fund_name,
        row.unit,
        row.unit_name,
        row.province or "",
        row.amount,
        _("Đã ghi đảo") if row.reversed else _("Đã ghi sổ"),
    )
