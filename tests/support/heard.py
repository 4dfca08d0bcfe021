"""The statements that a piece of work sends, by SQLAlchemy or straight to the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from fundsvc import driver


@contextmanager
def heard(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements sent within, and their values."""
    found: list[tuple[str, Any]] = []
    run_plain = driver.run_plain

    def hear(_connection: Any, _cursor: Any, text: str, values: Any, *_rest: Any) -> None:
        found.append((text, values))

    def hear_plain(
        connection: Connection, statement: str, values: driver.Values = ()
    ) -> driver.Rows:
        found.append((statement, values))
        return run_plain(connection, statement, values)

    event.listen(engine, "before_cursor_execute", hear)
    driver.run_plain = hear_plain
    try:
        yield found
    finally:
        driver.run_plain = run_plain
        event.remove(engine, "before_cursor_execute", hear)
