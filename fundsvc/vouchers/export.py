"""The list of vouchers as CSV: what the filter shows, in the same order."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.sheet import Cell, csv_lines
from fundsvc.vouchers.facts import VoucherRow


def lines(rows: Iterable[VoucherRow]) -> Iterator[str]:
    """Yield the lines of the file; amounts are plain whole đồng."""
    head = (
        _("Ngày"),
        _("Số"),
        _("Loại"),
        _("Tình trạng"),
        _("Nội dung"),
        _("Người nộp hoặc nhận tiền"),
        _("Quỹ"),
        _("Mã đơn vị"),
        _("Đơn vị"),
        _("Số tiền (đồng)"),
        _("Người lập"),
        _("Số tệp đính kèm"),
    )
    return csv_lines(head, map(_cells, rows))


def _cells(row: VoucherRow) -> tuple[Cell, ...]:
    return (
        row.date.isoformat(),
        row.number or "",
        row.kind_name,
        _("Đã ghi đảo") if row.reversed else row.state_name,
        row.description,
        row.party,
        row.fund_name,
        row.unit,
        row.unit_name,
        row.amount,
        row.maker,
        row.files,
    )
