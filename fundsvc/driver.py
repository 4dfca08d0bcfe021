"""The driver's own way to the database, for the few statements where SQLAlchemy costs too much."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def run_plain(
    connection: Connection, statement: str, values: Sequence[Any] = ()
) -> Sequence[tuple[Any, ...]]:
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
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement, error) from error
    return rows


def _told(connection: Connection, statement: str, error: Exception) -> BaseException:
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
