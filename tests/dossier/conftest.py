"""Donors of the centre and of Quảng Trị, and people with their roles."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundsvc.db import read_session, transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.units.models import Unit
from tests.support import gifts

HUONG = replace(gifts.DONOR, email="huong@example.vn")


@dataclass(frozen=True)
class People:
    """Ids of staff users by role."""

    treasurer: int
    approver: int


@pytest.fixture
def people(app: Flask, signed_in: Callable[..., FlaskClient]) -> People:
    """A treasurer and an approver."""
    found = {}
    for role in ("treasurer", "approver"):
        signed_in(role)
        query = select(StaffUser.id).join(StaffUserRole).where(StaffUserRole.role == role)
        found[role] = read_session().scalars(query).one()
        read_session().rollback()
    return People(**found)


@pytest.fixture
def huong(app: Flask, clock: object) -> int:
    """A donor of the centre, with phone, e-mail and a donation of 1.200.000 đ."""
    return gave(HUONG)


def gave(donor: DonorFacts, **other: Any) -> int:
    """Record a donation and return its donor's id."""
    donation = gifts.give(donor=donor, **other)
    found = (
        read_session().scalars(select(Donation.donor_id).where(Donation.id == donation.id)).one()
    )
    read_session().rollback()
    assert found
    return found


@pytest.fixture
def quang_tri(app: Flask) -> None:
    """Add the association of Quảng Trị, before anything is booked."""
    with transaction() as session:
        centre = session.scalars(select(Unit).where(Unit.code == "TW")).one()
        session.add(
            Unit(
                code="HT-44",
                name="Hội Truyền thống tỉnh Quảng Trị",
                kind="provincial",
                parent_id=centre.id,
                folded="hoi truyen thong tinh quang tri",
            )
        )
