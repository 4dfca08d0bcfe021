"""Accept what is sure without a person: lines with a whole code of one promise, and no others."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.giving import codes
from fundsvc.reconciliation import decided, waiting
from fundsvc.reconciliation.models import BankCoded, BankLine
from fundsvc.workbench.decisions import decide
from fundsvc.workbench.proposals import propose

_log = logging.getLogger(__name__)
READ: Final = 5_000
"""So many waiting lines are read at once; only those with a code are looked at further."""
TOGETHER: Final = 100
"""So many lines are decided in one transaction, so that nobody waits long for it."""
EVERY: Final = 600.0
_due: Final = {"run": 0.0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many lines were sure, how many of them were decided, and what they come to."""

    sure: int
    decided: int
    amount: int


def run(_stop: Callable[[], bool]) -> None:
    """Do it when it is due: most coded money is known when it comes in, so that is seldom."""
    now = time.monotonic()
    if now < _due["run"]:
        return
    _due["run"] = now + EVERY
    done = accept(commit=True, stop=_stop)
    if done.decided:
        _log.info("%s lines of the bank were decided by their codes", done.decided)


def accept(
    account_id: int | None = None, *, commit: bool, stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Decide the lines that are sure, or only count them; what the books refuse waits for a person.

    Lines that somebody holds back, or whose decision somebody undid, are left alone. What is sure
    is found again within the transaction that decides it, so that nothing of a moment before
    counts.
    """
    sure = done = amount = 0
    for chunk in _coded(account_id):
        if stop():
            break
        if commit:
            with transaction() as session:
                found, decided_now, worth = _decide(session, chunk)
        else:
            found, decided_now, worth = _sure(read_session(), chunk)
        sure, done, amount = sure + found, done + decided_now, amount + worth
    return Outcome(sure, done, amount)


def _coded(account_id: int | None) -> Iterator[list[int]]:
    """Yield the ids of waiting lines whose words hold a code, some at a time."""
    after, found = 0, list[int]()
    while True:
        session = read_session()
        session.rollback()
        query = (
            select(BankLine.id, BankLine.memo, BankLine.counterparty, BankLine.reference)
            .where(
                BankLine.id > after,
                BankLine.credit > 0,
                _free(),
            )
            .order_by(BankLine.id)
            .limit(READ)
        )
        if account_id is not None:
            query = query.where(BankLine.bank_account_id == account_id)
        rows = session.execute(query).all()
        for row in rows:
            if codes.find(f"{row.memo} {row.counterparty} {row.reference}"):
                found.append(row.id)
        while len(found) >= TOGETHER:
            yield found[:TOGETHER]
            found = found[TOGETHER:]
        if len(rows) < READ:
            break
        after = rows[-1].id
    if found:
        yield found


def _free() -> ColumnElement[bool]:
    """Whether a line waits and nobody has had a say of it.

    What could not become its promise at once is tried again by `reconciliation.background` alone.
    """
    tried = exists().where(
        BankCoded.bank_line_id == BankLine.id, BankCoded.state == waiting.WAITING
    )
    return decided.waiting() & ~decided.of_person() & ~tried


def _sure(session: Session, ids: list[int]) -> tuple[int, int, int]:
    found = [line_id for line_id, made in propose(session, ids).items() if made and made[0].sure]
    query = select(BankLine.credit).where(BankLine.id.in_(found))
    return len(found), 0, sum(session.scalars(query))


def _decide(session: Session, ids: list[int]) -> tuple[int, int, int]:
    rows = session.execute(
        select(BankLine.id, BankLine.credit)
        .where(BankLine.id.in_(ids), _free())
        .order_by(BankLine.id)
    ).all()
    made = propose(session, [row.id for row in rows])
    sure = done = amount = 0
    for line_id, credit in rows:
        best = made[line_id][0] if made[line_id] else None
        if best is None or not best.sure:
            continue
        sure += 1
        try:
            # One that the books cannot take, as in a closed month, stops no other.
            with session.begin_nested():
                decide(
                    session,
                    line_id,
                    best.choice,
                    by=None,
                    key=f"auto:{line_id}",
                    proposal=best,
                    automatic=True,
                )
        except Refusal as refusal:
            _log.warning("line %s of the bank waits for a person: %s", line_id, refusal)
            continue
        done, amount = done + 1, amount + credit
    return sure, done, amount
