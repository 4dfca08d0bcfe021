"""The database: one schema on SQLite and PostgreSQL, the unit scope, and the only commit."""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from flask import g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine, MetaData, Text, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import (
    DeclarativeBase,
    MappedAsDataclass,
    ORMExecuteState,
    Session,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import ORMOption

from fundsvc import driver
from fundsvc.columns import Big, Day, Flag, Json, Moment
from fundsvc.driver import run_plain

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.orm import Mapped, UOWTransaction
    from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_WAIT_SECONDS = driver.SQLITE_WAIT_SECONDS
_SQLITE_BUSY = 5
REST_SECONDS = 2.0


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The base of all models: typed constructors, keyword arguments only."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads a plain class attribute
        int: Big,
        str: Text(),
        date: Day(),
        datetime: Moment(),
        bool: Flag(),
        dict[str, Any]: Json(),
    }


class OfUnit:
    """Marks a model whose rows belong to one unit by `unit_id`; the scope below holds for it."""

    if TYPE_CHECKING:
        unit_id: Mapped[int]


class OutOfScopeError(Exception):
    """A write touches a unit that the person signed in may not touch."""


_REACH = "fundsvc_reach"


class _OfRequest(FlaskSession):
    """A session that begins within the reach of the request it is made for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if _REACH in g:
            set_scope(self, g.get(_REACH))


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": _OfRequest})


def table_args(*constraints: Any) -> tuple[Any, ...]:
    """Return a model's table arguments; every table is STRICT on SQLite."""
    return (*constraints, {"sqlite_strict": True})


def init_app(app: "Flask", url: str, *, test_pool: bool = False) -> None:
    """Bind the application to its database and equip every connection."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    options: dict[str, Any] = {}
    if test_pool:
        from sqlalchemy.pool import NullPool  # noqa: PLC0415 - only tests give connections back

        options = {"poolclass": NullPool}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        equip(db.engine)


def equip(engine: Engine) -> None:
    """Give an engine's connections what pitfalls of SQLite ask for; PostgreSQL needs a ping."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _equip_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", partial(_wake, engine))


def _note_rest(_connection: "DBAPIConnection | None", record: "ConnectionPoolEntry") -> None:
    record.info["resting_since"] = time.monotonic()


def _wake(
    engine: Engine, connection: "DBAPIConnection", record: "ConnectionPoolEntry", _fairy: object
) -> None:
    """See that a connection that has rested a while still stands; else another one is made.

    One that was used a moment ago is not asked: that would be a round trip for every transaction.
    """
    since = record.info.get("resting_since")
    if since is None or time.monotonic() - since < REST_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _equip_sqlite(connection: "DBAPIConnection", _record: "ConnectionPoolEntry") -> None:
    # The driver must not begin transactions by itself, or BEGIN IMMEDIATE comes too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in driver.SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: "Connection") -> None:
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get("fundsvc_writes", False) else "BEGIN"
    patience = options.get("fundsvc_patience", SQLITE_WAIT_SECONDS)
    if patience == SQLITE_WAIT_SECONDS:
        run_plain(connection, begin)
        return
    run_plain(connection, f"PRAGMA busy_timeout = {_ms(patience)}")
    try:
        run_plain(connection, begin)
    finally:
        run_plain(connection, f"PRAGMA busy_timeout = {_ms(SQLITE_WAIT_SECONDS)}")


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)


def is_busy(error: DBAPIError) -> bool:
    """Say whether SQLite refused because somebody else was writing all the time."""
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return bool(code & 0xFF == _SQLITE_BUSY)


def read_session() -> Session:
    """Return the session of this request or command, for reading."""
    return db.session()


def let_go() -> None:
    """End what the session of this request reads, if there is one."""
    if db.session.registry.has():
        db.session().rollback()


def snapshot() -> Session:
    """Return the session for reading much of one moment: nothing posted meanwhile is seen.

    It lasts until the session is rolled back or a transaction begins.
    """
    session = db.session()
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session


