"""Seal what was booked: read a batch of settled entries, hash it, add it to chain and roll-ups.

Reading, hashing and summing happen outside any write; only the seal itself and the sums of its
entries are written, in one short transaction. Nobody who books waits for the sealer: on PostgreSQL
not at all, on SQLite, where one writes at a time, for the moment that it takes to write them.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import added
from fundsvc.books.leaves import Leaves, Origins, gather
from fundsvc.books.models import Entry, Seal, SealMarks
from fundsvc.books.standing import Sealed
from ledger import seals as ledger

LOCK: Final = (20110519, 1)
"""The advisory lock that posters share on PostgreSQL; `migrations/guards/seals` takes it too."""
MOST: Final = 50_000
"""The most entries under one seal: so much is hashed and summed before a statement gets quicker."""
PATIENCE: Final = 2.0
"""How many seconds to wait for entries in flight before leaving the seal for the next time."""
_POLL: Final = 0.01


class Overtaken(Exception):  # noqa: N818 - reads as what happened
    """Somebody else sealed meanwhile; nothing was written."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A seal that can be written."""

    seal: ledger.Seal
    marks: bytes
    sums: added.Sums | None


def last_seal(session: Session) -> Sealed:
    """Return the newest seal."""
    row = session.execute(
        select(Seal.number, Seal.head, Seal.last_entry).order_by(Seal.number.desc()).limit(1)
    ).first()
    return Sealed(*row) if row else Sealed()


def covering(session: Session, entry_id: int) -> Sealed | None:
    """Return the seal that an entry lies under, None while it is not sealed."""
    row = session.execute(
        select(Seal.number, Seal.head, Seal.last_entry)
        .where(Seal.last_entry >= entry_id)
        .order_by(Seal.number)
        .limit(1)
    ).first()
    return Sealed(*row) if row else None


def unsealed(session: Session) -> int:
    """Return how many entries no seal covers yet."""
    sealed = last_seal(session)
    query = select(func.count()).select_from(Entry.__table__)
    return int(session.scalar(query.where(Entry.__table__.c.id > sealed.last_entry)) or 0)


def prepare(
    session: Session,
    origins: Origins,
    *,
    most: int = MOST,
    rows: int | None = added.ROWS,
    patience: float = PATIENCE,
) -> Batch | None:
    """Read and hash the next batch of entries; None when there is nothing, or some are in flight.

    Args:
        session: for reading; it must not have read anything before in this transaction.
        origins: who knows the files that imported entries came from.
        most: the most entries to put under one seal.
        rows: the rows of roll-ups after which a seal takes no more entries on SQLite, so that it
            is written in a moment; None for any number.
        patience: how many seconds to wait for entries in flight.
    """
    before = last_seal(session)
    horizon = _settled(session, patience)
    if horizon is None or horizon <= before.last_entry:
        return None
    last, sums = added.read(session, before.last_entry, horizon, most=most, rows=rows)
    found = gather(Leaves(session, origins).read(before.last_entry + 1, last))
    moment = clock.now().astimezone(UTC).isoformat(timespec="microseconds")
    seal = ledger.Seal(
        number=before.number + 1,
        before=before.head or ledger.NO_HEAD,
        root=ledger.root(found.hashes),
        first_entry=found.numbers[0],
        last_entry=found.numbers[-1],
        entries=len(found.hashes),
        debit=found.debit,
        credit=found.credit,
        sealed_at=moment,
    )
    return Batch(seal, found.marks, sums)


def write(session: Session, batch: Batch) -> None:
    """Add a prepared seal to the chain and its entries' sums to the roll-ups.

    Raises:
        Overtaken: somebody else sealed meanwhile.
    """
    seal = batch.seal
    before = last_seal(session)
    if (before.number + 1, before.head or ledger.NO_HEAD) != (seal.number, seal.before):
        raise Overtaken
    session.add(
        Seal(
            number=seal.number,
            first_entry=seal.first_entry,
            last_entry=seal.last_entry,
            entries=seal.entries,
            debit=seal.debit,
            credit=seal.credit,
            root=seal.root,
            head=seal.head,
            sealed_at=datetime.fromisoformat(seal.sealed_at),
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise Overtaken from error
    session.execute(insert(SealMarks).values(number=seal.number, marks=batch.marks))
    added.write(session, seal.first_entry, seal.last_entry, batch.sums)


def _settled(session: Session, patience: float) -> int | None:
    """Return a number below which no entry can appear any more; None if some are in flight.

    On SQLite entries are committed in the order of their numbers. On PostgreSQL whoever booked a
    lower number than the highest one seen, and has not committed, holds the shared lock now; when
    those who hold it now are gone, every lower number is there or never will be. What this very
    transaction booked is there for its own seal, and is committed with it or not at all.
    """
    highest: int | None = session.scalar(select(func.max(Entry.__table__.c.id)))
    if highest is None or session.get_bind().dialect.name != "postgresql":
        return highest
    waiting = set(session.scalars(_HOLDERS, _LOCK_KEYS))
    until = time.monotonic() + patience
    while waiting:
        if time.monotonic() > until:
            return None
        time.sleep(_POLL)
        waiting &= set(session.scalars(_HOLDERS, _LOCK_KEYS))
    return highest


_LOCK_KEYS: Final = {"key": LOCK[0], "part": LOCK[1]}
_HOLDERS: Final = text("""
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'advisory' AND classid = :key AND objid = :part AND objsubid = 2
    AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
