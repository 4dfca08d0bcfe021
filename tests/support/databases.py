"""A fresh, migrated database for each test, on either engine, made by copying a template."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, make_url

from fundsvc import schema
from fundsvc.db import equip
from tests.support import postgres

ENGINES = ("sqlite", "postgresql")
TEMPLATE = "fundsvc_template"
# A PostgreSQL to use instead of one of our own: a URL whose user may create databases.
GIVEN = "FUNDSVC_TEST_POSTGRES"


class Databases:
    """The databases of one test run; all its processes share one folder and one server.

    Whichever process asks first starts the server and migrates the template, under a lock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0
        self._connection: psycopg.Connection | None = None

    @contextmanager
    def fresh(self, engine_name: str) -> Iterator[str]:
        """Give the URL of a migrated database of one's own, and drop it afterwards."""
        self._made += 1
        name = f"fundsvc_{os.getpid()}_{self._made}"
        if engine_name == "sqlite":
            path = self.folder / f"{name}.sqlite"
            shutil.copyfile(self._sqlite_template(), path)
            yield f"sqlite:///{path}"
            for used in self.folder.glob(f"{path.name}*"):
                used.unlink()
            return
        # Copying files is the quicker way in memory; before version 15 it was the only one.
        strategy = "STRATEGY FILE_COPY" if self._owner().info.server_version >= 150_000 else ""
        self._owner().execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} {strategy}')
        yield _named(self._postgres(), name)
        # Forced: a test that fails may leave a connection behind.
        self._owner().execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def blank(self, engine_name: str) -> Iterator[str]:
        """Give the URL of a database without any table, and drop it afterwards."""
        self._made += 1
        name = f"blank_{os.getpid()}_{self._made}"
        if engine_name == "sqlite":
            yield f"sqlite:///{self.folder / name}.sqlite"
            return
        self._owner().execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield _named(self._postgres(), name)
        self._owner().execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def drop_template(self) -> None:
        """Leave nothing behind on a server that was given; one of our own goes as a whole."""
        given = os.environ.get(GIVEN)
        if given and (self.folder / "postgres.json").exists():
            with psycopg.connect(given, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")

    def _sqlite_template(self) -> Path:
        path = self.folder / "template.sqlite"
        with self.alone():
            if not path.exists():
                unfinished = path.with_suffix(".unfinished")
                unfinished.unlink(missing_ok=True)
                migrate(f"sqlite:///{unfinished}")
                unfinished.rename(path)
        return path

    def _owner(self) -> psycopg.Connection:
        """Return the connection of this process that makes and drops databases."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._postgres(), autocommit=True)
        return self._connection

    def close(self) -> None:
        """Leave the server."""
        if self._connection is not None:
            self._connection.close()

    def _postgres(self) -> str:
        """Return the URL of the server, which then has the template."""
        kept = self.folder / "postgres.json"
        with self.alone():
            if kept.exists():
                return str(json.loads(kept.read_text())["url"])
            given = os.environ.get(GIVEN)
            if given:
                url, facts = given, {}
            else:
                server = postgres.start()
                url = server.url()
                facts = {"home": str(server.home), "programs": str(server.programs)}
            # First, so that the server is stopped even if the migration fails.
            unfinished = self.folder / "postgres.unfinished"
            unfinished.write_text(json.dumps({"url": url, **facts}))
            unfinished.rename(kept)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {TEMPLATE} ENCODING 'UTF8' TEMPLATE template0")
            migrate(_named(url, TEMPLATE))
            return url

    @contextmanager
    def alone(self, what: str = "template") -> Iterator[None]:
        """Keep the other processes of the run from making something meanwhile."""
        with (self.folder / f"{what}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def migrate(url: str) -> None:
    """Bring a database to the newest schema, as `fundsvc db upgrade` does."""
    engine = create_engine(url)
    equip(engine)
    try:
        schema.upgrade(engine)
    finally:
        engine.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
