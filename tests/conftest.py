"""Fixtures of all tests: what needs a database runs on SQLite and on PostgreSQL.

Tests of pages and commands, which reach the database only through services that are tested on both,
run on one of the engines, chosen by name and day: each module meets both, and each test does within
two days. `make test ENGINES=both` runs them on both. Such are those of modules named for pages or
commands, all that ask for a browser (`client`, `signed_in`) but for those marked `both_engines`,
and those marked `by_turns`.

Tests commit for real: constraints that are checked at COMMIT must have their say, and a rolled
back test would never hear it. Each test has a database of its own, so nothing is cleaned up.
"""

import gc
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from hypothesis import settings as hypothesis_settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.config import Settings
from fundsvc.staff import passwords
from tests.support import apps, engines, people, postgres
from tests.support.browser import Browser
from tests.support.databases import ENGINES, Databases
from tests.support.routes import LaterRule, SharedMap
from tests.support.turns import TODAY

if TYPE_CHECKING:
    from types import CodeType

# How long an example takes says more about the machine than about what is tested.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

# Modules whose tests read and fill pages, or call commands.
PAGES = re.compile(r"test_(\w+_)?(pages|screen|views|app|commands|hostile\w*)\.py")
BROWSERS = frozenset({"client", "signed_in"})
RUN_FOLDER = pytest.StashKey[Path]()
WATCH = pytest.StashKey[Popen[bytes]]()
# A Monday morning in Hà Nội; a test of its own time fixes its own moment.
MOMENT = datetime(2024, 9, 30, 9, 30, tzinfo=service_clock.VN)


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that all processes of this run share."""
    gc.disable()  # Nothing that loading the tests makes goes away; see pytest_collection_finish.
    worker = getattr(config, "workerinput", None)
    if worker:
        config.stash[RUN_FOLDER] = Path(worker["fundsvc_folder"])
        return
    folder = Path(tempfile.mkdtemp(prefix="fundsvc-tests-", dir=postgres.memory()))
    config.stash[RUN_FOLDER] = folder
    config.stash[WATCH] = postgres.watch(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other engine of a test whose engines take turns."""
    if os.environ.get("FUNDSVC_TEST_ENGINES") == "both":
        return
    twins: dict[str, list[pytest.Function]] = {}
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("both_engines"):
            continue
        asks = item._fixtureinfo.argnames  # By itself, and not through what it asks for.
        of_pages = PAGES.fullmatch(item.path.name) or not BROWSERS.isdisjoint(asks)
        if not of_pages and not item.get_closest_marker("by_turns"):
            continue
        engine = item.callspec.params.get("engine_name") if hasattr(item, "callspec") else None
        if isinstance(engine, str):
            twins.setdefault(item.nodeid.replace(engine, "*"), []).append(item)
    spare = {
        pair[(crc32(name.encode()) + TODAY) % 2]
        for name, pair in twins.items()
        if len(pair) == len(ENGINES)
    }
    if spare:
        config.hook.pytest_deselected(items=list(spare))
        items[:] = [item for item in items if item not in spare]


def pytest_collection_finish() -> None:
    """Look through what was loaded once, and not with each collection of a test's own rubbish."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist where the folder is."""
    folder = node.config.stash[RUN_FOLDER]  # type: ignore[attr-defined]
    node.workerinput["fundsvc_folder"] = str(folder)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the database server at the end of the run, in the process that began it."""
    if WATCH in config.stash:
        Databases(config.stash[RUN_FOLDER]).drop_template()
        config.stash[WATCH].communicate()


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Iterator[Databases]:
    """The maker of databases."""
    made = Databases(pytestconfig.stash[RUN_FOLDER])
    yield made
    made.close()


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine of this test: both, one after the other.

    A test of one engine says `@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)`.
    """
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, databases: Databases) -> Iterator[str]:
    """The URL of an empty database with the newest schema and the reference data."""
    with databases.fresh(engine_name) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of the service under test; kept files lie in the test's own folder."""
    return Settings(
        database_url=database_url,
        secret_key="k" * 64,
        data_key="d" * 64,
        base_url="http://localhost",
        instance_dir=tmp_path / "instance",
    )


class Compiled(BytecodeCache):
    """Templates that this process has compiled.

    Each test has an application of its own, and compiling the same pages again would take longer
    than most tests.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Hash passwords of tests quickly; a hash states its parameters, so each is checked quickly.

    The sign-in page is told so too, or it would hash each anew as strongly as it should be.
    """
    from fundsvc.staff import security

    weak = {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(1, memory_cost=8, parallelism=1))
        patch.setitem(security.CONFIG, "PASSWORD_HASH_PASSLIB_OPTIONS", weak)
        yield


@pytest.fixture(scope="session", autouse=True)
def _kept_statements() -> Iterator[None]:
    """Compile each statement once, and not once for each test's database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLAlchemy, "_make_engine", engines.make_engine)
        yield


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The whole service, with an application context for services called by hand."""
    monkeypatch.setattr(Flask, "url_rule_class", LaterRule)
    monkeypatch.setattr(Flask, "url_map_class", SharedMap)
    from fundsvc.verifying import sources

    # Tests book what no slice books, under sources of their own.
    monkeypatch.setattr(sources, "SOURCES", sources.SOURCES | {"test", "test-bank"})
    with apps.made(settings) as app:
        app.test_client_class = Browser
        app.jinja_env.bytecode_cache = COMPILED
        yield app


@pytest.fixture
def session(app: Flask) -> Session:
    """The session for reading; writes go through `with transaction() as session:`."""
    from fundsvc.db import read_session

    return read_session()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A stranger's browser."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., FlaskClient]:
    """Make the browser of somebody signed in: `signed_in("unit-treasurer", units=["HT-44"])`."""

    def make(role: str, units: Collection[str] = ()) -> FlaskClient:
        return people.signed_in(app, role, units)

    return make


@pytest.fixture
def failures_are_answers(app: Flask) -> None:
    """Let a failure become a 500 as in real life, so that a walk goes on and counts it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False


@pytest.fixture
def clock() -> Iterator[datetime]:
    """Hold the clock at a Monday morning of September 2024."""
    with service_clock.fixed(MOMENT):
        yield MOMENT
