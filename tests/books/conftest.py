"""The journal needs no pages: a bare application with a database is enough, and quicker."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from fundsvc import db
from fundsvc.config import Settings
from fundsvc.db import transaction
from fundsvc.units.models import Unit
from tests.books.shell import Shell


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An application with nothing but its database."""
    app = Flask("books")
    app.config["FUNDSVC"] = settings
    Babel(app, default_locale="vi")
    db.init_app(app, settings.database_url, test_pool=True)
    with app.app_context():
        yield app


@pytest.fixture
def shell(app: Flask) -> Iterator[Shell]:
    """A shell on a database that has a second unit and one good entry, number 1."""
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Quảng Trị", folded="quang tri", kind="provincial"))
    with db.db.engine.connect() as connection:
        shell = Shell(connection)
        shell.good()
        connection.commit()
        yield shell
