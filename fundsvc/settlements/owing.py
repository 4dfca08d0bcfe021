"""What an operator still owes, and that nothing of it is paid, given up or taken back twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.settlements import counting, differences
from fundsvc.settlements.models import Settlement, SettlementEntry, SettlementLoss
from fundsvc.settlements.service import asked_of
from ledger.words import grouped

WHOLE: Final = "difference"
"""A remedy for the sums as such, not for named messages."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a receivable that a remedy is for."""

    about: str
    messages: int
    amount: int
    lines: tuple[dict[str, Any], ...]
    weights: dict[int | None, int] | None


def remaining(session: Session, row: Settlement) -> int:
    """Return what the operator still owes by our count: nothing booked, given up or asked for."""
    counted = counting.counted(session, asked_of(row)).gross
    booked = session.scalar(
        select(func.coalesce(func.sum(SettlementEntry.amount), 0)).where(
            SettlementEntry.settlement_id == row.id, ~is_undone(SettlementEntry.entry_id)
        )
    )
    asked = session.scalar(
        select(func.coalesce(func.sum(SettlementLoss.amount), 0)).where(
            SettlementLoss.settlement_id == row.id, SettlementLoss.state == "asked"
        )
    )
    return counted - int(booked or 0) - int(asked or 0)


def _standing(session: Session, row: Settlement) -> list[SettlementLoss]:
    """Return the losses that were asked for or approved."""
    standing = SettlementLoss.state.in_(("asked", "approved"))
    query = select(SettlementLoss).where(SettlementLoss.settlement_id == row.id, standing)
    return list(session.scalars(query.order_by(SettlementLoss.id)))


def _named(lines: Iterable[dict[str, Any]]) -> set[str]:
    return {line["request_id"] for line in lines}


def hold_untaken(session: Session, row: Settlement, part: Part) -> None:
    """Hold that no loss is for the same messages."""
    for loss in _standing(session, row):
        same = part.about != WHOLE and loss.about == part.about
        if same or _named(part.lines) & _named(loss.items["lines"]):
            raise Conflict(_("Đã có đề nghị xóa nợ cho danh sách này."))


def hold_owed(session: Session, row: Settlement, part: Part) -> None:
    """Hold that so much is still owed."""
    left = remaining(session, row)
    if part.amount > left:
        told = _(
            "Nhà mạng chỉ còn nợ %(left)s đ của kỳ này (đã trừ đề nghị đang chờ duyệt).",
            left=grouped(max(left, 0)),
        )
        raise Refusal(Reason(told, field="amount"))


def hold_open(session: Session, row: Settlement, request_id: str, amount: int) -> None:
    """Hold that a message was neither paid nor given up."""
    # Of a very long list a loss keeps the first messages only; the list itself tells the others.
    for loss in _standing(session, row):
        lines = loss.items["lines"]
        longer = loss.about != WHOLE and loss.messages > len(lines)
        if request_id in _named(lines) or (
            longer and differences.holds(session, row, loss.about, request_id)
        ):
            why = _("Tin này nằm trong một đề nghị xóa nợ; bỏ hoặc ghi đảo đề nghị đó trước.")
            raise Conflict(Reason(why, field="request_id"))
    left = remaining(session, row)
    if amount > left:
        why = _(
            "Kỳ này chỉ còn %(left)s đ phải thu, ít hơn số tiền của tin (%(amount)s đ): tin đã được"
            " trả hoặc đã xóa nợ.",
            left=grouped(max(left, 0)),
            amount=grouped(amount),
        )
        raise Conflict(Reason(why, field="request_id"))
