"""What the screen of an account shows: the lines that wait, and one line in full."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from fundsvc.books.closed import closed_through
from fundsvc.errors import NotFound
from fundsvc.evidence.models import StoredFile
from fundsvc.reconciliation import decided, figures
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankLine, BankNote
from fundsvc.staff.models import StaffUser
from fundsvc.workbench.choices import MOST, Mirrored, PaidOut, Proposal
from fundsvc.workbench.looking import View
from fundsvc.workbench.proposals import propose
from fundsvc.workbench.strip import Strip
from fundsvc.workbench.taken import Taken, by_what

PAGE: Final = 40
LIKELY: Final = 60
"""From this score on the first proposal is chosen beforehand."""
NEAR: Final = timedelta(days=15)
OWN_DAY: Final = (Mirrored, PaidOut)
"""Choices that may be booked on another day than their line's: a closed month stops none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; `amount` is above 0 for money in, `closed` says so of its month."""

    id: int
    on: date
    amount: int
    memo: str
    counterparty: str
    held: bool
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal with the name by which a form accepts it."""

    name: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Note:
    """What was written or laid beside a line."""

    words: str
    who: str
    at: datetime
    file: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One line with all that is known of it."""

    row: Row
    at_time: str
    number: str
    entry_id: int
    held_why: str
    offers: tuple[Offer, ...]
    notes: tuple[Note, ...]
    mirrors: tuple[tuple[Row, str], ...]
    decision_id: int | None
    taken: Taken | None
    waits: bool

    @property
    def first(self) -> str:
        """The name of the proposal that is chosen beforehand; empty when none is likely."""
        found = likely(self.row, [one.proposal for one in self.offers])
        return name_of(found) if found else ""

    @property
    def bookable(self) -> tuple[Offer, ...]:
        """The proposals that the books can take."""
        return tuple(one for one in self.offers if takes(self.row, one.proposal))


def takes(row: Row, proposal: Proposal) -> bool:
    """Say whether the books take a proposal: in a closed month only what has its own day."""
    return not row.closed or isinstance(proposal.choice, OWN_DAY)


def likely(row: Row, proposals: Sequence[Proposal]) -> Proposal | None:
    """Return the proposal that is chosen beforehand: likely, the first alone, and bookable."""
    if not proposals or proposals[0].score < LIKELY or not takes(row, proposals[0]):
        return None
    tie = len(proposals) > 1 and proposals[1].score == proposals[0].score
    return None if tie else proposals[0]


def account_of(session: Session, code: str) -> BankAccount:
    """Return a bank account by its code.

    Raises:
        NotFound: there is none, or not for this person.
    """
    wanted = select(BankAccount).where(BankAccount.code == code.strip().upper())
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def rows(
    session: Session, account: BankAccount, view: View, limit: int = PAGE
) -> tuple[list[Row], str | None]:
    """Return the lines that a view shows, and where the list goes on."""
    query = select(BankLine, decided.held()).where(
        BankLine.bank_account_id == account.id, decided.waiting(), *view.only()
    )
    key: Any = BankLine.credit + BankLine.debit if view.sort == "big" else BankLine.booked_on
    order = [key, BankLine.id] if view.sort == "old" else [key.desc(), BankLine.id.desc()]
    after = view.mark()
    if after is not None:
        here = tuple_(key, BankLine.id)
        query = query.where(here > after if view.sort == "old" else here < after)
    found = session.execute(query.order_by(*order).limit(limit + 1)).all()
    through = closed_through(session, account.unit_id)
    shown = [_row(line, held=bool(held), through=through) for line, held in found[:limit]]
    if len(found) <= limit:
        return shown, None
    last = shown[-1]
    at = abs(last.amount) if view.sort == "big" else last.on.isoformat()
    return shown, f"{at}.{last.id}"


def lines(session: Session, account: BankAccount, ids: Sequence[int]) -> dict[int, Row]:
    """Return some lines of an account by number."""
    through = closed_through(session, account.unit_id)
    query = select(BankLine).where(BankLine.bank_account_id == account.id, BankLine.id.in_(ids))
    return {line.id: _row(line, held=False, through=through) for line in session.scalars(query)}


