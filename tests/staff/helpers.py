"""What tests of signing in do again and again."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.staff import service

PASSWORD = "mùa xuân trên đường 559"


def add(
    app: Flask,
    username: str = "thuquy",
    *,
    roles: tuple[str, ...] = ("treasurer",),
    units: tuple[str, ...] = (),
    email: str = "",
) -> int:
    """Add a person with the password of these tests."""
    standing = service.Standing(name="", email=email, roles=roles, units=units)
    with app.app_context(), transaction() as session:
        return service.add(session, username, PASSWORD, standing, by=None)


def token(client: FlaskClient, page: str) -> str:
    """Return the CSRF token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found, page
    return found[1]


def post(client: FlaskClient, path: str, page: str | None = None, **typed: str) -> TestResponse:
    """Send a form as the page that holds it would."""
    return client.post(path, data={"csrf_token": token(client, page or path), **typed})


def sign_in(
    client: FlaskClient, name: str = "thuquy", password: str = PASSWORD, next_page: str = ""
) -> TestResponse:
    """Type name and password into the sign-in page."""
    return post(client, "/sign-in", email=name, password=password, next=next_page)


def is_signed_in(client: FlaskClient) -> bool:
    """Whether the browser gets at a page that strangers do not."""
    return client.get("/settings").status_code == 200
