"""Settlements, what operators owe, and lists of differences as CSV: what the pages show."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc.settlements import told
from fundsvc.settlements.ageing import Aged
from fundsvc.settlements.differences import Line
from fundsvc.settlements.listing import SettlementFacts
from fundsvc.sheet import Cell, csv_lines
from fundsvc.templating.filters import moment


def settlements(rows: Iterable[SettlementFacts]) -> Iterator[str]:
    """Yield the list of settlements; amounts are plain whole đồng."""
    head = (
        _("Nhà mạng"),
        _("Đầu số"),
        _("Cú pháp"),
        _("Từ ngày"),
        _("Đến ngày"),
        _("Tin Hội ghi nhận"),
        _("Tiền Hội ghi nhận (đồng)"),
        _("Tin nhà mạng báo"),
        _("Tiền nhà mạng báo (đồng)"),
        _("Phí (đồng)"),
        _("Thực trả (đồng)"),
        _("Ngân hàng nhận (đồng)"),
        _("Còn phải thu (đồng)"),
        _("Tình trạng"),
    )
    return csv_lines(head, map(_settlement, rows))


def owed(rows: Iterable[Aged]) -> Iterator[str]:
    """Yield what operators owe by age."""
    head = (
        _("Nhà mạng"),
        _("Đầu số"),
        _("Cú pháp"),
        _("0–30 ngày"),
        _("31–60 ngày"),
        _("61–90 ngày"),
        _("Trên 90 ngày"),
        _("Cộng (đồng)"),
    )
    cells: Iterable[tuple[Cell, ...]] = (
        (told.operator(row.operator), row.short_code, row.keyword, *row.amounts, row.total)
        for row in rows
    )
    return csv_lines(head, cells)


def lines(rows: Iterable[tuple[str, Line]]) -> Iterator[str]:
    """Yield the messages of all lists of differences."""
    head = (
        _("Danh sách"),
        _("Mã tin"),
        _("Nhận lúc"),
        _("Số điện thoại"),
        _("Nội dung"),
        _("Hội ghi (đồng)"),
        _("Nhà mạng ghi (đồng)"),
    )
    return csv_lines(head, (_line(kind, line) for kind, line in rows))


def _settlement(row: SettlementFacts) -> tuple[Cell, ...]:
    return (
        told.operator(row.operator),
        row.short_code,
        row.keyword,
        row.period_from.isoformat(),
        row.period_to.isoformat(),
        row.counted.messages,
        row.counted.gross,
        row.reported.messages,
        row.reported.gross,
        row.fee,
        row.net,
        row.received,
        row.remaining,
        told.state(row.state)[1],
    )


def _line(kind: str, line: Line) -> tuple[Cell, ...]:
    return (
        told.about(kind),
        line.request_id,
        moment(line.received_at),
        line.phone,
        line.message,
        "" if line.ours is None else line.ours,
        "" if line.theirs is None else line.theirs,
    )
