"""What an operator still owes, and that nothing of it is paid, given up or taken back twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.settlements import counting
from fundsvc.settlements.counting import asked_of
from fundsvc.settlements.models import Claim, Settlement, SettlementEntry, SettlementLoss
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


def due(session: Session, row: Settlement) -> int:
    """Return what the operator's money may still pay: its net, or all it owes by our count."""
    received = session.scalar(
        select(func.coalesce(func.sum(SettlementEntry.amount), 0)).where(
            SettlementEntry.settlement_id == row.id,
            SettlementEntry.kind == "money",
            ~is_undone(SettlementEntry.entry_id),
        )
    )
    fee = row.fee if row.accepted_at is None else 0
    return max(row.net - int(received or 0), remaining(session, row) - fee)


def standing(session: Session, row: Settlement) -> list[SettlementLoss]:
    """Return the losses that were asked for or approved."""
    standing = SettlementLoss.state.in_(("asked", "approved"))
    query = select(SettlementLoss).where(SettlementLoss.settlement_id == row.id, standing)
    return list(session.scalars(query.order_by(SettlementLoss.id)))


def claimed(session: Session, row: Settlement) -> list[Claim]:
    """Return the claims that wait for an answer."""
    query = select(Claim).where(Claim.settlement_id == row.id, Claim.state == "open")
    return list(session.scalars(query.order_by(Claim.id)))


def called(claim: Claim) -> str:
    """Return what a claim is called in a sentence: its number if it has one, and its day."""
    day = f"{claim.made_on:%d/%m/%Y}"
    if claim.number:
        return _("số %(number)s ngày %(day)s", number=claim.number, day=day)
    return _("ngày %(day)s", day=day)


def _named(lines: Iterable[dict[str, Any]]) -> set[str]:
    return {line["request_id"] for line in lines}


def hold_untaken(session: Session, row: Settlement, part: Part) -> None:
    """Hold that no loss is for the same messages."""
    for loss in standing(session, row):
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


def hold_unclaimed(
    session: Session, row: Settlement, part: Part, *, but: int | None = None
) -> None:
    """Hold that no open claim asks the operator for what is to be given up.

    A remedy for the sums names no messages, so beside one only that part of the difference is free
    which no other remedy is for; `but` is the loss that is itself decided.
    """
    asking = claimed(session, row)
    for claim in asking:
        if claim.about == part.about or _named(part.lines) & _named(claim.facts["lines"]):
            raise Conflict(_still_claimed(claim))
    by_sums = [claim for claim in asking if WHOLE in {claim.about, part.about}]
    if by_sums:
        gap = counting.counted(session, asked_of(row)).gross - row.gross
        lost = sum(loss.amount for loss in standing(session, row) if loss.id != but)
        if part.amount > gap - lost - sum(claim.amount for claim in asking):
            raise Conflict(_still_claimed(by_sums[0]))


def _still_claimed(claim: Claim) -> str:
    return _(
        "Công văn %(claim)s đang đòi nhà mạng phần này. Ghi kết quả của công văn (nhà mạng từ chối,"
        " hoặc Hội rút) trước, rồi mới xóa nợ.",
        claim=called(claim),
    )
