"""Random changes of sealed books, made as the owner of the database could, with all guards off.

`python -m tests.seals.mutations --count 1000` makes books, seals them, changes one thing a time,
and says what `verify` did not find. Each change is rolled back, so that the next one stands alone.
"""

import argparse
import random
import string
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Integer, Table, event, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc.books import sealing, service
from fundsvc.books.grains import ROLLUPS
from fundsvc.books.models import (
    Account,
    Fund,
    Posting,
    Seal,
)
from fundsvc.books.reversing import take_back
from fundsvc.db import db, read_session, transaction
from fundsvc.evidence import service as evidence
from fundsvc.seals.service import files_of, seal_new
from fundsvc.verify import faults
from fundsvc.verifying import sources
from tests.support import gifts

SEALED: Final = tuple(
    db.metadata.tables[name]
    for name in (
        "entry", "posting", "entry_evidence", "entry_donor", "seal",
        *(rollup.table for rollup in ROLLUPS),
    )
)  # fmt: skip
"""The tables that seals are about; any column of any row of them may be changed."""
NAMED: Final = ((Account, "code"), (Account, "type"), (Account, "line"), (Fund, "code"))
"""What sealed entries say by number: changing its meaning changes them too."""
GIFTS: Final = 12
SOURCE: Final = "test"
"""Entries with papers are posted by no slice here."""


def make_books() -> None:
    """Book donations with and without donors, one reversal, entries with papers; seal in parts."""
    sources.SOURCES.add(SOURCE)
    with transaction() as session:
        papers = [
            evidence.record(session, word, name="a.pdf", media_type="application/pdf", by=None)
            for word in (b"one", b"two")
        ]
    for number in range(GIFTS):
        given = gifts.give(amount=100_000 + number, donor=None if number % 3 else gifts.DONOR)
        with transaction() as session:
            entry = service.read_entry(session, given.entry_id)
            name = f"paper-{number}"
            proofs = papers[: number % 3]
            service.post(session, entry, source=SOURCE, external_id=name, evidence=proofs)
        if number % 4 == 3:
            seal_new()
    with transaction() as session:
        mistake: dict[str, Any] = {"on": gifts.DAY, "reason": "Ghi nhầm", "by": None}
        take_back(session, 2, subject="entry:2", **mistake)
    seal_new()


def guards_off() -> None:
    """Take every guard away, as the owner of a database can."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            guarded = "SELECT DISTINCT event_object_table FROM information_schema.triggers"
            for (name,) in connection.execute(text(guarded)).all():
                connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER ALL'))
            checks = (
                "SELECT conrelid::regclass::text, conname FROM pg_constraint"
                " WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace"
            )
            for table, name in connection.execute(text(checks)).all():
                connection.execute(
                    text(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
                )
            return
        found = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in connection.execute(found).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    event.listen(db.engine, "connect", _unguarded)
    # Connections that are there already were made with guards.
    read_session().rollback()
    db.engine.dispose()


def _unguarded(connection: Any, _record: object) -> None:
    for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
        connection.execute(f"PRAGMA {pragma}")


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed, in words."""

    kind: str
    told: str


