"""What a command reads: by SQLite's driver alone where that is enough, else in the application.

Loading Flask, SQLAlchemy and the tables of all slices takes several times as long as a statement.
A command says itself when it needs none of them.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fundsvc import loading
from fundsvc.driver import SQLITE_SETTINGS, Alone

if TYPE_CHECKING:
    from fundsvc.driver import Reader

Function = TypeVar("Function", bound=Callable[..., Any])
_AT: Final = "sqlite:///"
_alone: ContextVar[Alone | None] = ContextVar("fundsvc_alone", default=None)


def alone(when: Callable[..., bool]) -> Callable[[Function], Function]:
    """Mark a command that does without the application when its arguments say so."""

    def mark(function: Function) -> Function:
        function.reads_alone = when  # type: ignore[attr-defined]
        return function

    return mark


def snapshot() -> "Reader":
    """Return what to read from as of one moment, until it is rolled back."""
    found = _alone.get()
    if found is not None:
        return found
    from fundsvc import db  # noqa: PLC0415 - see above

    return db.snapshot()


def done_alone(function: Callable[..., Any], arguments: dict[str, Any], url: str) -> bool:
    """Run a command without the application; say that it was not if it cannot do without.

    What goes wrong in the database is left to the application to meet again and to tell.
    """
    when = getattr(function, "reads_alone", None)
    file = _file(url)
    if when is None or file is None or not when(**arguments):
        return False
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for setting in (*SQLITE_SETTINGS, "query_only = ON"):
                connection.execute(f"PRAGMA {setting}")
            held = _alone.set(Alone(connection))
            loading.done()
            try:
                function(**arguments)
            finally:
                _alone.reset(held)
    except sqlite3.Error:
        return False
    return True


def _file(url: str) -> Path | None:
    """Return the file of a database that is told by its plain path and is there."""
    path = Path(url.removeprefix(_AT))
    plain = url.startswith(_AT) and not {"?", "%", "#"} & set(url)
    return path if plain and path.is_absolute() and path.is_file() else None
