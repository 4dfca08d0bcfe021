"""Failed tries slow the next ones down; strangers lock nobody out."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.staff import throttle
from tests.staff.helpers import add, is_signed_in, sign_in

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOME, STRANGER = "203.0.113.7", "198.51.100.1"


def attempt(name: str, address: str) -> throttle.Try:
    return throttle.of_password("s" * 32, name, address)


def fail(name: str, address: str) -> timedelta | None:
    with transaction() as session:
        return throttle.take(session, attempt(name, address))


def pass_in(name: str, address: str) -> None:
    assert fail(name, address) is None
    with transaction() as session:
        throttle.succeeded(session, attempt(name, address))


@pytest.fixture(autouse=True)
def _within(app: Flask) -> None:
    """Every test here needs the application."""


def test_five_are_free_then_the_wait_doubles_to_five_minutes() -> None:
    waits, now = [], NOON
    for _ in range(16):
        with clock.fixed(now):
            assert fail("thuquy", STRANGER) is None
            wait = fail("thuquy", STRANGER)
        waits.append(wait.total_seconds() if wait else 0)
        now += wait or timedelta(0)
    # Each round above makes one try that counts, and while it is free a second one.
    assert waits[:2] == [0, 0]
    assert waits[2:6] == [1, 2, 4, 8]
    assert waits[-1] == 300


def test_a_refused_try_does_not_count() -> None:
    with clock.fixed(NOON):
        for _ in range(5):
            fail("thuquy", STRANGER)
        assert [fail("thuquy", STRANGER) for _ in range(20)] == [timedelta(seconds=1)] * 20


def test_strangers_do_not_lock_out_who_comes_from_the_usual_place() -> None:
    now = NOON
    with clock.fixed(now):
        pass_in("thuquy", HOME)
    for number in range(110):
        now += timedelta(seconds=6)
        with clock.fixed(now):
            assert fail("thuquy", f"198.51.100.{number}") is None
    with clock.fixed(now):
        assert fail("thuquy", "192.0.2.9") == timedelta(seconds=5)
        pass_in("thuquy", HOME)


def test_one_address_with_many_names_is_slowed_down() -> None:
    with clock.fixed(NOON):
        refused = [fail(f"name{number}", STRANGER) for number in range(40)]
    assert refused[:30] == [None] * 30
    assert all(refused[30:])


def test_a_customer_with_many_ipv6_addresses_is_one() -> None:
    with clock.fixed(NOON):
        for number in range(5):
            fail("thuquy", f"2001:db8:1:1::{number + 1}")
        assert fail("thuquy", "2001:db8:1:1::99")
        assert fail("thuquy", "2001:db8:1:2::1") is None


def test_forgotten_after_a_day() -> None:
    with clock.fixed(NOON):
        for _ in range(9):
            fail("thuquy", STRANGER)
    with clock.fixed(NOON + timedelta(days=1, seconds=1)):
        assert [fail("thuquy", STRANGER) for _ in range(4)] == [None] * 4


def test_the_page_asks_to_wait_and_does_not_try(app: Flask, client: FlaskClient) -> None:
    add(app)
    with clock.fixed(NOON):
        for _ in range(5):
            assert sign_in(client, password="sai").status_code == 200
        answer = sign_in(client)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert "chờ" in answer.text
        assert not is_signed_in(client)
    with clock.fixed(NOON + timedelta(seconds=1)):
        assert sign_in(client).status_code == 302
        assert is_signed_in(client)
