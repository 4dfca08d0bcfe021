"""The entries that make up what stands on a clearing account: what came first went first."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Posting
from fundsvc.workbench.clearing_facts import Item, Standing

MOST: Final = 50
"""So many entries of one balance stand on a page; the CSV has all."""
_AT_ONCE: Final = 1_000


def entries(session: Session, row: Standing, most: int | None = None) -> Iterator[Item]:
    """Yield the entries that make up a balance, the oldest first.

    What came first is taken to have gone first, so they are the newest ones on the side of the
    balance; the oldest of them may be open in part. They may be a million: so the amounts alone are
    looked through from the newest on, and what is told is read from where that ends.

    Args:
        session: for reading.
        row: the balance.
        most: the newest ones alone; all when it is None.
    """
    left, part, oldest = abs(row.balance), 0, None
    newest = _on_side(row, Posting.date, Posting.entry_id, Posting.line).order_by(
        Posting.date.desc(), Posting.entry_id.desc(), Posting.line.desc()
    )
    with session.execute(newest.limit(most).execution_options(yield_per=_AT_ONCE)) as found:
        for *place, amount in found:
            part, oldest = min(left, int(amount)), place
            left -= part
            if not left:
                break
    if oldest is None:
        return
    sign = 1 if row.balance > 0 else -1
    told = (
        _on_side(row, Entry.date, Entry.id, Entry.description)
        .where(_since(*oldest))
        .order_by(Posting.date, Posting.entry_id, Posting.line)
        .execution_options(yield_per=_AT_ONCE)
    )
    for n, (on, entry_id, words, amount) in enumerate(session.execute(told)):
        yield Item(
            on=on,
            entry_id=entry_id,
            words=words,
            amount=sign * int(amount),
            left=sign * (int(amount) if n else part),
            unit_name=row.unit_name,
            account=row.account,
        )


def _on_side(row: Standing, *columns: Any) -> Select[Any]:
    amount = Posting.debit - Posting.credit
    if row.balance < 0:
        amount = Posting.credit - Posting.debit
    return (
        select(*columns, amount)
        .select_from(Entry)
        .join(Posting, Posting.entry_id == Entry.id)
        .where(
            Posting.account_id == row.account_id,
            Posting.fund_id == row.fund_id,
            Posting.unit_id == row.unit_id,
            amount > 0,
            ~_taken_back(),
        )
    )


def _since(on: Any, entry_id: int, line: int) -> ColumnElement[bool]:
    later = or_(
        Posting.entry_id > entry_id, and_(Posting.entry_id == entry_id, Posting.line >= line)
    )
    return and_(Posting.date >= on, or_(Posting.date > on, later))


def _taken_back() -> Any:
    reversal = Entry.__table__.alias("reversal")
    return select(reversal.c.id).where(reversal.c.reverses_id == Entry.id).exists()