@contextmanager
def transaction(*, patience: float = SQLITE_WAIT_SECONDS) -> Iterator[Session]:
    """Run one database transaction: commit at the end, roll back on any exception.

    This and `plain_transaction` are the only places that commit. On SQLite it takes the write lock
    at the beginning, so that what was read is still true when it is written.

    Args:
        patience: the seconds to wait on SQLite while somebody else writes.

    Raises:
        RuntimeError: a transaction is already open; services never open one.
        OperationalError: somebody else wrote all the time (`is_busy`).
    """
    session = db.session()
    if session.info.get("in_transaction"):
        msg = "transaction() within transaction()"
        raise RuntimeError(msg)
    session.rollback()  # Reads so far may be stale; the transaction sees a fresh state.
    session.info["in_transaction"] = True
    queued = False
    try:
        queued = _queue(session.get_bind(), patience)
        options = {"fundsvc_writes": True, "fundsvc_patience": patience}
        session.connection(execution_options=options)
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        for name in session.info.pop("forget", ()):
            session.info.pop(name, None)
        raise
    finally:
        session.info["in_transaction"] = False
        if queued:
            _writers.release()


@contextmanager
def plain_transaction(*, patience: float = SQLITE_WAIT_SECONDS) -> Iterator["Connection"]:
    """Run one transaction of plain statements, as `transaction` does, without a session's keeping.

    For the few places that write one row again and again: what a session keeps of a transaction
    takes longer than the row.

    Raises:
        RuntimeError: a transaction is already open.
        OperationalError: somebody else wrote all the time (`is_busy`).
    """
    if db.session.registry.has() and db.session().info.get("in_transaction"):
        msg = "plain_transaction() within transaction()"
        raise RuntimeError(msg)
    let_go()  # What was read so far is not read on from beside the transaction.
    queued = _queue(db.engine, patience)
    try:
        with db.engine.connect() as connection:
            connection.execution_options(fundsvc_writes=True, fundsvc_patience=patience)
            with connection.begin():
                yield connection
    finally:
        if queued:
            _writers.release()


_writers = threading.Lock()


def _queue(bind: "Engine | Connection", patience: float) -> bool:
    """Let the threads of this process write to SQLite one after the other; say if one's turn came.

    SQLite itself lets them look again and again, ever more seldom, whether the other is done. After
    as long as it would wait, it is asked all the same.
    """
    if bind.dialect.name != "sqlite":
        return False
    return _writers.acquire(timeout=patience)


def forget_on_rollback(session: Session, name: str) -> None:
    """Drop something remembered in `session.info` when a transaction is rolled back."""
    session.info.setdefault("forget", set()).add(name)


def set_scope(session: Session, units: Collection[int] | None) -> None:
    """Limit a session to some units, for reading and writing; None means all units."""
    session.info["units"] = None if units is None else frozenset(units)


def limit(units: Collection[int] | None) -> None:
    """Limit the session of this request to some units, also if it is made only later.

    Many a request of a stranger needs none, and making one takes as long as much of the rest.
    """
    setattr(g, _REACH, units)
    if db.session.registry.has():
        set_scope(db.session(), units)


def reach() -> frozenset[int] | None:
    """Return the units to which the session of this request is limited, without making one."""
    if db.session.registry.has():
        return scope(db.session())
    units: Collection[int] | None = g.get(_REACH)
    return None if units is None else frozenset(units)


def scope(session: Session) -> frozenset[int] | None:
    """Return the units that a session is limited to, or None for all."""
    return driver.scope(session)


def check_scope(session: Session, unit_ids: Collection[int]) -> None:
    """Refuse a write to units outside the session's scope.

    Raises:
        OutOfScopeError: at least one unit is outside.
    """
    units = scope(session)
    if units is not None and not units.issuperset(unit_ids):
        raise OutOfScopeError


@lru_cache(maxsize=500)
def _limits(units: frozenset[int], models: tuple[type[OfUnit], ...]) -> tuple[ORMOption, ...]:
    """Return what limits every statement to some units, kept for the many of a page."""
    return tuple(
        # A function, so that a second name of a table is asked by that name.
        with_loader_criteria(model, lambda each: each.unit_id.in_(units), include_aliases=True)
        for model in models
    )


@event.listens_for(Session, "do_orm_execute")
def _filter_to_scope(state: ORMExecuteState) -> None:
    units = scope(state.session)
    if units is None or not state.is_select or state.is_column_load:
        return
    models = tuple(OfUnit.__subclasses__())
    state.statement = state.statement.options(*_limits(units, models))


@event.listens_for(Session, "before_flush")
def _check_flush(session: Session, _context: "UOWTransaction", _instances: object) -> None:
    touched = (*session.new, *session.dirty, *session.deleted)
    check_scope(session, {row.unit_id for row in touched if isinstance(row, OfUnit)})
