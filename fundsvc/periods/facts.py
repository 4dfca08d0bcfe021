"""What stands in a month of a unit, in a form that shows any later change."""

import hashlib
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.models import Account, Posting
from fundsvc.books.totals import Columns, totals
from fundsvc.periods.months import first_of, last_of

VERSION: Final = 1
KEYS: Final = ("account", "fund", "province")


def closing(session: Session, unit_id: int, month: date) -> dict[str, Any]:
    """Return what closing a month writes down.

    Entries of the unit in the month, their debit, the number of the last one, and a digest of the
    month's turnover by account, fund and province: one line `account|fund|province|debit|credit`
    each, in order, without those that did not move. Equal sums alone would not show a change of
    account.
    """
    first, last = month, last_of(month)
    entries, last_entry = session.execute(
        select(func.count(Posting.entry_id.distinct()), func.max(Posting.entry_id)).where(
            Posting.account_id.in_(_accounts(session)),
            Posting.date.between(first, last),
            Posting.unit_id == unit_id,
        )
    ).one()
    known = keys.read(session)
    account, fund, province = (
        {number: code for code, number in ids.items()}
        for ids in (known.accounts, known.funds, known.provinces)
    )

    def of_unit(columns: Columns) -> tuple[Any, ...]:
        return (columns.unit_id == unit_id,)

    moved = [
        (account[row.key[0]], fund[row.key[1]], province.get(row.key[2], "none"), row)
        for row in totals(session, KEYS, first, last, where=of_unit)
        if row.debit or row.credit or row.entries
    ]
    lines = sorted(f"{a}|{f}|{p}|{row.debit}|{row.credit}" for a, f, p, row in moved)
    return {
        "version": VERSION,
        "entries": entries,
        "debit": sum(row.debit for _a, _f, _p, row in moved),
        "last_entry": last_entry or 0,
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def months_moved(session: Session, unit_id: int, *, after: date | None, before: date) -> list[date]:
    """Return the months of a unit with entries, after one month (all when None), before another."""
    query = select(Posting.date).where(
        Posting.account_id.in_(_accounts(session)),
        Posting.date < before,
        Posting.unit_id == unit_id,
    )
    if after is not None:
        query = query.where(Posting.date > last_of(after))
    return sorted({first_of(day) for day in session.scalars(query.distinct())})


def _accounts(session: Session) -> list[int]:
    """Return the numbers of all accounts: the index of postings begins with them."""
    return list(session.scalars(select(Account.id)))
