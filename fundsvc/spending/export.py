"""The list of payments as CSV: what the filter shows, in the same order."""

import csv
import io
from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.spending.listing import PaymentRow

_BOM = "\ufeff"  # Excel reads Vietnamese letters wrongly without it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Iterable[PaymentRow]) -> Iterator[str]:
    """Yield the lines of the file; amounts are plain whole đồng.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
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
    yield _BOM + _line(head)
    for row in rows:
        yield _line(
            (
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
        )


def _line(cells: Iterable[str | int]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
