"""Card payments and payouts as pages and commands show them."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import NotFound
from fundsvc.online.models import CardDispute, CardMovement, CardPayment, CardPayout, CardStray

PAGE = 50
LATE = dt.timedelta(days=3)
"""So long after the day that Stripe names somebody is told that a payout is not there."""


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout: what it was worth when it was sent (đồng), and whether it has arrived."""

    id: int
    payout: str
    sent_on: dt.date
    arrives_on: dt.date
    amount: int
    currency: str
    settled: int
    state: str
    payments: int
    bank_line_id: int | None
    entry_id: int
    arrival_entry_id: int | None

    @property
    def late(self) -> bool:
        """Whether it should have arrived and did not."""
        return self.state == "sent" and self.arrives_on + LATE < clock.today()

    @property
    def foreign(self) -> str:
        """Return what Stripe sent, in its currency; most have hundredths."""
        return f"{self.settled / 100:,.2f} {self.currency.upper()}"

    def as_json(self) -> dict[str, Any]:
        """Return it as a document has it."""
        facts = asdict(self)
        return facts | {name: facts[name].isoformat() for name in ("sent_on", "arrives_on")}


def payouts(session: Session, before: int | None = None, most: int = PAGE) -> list[PayoutRow]:
    """Return payouts, the newest first."""
    older = [] if before is None else [CardPayout.id < before]
    return _rows(session, *older, most=most)


def late(session: Session) -> list[PayoutRow]:
    """Return all payouts that should have arrived and did not, the newest first."""
    due = clock.today() - LATE
    return _rows(session, CardPayout.state == "sent", CardPayout.arrives_on < due)


def _rows(
    session: Session, *which: ColumnElement[bool], most: int | None = None
) -> list[PayoutRow]:
    count = (
        select(func.count())
        .where(CardMovement.payout_id == CardPayout.id, CardMovement.kind == "payment")
        .scalar_subquery()
    )
    query = select(CardPayout, count).where(*which).order_by(CardPayout.id.desc()).limit(most)
    return [
        PayoutRow(
            id=row.id,
            payout=row.payout,
            sent_on=row.sent_on,
            arrives_on=row.arrives_on,
            amount=row.amount,
            currency=row.currency,
            settled=row.settled,
            state=row.state,
            payments=payments,
            bank_line_id=row.bank_line_id,
            entry_id=row.entry_id,
            arrival_entry_id=row.arrival_entry_id,
        )
        for row, payments in session.execute(query)
    ]


def strays(session: Session) -> list[CardStray]:
    """Return money of payouts that is none of ours, until somebody says it was seen to."""
    query = select(CardStray).where(CardStray.seen_at.is_(None)).order_by(CardStray.id)
    return list(session.scalars(query))


def see_stray(session: Session, stray_id: int, *, by: int) -> None:
    """Note that somebody has seen to money that is none of ours.

    Raises:
        NotFound: there is none, or not for this person.
    """
    row = session.scalar(select(CardStray).where(CardStray.id == stray_id).with_for_update())
    if row is None:
        raise NotFound
    if row.seen_at is None:
        row.seen_at, row.seen_by = clock.now(), by
        audit.record(session, "card_stray.see", f"card_stray:{row.id}", {}, by=by)
        session.flush()


def open_disputes(session: Session) -> list[tuple[CardDispute, CardPayment]]:
    """Return disputes that must be answered, the most pressing first."""
    query = (
        select(CardDispute, CardPayment)
        .join(CardPayment, CardPayment.id == CardDispute.payment_id)
        .where(CardDispute.state == "open")
        .order_by(CardDispute.answer_by, CardDispute.id)
    )
    return [(dispute, payment) for dispute, payment in session.execute(query)]
