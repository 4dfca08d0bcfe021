"""Bare copies of the books' tables: the same columns, keys and indexes, and no guards."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

TABLES = ("entry", "posting")


def strip(url: str, tables: Sequence[str] = TABLES, *, keep_rows: bool = False) -> None:
    """Put bare copies in the tables' places."""
    if url.startswith("sqlite"):
        import sqlite3

        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            for table in tables:
                strip_sqlite(database, table, keep_rows=keep_rows)
            database.commit()
        return
    import psycopg

    with psycopg.connect(url) as connection:
        strip_postgresql(connection, tables, keep_rows=keep_rows)
        connection.commit()


def strip_postgresql(
    connection: Any, tables: Sequence[str] = TABLES, *, keep_rows: bool = False
) -> None:
    """Do it on PostgreSQL; numbers go on from the guarded tables' sequences."""
    for table in tables:
        connection.execute(f"ALTER TABLE {table} RENAME TO guarded_{table}")
        connection.execute(
            f"CREATE TABLE {table} (LIKE guarded_{table} INCLUDING DEFAULTS INCLUDING INDEXES)"
        )
        if keep_rows:
            connection.execute(f"INSERT INTO {table} SELECT * FROM guarded_{table}")


def strip_sqlite(database: Any, table: str, *, keep_rows: bool = False) -> None:
    """Do it on SQLite, for one table."""
    columns = list(database.execute(f"PRAGMA table_info({table})"))
    key = [name for _at, (_n, name, *_rest, place) in enumerate(columns) if place]
    indexes = database.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
        (table,),
    ).fetchall()
    unique = [
        [row[2] for row in database.execute(f"PRAGMA index_info({index[1]})")]
        for index in database.execute(f"PRAGMA index_list({table})")
        if index[3] == "u"
    ]
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("PRAGMA legacy_alter_table = ON")
    database.execute(f"ALTER TABLE {table} RENAME TO guarded_{table}")
    for (sql,) in indexes:
        name = sql.split(" ON ")[0].split()[-1]
        database.execute(f"DROP INDEX {name}")
    parts = [
        f'"{name}" {kind}{" NOT NULL" if required else ""}{" PRIMARY KEY" if key == [name] else ""}'
        for _n, name, kind, required, *_rest in columns
    ]
    parts += [f"PRIMARY KEY ({', '.join(key)})"] if len(key) > 1 else []
    parts += [f"UNIQUE ({', '.join(names)})" for names in unique]
    database.execute(f"CREATE TABLE {table} ({', '.join(parts)}) STRICT")
    for (sql,) in indexes:
        database.execute(sql)
    if keep_rows:
        database.execute(f"INSERT INTO {table} SELECT * FROM guarded_{table}")
