"""Which lines of the bank may be a settlement's money: by its reference, else by amount and day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.reconciliation.models import BankAccount, BankLine
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


def offers(session: Session, row: Settlement) -> list[LineOffer]:
    """Return lines that may be the money, the likeliest first.

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
    wanted = or_(named, alike) if len(reference) >= SHORTEST else alike
    taken = select(SettlementPayment.bank_line_id)
    campaign = session.get_one(Campaign, row.campaign_id)
    found = session.execute(
        select(BankLine, BankAccount)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            BankLine.credit > 0,
            BankLine.booked_on.between(row.period_from, row.paid_on + LATE),
            wanted,
            BankLine.id.not_in(taken),
            ~is_undone(BankLine.entry_id),
        )
        .order_by(BankLine.booked_on, BankLine.id)
        .limit(10 * MOST)
    )
    offered = [
        LineOffer(
            id=line.id,
            booked_on=line.booked_on,
            account=account.code,
            memo=line.memo,
            amount=line.credit,
            by_reference=len(reference) >= SHORTEST
            and reference in _SPACE.sub("", line.memo).upper(),
            exact=line.credit == row.net,
            right=(account.fund_id, account.unit_id) == (campaign.fund_id, campaign.unit_id),
        )
        for line, account in found
    ]
    offered.sort(key=lambda offer: (-offer.by_reference, -offer.exact, -offer.right))
    return offered[:MOST]