class Mutator:
    """Makes one random change in an open transaction."""

    def __init__(self, session: Session, seed: int) -> None:
        self._session = session
        self._random = random.Random(seed)  # noqa: S311 - a test that can be run again

    def change(self) -> Change:
        """Change something, and say what."""
        kind = self._random.choice(("column",) * 6 + ("meaning", "delete", "insert", "swap"))
        while True:
            # Keys stay unique: the tables cannot hold two rows of one key.
            with suppress(IntegrityError), self._session.begin_nested():
                told = getattr(self, f"_{kind}")()
                if told:
                    return Change(kind, told)

    def _column(self) -> str | None:
        table = self._table()
        row = self._row(table)
        column = self._random.choice(list(table.columns))
        if row is None:
            return None
        return self._set(table, row, column.name, self._other(row[column.name], column))

    def _meaning(self) -> str | None:
        model, name = self._random.choice(NAMED)
        table: Table = model.__table__  # type: ignore[assignment]  # declared as a clause
        used = select(getattr(Posting, f"{model.__tablename__}_id")).distinct()
        number = self._random.choice(sorted(self._session.scalars(used)))
        row = self._session.execute(select(table).where(table.c.id == number)).one()._mapping
        if name in {"type", "line"}:
            other = "liability" if row["type"] == "asset" else "asset"
            return self._set(table, row, "type", other) if name == "type" else (
                self._set(table, row, "line", "moved")
            )  # fmt: skip
        return self._set(table, row, name, f"{row[name]}x")

    def _delete(self) -> str | None:
        table = self._table()
        row = self._row(table)
        if row is None:
            return None
        self._run(f"DELETE FROM {table.name} WHERE {self._where(table)}", self._key(table, row))
        return f"{table.name} {self._key(table, row)} deleted"

    def _insert(self) -> str | None:
        """Put a copy of a row under another key."""
        table = self._table()
        row = self._row(table)
        if row is None:
            return None
        copy = dict(row)
        for column in table.primary_key.columns:
            copy[column.name] = self._other(copy[column.name], column)
        for name in ("external_id", "head"):
            if name in copy:
                copy[name] = self._other(copy[name], table.c[name])
        copy.pop("reverses_id", None)
        held = self._session.execute(
            select(func.count()).select_from(table).where(
                *(column == copy[column.name] for column in table.primary_key.columns)
            )
        ).scalar_one()  # fmt: skip
        if held:
            return None
        names = ", ".join(copy)
        marks = ", ".join(f":{name}" for name in copy)
        self._run(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", self._plain(table, copy))
        return f"{table.name} {self._key(table, copy)} inserted"

    def _swap(self) -> str | None:
        """Exchange one column of two rows, so that every sum stays."""
        table = self._table()
        one, other = self._row(table), self._row(table)
        loose = [column for column in table.columns if not column.primary_key]
        if one is None or other is None or not loose:
            return None
        name = self._random.choice(loose).name
        unique = name in {"external_id", "head", "reverses_id"}
        if one[name] == other[name] or unique:
            return None
        self._set(table, one, name, other[name])
        return self._set(table, other, name, one[name])

    def _table(self) -> Table:
        return self._random.choice(SEALED)

    def _row(self, table: Table) -> Any:
        rows = self._session.execute(select(table)).all()
        return self._random.choice(rows)._mapping if rows else None

    def _set(self, table: Table, row: Any, name: str, value: object) -> str | None:
        if row[name] == value:
            return None
        self._run(
            f"UPDATE {table.name} SET {name} = :new WHERE {self._where(table)}",
            self._key(table, row) | {"new": self._plain(table, {name: value})[name]},
        )
        return f"{table.name}.{name} of {self._key(table, row)}: {row[name]!r} → {value!r}"

    def _run(self, statement: str, facts: dict[str, Any]) -> None:
        self._session.execute(text(statement), facts)

    def _where(self, table: Table) -> str:
        return " AND ".join(f"{column.name} = :{column.name}" for column in table.primary_key)

    def _key(self, table: Table, row: Any) -> dict[str, Any]:
        names = [column.name for column in table.primary_key.columns]
        return self._plain(table, {name: row[name] for name in names})

    def _plain(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """Return values as this engine stores them."""
        dialect = self._session.get_bind().dialect
        processors = {
            name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in row
        }
        return {
            name: process(row[name]) if (process := processors[name]) else row[name] for name in row
        }

    def _other(self, value: Any, column: Any) -> Any:
        """Return another value of the same kind."""
        rng = self._random
        if value is None:
            number = isinstance(column.type, Integer)
            return rng.randint(1, 9) if number else "".join(rng.choices(string.hexdigits, k=6))
        if isinstance(value, date):
            units = "microseconds" if isinstance(value, datetime) else "days"
            return value + timedelta(**{units: rng.choice((1, -1, 30, 365))})
        if isinstance(value, int):
            return value + rng.choice((1, -1, 7, 1_000))
        if column.nullable and not rng.randrange(4):
            return None
        if column.name in {"head", "root", "sha256", "commitment"}:
            place = rng.randrange(len(value))
            letter = rng.choice([digit for digit in "0123456789abcdef" if digit != value[place]])
            return value[:place] + letter + value[place + 1 :]
        return rng.choice((f"{value} ", f"{value}x", f"-{value}"))


@contextmanager
def undone(session: Session) -> Iterator[Session]:
    """Give a session whose changes are rolled back in the end."""
    session.rollback()
    try:
        yield session
    finally:
        session.rollback()


def found(session: Session, published: dict[int, str] | None = None) -> bool:
    """Say whether verify finds anything."""
    return next(iter(faults(session, published)), None) is not None


def chain_anew(session: Session) -> None:
    """Throw seals and roll-ups away and seal everything again, within this transaction."""
    for table in ("seal_marks", "seal", *(rollup.table for rollup in ROLLUPS)):
        session.execute(text(f"DELETE FROM {table}"))
    session.expire_all()
    batch = sealing.prepare(session, files_of, patience=0)
    if batch is not None:
        sealing.write(session, batch)
    session.flush()
    session.expunge_all()


def heads(session: Session) -> dict[int, str]:
    """Return the heads that somebody may have kept."""
    return {row.number: row.head for row in session.execute(select(Seal.number, Seal.head))}


def main() -> int:
    """Run on SQLite in a folder of its own, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from fundsvc.app import create_app
    from fundsvc.config import Settings
    from tests.support.databases import migrate

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/books.sqlite"
        migrate(url)
        app = create_app(
            Settings(
                database_url=url, secret_key="k" * 64, data_key="d" * 64, base_url="http://localhost",
                instance_dir=Path(folder),
            ),
            testing=True,
        )  # fmt: skip
        with app.app_context():
            make_books()
            guards_off()
            kinds: Counter[str] = Counter()
            missed = []
            for seed in range(given.seed, given.seed + given.count):
                with undone(read_session()) as session:
                    change = Mutator(session, seed).change()
                    kinds[change.kind] += 1
                    if not found(session):
                        missed.append((seed, change))
    for seed, change in missed:
        print(f"not found: seed {seed}: {change.told}")
    print(f"{given.count - len(missed)} of {given.count} changes found: {dict(kinds)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
