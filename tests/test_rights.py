"""Roles, units and funds that were changed behind the service's back are named."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.staff import service as staff
from fundsvc.staff.service import Standing
from fundsvc.units.importing import import_units
from fundsvc.verifying import rights
from tests.support.tampering import unguarded

UNITS = "code,name,kind,province\nQT,Hội Quảng Trị,provincial,2025:44\nHUE,{},provincial,2025:46\n"
CHANGES = {
    "fund": ("UPDATE fund SET restriction = 'none' WHERE code = 'nghia-tinh'", "fund:nghia-tinh"),
    "province": ("UPDATE unit SET province_id = 1 WHERE code = 'HUE'", "unit:HUE"),
    "never changed": ("UPDATE unit SET province_id = 1 WHERE code = 'QT'", "unit:QT"),
    "no unit": ("DELETE FROM unit WHERE code = 'QT'", "unit:QT"),
    "name": ("UPDATE unit SET name = 'Hội khác' WHERE code = 'HUE'", "unit:HUE"),
    "a role": ("INSERT INTO staff_user_role VALUES (1, 'approver')", "staff:lan"),
    "no role": ("DELETE FROM staff_user_role", "staff:lan"),
    "a unit": ("INSERT INTO staff_user_unit VALUES (1, 1)", "staff:lan"),
    "enabled": ("UPDATE staff_user SET active = true WHERE username = 'hoa'", "staff:hoa"),
    "renamed": ("UPDATE staff_user SET username = 'gian' WHERE username = 'lan'", "staff:gian"),
    "no act": ("DELETE FROM act WHERE kind = 'staff.change'", "staff:hoa"),
    "gone": ("DELETE FROM staff_user WHERE username = 'hoa'", "staff:hoa"),
}


@pytest.fixture
def made(app: Flask, clock: object) -> None:
    """A unit that was renamed, a treasurer, and an approver who was one and may not sign in."""
    for name in ("Hội Huế", "Thành hội Huế"):
        with transaction() as session:
            data = UNITS.format(name).replace(
                "2025:46", "2025:46" if "Thành" in name else "2025:44"
            )
            assert import_units(session, data.encode(), commit=True, by=None).committed
    with transaction() as session:
        staff.add(
            session, "lan", "duong-mon-mau", Standing(name="Lan", roles=("treasurer",)), by=None
        )
        staff.add(
            session, "hoa", "duong-mon-mau", Standing(name="Hoa", roles=("treasurer",)), by=None
        )
        staff.change(session, "hoa", Standing(name="Hoa", roles=("approver",)), by=None)
        staff.set_active(session, "hoa", active=False, by=None)


def found(session: Session) -> set[str]:
    session.rollback()
    return {fault.place for fault in rights.faults(session)}


@pytest.mark.usefixtures("made")
def test_what_the_service_changed_has_no_fault(session: Session) -> None:
    assert found(session) == set()


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("what", CHANGES)
def test_each_change_is_named_in_its_place(session: Session, what: str) -> None:
    spoil, place = CHANGES[what]
    tables = ("fund", "unit", "staff_user", "staff_user_role", "staff_user_unit", "act")
    with unguarded(*tables) as connection:
        connection.execute(text(spoil))
    assert place in found(session)
