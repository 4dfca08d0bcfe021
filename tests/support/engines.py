"""Statements that are compiled once in a process, although each test has a database of its own.

A server compiles a statement once and runs it for months; an engine of its own for each test would
compile all of them again each time, which takes longer than the database needs for them. What comes
out of the cache is also what a server has: a statement that is wrong the second time is found.
"""

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import Dialect

# More than all tests of a process ask: a cache that forgets would be looked through for nothing.
ROOM = 50_000
_make = SQLAlchemy._make_engine
_known: dict[str, tuple[Dialect, Any]] = {}


def make_engine(
    extension: SQLAlchemy, key: str | None, options: dict[str, Any], app: Any
) -> Engine:
    """Make the engine of an application; it knows what those before it have compiled."""
    engine = _make(extension, key, {"query_cache_size": ROOM, **options}, app)
    own = engine.dialect
    if own.name not in _known:
        # Only after it has seen the database does a dialect know what the database can do.
        event.listen(engine, "connect", lambda *_: _known.setdefault(own.name, _of(engine)))
        return engine
    own.initialize = _already_done  # type: ignore[method-assign,assignment]
    engine.dialect, engine._compiled_cache = _known[own.name]
    engine.pool._dialect = engine.dialect
    return engine


def _of(engine: Engine) -> tuple[Dialect, Any]:
    return engine.dialect, engine._compiled_cache


def _already_done(_connection: object) -> None:
    """Ask nothing of a database that is a copy of one that was asked."""
