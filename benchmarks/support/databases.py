"""Durable databases for measuring: fresh ones, and copies of grown ones."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.support import postgres
from tests.support.databases import migrate

ENGINES = ("postgresql", "sqlite")
# fsync is on, as PostgreSQL has it by default; nothing is written that a server would not keep.
SERVER_OPTIONS = (
    "-c listen_addresses='' -c shared_buffers=512MB -c max_wal_size=8GB -c checkpoint_timeout=1h"
)
GIVEN = "FUNDSVC_BENCH_POSTGRES"


class Databases:
    """The databases of one run: files in a folder, or those of a server."""

    def __init__(self, engine: str, folder: Path, server: str) -> None:
        self.engine = engine
        self.folder = folder
        self._server = server

    def url(self, name: str) -> str:
        """Return the URL of a database by name."""
        if self.engine == "sqlite":
            return f"sqlite:///{self.folder / name}.sqlite"
        named = make_url(self._server).set(database=f"fundsvc_bench_{name}")
        return named.render_as_string(hide_password=False)

    def fresh(self, name: str = "run") -> str:
        """Make an empty database, migrated to the newest schema."""
        self.drop(name)
        if self.engine == "sqlite":
            migrate(self.url(name))
            return self.url(name)
        self.blank(name)
        migrate(self.url(name))
        self.settle()
        return self.url(name)

    def blank(self, name: str) -> str:
        """Make a database without any table, on the server."""
        self.drop(name)
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE fundsvc_bench_{name} ENCODING 'UTF8' TEMPLATE template0"
            )
        return self.url(name)

    def copy(self, template: str, name: str = "run") -> str:
        """Make a copy of a database that nobody has open."""
        self.drop(name)
        if self.engine == "sqlite":
            shutil.copyfile(self.folder / f"{template}.sqlite", self.folder / f"{name}.sqlite")
            return self.url(name)
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE fundsvc_bench_{name}"
                f" TEMPLATE fundsvc_bench_{template} STRATEGY FILE_COPY"
            )
        self.settle()
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, if it is there."""
        if self.engine == "sqlite":
            for used in self.folder.glob(f"{name}.sqlite*"):
                used.unlink()
            return
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS fundsvc_bench_{name} WITH (FORCE)")

    def settle(self) -> None:
        """Write out what is not on the disk yet, so that the next run does not pay for it."""
        if self.engine == "postgresql":
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute("CHECKPOINT")


@contextmanager
def databases(engine: str, *, on: str = "memory") -> Iterator[Databases]:
    """Give the databases of an engine, in a folder of their own, and remove them afterwards.

    Args:
        engine: `postgresql` or `sqlite`. FUNDSVC_BENCH_POSTGRES may name a server (the URL of a
            user who may create databases), else one is started.
        on: `disk`, or `memory` for a folder in memory, where waiting for the disk costs nothing:
            both are durable in what they ask of the system, but only the first one pays for it.
    """
    place = postgres.memory() if on == "memory" else tempfile.gettempdir()
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-", dir=place) as name:
        if engine == "sqlite":
            yield Databases(engine, Path(name), "")
            return
        given = os.environ.get(GIVEN)
        server = None if given else postgres.start(within=place, options=SERVER_OPTIONS)
        try:
            yield Databases(engine, Path(name), given or (server.url() if server else ""))
        finally:
            if server:
                server.stop()
