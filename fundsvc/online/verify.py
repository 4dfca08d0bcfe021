"""What must hold of card payments: movements are booked as they were, and Stripe's account fits."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ScalarSelect, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from fundsvc.books.models import Account, Posting
from fundsvc.books.verify import Fault
from fundsvc.donations.models import Donation
from fundsvc.online.models import CardMovement, CardPayment, CardPayout, CardStray
from ledger.accounts import AT_STRIPE
from ledger.words import grouped


def faults(session: Session) -> Iterator[Fault]:
    """Yield movements that the books tell otherwise, and a balance at Stripe that is not theirs."""
    for name, entry, meant in (
        (CardMovement.movement, CardMovement.entry_id, CardMovement.amount),
        (CardMovement.movement, CardMovement.fee_entry_id, -CardMovement.fee),
        (CardStray.movement, CardStray.entry_id, CardStray.amount),
    ):
        booked = _at_stripe(entry)
        query = select(name, meant, booked).where(entry.is_not(None))
        for movement, amount, found in session.execute(query.where(booked != meant)):
            why = _(
                "Khoản %(id)s ở Stripe là %(amount)s đ, sổ ghi %(booked)s đ.",
                id=movement,
                amount=grouped(amount),
                booked=grouped(found),
            )
            yield Fault("card", f"card_movement:{movement}", why)
    yield from _payments(session)
    held, balance = _held(session), _balance(session)
    if held != balance:
        why = _(
            "Tài khoản %(account)s còn %(balance)s đ, các khoản ở Stripe còn %(held)s đ.",
            account=AT_STRIPE,
            balance=grouped(balance),
            held=grouped(held),
        )
        yield Fault("card", f"account:{AT_STRIPE}", why)


def _payments(session: Session) -> Iterator[Fault]:
    """Payments that are another sum, fund or unit than the donation they became."""
    query = (
        select(CardPayment.charge, CardPayment.amount, Donation.id, Donation.amount)
        .outerjoin(Donation, Donation.id == CardPayment.donation_id)
        .where(
            or_(
                Donation.amount.is_distinct_from(CardPayment.amount),
                Donation.fund_id.is_distinct_from(CardPayment.fund_id),
                Donation.unit_id.is_distinct_from(CardPayment.unit_id),
                Donation.method.is_distinct_from("card"),
            )
        )
        .order_by(CardPayment.id)
    )
    for charge, paid, number, amount in session.execute(query):
        why = _(
            "Khoản thanh toán thẻ %(charge)s (%(paid)s đ) không khớp với khoản ủng hộ %(id)s"
            " (%(amount)s đ): số tiền, quỹ, đơn vị hoặc cách ủng hộ khác nhau.",
            charge=charge,
            paid=grouped(paid),
            id=number or "",
            amount=grouped(amount or 0),
        )
        yield Fault("card", f"card_payment:{charge}", why)


def _at_stripe(entry: InstrumentedAttribute[Any]) -> ScalarSelect[int]:
    """Return what an entry changes of the money at Stripe."""
    return (
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == AT_STRIPE, Posting.entry_id == entry)
        .correlate(CardMovement, CardStray)
        .scalar_subquery()
    )


def _held(session: Session) -> int:
    """Return what Stripe holds by our rows: what moved, less what was paid out and stayed out."""
    moved = select(func.coalesce(func.sum(CardMovement.amount - CardMovement.fee), 0))
    # A donation of which Stripe has not told the movement yet is booked already.
    told = exists().where(
        CardPayment.donation_id == Donation.id,
        CardMovement.payment_id == CardPayment.id,
        CardMovement.kind == "payment",
    )
    untold = select(func.coalesce(func.sum(Donation.amount), 0)).where(
        Donation.method == "card", ~told
    )
    strays = select(func.coalesce(func.sum(CardStray.amount), 0))
    out = select(func.coalesce(func.sum(CardPayout.amount), 0)).where(CardPayout.state != "failed")
    figures = [int(session.scalar(query) or 0) for query in (moved, untold, strays, out)]
    return sum(figures[:3]) - figures[3]


def _balance(session: Session) -> int:
    query = (
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == AT_STRIPE)
    )
    return int(session.scalar(query) or 0)
