"""The list of donations as CSV: what the filter shows, in the same order."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.donations.listing import Row
from fundsvc.sheet import Cell, csv_lines


def lines(rows: Iterable[Row], funds: dict[str, str]) -> Iterator[str]:
    """Yield the lines of the file; `funds` names the funds by their codes."""
    head = (
        _("Ngày nhận"),
        _("Người ủng hộ"),
        _("Thay mặt"),
        _("Tưởng nhớ"),
        _("Mục đích"),
        _("Quỹ"),
        _("Mã đơn vị"),
        _("Đơn vị"),
        _("Tỉnh, thành phố"),
        _("Số tiền (đồng)"),
        _("Biên nhận"),
        _("Tình trạng"),
    )
    return csv_lines(head, (_cells(row, funds) for row in rows))


def _cells(row: Row, funds: dict[str, str]) -> tuple[Cell, ...]:
    return (
        row.received_on.isoformat(),
        row.donor or _("Ẩn danh"),
        row.on_behalf_of,
        row.in_memory_of,
        row.earmark,
        funds.get(row.fund, row.fund),
        row.unit_code,
        row.unit,
        row.province or "",
        row.amount,
        row.receipt or "",
        state(row),
    )


def state(row: Row) -> str:
    """Return in a word how a donation stands."""
    if row.reversed:
        return _("Đã ghi đảo")
    if row.receipt is None:
        return _("Chưa có biên nhận")
    return _("Biên nhận đã hủy") if row.receipt_voided else _("Đã có biên nhận")
