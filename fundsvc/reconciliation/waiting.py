"""Lines of money in that name a promise and wait: noted with their reason, listed, ended.

What was decided meanwhile in another way (`decided`) is neither shown nor tried any more.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.errors import Conflict, NotFound
from fundsvc.giving.models import Pledge
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankCoded, BankLine

WAITING, GIVEN, LEFT = "waiting", "given", decided.LEFT
PAGE: Final = 50
LONGEST_WHY: Final = 300
SOON: Final = timedelta(minutes=10)
"""So long until the second try; each further one waits twice as long, at most a day."""
RARELY: Final = timedelta(days=1)
_DOUBLINGS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line that waits, as its page shows it; `promised` are the codes and amounts it names."""

    line_id: int
    account: str
    booked_on: date
    amount: int
    memo: str
    why: str
    tries: int
    tried_at: datetime
    next_at: datetime | None
    promised: tuple[tuple[str, int], ...]


def note(session: Session, line: BankLine, codes: Iterable[str], why: str, *, heals: bool) -> None:
    """Note why a line cannot become what it names; what `heals` with time is tried again.

    What a person left stays left, whoever tells of the line again.
    """
    now = clock.now()
    kept = session.get(BankCoded, line.id)
    if kept is None:
        kept = BankCoded(
            bank_line_id=line.id,
            unit_id=line.unit_id,
            codes=" ".join(codes),
            why="",
            state=WAITING,
            tries=0,
            tried_at=now,
        )
        session.add(kept)
    elif kept.state != WAITING:
        return
    kept.codes = " ".join(dict.fromkeys([*kept.codes.split(), *codes]))
    kept.why, kept.tries, kept.tried_at = why[:LONGEST_WHY], kept.tries + 1, now
    wait = min(SOON * 2 ** min(kept.tries - 1, _DOUBLINGS), RARELY)
    kept.next_at = now + wait if heals else None
    session.flush()


def noted(session: Session, line_ids: Collection[int]) -> set[int]:
    """Return those of some lines that wait or once did."""
    query = select(BankCoded.bank_line_id).where(BankCoded.bank_line_id.in_(line_ids))
    return set(session.scalars(query))


def over(session: Session, line_id: int) -> None:
    """Note that a line became a donation at last, if it waited."""
    kept = session.get(BankCoded, line_id)
    if kept is not None and kept.state == WAITING:
        kept.state, kept.next_at, kept.ended_at = GIVEN, None, clock.now()
        session.flush()


def leave(session: Session, line_id: int, *, by: int) -> None:
    """Leave a line among the unidentified money, for a person said so.

    Raises:
        NotFound: no such line waits, or not for this person.
        Conflict: it no longer waits.
    """
    kept = locked(session, line_id)
    kept.state, kept.next_at, kept.ended_at, kept.ended_by = LEFT, None, clock.now(), by
    session.flush()


def locked(session: Session, line_id: int) -> BankCoded:
    """Return a line that waits, held until the transaction ends.

    Raises:
        NotFound: no such line waits, or not for this person.
        Conflict: it no longer waits.
    """
    found = session.scalar(
        select(BankCoded)
        .where(BankCoded.bank_line_id == line_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    if found.state != WAITING:
        raise Conflict(_("Dòng tiền này không còn chờ nữa."))
    return found


def due(session: Session) -> list[int]:
    """Return the lines whose next try is due, those first that waited longest."""
    query = (
        select(BankCoded.bank_line_id)
        .join(BankLine, BankLine.id == BankCoded.bank_line_id)
        .where(
            BankCoded.state == WAITING,
            BankCoded.next_at <= clock.now(),
            decided.waiting(),
            ~decided.of_person(),
        )
    )
    return list(session.scalars(query.order_by(BankCoded.next_at, BankCoded.bank_line_id)))


def count(session: Session) -> tuple[int, int]:
    """Return how many lines wait in the session's scope, and how much money they are."""
    told = session.execute(
        select(func.count(), func.coalesce(func.sum(BankLine.credit), 0))
        .select_from(BankCoded)
        .join(BankLine, BankLine.id == BankCoded.bank_line_id)
        .where(BankCoded.state == WAITING, decided.waiting())
    ).one()
    return told[0], int(told[1])


def listed(session: Session, before: int | None) -> tuple[list[Shown], int | None]:
    """Return a page of what waits, newest first, and the mark of the page below."""
    query = (
        select(BankCoded, BankLine, BankAccount.code)
        .join(BankLine, BankLine.id == BankCoded.bank_line_id)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankCoded.state == WAITING, decided.waiting())
        .order_by(BankCoded.bank_line_id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(BankCoded.bank_line_id < before)
    rows = session.execute(query).all()
    codes = [code for kept, _line, _account in rows[:PAGE] for code in kept.codes.split()]
    promised = select(Pledge.code, Pledge.amount).where(Pledge.code.in_(codes))
    amounts = {row.code: row.amount for row in session.execute(promised)} if codes else {}
    shown = [
        Shown(
            line_id=line.id,
            account=account,
            booked_on=line.booked_on,
            amount=line.credit,
            memo=line.memo,
            why=kept.why,
            tries=kept.tries,
            tried_at=kept.tried_at,
            next_at=kept.next_at,
            promised=tuple((code, amounts[code]) for code in kept.codes.split() if code in amounts),
        )
        for kept, line, account in rows[:PAGE]
    ]
    return shown, shown[-1].line_id if len(rows) > PAGE else None
