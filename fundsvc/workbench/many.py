"""All lines that a filter shows: what they come to, and one slice of them after the other.

They are those that were there when somebody looked: what comes in afterwards is not among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.reconciliation import decided, figures
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.workbench import screen
from fundsvc.workbench.decisions import KINDS
from fundsvc.workbench.looking import View
from fundsvc.workbench.proposals import propose

SHOWN: Final = 10
"""So many of them are shown, in the order of the list."""
LOOKED_AT: Final = 3_000
"""Of more lines than these nobody can say beforehand what their proposals come to."""
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the lines would become something, and what they come to."""

    kind: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The lines of a filter: `until` is the last line there was, `out` says that money went out."""

    count: int
    amount: int
    until: int
    out: bool
    rows: tuple[screen.Row, ...]
    shares: tuple[Share, ...]
    looked: bool

    @property
    def ready(self) -> int:
        """How many have a proposal that is likely."""
        return sum(share.count for share in self.shares)


def chosen(session: Session, account: BankAccount, view: View) -> Chosen:
    """Return what the lines of a filter come to, and what their first proposals would make."""
    until = session.scalar(
        select(func.max(BankLine.id)).where(BankLine.bank_account_id == account.id)
    )
    only = (*view.only(), BankLine.id <= (until or 0))
    count, amount = figures.waiting(session, account.id, *only)
    looked = count <= LOOKED_AT
    ids = following(session, account, view, until=until or 0, size=count) if looked else []
    return Chosen(
        count=count,
        amount=amount,
        until=until or 0,
        out=figures.waiting(session, account.id, *only, way="out")[0] > 0,
        rows=tuple(screen.rows(session, account, view, limit=SHOWN)[0]),
        shares=_shares(session, account, ids),
        looked=looked,
    )


def following(
    session: Session, account: BankAccount, view: View, *, until: int, size: int, after: int = 0
) -> list[int]:
    """Return the next lines of a filter after one, by number."""
    query = select(BankLine.id).where(
        BankLine.bank_account_id == account.id,
        BankLine.id > after,
        BankLine.id <= until,
        decided.waiting(),
        *view.only(),
    )
    return list(session.scalars(query.order_by(BankLine.id).limit(size)))


def _shares(session: Session, account: BankAccount, ids: Sequence[int]) -> tuple[Share, ...]:
    """Return what the first proposals of lines would make of them, as the screen chooses it."""
    found: dict[str, list[int]] = {}
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        lines = screen.lines(session, account, some)
        for number, proposals in propose(session, some).items():
            first = screen.likely(lines[number], proposals)
            if first is not None:
                found.setdefault(KINDS[type(first.choice)], []).append(abs(lines[number].amount))
    return tuple(Share(kind, len(sums), sum(sums)) for kind, sums in sorted(found.items()))
