"""What the screen of an account shows: the four figures, the lines that wait, one line in full."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from fundsvc.books.closed import closed_through
from fundsvc.books.totals import Columns, balances
from fundsvc.errors import NotFound
from fundsvc.evidence.models import StoredFile
from fundsvc.reconciliation import decided, figures
from fundsvc.reconciliation.models import (
    BankAccount,
    BankDecision,
    BankFile,
    BankLine,
    BankNote,
)
from fundsvc.staff.models import StaffUser
from fundsvc.workbench.choices import MOST, Mirrored, PaidOut, Proposal
from fundsvc.workbench.proposals import propose
from fundsvc.workbench.taken import Taken, by_what
from fundsvc.workbench.words import holds

PAGE: Final = 40
SORTS: Final = ("old", "new", "big")
WAYS: Final = ("", "in", "out")
STATES: Final = ("", "open", "held")
LIKELY: Final = 60
"""From this score on the first proposal is chosen beforehand."""
NEAR: Final = timedelta(days=15)
LONGEST_WORDS: Final = 100
MOST_PICKED: Final = 500
OWN_DAY: Final = (Mirrored, PaidOut)
"""Choices that may be booked on another day than their line's: a closed month stops none."""


@dataclass(frozen=True, slots=True)
class View:
    """How the list is looked at: order, filters, where it begins, and which lines are ticked.

    `beyond` is how many more were ticked than one preview can take.
    """

    sort: str = "old"
    way: str = ""
    state: str = ""
    words: str = ""
    after: tuple[str, int] | None = None
    picked: tuple[int, ...] = ()
    beyond: int = 0

    @classmethod
    def of(cls, values: Mapping[str, str], picked: Sequence[str] = ()) -> "View":
        """Read a view from an address or form; what cannot be is left out."""
        sort, way, state = (values.get(name, "") for name in ("sort", "way", "state"))
        key, _dot, number = values.get("after", "").rpartition(".")
        numbers = tuple(dict.fromkeys(int(one) for one in picked if _is_number(one)))
        return cls(
            sort=sort if sort in SORTS else "old",
            way=way if way in WAYS else "",
            state=state if state in STATES else "",
            words=values.get("q", "").strip()[:LONGEST_WORDS],
            after=(key, int(number)) if key and _is_number(number) else None,
            picked=numbers[:MOST_PICKED],
            beyond=max(len(numbers) - MOST_PICKED, 0),
        )

    def query(self, **more: Any) -> str:
        """Return the view as the query of an address, with more or other values."""
        values: dict[str, Any] = {
            "sort": self.sort if self.sort != "old" else None,
            "way": self.way,
            "state": self.state,
            "q": self.words,
            "after": f"{self.after[0]}.{self.after[1]}" if self.after else None,
            "pick": list(self.picked),
        }
        values |= more
        return urlencode({name: one for name, one in values.items() if one}, doseq=True)


@dataclass(frozen=True, slots=True)
class Strip:
    """The four figures; `bank` is None when no statement tells a balance."""

    bank: int | None
    bank_day: date | None
    book: int
    count: int
    amount: int

    @property
    def difference(self) -> int | None:
        """The bank's balance less that of the books."""
        return None if self.bank is None else self.bank - self.book


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


def strip(session: Session, account: BankAccount) -> Strip:
    """Return the four figures of an account."""
    count, amount = figures.waiting(session, account.id)
    bank, day = bank_balance(session, account)
    return Strip(bank, day, book_balance(session, account), count, amount)


def book_balance(session: Session, account: BankAccount) -> int:
    """Return what the books say lies on a bank account."""

    def here(columns: Columns) -> list[ColumnElement[bool]]:
        return [columns.account_id == account.account_id]

    return balances(session, (), date.max, where=here).get((), 0)


def bank_balance(session: Session, account: BankAccount) -> tuple[int | None, date | None]:
    """Return what the bank says: the newest statement's closing, with what gateways told since."""
    newest = (
        select(BankFile.closing, BankFile.last)
        .where(BankFile.bank_account_id == account.id, BankFile.closing.is_not(None))
        .order_by(BankFile.last.desc(), BankFile.id.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    if found is None or found.last is None:
        return None, None
    since = session.scalar(
        select(func.coalesce(func.sum(BankLine.credit - BankLine.debit), 0)).where(
            BankLine.bank_account_id == account.id, BankLine.booked_on > found.last
        )
    )
    return found.closing + int(since or 0), found.last


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
        BankLine.bank_account_id == account.id, decided.waiting(), *only(view)
    )
    key: Any = BankLine.credit + BankLine.debit if view.sort == "big" else BankLine.booked_on
    order = [key, BankLine.id] if view.sort == "old" else [key.desc(), BankLine.id.desc()]
    mark = _mark(view)
    if mark is not None:
        here = tuple_(key, BankLine.id)
        query = query.where(here > mark if view.sort == "old" else here < mark)
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
    rest = only(replace(view, way=""))
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


def only(view: View) -> list[ColumnElement[bool]]:
    """Return what a view asks of lines besides that they wait."""
    found: list[ColumnElement[bool]] = []
    if view.way:
        found.append(BankLine.credit > 0 if view.way == "in" else BankLine.debit > 0)
    if view.state:
        found.append(decided.held() if view.state == "held" else ~decided.held())
    if view.words:
        found.append(holds(view.words, BankLine.memo, BankLine.counterparty))
    return found


def _mark(view: View) -> tuple[Any, int] | None:
    if view.after is None:
        return None
    key, number = view.after
    if view.sort == "big":
        return (int(key), number) if _is_number(key) else None
    try:
        return date.fromisoformat(key), number
    except ValueError:
        return None


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


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - figures of a key
