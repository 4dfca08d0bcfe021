"""Changing tables behind the service's back, as the owner of a database can."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from fundsvc.db import db


@contextmanager
def unguarded(*tables: str) -> Iterator[Connection]:
    """Give a connection on which nothing is checked of these tables; commit in the end."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
                checks = text(
                    "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f')"
                    f" AND conrelid = '{table}'::regclass"
                )
                for (name,) in connection.execute(checks).all():
                    connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
            yield connection
        return
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.rollback()
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("PRAGMA ignore_check_constraints = ON")
        found = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in connection.execute(found).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        connection.commit()
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA ignore_check_constraints = OFF")
