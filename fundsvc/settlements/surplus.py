"""What an operator paid beyond what it owes: a debt to it on 3388, until it answers.

It may be the money of another campaign or period, paid in one transfer: then it is set off against
that settlement (`offsetting`). Else it is paid back by a voucher that debits 3388. It comes from no
province's messages, so no province gets it.
"""

from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.models import Entry, Posting
from fundsvc.books.reversing import is_undone, take_back
from fundsvc.errors import Conflict
from fundsvc.settlements.models import Settlement, SettlementEntry
from fundsvc.sms.models import Campaign
from ledger import recipes
from ledger.accounts import OWED_OUT
from ledger.words import grouped

SOURCE: Final = "operator-surplus"
OFFSET: Final = "operator-offset"
"""The kind of the entries that set a surplus off against another settlement."""
# It is stored, so it is not translated.
_DESCRIBED: Final = "Nhà mạng trả thừa, chờ trả lời"


def book(session: Session, row: Settlement, act: int, amount: int, *, on: date, by: int) -> None:
    """Book what an act of money brought beyond what is owed."""
    fund, unit = _purse(session, row)
    span = f"{row.period_from:%d/%m/%Y}–{row.period_to:%d/%m/%Y}"
    entry = recipes.operator_surplus(
        on=on, unit=unit, fund=fund, amount=amount, description=f"{_DESCRIBED}, {span}"
    )
    books.post(
        session,
        entry,
        source=SOURCE,
        external_id=_name(row, act),
        maker_id=by,
        evidence=(row.sha256,),
    )


def of_act(session: Session, row: Settlement, act: int) -> tuple[int, int] | None:
    """Return the entry of what an act brought too much, and its amount, if it stands."""
    found = session.execute(
        select(Entry.id, func.sum(Posting.debit))
        .join(Posting, Posting.entry_id == Entry.id)
        .where(
            Entry.source == SOURCE,
            Entry.external_id == _name(row, act),
            ~is_undone(Posting.entry_id),
        )
        .group_by(Entry.id)
    ).first()
    return None if found is None else (found[0], int(found[1]))


def undo(session: Session, row: Settlement, act: int, *, reason: str, by: int) -> int:
    """Take back what an act brought too much; return how much that was.

    Raises:
        Conflict: it was set off against another settlement, or paid back.
    """
    found = of_act(session, row, act)
    if found is None:
        return 0
    entry_id, amount = found
    free = available(session, row)
    if amount > free:
        why = _(
            "Tiền trả thừa của khoản này đã được cấn trừ hoặc trả lại, chỉ còn %(free)s đ; ghi đảo"
            " việc cấn trừ trước.",
            free=grouped(max(free, 0)),
        )
        raise Conflict(why)
    subject = f"settlement:{row.id}"
    take_back(session, entry_id, subject=subject, on=None, reason=reason, by=by)
    return amount


def by_act(session: Session) -> dict[tuple[int, int], int]:
    """Return what was brought too much, by settlement and act."""
    rows = session.execute(
        select(Entry.external_id, func.sum(Posting.debit))
        .join(Posting, Posting.entry_id == Entry.id)
        .where(Entry.source == SOURCE, ~is_undone(Posting.entry_id))
        .group_by(Entry.external_id)
    )
    found = {}
    for name, amount in rows:
        number, _dot, act = name.partition(".")
        found[int(number), int(act)] = int(amount)
    return found


def standing(session: Session) -> dict[int, int]:
    """Return what each settlement brought too much, by its number."""
    found: dict[int, int] = {}
    for (number, _act), amount in by_act(session).items():
        found[number] = found.get(number, 0) + amount
    return found


def available(session: Session, row: Settlement) -> int:
    """Return what the operator of a settlement paid too much, in its fund and unit, still free."""
    alike = (
        select(Settlement.id)
        .join(Campaign, Campaign.id == Settlement.campaign_id)
        .where(
            Settlement.operator == row.operator,
            Campaign.fund_id == session.get_one(Campaign, row.campaign_id).fund_id,
            Settlement.unit_id == row.unit_id,
        )
    )
    numbers = set(session.scalars(alike))
    brought = sum(sum_ for number, sum_ in standing(session).items() if number in numbers)
    if not brought:
        return 0
    used = session.scalar(
        select(func.coalesce(func.sum(SettlementEntry.amount), 0))
        .join(Entry, Entry.id == SettlementEntry.entry_id)
        .where(
            SettlementEntry.settlement_id.in_(numbers),
            Entry.kind == OFFSET,
            ~is_undone(SettlementEntry.entry_id),
        )
    )
    fund, unit = _purse(session, row)
    owed = -books.balance(session, account=OWED_OUT, fund=fund, unit=unit)
    return min(brought - int(used or 0), owed)


def _name(row: Settlement, act: int) -> str:
    return f"{row.id}.{act}"


def _purse(session: Session, row: Settlement) -> tuple[str, str]:
    """Return the codes of a settlement's fund and unit."""
    known = keys.read(session)
    campaign = session.get_one(Campaign, row.campaign_id)
    fund = next(code for code, number in known.funds.items() if number == campaign.fund_id)
    unit = next(code for code, number in known.units.items() if number == campaign.unit_id)
    return fund, unit
