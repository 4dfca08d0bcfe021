"""Change the definition of a table of SQLite where its content stays as it is."""

from alembic import op


def redefine(table: str, old: str, new: str) -> None:
    """Write a part of a table's definition anew: a default, or NOT NULL taken away.

    ALTER TABLE of SQLite cannot do that; its documents name this way ("Making Other Kinds Of Table
    Schema Changes"), which keeps rows, indexes and guards.

    Raises:
        LookupError: the definition does not hold the old text once.
    """
    run = op.get_bind().exec_driver_sql
    (made,) = run("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).one()
    if made.count(old) != 1:
        raise LookupError(made)
    version = run("PRAGMA schema_version").scalar_one()
    run("PRAGMA writable_schema = ON")
    run(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?",
        (made.replace(old, new), table),
    )
    run(f"PRAGMA schema_version = {version + 1}")
    run("PRAGMA writable_schema = OFF")
