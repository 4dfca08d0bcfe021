"""Sending a form as a browser does: with the token of the page it stands on."""

import re
from typing import Any
from weakref import WeakKeyDictionary

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_tokens: WeakKeyDictionary[FlaskClient, str] = WeakKeyDictionary()
_HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')


def alike(answer: TestResponse) -> tuple[int, str]:
    """Return what tells one answer from another: all but the token and what was asked for."""
    asked = answer.request.path.rpartition("/")[2].removesuffix(".pdf")
    own = re.compile(rf'(?:/|"|%2F){re.escape(asked)}(?=["?.&%])')
    return answer.status_code, own.sub("", _TOKEN.sub("", answer.text))


def hidden(client: FlaskClient, page: str) -> dict[str, str]:
    """Return the hidden fields of a page, the token among them."""
    return dict(_HIDDEN.findall(client.get(page).text))


def send(client: FlaskClient, page: str, to: str | None = None, **fields: Any) -> TestResponse:
    """Send a form that stands on `page` to an address, the page's own when none is given.

    The page is opened the first time only: a token is good for the whole session.
    """
    if client not in _tokens:
        found = _TOKEN.search(client.get(page).text)
        assert found, f"no form on {page}"
        _tokens[client] = found[1]
    return client.post(to or page, data={"csrf_token": _tokens[client], **fields})
