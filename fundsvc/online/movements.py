"""Any movement of money at Stripe: booked one at a time, its worth in đồng, and its fee."""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.online.days import dated
from fundsvc.online.facts import Move
from fundsvc.online.models import CardMovement
from ledger import card_recipes

SOURCE: Final = "stripe"
DONG: Final = "vnd"
_LOCK: Final = "fundsvc.online"
_FEE: Final = "Phí Stripe"


class AsideError(Exception):
    """A person has to look at it; the reason is kept with the event."""


def lock(session: Session) -> None:
    """Let one payment be booked at a time. On SQLite the transaction is the only writer already."""
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


def in_dong(part: int, amount: int, whole: int) -> int:
    """Return what a part is worth in đồng when `whole` is worth `amount`, rounded half away."""
    product, sign = abs(part) * abs(amount), -1 if part < 0 else 1
    return sign * ((2 * product + abs(whole)) // (2 * abs(whole)))


def worth(session: Session, settled: int, currency: str) -> int:
    """Return what an amount of another currency is worth in đồng, by the last payment in it.

    Raises:
        AsideError: there was none.
    """
    if currency == DONG:
        return settled
    last = session.scalar(
        select(CardMovement)
        .where(CardMovement.currency == currency, CardMovement.kind == "payment")
        .order_by(CardMovement.moved_on.desc(), CardMovement.movement.desc())
        .limit(1)
    )
    if last is None:
        why = f"Chưa có tỷ giá của {currency.upper()}: chưa có khoản thanh toán nào."
        raise AsideError(why)
    return in_dong(settled, last.amount, last.settled)


def book_fee(
    session: Session, facts: dict[str, Any], unit_id: int, move: Move, fee: int
) -> int | None:
    """Book what Stripe took, or gave back, with a balance transaction."""
    if not fee:
        return None
    recipe = card_recipes.fee if fee > 0 else card_recipes.fee_back
    said = {**facts, **dated(session, [unit_id], move.on, _FEE), "amount": abs(fee)}
    posted = books.post(session, recipe(**said), source=SOURCE, external_id=f"{move.id}:fee")
    return posted.id
