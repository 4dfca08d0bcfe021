"""A browser for tests, each of whose requests begins as on a server."""

from contextvars import copy_context
from typing import Any

from flask.globals import _cv_app
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Browser(FlaskClient):
    """Sends requests outside the application context that a test keeps open.

    Within it they would share `g` and the database session with the test and with each other: the
    first person signed in would answer for all that follow. What the clock was set to still holds.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        kwargs.setdefault("buffered", True)  # Else files sent stay open.
        return copy_context().run(self._open_alone, *args, **kwargs)

    def _open_alone(self, *args: Any, **kwargs: Any) -> TestResponse:
        _cv_app.set(None)  # type: ignore[arg-type]
        answer = super().open(*args, **kwargs)
        # A large form is sent from a file of its own, which nobody else would close.
        answer.request.environ["wsgi.input"].close()
        return answer
