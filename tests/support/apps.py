"""The service as tests make it: its connections are kept for its requests and given back after."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from fundsvc.config import Settings
from fundsvc.db import db


@contextmanager
def made(settings: Settings) -> Iterator[Flask]:
    """Give the whole service in an application context, and close its connections at the end.

    Each request on a connection of its own would cost more than most requests do.
    """
    from fundsvc.app import create_app

    app = create_app(settings, testing=True)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
