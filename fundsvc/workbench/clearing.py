"""Accounts that should come to zero: what stands on each, since when, and what it is made of.

Balances and ages are drawn from the roll-ups and what is not sealed yet: months as long as the
columns of age do not tell days apart, days since then. So they cost the same at any size; of
unidentified money alone the lines that wait are asked, for each of them has its own age.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Account, Fund
from fundsvc.books.totals import Columns, balances, moves
from fundsvc.errors import NotFound
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankLine
from fundsvc.templating import in_language
from fundsvc.text import short_unit
from fundsvc.units.models import Unit
from fundsvc.workbench import waiting_ages
from fundsvc.workbench.ages import LIMITS, Moved, age
from fundsvc.workbench.clearing_facts import Item, Page, Standing
from ledger.accounts import (
    AT_STRIPE,
    DISPUTED,
    DUE_FROM,
    DUE_TO,
    IN_TRANSIT,
    OPERATORS,
    UNIDENTIFIED_IN,
    UNIDENTIFIED_OUT,
)

SMS, CARD, TRANSIT, UNIDENTIFIED, BETWEEN = CHANNELS = (
    "sms", "card", "transit", "unidentified", "between"
)  # fmt: skip
PAGE: Final = 50
# What stands decided is asked of decisions too, so this one needs a name of its own.
_HELD_BACK: Final = aliased(BankDecision)
_CODES: Final = {
    CARD: (AT_STRIPE, DISPUTED),
    TRANSIT: (IN_TRANSIT,),
    UNIDENTIFIED: (UNIDENTIFIED_IN, UNIDENTIFIED_OUT),
    BETWEEN: (DUE_FROM, DUE_TO),
}


def check(channel: str) -> str:
    """Return the name of a channel.

    Raises:
        NotFound: there is none of this name.
    """
    if channel not in CHANNELS:
        raise NotFound
    return channel


def standing(session: Session, at: date, channel: str | None = None) -> list[Standing]:
    """Return what stands on clearing accounts at the end of a day; those at zero are left out."""
    accounts = {
        row.id: (row, name)
        for row, name in _accounts(session)
        if channel is None or name == channel
    }

    def here(columns: Columns) -> tuple[Any, ...]:
        return (columns.account_id.in_(list(accounts)),)

    by = ("account", "fund", "unit")
    rows = {key: left for key, left in balances(session, by, at, where=here).items() if left}
    if not rows:
        return []
    days = _days(session, at, by, here)
    waits = waiting_ages.waiting(session, at) if channel in {None, UNIDENTIFIED} else {}
    funds = {row.id: row for row in session.scalars(select(Fund))}
    units = {row.id: row for row in session.scalars(select(Unit))}
    found = []
    for key, balance in rows.items():
        account, name = accounts[key[0]]
        fund, unit = funds[key[1]], units[key[2]]
        found.append(
            Standing(
                channel=name,
                account_id=account.id,
                account=account.code,
                account_name=in_language(account.name, account.name_en),
                fund_id=fund.id,
                fund=fund.code,
                fund_name=in_language(fund.name, fund.name_en),
                unit_id=unit.id,
                unit=unit.code,
                unit_name=short_unit(unit.name),
                balance=balance,
                age=age(waiting_ages.open_beside(days[key], waits.get(key, {}), _turn(at)), at),
            )
        )
    order = CHANNELS.index
    return sorted(found, key=lambda row: (order(row.channel), row.account, row.unit_id, row.fund))


def lines(session: Session, after: str = "", most: int | None = PAGE) -> Page:
    """Return the bank's lines that nobody has said what for, the oldest first.

    Each account is asked for its own oldest ones, along its own index; what they have together is
    put in order here. `after` is the mark of the page before, `most` None asks for all.
    """
    day, number = _mark(after)
    units = {row.id: short_unit(row.name) for row in session.scalars(select(Unit))}
    found: list[Item] = []
    for account in session.scalars(select(BankAccount).order_by(BankAccount.code)).all():
        query = (
            select(BankLine, _HELD_BACK.note)
            .outerjoin(
                _HELD_BACK,
                and_(
                    _HELD_BACK.bank_line_id == BankLine.id,
                    _HELD_BACK.undone_at.is_(None),
                    _HELD_BACK.kind == decided.HELD,
                ),
            )
            .where(BankLine.bank_account_id == account.id, decided.waiting())
            .order_by(BankLine.booked_on, BankLine.id)
        )
        if day is not None:
            query = query.where(
                or_(
                    BankLine.booked_on > day,
                    and_(BankLine.booked_on == day, BankLine.id > number),
                )
            )
        if most is not None:
            query = query.limit(most + 1)
        for line, held in session.execute(query):
            # Money in waits on 3381, which is a debt; money out on 1388, which is a claim.
            found.append(
                Item(
                    on=line.booked_on,
                    entry_id=line.entry_id,
                    words=line.memo,
                    amount=line.debit - line.credit,
                    left=line.debit - line.credit,
                    unit_name=units.get(line.unit_id, ""),
                    account=UNIDENTIFIED_IN if line.credit else UNIDENTIFIED_OUT,
                    bank_account=account.code,
                    line_id=line.id,
                    held=held or "",
                )
            )
    found.sort(key=lambda item: (item.on, item.line_id))
    if most is None or len(found) <= most:
        return Page(tuple(found), None)
    last = found[most - 1]
    return Page(tuple(found[:most]), f"{last.on.isoformat()}.{last.line_id}")


def _mark(raw: str) -> tuple[date | None, int]:
    day, _dot, number = raw.partition(".")
    if not raw:
        return None, 0
    if not (number.isascii() and number.isdigit() and len(number) <= len(str(2**62))):
        raise NotFound
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise NotFound from None


def _accounts(session: Session) -> Iterator[tuple[Account, str]]:
    for row in session.scalars(select(Account).order_by(Account.code)):
        if row.code.startswith(f"{OPERATORS}."):
            yield row, SMS
        for channel, codes in _CODES.items():
            if row.code in codes:
                yield row, channel


def _turn(at: date) -> date:
    """Return the first day that is told by itself; what was before is told by months."""
    return (at - timedelta(days=LIMITS[-1] + 1)).replace(day=1)


def _days(
    session: Session, at: date, by: tuple[str, ...], where: Callable[[Columns], tuple[Any, ...]]
) -> defaultdict[tuple[int, ...], list[Moved]]:
    """Return what moved: days as far back as columns tell them apart, months before."""
    turn = _turn(at)
    found: defaultdict[tuple[int, ...], list[Moved]] = defaultdict(list)
    before = turn - timedelta(days=1)
    for move in moves(session, by, date.min, before, where=where, monthly=True):
        found[move.key].append(Moved(move.on, move.debit, move.credit))
    for move in moves(session, by, turn, at, where=where):
        found[move.key].append(Moved(move.on, move.debit, move.credit))
    return found
