"""The schema: every model in one place, brought forward and compared by Alembic."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import autogenerate, command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, TextClause

from fundsvc.books import reference as books
from fundsvc.tables import metadata
from fundsvc.units import reference as units


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema and reference data, all or nothing."""
    with engine.connect() as connection:
        writing = connection.execution_options(fundsvc_writes=True)
        with writing.begin():
            command.upgrade(_config(writing), "head")
            units.load(writing)
            books.load(writing)


def drift(connection: Connection) -> list[Any]:
    """Return what the models say differently from the database; nothing when they agree."""
    options = {"compare_type": _same_type, "include_object": _compared}
    context = MigrationContext.configure(connection, opts=options)
    with warnings.catch_warnings():
        # SQLite does not tell of what an index of expressions is made.
        for told in ("Skipped unsupported reflection of expr", "autogenerate skipping .* expr"):
            warnings.filterwarnings("ignore", message=told)
        return list(autogenerate.compare_metadata(context, metadata()))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata()
    return config


def _migrations() -> Path:
    spec = find_spec("migrations")
    if spec is None or not spec.origin:
        msg = "the package came without its migrations"
        raise RuntimeError(msg)
    return Path(spec.origin).parent


def _compared(
    item: Any,
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001 - Alembic's signature
    compare_to: object,
) -> bool:
    """Leave out what the guards hold instead of a constraint, or beyond it.

    On PostgreSQL the guards of the journal and of the bank's lines replace their foreign keys (see
    migrations/guards); on SQLite one more key makes an entry wait for its postings. An index of
    expressions cannot be compared on both engines.
    """
    del reflected, compare_to
    if kind == "index":
        return not any(isinstance(part, TextClause) for part in item.expressions)
    if kind not in {"foreign_key_constraint", "unique_constraint"}:
        return True
    if (name or "").startswith("guard_"):
        return False
    columns = [column.name for column in item.columns]
    if kind == "foreign_key_constraint":
        return item.table.name not in {"entry", "posting", "bank_line"}
    return not (item.table.name in {"entry", "posting"} and columns == ["id", "lines", "date"])


def _same_type(
    context: MigrationContext, _inspected: object, model: Any, found: Any, declared: Any
) -> bool:
    """Say whether types differ: compare what would be written in CREATE TABLE."""
    del model
    dialect = context.dialect
    return str(found.compile(dialect=dialect)) != str(declared.compile(dialect=dialect))
