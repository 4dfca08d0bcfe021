"""The list of donations as CSV: what the filter shows, in the same order."""

import csv
import io
from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.donations.listing import Row

_BOM = "\ufeff"  # Excel reads Vietnamese letters wrongly without it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[Row], funds: dict[str, str]) -> Iterator[str]:
    """Yield the lines of the file; `funds` names the funds by their codes.

    Amounts are plain whole đồng. A text that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
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
    yield _BOM + _line(head)
    for row in rows:
        yield _line(
            (
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
        )


def state(row: Row) -> str:
    """Return in a word how a donation stands."""
    if row.reversed:
        return _("Đã ghi đảo")
    if row.receipt is None:
        return _("Chưa có biên nhận")
    return _("Biên nhận đã hủy") if row.receipt_voided else _("Đã có biên nhận")


def _line(cells: Iterable[str | int]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
