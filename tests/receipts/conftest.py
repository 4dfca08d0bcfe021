"""Services need no pages: a bare application with a database is enough, and quicker."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from fundsvc import db
from fundsvc.config import Settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An application with nothing but its database."""
    app = Flask("donations")
    app.config["FUNDSVC"] = settings
    Babel(app, default_locale="vi")
    db.init_app(app, settings.database_url, test_pool=True)
    with app.app_context():
        yield app
