"""To take the proof of who gave away, or to put another name in its place, is found."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import transaction
from fundsvc.donors import erasing, merging
from fundsvc.donors.service import DonorFacts
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.verifying import donors
from tests.support import gifts
from tests.support.people import HASH, noted
from tests.support.tampering import unguarded

pytestmark = pytest.mark.usefixtures("clock")
ERASED = (
    "UPDATE donor SET salt = NULL, erased_at = '2024-09-11T00:00:00.000000+00:00',"
    " name = '(đã xóa dữ liệu)', folded = '', address = '', phone_hash = '', phone_sealed = ''"
    " WHERE id = 1"
)
CHANGES = {
    "no salt": ("UPDATE donor SET salt = NULL, name = 'Kẻ Gian' WHERE id = 1", "donor:1"),
    "erased by nobody": (ERASED, "donor:1"),
    "a name left": ("UPDATE donor SET name = 'Kẻ Gian' WHERE id = 2", "donor:2"),
    "a phone left": ("UPDATE donor SET phone_sealed = 'x' WHERE id = 2", "donor:2"),
    "never erased": ("UPDATE donor SET erased_at = NULL WHERE id = 2", "donor:2"),
    "no donor": ("UPDATE donation SET donor_id = NULL WHERE id = 1", "donation:1"),
    "a donor": ("UPDATE donation SET donor_id = 1 WHERE id = 5", "donation:5"),
    "merged": ("UPDATE donor SET merged_into_id = 1 WHERE id = 2", "donor:2"),
    "parted": ("UPDATE donor SET merged_into_id = NULL WHERE id = 3", "donor:3"),
    "merged otherwise": ("UPDATE donor SET merged_into_id = 2 WHERE id = 3", "donor:3"),
    "no act": ("DELETE FROM act WHERE kind = 'donor.merge'", "donor:3"),
}


@pytest.fixture
def people(app: Flask, clock: object) -> tuple[int, int]:
    """A treasurer and an approver."""
    ids = []
    with transaction() as session:
        for role in ("treasurer", "approver"):
            person = StaffUser(
                username=role,
                name=role,
                key=role * 4,
                password=HASH,
                created_at=service_clock.now(),
            )
            session.add(person)
            session.flush()
            session.add(StaffUserRole(user_id=person.id, role=role))
            noted(session, person, {role})
            ids.append(person.id)
    return ids[0], ids[1]


@pytest.fixture
def given(people: tuple[int, int]) -> None:
    """Donor 1 gave; 2 was erased; 3 was merged into 1; 4 was merged and parted; 5th has no name."""
    gifts.give()
    for name in ("Trần Văn Hai", "Lê Thị Ba", "Đỗ Văn Tư"):
        gifts.give(donor=DonorFacts(name=name, phone="0912345679"))
    gifts.give(donor=None)
    asker, approver = people
    with transaction() as session:
        erasing.approve(session, erasing.ask(session, 2, "Theo đơn", by=asker).id, by=approver)
        merging.merge(session, 1, 3, by=asker)
        merging.merge(session, 1, 4, by=asker)
        merging.part(session, 4, by=asker)


def found(session: Session) -> list[str]:
    session.rollback()
    return [fault.place for fault in donors.faults(session)]


@pytest.mark.usefixtures("given")
def test_erasing_merging_and_parting_are_no_faults(session: Session) -> None:
    assert found(session) == []


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("what", CHANGES)
def test_each_change_is_named_in_its_place(session: Session, what: str) -> None:
    spoil, place = CHANGES[what]
    with unguarded("donor", "donation", "act") as connection:
        connection.execute(text(spoil))
    assert set(found(session)) == {place}
