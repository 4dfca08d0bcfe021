"""The lowest balance from a day on: whether money can leave without lacking later."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from fundsvc.books.totals import Where, moves, totals


@dataclass(frozen=True, slots=True)
class Low:
    """The lowest balance from a day on, in đồng, and the day it is reached."""

    amount: int
    on: date


def lowest(session: Session, since: date, where: Where, *, credit: bool = False) -> Low:
    """Return the lowest end-of-day balance from a day on, that day included.

    Money that comes in later does not help a payment dated before it. `where` says what is summed:
    debit less credit, or with `credit` credit less debit.
    """
    sign = -1 if credit else 1
    morrow = since + timedelta(days=1)
    balance = sign * sum(total.before for total in totals(session, (), morrow, morrow, where=where))
    low = Low(balance, since)
    for move in moves(session, (), morrow, where=where):
        balance += sign * (move.debit - move.credit)
        if balance < low.amount:
            low = Low(balance, move.on)
    return low
