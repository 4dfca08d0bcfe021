"""Split what a settlement booked over the provinces anew when one of them lost a message."""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry
from fundsvc.books.reversing import is_undone, take_back
from fundsvc.errors import Refusal
from fundsvc.settlements import counting, surplus
from fundsvc.settlements.counting import asked_of
from fundsvc.settlements.models import Settlement, SettlementEntry, SettlementPayment
from fundsvc.settlements.service import (
    FEE,
    MONEY,
    OFFSET,
    book,
    booked_by_province,
    parts_of,
    subject,
)

# It is stored, so it is not translated.
ANEW: Final = "Chia lại theo tỉnh sau khi ghi đảo tin nhắn"


def left_by_province(session: Session, row: Settlement) -> dict[int | None, int]:
    """Return what the messages of each province still wait for, in đồng."""
    counted = counting.by_province(session, asked_of(row))
    booked = booked_by_province(session, row)
    places = counted.keys() | booked.keys()
    return {place: counted.get(place, 0) - booked.get(place, 0) for place in places}


def share_anew(session: Session, row: Settlement, *, by: int) -> None:
    """Split money, then the fee, over the provinces anew until none of them stands below zero.

    A message taken back after its province was settled leaves it with more than it was owed, and
    the others with less. What was booked is taken back and booked again by today's shares, the
    latest money first; its sum and its line of the bank stay.

    Raises:
        Refusal: a province is below zero by what was given up for it.
    """
    acts = session.execute(
        select(SettlementEntry.kind, SettlementEntry.act)
        .where(
            SettlementEntry.settlement_id == row.id,
            SettlementEntry.kind.in_((MONEY, FEE)),
            ~is_undone(SettlementEntry.entry_id),
        )
        .distinct()
        .order_by(SettlementEntry.kind.desc(), SettlementEntry.act.desc())
    ).all()
    for kind, act in acts:
        if min(left_by_province(session, row).values(), default=0) >= 0:
            return
        _book_anew(session, row, kind, act, by=by)
    if min(left_by_province(session, row).values(), default=0) < 0:
        why = _(
            "Tỉnh của tin này đã được xóa nợ nhiều hơn số còn lại sau khi ghi đảo; ghi đảo khoản"
            " xóa nợ trước."
        )
        raise Refusal(why)


def _book_anew(session: Session, row: Settlement, kind: str, act: int, *, by: int) -> None:
    """Book an act again by today's shares; a confirmed line stays confirmed as it was."""
    parts = parts_of(session, row, act)
    for part in parts:
        take_back(session, part.entry_id, subject=subject(row.id), on=None, reason=ANEW, by=by)
    session.flush()
    paid = session.scalar(select(SettlementPayment).filter_by(settlement_id=row.id, act=act))
    amount = sum(part.amount for part in parts)
    more = surplus.undo(session, row, act, reason=ANEW, by=by)
    if session.get_one(Entry, parts[0].entry_id).kind == surplus.OFFSET:
        kind = OFFSET
    fresh = book(session, row, kind, amount, on=clock.today(), by=by)
    if more:
        surplus.book(session, row, fresh, more, on=clock.today(), by=by)
    if paid is not None:
        facts = {
            name: getattr(paid, name)
            for name in ("bank_line_id", "settlement_id", "unit_id", "confirmed_at", "confirmed_by")
        }
        session.delete(paid)
        session.flush()
        session.add(SettlementPayment(**facts, act=fresh))
        session.flush()
