"""The list of heads: page by page for people, whole for whoever keeps it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Seal
from fundsvc.sheet import csv_lines
from ledger import seals as ledger

PAGE = 50
_PART = 1_000
COLUMNS = (
    "seal", "head", "before", "root", "first_entry", "last_entry", "entries", "debit", "credit",
    "sealed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SealPage:
    """A page of seals, newest first; `next` is the number below which the list goes on."""

    seals: tuple[ledger.Seal, ...]
    next: int | None


def page(session: Session, below: int | None = None, size: int = PAGE) -> SealPage:
    """List seals, newest first."""
    query = select(Seal).order_by(Seal.number.desc()).limit(size + 1)
    if below is not None:
        query = query.where(Seal.number < below)
    rows = list(session.scalars(query))
    # Each stands with the head before it, so the page needs the seal below its last one too.
    oldest = rows[size - 1] if len(rows) > size else None
    found = tuple(_chained(session, reversed(rows[:size])))
    return SealPage(found[::-1], oldest.number if oldest else None)


def every(session: Session, after: int = 0) -> Iterator[ledger.Seal]:
    """Yield the seals that come after one, in order."""
    while True:
        # Part by part, so that no cursor is left open when somebody stops reading.
        part = select(Seal).where(Seal.number > after).order_by(Seal.number).limit(_PART)
        rows = list(session.scalars(part))
        yield from _chained(session, rows)
        if len(rows) < _PART:
            return
        after = rows[-1].number


def one(session: Session, number: int) -> ledger.Seal | None:
    """Return a seal, None if there is none of this number."""
    row = session.get(Seal, number)
    return next(_chained(session, [row])) if row else None


def covering(session: Session, entry_id: int) -> ledger.Seal | None:
    """Return the seal that an entry lies under, None while it is not sealed."""
    row = session.scalar(
        select(Seal).where(Seal.last_entry >= entry_id).order_by(Seal.number).limit(1)
    )
    return next(_chained(session, [row])) if row else None


def lines(seals: Iterable[ledger.Seal]) -> Iterator[str]:
    """Yield the list of heads as CSV."""
    rows = (
        (
            seal.number, seal.head, seal.before, seal.root, seal.first_entry, seal.last_entry,
            seal.entries, seal.debit, seal.credit, seal.sealed_at,
        )
        for seal in seals
    )  # fmt: skip
    return csv_lines(COLUMNS, rows)


def _chained(session: Session, rows: Iterable[Seal]) -> Iterator[ledger.Seal]:
    """Yield rows in order as values, each with the head stored before it."""
    before: tuple[int, str] | None = None
    for row in rows:
        if before is None or before[0] != row.number - 1:
            earlier = session.scalar(select(Seal.head).where(Seal.number == row.number - 1))
            before = (row.number - 1, earlier or ledger.NO_HEAD)
        yield ledger.Seal(
            number=row.number,
            before=before[1],
            root=row.root,
            first_entry=row.first_entry,
            last_entry=row.last_entry,
            entries=row.entries,
            debit=row.debit,
            credit=row.credit,
            sealed_at=row.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        )
        before = (row.number, row.head)
