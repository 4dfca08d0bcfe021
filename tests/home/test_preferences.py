"""Switching language and text size, which must never lead out of the service."""

import pytest
from flask.testing import FlaskClient

from fundsvc.home.views import local_path


@pytest.mark.parametrize("asked", ["/", "/units?q=h%C3%A0", "/receipts/NT-2026-000001"])
def test_a_path_of_this_service_is_kept(asked: str) -> None:
    assert local_path(asked) == asked


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "units",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "http://[",
        "///evil.example",
    ],
)
def test_any_other_place_leads_home(asked: str) -> None:
    assert local_path(asked) == "/"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_language_is_switched_without_a_session_and_comes_back(client: FlaskClient) -> None:
    answer = client.get("/preferences?language=en&next=/sign-in")
    assert answer.status_code == 302
    assert answer.location == "/sign-in"
    page = client.get("/sign-in").text
    assert '<html lang="en"' in page
    assert "Tiếng Việt" in page


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_larger_text_is_switched_on_and_off(client: FlaskClient) -> None:
    client.get("/preferences?text=large")
    assert 'data-text="large"' in client.get("/sign-in").text
    client.get("/preferences?text=normal")
    assert "data-text" not in client.get("/sign-in").text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_an_unknown_choice_changes_nothing(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/preferences?language=fr").headers
