"""Gifts by card in the demo year, as Stripe would tell of them, down to the bank's line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.demo import giving
from fundsvc.demo.files import File, as_csv
from fundsvc.demo.span import Span, at
from fundsvc.giving import pages, service
from fundsvc.giving.promises import Promise
from fundsvc.online import arrivals, booking, movements, payouts
from fundsvc.online.facts import Dispute, Move, Paid, Payout, Refund
from fundsvc.reconciliation.models import BankAccount, BankLine
from ledger.words import grouped

PROMISES: Final = (
    Promise(amount=500_000, method="card", name="Đỗ Thị Thí Dụ", may_be_named=True),
    Promise(amount=1_000_000, method="card", name="Gia đình ông Vũ Văn Mẫu"),
    Promise(amount=300_000, method="card"),
    Promise(amount=400_000, method="card", name="Ngô Văn Thử", province="2025:01"),
    Promise(amount=2_000_000, method="card", name="Bùi Thị Mẫu", may_be_named=True),
    Promise(amount=200_000, method="card", name="Hồ Văn Chờ"),
)
"""The last one was not paid; the one before it is still at Stripe."""
REFUNDED, DISPUTED, AT_STRIPE, UNPAID = 2, 3, 4, 5
REFUND: Final = 100_000
PER_MILLE: Final = 42
"""What Stripe keeps of a payment, in thousandths."""
DISPUTE_FEE: Final = 375_000
PROMISED, BACK, SENT, ARRIVED, OBJECTED = (timedelta(days=days) for days in (12, 8, 6, 4, 2))
"""How long before the last day of the demo each thing happened."""
TO_ANSWER: Final = timedelta(days=9)


def promised_on(span: Span) -> date:
    """Return the day on which the first promises by card were made."""
    return span.last - PROMISED


def give(session: Session, span: Span, *, by: int) -> None:
    """Promise and pay by card, and tell what became of the money up to the last day."""
    last = span.last
    page = pages.by_slug(session, giving.SLUG)
    paid = []
    for number, promise in enumerate(PROMISES):
        late = number in {AT_STRIPE, UNPAID}
        on = last - OBJECTED if late else promised_on(span)
        with at(on, number):
            promised = service.pledge(session, page, promise, f"demo-card-{number}")
            if number != UNPAID:
                paid.append(_paid(number, promised.code, promise.amount, on))
                _book(session, paid[-1])
    with at(last - BACK):
        paid[REFUNDED] = replace(paid[REFUNDED], refunds=(_refund(last - BACK),))
        _book(session, paid[REFUNDED])
    with at(last - SENT):
        payout = _payout(paid[:AT_STRIPE], last)
        sent = payouts.book(session, payout)
    with at(last - ARRIVED):
        _statement(session, payout, span, by=by)
        if sent is not None:
            arrivals.match(session, sent.id, _line(session, last - ARRIVED), by=by)
    with at(last - OBJECTED):
        objection = _objection(paid[DISPUTED].amount, last)
        _book(session, replace(paid[DISPUTED], disputes=(objection,)))


def _book(session: Session, paid: Paid) -> None:
    booking.book_donation(session, paid)
    booking.book_rest(session, paid)


def _paid(number: int, pledge: str, amount: int, on: date) -> Paid:
    charge = f"ch_demo_{number}"
    return Paid(
        id=f"pi_demo_{number}",
        state=booking.SUCCEEDED,
        pledge=pledge,
        amount=amount,
        currency=movements.DONG,
        charge=charge,
        on=on,
        move=_move("charge", charge, on, amount, amount * PER_MILLE // 1_000),
        refunds=(),
        disputes=(),
    )


def _refund(on: date) -> Refund:
    name = "re_demo_1"
    return Refund(name, REFUND, on, booking.SUCCEEDED, _move("refund", name, on, -REFUND), None)


def _objection(amount: int, last: date) -> Dispute:
    name, on = "dp_demo_1", last - OBJECTED
    return Dispute(
        id=name,
        amount=amount,
        currency=movements.DONG,
        on=on,
        state="needs_response",
        reason="unrecognized",
        answer_by=last + TO_ANSWER,
        moves=(_move("adjustment", name, on, -amount, DISPUTE_FEE),),
    )


def _payout(paid: Sequence[Paid], last: date) -> Payout:
    told = [(one.move, *(refund.move for refund in one.refunds)) for one in paid]
    moves = tuple(move for some in told for move in some if move is not None)
    return Payout(
        id="po_demo_1",
        state="paid",
        automatic=True,
        amount=sum(move.amount - move.fee for move in moves),
        currency=movements.DONG,
        sent_on=last - SENT,
        arrives_on=last - ARRIVED,
        moves=moves,
    )


def _move(kind: str, source: str, on: date, amount: int, fee: int = 0) -> Move:
    return Move(f"txn_{source}", kind, source, on, amount, fee, movements.DONG, "")


def _statement(session: Session, payout: Payout, span: Span, *, by: int) -> None:
    on = span.last - ARRIVED
    memo = "STRIPE PAYMENTS chuyen tien thanh toan the po_demo_1"
    rows = [(f"{on:%d/%m/%Y}", "FT900001", "", grouped(payout.amount), "", memo)]
    file = File(on, f"vietcombank-the-{span.year}.csv", as_csv(giving.COLUMNS, rows))
    giving.bring(session, file, by=by)


def _line(session: Session, on: date) -> int:
    """Return the line of the page's account on which the payout arrived."""
    query = (
        select(BankLine.id)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankAccount.code == giving.ACCOUNT, BankLine.booked_on == on)
    )
    return session.scalars(query).one()