def beginning_at(session: Session, account: BankAccount, view: View, line_id: int) -> View:
    """Return a view whose list begins with a line, in the order that it has."""
    line = session.scalar(
        select(BankLine).where(BankLine.id == line_id, BankLine.bank_account_id == account.id)
    )
    if line is None:
        return view
    key = str(line.credit + line.debit) if view.sort == "big" else line.booked_on.isoformat()
    return replace(view, after=(key, line.id - 1 if view.sort == "old" else line.id + 1))


def count(session: Session, account: BankAccount, view: View, told: Strip) -> tuple[int, int]:
    """Return how many lines a view shows in all, and what they come to; of all lines `told` is."""
    rest = replace(view, way="").only()
    if not view.way and not rest:
        return told.count, told.amount
    return figures.waiting(session, account.id, *rest, way=view.way)


def whole(session: Session, account: BankAccount, line_id: int) -> Whole:
    """Return one line of an account with proposals, notes and possible other sides.

    Raises:
        NotFound: there is no such line on this account.
    """
    line = session.scalar(
        select(BankLine).where(BankLine.id == line_id, BankLine.bank_account_id == account.id)
    )
    if line is None:
        raise NotFound
    here = select(BankLine.id).where(BankLine.id == line_id, decided.waiting())
    waits = session.scalar(here) is not None
    standing = session.scalar(
        select(BankDecision).where(
            BankDecision.bank_line_id == line_id, BankDecision.undone_at.is_(None)
        )
    )
    held = standing is not None and standing.kind == decided.HELD
    return Whole(
        row=_row(line, held=held, through=closed_through(session, account.unit_id)),
        at_time=line.at_time,
        number=line.doc_no or line.reference,
        entry_id=line.entry_id,
        held_why=standing.note if standing and held else "",
        offers=offers(session, line_id) if waits else (),
        notes=_notes(session, line_id),
        mirrors=_mirrors(session, line) if waits else (),
        decision_id=standing.id if standing else None,
        taken=None if waits else by_what(session, line_id),
        waits=waits,
    )


def offers(session: Session, line_id: int) -> tuple[Offer, ...]:
    """Return the proposals of a line, each with its name."""
    found = propose(session, [line_id]).get(line_id, [])[:MOST]
    return tuple(Offer(name_of(one), one) for one in found)


def name_of(proposal: Proposal) -> str:
    """Return a name for what a proposal chooses, so that a form accepts what was shown."""
    return hashlib.sha256(repr(proposal.choice).encode()).hexdigest()[:16]


def _row(line: BankLine, *, held: bool, through: date | None = None) -> Row:
    return Row(
        id=line.id,
        on=line.booked_on,
        amount=line.credit - line.debit,
        memo=line.memo,
        counterparty=line.counterparty,
        held=held,
        closed=through is not None and line.booked_on.replace(day=1) <= through,
    )


def _notes(session: Session, line_id: int) -> tuple[Note, ...]:
    query = (
        select(BankNote, StaffUser.name, StoredFile.name)
        .outerjoin(StaffUser, StaffUser.id == BankNote.noted_by)
        .outerjoin(StoredFile, StoredFile.sha256 == BankNote.sha256)
        .where(BankNote.bank_line_id == line_id)
        .order_by(BankNote.id)
    )
    return tuple(
        Note(note.words, who or "", note.noted_at, file, note.sha256)
        for note, who, file in session.execute(query)
    )


def _mirrors(session: Session, line: BankLine) -> tuple[tuple[Row, str], ...]:
    """Return lines of our other accounts that may be the other side: the amount, days near."""
    others = session.scalars(
        select(BankAccount.id).where(BankAccount.id != line.bank_account_id)
    ).all()
    query = (
        select(BankLine, BankAccount.code)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            BankLine.bank_account_id.in_(others),
            BankLine.credit + BankLine.debit == line.credit + line.debit,
            BankLine.booked_on.between(line.booked_on - NEAR, line.booked_on + NEAR),
            BankLine.credit == line.debit,
            BankLine.debit == line.credit,
            decided.waiting(),
        )
        .order_by(BankLine.booked_on, BankLine.id)
        .limit(MOST)
    )
    return tuple((_row(other, held=False), code) for other, code in session.execute(query))
