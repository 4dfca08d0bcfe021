"""Send hostile values as a browser would put them on the wire, bytes that are no UTF-8 included."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.books.models import Entry, Posting

FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def encoded(values: Mapping[str, str]) -> str:
    """Return values as a query or form body; lone surrogates stay what they are, bad bytes."""
    return "&".join(
        f"{name}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'), safe='')}"
        for name, value in values.items()
    )


def token_of(page: str) -> str:
    """Return the token that a page's forms are sent with."""
    found = _TOKEN.search(page)
    assert found, "no form on this page"
    return found[1]


@dataclass
class Form:
    """A form: where it stands, what fills it well, and which fields are of what kind."""

    page: str
    role: str
    good: dict[str, str]
    amounts: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def opened(self, client: FlaskClient) -> "OpenForm":
        """Open its page in a browser."""
        return OpenForm(self, client, token_of(client.get(self.page).text))


@dataclass
class OpenForm:
    """A form in a browser, with the token of its page."""

    form: Form
    client: FlaskClient
    token: str

    def send(self, **changed: str) -> TestResponse:
        """Send it, filled well but for the fields named; every sending has a key of its own."""
        own = {"csrf_token": self.token, "key": secrets.token_hex(8)}
        values = {**own, **self.form.good, **changed}
        return self.client.post(self.form.page, data=encoded(values), content_type=FORM)


def in_the_books(session: Session) -> tuple[int, int]:
    """Return how many entries there are, and the sum of all debits."""
    session.rollback()  # A fresh look.
    entries = session.scalar(select(func.count(Entry.id))) or 0
    debits = session.scalar(select(func.sum(Posting.debit))) or 0
    return entries, int(debits)
