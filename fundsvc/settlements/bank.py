"""Which lines of the bank may be a settlement's money: by its reference, else by amount and day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import case, false, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.errors import Conflict, NotFound, Reason
from fundsvc.reconciliation import decided, gifts
from fundsvc.reconciliation.models import BankAccount, BankGift, BankLine
from fundsvc.settlements.models import Settlement, SettlementPayment
from fundsvc.sms.models import Campaign

NEAR, LATE = timedelta(days=15), timedelta(days=180)
"""How far from the day told a line of the very amount may lie; how late one of the reference."""
MOST: Final = 20
SHORTEST: Final = 4
_SPACE: Final = re.compile(r"[^0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Other:
    """Another settlement of the operator whose money a line may be; `serves` says that it is."""

    id: int
    keyword: str
    first: date
    last: date
    exact: bool
    serves: bool


@dataclass(frozen=True, slots=True)
class LineOffer:
    """A line of money in, and why it is offered; `right` says that its fund is the campaign's.

    `others` are settlements that it serves already, or whose reference or very amount it has too.
    """

    id: int
    booked_on: date
    account: str
    memo: str
    amount: int
    by_reference: bool
    exact: bool
    right: bool
    others: tuple[Other, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether it is another settlement's money already."""
        return any(other.serves for other in self.others)


@dataclass(frozen=True, slots=True)
class Offered:
    """A page of lines that may be the money, and how many there are in all."""

    lines: list[LineOffer]
    of: int


def offers(session: Session, row: Settlement, start: int = 0, *, more: bool = False) -> Offered:
    """Return lines that may be the money, the likeliest first, from the `start`th on.

    Banks put blanks into memos and take them out, so the reference is looked for in the memo with
    all blanks and signs taken away. A line of the reference that serves another settlement is
    shown last, so that nobody looks for it. When the net is there, `more` asks for what came
    beyond it: free lines of the reference only.
    """
    reference = _bare(row.bank_reference)
    bare = func.upper(BankLine.memo)
    for sign in " .-_/:,;":
        bare = func.replace(bare, sign, "")
    named = bare.contains(reference, autoescape=True)
    near = BankLine.booked_on.between(row.paid_on - NEAR, row.paid_on + NEAR)
    alike = (BankLine.credit == row.net) & near
    named = named if len(reference) >= SHORTEST else false()
    taken = BankLine.id.in_(select(SettlementPayment.bank_line_id))
    own = select(SettlementPayment.bank_line_id).filter_by(settlement_id=row.id)
    wanted = named & ~taken if more else or_(named, alike & ~taken)
    campaign = session.get_one(Campaign, row.campaign_id)
    purse = (BankAccount.fund_id == campaign.fund_id) & (BankAccount.unit_id == campaign.unit_id)
    likeliest = [case((sign, 0), else_=1) for sign in (named, BankLine.credit == row.net, purse)]
    found = session.execute(
        select(BankLine, BankAccount, named, func.count().over())
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            BankLine.credit > 0,
            BankLine.booked_on.between(row.period_from, row.paid_on + LATE),
            wanted,
            BankLine.id.not_in(own),
            BankLine.id.not_in(gifts.standing()),
            or_(taken, ~decided.by_decision()),
            ~is_undone(BankLine.entry_id),
        )
        .order_by(taken, *likeliest, BankLine.booked_on, BankLine.id)
        .offset(start)
        .limit(MOST)
    ).all()
    others = _others(session, row)
    serving = _serving(session, [line.id for line, *_rest in found])
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
            others=_also(line, others, serving.get(line.id)),
        )
        for line, account, by_reference, _count in found
    ]
    return Offered(lines, found[0][-1] if found else 0)


def _bare(text: str) -> str:
    return _SPACE.sub("", text).upper()


def _others(session: Session, row: Settlement) -> list[tuple[Settlement, str]]:
    """Return the operator's other settlements with their keywords."""
    query = (
        select(Settlement, Campaign.keyword)
        .join(Campaign, Campaign.id == Settlement.campaign_id)
        .where(Settlement.operator == row.operator, Settlement.id != row.id)
        .order_by(Settlement.id)
    )
    return [(other, keyword) for other, keyword in session.execute(query)]


def _serving(session: Session, line_ids: list[int]) -> dict[int, int]:
    """Return which settlement each line is the money of."""
    query = select(SettlementPayment.bank_line_id, SettlementPayment.settlement_id)
    rows = session.execute(query.where(SettlementPayment.bank_line_id.in_(line_ids)))
    return {line_id: settlement_id for line_id, settlement_id in rows}  # noqa: C416 - rows, no pairs


def _also(
    line: BankLine, others: list[tuple[Settlement, str]], serves: int | None
) -> tuple[Other, ...]:
    """Return the settlements that a line serves, or may: by its reference or its very amount."""
    memo = _bare(line.memo)
    found = []
    for other, keyword in others:
        reference = _bare(other.bank_reference)
        named = len(reference) >= SHORTEST and reference in memo
        exact = line.credit == other.net
        near = abs(line.booked_on - other.paid_on) <= NEAR
        if other.id == serves or (serves is None and (named or (exact and near))):
            span = other.period_from, other.period_to
            found.append(Other(other.id, keyword, *span, exact, other.id == serves))
    return tuple(found)


def free_line(session: Session, line_id: int) -> tuple[BankLine, BankAccount]:
    """Return a line of money in that is free, with its account."""
    found = session.execute(
        select(BankLine, BankAccount)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankLine.id == line_id, BankLine.credit > 0, ~is_undone(BankLine.entry_id))
        .with_for_update(of=BankLine)
    ).first()
    if found is None:
        raise NotFound(Reason(_("Không có dòng sao kê tiền vào này."), field="bank_line"))
    if session.get(SettlementPayment, line_id) is not None:
        why = _("Dòng sao kê này đã được đối chiếu với một quyết toán.")
        raise Conflict(Reason(why, field="bank_line"))
    if session.scalar(gifts.standing().where(BankGift.bank_line_id == line_id)) is not None:
        raise Conflict(Reason(_("Dòng sao kê này đã là một khoản ủng hộ."), field="bank_line"))
    line, account = found
    if session.scalar(select(BankLine.id).where(BankLine.id == line_id, decided.by_decision())):
        raise Conflict(Reason(_("Dòng sao kê này đã được quyết định."), field="bank_line"))
    return line, account
