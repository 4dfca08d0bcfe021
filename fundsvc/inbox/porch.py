"""Keep what is pushed in a small file beside a SQLite database while somebody else writes to that.

SQLite has one writer at a time, and a file of a million messages is booked in one transaction: so
there is never half of it, and after a crash nothing of it. Booking it in pieces would let others
write in between, but then a month that is closed meanwhile, or a file given up halfway, leaves
books with half a file, and somebody would have to take each entry back. Gateways, the only ones
who cannot wait for minutes, need no place in the books: what they push has to be on disk, once,
and is booked later anyway. So a push that finds the database taken is committed to a file of its
own, `<database>-pushed`, which nobody else locks for longer than a moment, and the worker brings it
into the inbox afterwards. PostgreSQL lets all write at once and has no such file.

As long as anything lies aside, what comes goes there too, so that of two contents under one id the
first that came stays the first. Between the two files nothing is lost or doubled by a crash: a row
is taken away only when the inbox has it for good, and what the inbox has already it does not take
again.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fundsvc.db import SQLITE_WAIT_SECONDS, db, is_busy, read_session, transaction
from fundsvc.inbox.service import MANY, Delivery, Received, Row, keep, sealed, seen

PATIENCE: Final = 0.25
"""Seconds that a push waits for the database before it is kept aside; the next ones do not wait."""
BRINGING: Final = 1.0
"""Seconds that bringing in waits for the database; the worker comes again soon."""
_TABLE: Final = """CREATE TABLE IF NOT EXISTS pushed (id INTEGER PRIMARY KEY AUTOINCREMENT,
source TEXT NOT NULL, external_id TEXT NOT NULL, digest TEXT NOT NULL, body BLOB NOT NULL,
received_at TEXT NOT NULL, UNIQUE (source, external_id, digest)) STRICT"""
_PUT: Final = """INSERT INTO pushed (source, external_id, digest, body, received_at)
VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_OTHERS: Final = "SELECT 1 FROM pushed WHERE source = ? AND external_id = ? AND digest <> ?"
_FIRST: Final = "SELECT id, source, external_id, digest, body, received_at FROM pushed ORDER BY id"


class Porch:
    """The file of one database, as one process has it open; it is made when first needed."""

    def __init__(self, path: Path) -> None:
        """Take the place of the file."""
        self._path = path
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def of(cls, engine: Engine) -> "Porch | None":
        """Return the file beside a database; none where all write at once, or without a file."""
        if engine.dialect.name != "sqlite" or not engine.url.database:
            return None
        return cls(Path(f"{engine.url.database}-pushed"))

    def waits(self) -> bool:
        """Say whether anything lies aside."""
        with self._guard:
            if self._connection is None and not self._path.exists():
                return False
            return self._open().execute("SELECT 1 FROM pushed LIMIT 1").fetchone() is not None

    def keep(self, session: Session, deliveries: Sequence[Delivery]) -> list[Received]:
        """Keep deliveries that neither the inbox has nor this file; they are on disk then.

        Args:
            session: for reading what the inbox has.
            deliveries: what was pushed.
        """
        rows = sealed(deliveries)
        told = [seen(session, row) for row in rows]
        with self._writing() as connection:
            for at, row in enumerate(rows):
                if told[at] is Received.DUPLICATE:
                    continue
                stored = (*row[:4], row.received_at.isoformat())
                if not connection.execute(_PUT, stored).rowcount:
                    told[at] = Received.DUPLICATE
                elif connection.execute(_OTHERS, row.key).fetchone():
                    told[at] = Received.CONFLICT
        return told

    def first(self, most: int) -> dict[int, Row]:
        """Return what has lain aside longest, by its number."""
        with self._guard:
            found = self._open().execute(f"{_FIRST} LIMIT ?", (most,)).fetchall()
        return {
            number: Row(source, external_id, digest, body, datetime.fromisoformat(at))
            for number, source, external_id, digest, body, at in found
        }

    def remove(self, numbers: Sequence[int]) -> None:
        """Forget what the inbox has for good; a number is never given again."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM pushed WHERE id = ?", [(n,) for n in numbers])

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection:
                self._connection.close()
            self._connection = None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            made: Any = sqlite3.connect(
                self._path,
                timeout=SQLITE_WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            for said in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _TABLE):
                made.execute(said)
            self._connection = made
        return self._connection


def bring_in() -> int:
    """Bring what lies aside into the inbox, and return how much; whoever handles pushes begins so.

    While somebody else writes it stays where it is, for the next time.
    """
    porch = Porch.of(db.engine)
    brought = 0
    if porch is None:
        return brought
    try:
        while porch.waits():
            with transaction(patience=BRINGING) as session:
                rows = porch.first(MANY)
                if rows:
                    keep(session, list(rows.values()))
            porch.remove(list(rows))
            brought += len(rows)
    except OperationalError as error:
        if not is_busy(error):
            raise
    finally:
        porch.close()
    return brought


def keep_outside(porch: Porch, deliveries: Sequence[Delivery]) -> list[Received]:
    """Keep deliveries aside; what the inbox has is read while somebody else writes."""
    session = read_session()
    session.rollback()
    try:
        return porch.keep(session, deliveries)
    finally:
        session.rollback()
