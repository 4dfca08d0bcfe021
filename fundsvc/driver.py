"""The driver's own way to the database, for statements where SQLAlchemy costs more than they do."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    Reader: TypeAlias = "Session | Alone"

Rows = Sequence[tuple[Any, ...]]
Values = Sequence[Any] | Mapping[str, Any]
SQLITE_WAIT_SECONDS: Final = 10.0
SQLITE_SETTINGS: Final = (
    f"busy_timeout = {SQLITE_WAIT_SECONDS * 1_000:.0f}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "trusted_schema = OFF",
    "temp_store = MEMORY",
    "cache_size = -65536",
)
"""The pragmas of every connection."""
_NAMED: Final = re.compile(r":([a-z][a-z_0-9]*)", re.ASCII)


def run_plain(connection: "Connection", statement: str, values: Values = ()) -> Rows:
    """Run the driver's own text, which on PostgreSQL must return rows, and return them.

    For small statements that are run again and again: what SQLAlchemy keeps about a statement and
    its result takes longer than the database needs for it. The cursor is kept with its connection,
    and knows how it adapted such values before.

    Raises:
        DBAPIError: the driver failed; told as SQLAlchemy would, a lost connection is given up.
    """
    cursor = connection.info.get("cursor")
    try:
        if cursor is None:
            cursor = connection.info["cursor"] = connection.connection.cursor()
        cursor.execute(statement, values)
        rows: Rows = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement, error) from error
    return rows


class Alone:
    """A SQLite database read as of one moment, by its driver alone; it stands for a session."""

    def __init__(self, connection: "sqlite3.Connection") -> None:
        """Begin to read; the connection begins no transaction by itself."""
        self.info: dict[str, Any] = {}
        self._connection = connection
        connection.execute("BEGIN")

    def get_bind(self) -> "Alone":
        """Return what tells this database from others."""
        return self

    def flush(self) -> None:
        """Do nothing: nothing waits to be written."""

    def rollback(self) -> None:
        """End the moment that is read."""
        self._connection.rollback()

    def read(self, statement: str, values: Mapping[str, Any]) -> Rows:
        """Return the rows of a statement."""
        return self._connection.execute(statement, values).fetchall()


def read_plain(session: "Reader", statement: str, values: Mapping[str, Any] | None = None) -> Rows:
    """Read within a session by a text of both engines, whose values are named as in `:first`.

    What the session has not flushed is not seen. Days come back as the driver has them, which is
    text on SQLite. No other colon may stand in the statement, and no per cent sign.

    Raises:
        DBAPIError: see `run_plain`.
    """
    if not isinstance(session, Alone) and engine_of(session) == "postgresql":
        return run_plain(session.connection(), _as_psycopg_names(statement), values or {})
    days = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in (values or {}).items()
    }
    if isinstance(session, Alone):
        return session.read(statement, days)
    return run_plain(session.connection(), statement, days)


def engine_of(session: "Reader") -> str:
    """Return which engine a session reads from: `sqlite` or `postgresql`."""
    return "sqlite" if isinstance(session, Alone) else session.get_bind().dialect.name


def as_day(found: date | str) -> date:
    """Return a day as `read_plain` gave it."""
    return date.fromisoformat(found) if isinstance(found, str) else found


def scope(session: "Reader") -> frozenset[int] | None:
    """Return the units that a session is limited to, or None for all."""
    found: frozenset[int] | None = session.info.get("units")
    return found


@lru_cache(maxsize=256)
def _as_psycopg_names(statement: str) -> str:
    return _NAMED.sub(r"%(\1)s", statement)


def _told(connection: "Connection", statement: str, error: Exception) -> BaseException:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - who failed has loaded it

    dialect = connection.dialect
    raw = connection.connection.dbapi_connection
    lost = dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        statement,
        None,
        error,
        dialect.loaded_dbapi.Error,
        connection_invalidated=lost,
        dialect=dialect,
    )
