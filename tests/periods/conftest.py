"""A unit with some months of books, and people who may close and reopen them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import pytest
from flask import Flask

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.units.models import Unit
from tests.support import gifts
from tests.support.people import noted

MOMENT = datetime(2024, 10, 5, 9, 0, tzinfo=clock.VN)
JULY, AUGUST, SEPTEMBER = (date(2024, number, 1) for number in (7, 8, 9))
Give = Callable[..., int]


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    """It is the fifth of October 2024: September is over."""
    with clock.fixed(MOMENT):
        yield


@pytest.fixture
def people(app: Flask) -> dict[str, int]:
    """Two who keep the books and two who approve, by first name, with their numbers."""
    found = {}
    roles = {"lan": "treasurer", "minh": "treasurer", "hoa": "approver", "son": "approver"}
    with transaction() as session:
        for name, role in {**roles, "kiem": "auditor"}.items():
            user = StaffUser(
                username=name,
                name=name.capitalize(),
                key=name,
                password="-",
                created_at=clock.now(),
            )
            session.add(user)
            session.flush()
            session.add(StaffUserRole(user_id=user.id, role=role))
            noted(session, user, {role})
            found[name] = user.id
        session.add(Unit(code="HT-44", name="Hội Quảng Trị", folded="quang tri", kind="provincial"))
    return found


@pytest.fixture
def give(people: dict[str, int]) -> Give:
    """Record a cash donation on a day, 100.000 đ unless told otherwise."""

    def one(day: date, amount: int = 100_000, unit: str = "TW") -> int:
        return gifts.give(received_on=day, amount=amount, unit=unit).entry_id

    return one
