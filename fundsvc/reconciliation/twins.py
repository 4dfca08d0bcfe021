"""A line that a gateway told of and its twin in a statement: the same money in other words.

The two say neither day, nor reference, nor memo quite alike: a gateway tells at once, a statement
books on the bank's next day; a bank puts its own words around the donor's. So a twin has the very
amount, a day close by, and either the bank's reference or a memo that holds the other's. The amount
alone never makes one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.reconciliation.models import BankLine, BankNotice, BankTwin
from fundsvc.reconciliation.reader import Line
from fundsvc.text import fold

BEFORE, AFTER = timedelta(days=1), timedelta(days=5)
"""How long before and after a gateway told of it a statement may book a line (a long weekend)."""
SHORTEST: Final = 6
"""A memo or reference of fewer letters and digits says too little."""
_SIGNS: Final = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What both ways of telling say of a line; amounts in đồng, texts bare."""

    booked_on: date
    at_time: str
    debit: int
    credit: int
    memo: str
    references: frozenset[str]


class Untwinned:
    """The lines of an account that one side told of and the other did not yet, each used once."""

    def __init__(self, lines: Iterable[BankLine]) -> None:
        """Take the lines, the earliest first."""
        self._open: dict[tuple[int, int], list[tuple[int, Said]]] = {}
        for line in lines:
            self._open.setdefault((line.debit, line.credit), []).append((line.id, said_of(line)))

    def printed(self, line: Line) -> int | None:
        """Return the id of the told line that a statement's line is, and use it up."""
        return self._use(line, lambda stored, new: twins(told=stored, printed=new))

    def told(self, line: Line) -> int | None:
        """Return the id of the stored line that a gateway tells of, and use it up."""
        return self._use(line, lambda stored, new: twins(told=new, printed=stored))

    def _use(self, line: Line, fits: Callable[[Said, Said], bool]) -> int | None:
        candidates = self._open.get((line.debit, line.credit))
        if not candidates:
            return None
        new = said_of(line)
        fitting = [one for one in candidates if fits(one[1], new)]
        if not fitting:
            return None
        # Of equal gifts on neighbouring days, each goes to the nearest.
        nearest = min(fitting, key=lambda one: (abs(one[1].booked_on - new.booked_on), one[0]))
        candidates.remove(nearest)
        return nearest[0]


def twins(*, told: Said, printed: Said) -> bool:
    """Say whether what a gateway told and what a statement prints is one line."""
    if (told.debit, told.credit) != (printed.debit, printed.credit):
        return False
    if not told.booked_on - BEFORE <= printed.booked_on <= told.booked_on + AFTER:
        return False
    if any(one in printed.references or one in printed.memo for one in told.references):
        return True
    shorter, longer = sorted((told.memo, printed.memo), key=len)
    if shorter not in longer:
        return False
    same_second = (told.booked_on, told.at_time) == (printed.booked_on, printed.at_time)
    return len(shorter) >= SHORTEST or (bool(told.at_time) and same_second)


def told_only(session: Session, account_id: int) -> Untwinned:
    """Return the lines of an account that only gateways told of until now."""
    made = select(BankNotice.bank_line_id).where(BankNotice.made_line)
    twinned = select(BankTwin.bank_line_id).where(BankTwin.bank_account_id == account_id)
    query = (
        select(BankLine)
        .where(
            BankLine.bank_account_id == account_id,
            BankLine.id.in_(made),
            BankLine.id.not_in(twinned),
        )
        .order_by(BankLine.booked_on, BankLine.id)
    )
    return Untwinned(session.scalars(query))


def not_told(session: Session, account_id: int, gateway: str, first: date, last: date) -> Untwinned:
    """Return the lines around some days that a gateway has not told of yet."""
    told = select(BankNotice.bank_line_id).where(BankNotice.gateway == gateway)
    query = (
        select(BankLine)
        .where(
            BankLine.bank_account_id == account_id,
            BankLine.booked_on.between(first - BEFORE, last + AFTER),
            BankLine.id.not_in(told),
        )
        .order_by(BankLine.booked_on, BankLine.id)
    )
    return Untwinned(session.scalars(query))


def said_of(line: BankLine | Line) -> Said:
    """Return what a line says, its texts as bare letters and digits."""
    references = {_bare(text) for text in (line.doc_no, line.reference)}
    return Said(
        line.booked_on,
        line.at_time,
        line.debit,
        line.credit,
        _bare(line.memo),
        frozenset(text for text in references if len(text) >= SHORTEST),
    )


def _bare(text: str) -> str:
    return _SIGNS.sub("", fold(text))
