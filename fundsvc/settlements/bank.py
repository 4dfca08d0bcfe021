"""Which lines of the bank may be a settlement's money: by its reference, else by amount and day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import case, false, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.reconciliation.models import BankAccount, BankGift, BankLine
from fundsvc.settlements.models import Settlement, SettlementPayment
from fundsvc.sms.models import Campaign

NEAR, LATE = timedelta(days=15), timedelta(days=180)
"""How far from the day told a line of the very amount may lie; how late one of the reference."""
MOST: Final = 20
SHORTEST: Final = 4
_SPACE: Final = re.compile(r"[^0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class LineOffer:
    """A line of money in, and why it is offered; `right` says that its fund is the campaign's."""

    id: int
    booked_on: date
    account: str
    memo: str
    amount: int
    by_reference: bool
    exact: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A page of lines that may be the money, and how many there are in all."""

    lines: list[LineOffer]
    of: int


def offers(session: Session, row: Settlement, start: int = 0) -> Offered:
    """Return lines that may be the money, the likeliest first, from the `start`th on.

    Banks put blanks into memos and take them out, so the reference is looked for in the memo with
    all blanks and signs taken away.
    """
    reference = _SPACE.sub("", row.bank_reference).upper()
    bare = func.upper(BankLine.memo)
    for sign in " .-_/:,;":
        bare = func.replace(bare, sign, "")
    named = bare.contains(reference, autoescape=True)
    near = BankLine.booked_on.between(row.paid_on - NEAR, row.paid_on + NEAR)
    alike = (BankLine.credit == row.net) & near
    named = named if len(reference) >= SHORTEST else false()
    taken = select(SettlementPayment.bank_line_id).union(select(BankGift.bank_line_id))
    campaign = session.get_one(Campaign, row.campaign_id)
    purse = (BankAccount.fund_id == campaign.fund_id) & (BankAccount.unit_id == campaign.unit_id)
    likeliest = [case((sign, 0), else_=1) for sign in (named, BankLine.credit == row.net, purse)]
    found = session.execute(
        select(BankLine, BankAccount, named, func.count().over())
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            BankLine.credit > 0,
            BankLine.booked_on.between(row.period_from, row.paid_on + LATE),
            or_(named, alike),
            BankLine.id.not_in(taken),
            ~is_undone(BankLine.entry_id),
        )
        .order_by(*likeliest, BankLine.booked_on, BankLine.id)
        .offset(start)
        .limit(MOST)
    ).all()
    lines = [
        LineOffer(
            id=line.id,
            booked_on=line.booked_on,
            account=account.code,
            memo=line.memo,
            amount=line.credit,
            by_reference=bool(by_reference),
            exact=line.credit == row.net,
            right=(account.fund_id, account.unit_id) == (campaign.fund_id, campaign.unit_id),
        )
        for line, account, by_reference, _count in found
    ]
    return Offered(lines, found[0][-1] if found else 0)
