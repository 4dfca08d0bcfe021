"""What the database itself refuses of donors, each by name, when the service is not asked."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.donors import consents, editing, erasing, merging
from fundsvc.donors.consents import ConsentFacts
from fundsvc.staff.models import StaffUser
from tests.dossier.conftest import HUONG, gave
from tests.support import people

pytestmark = pytest.mark.usefixtures("books")
MOMENT = "'2024-09-30T02:30:00.000000+00:00'"
BARE = "salt = NULL, folded = '', address = '', phone_hash = '', phone_sealed = '', email_hash = ''"
ERASE = f"UPDATE donor SET erased_at = {MOMENT}, {BARE}, email_sealed = ''"

ALONE = (
    f"UPDATE donor_erasure SET state = 'approved', decided_by = asked_by, decided_at = {MOMENT}"
    " WHERE state = 'asked'"
)
AGAIN = "UPDATE donor_erasure SET state = 'withdrawn' WHERE state = 'approved'"
CONSENT = "donor_consent is append-only|donor_consent_append"


@pytest.fixture
def books(app: Flask, clock: object) -> None:
    """Donors: 1 was corrected and has 2 as a part, 3 waits to be erased, 4 was erased; people."""
    for role in ("treasurer", "approver"):
        people.signed_in(app, role)
    for name in ("Lê Một", "Lê Hai", "Lê Ba", "Lê Bốn"):
        gave(replace(HUONG, name=name), note=f"Ghi về {name}")
    with transaction() as session:
        asker, approver = (row.id for row in session.query(StaffUser).order_by(StaffUser.id))
        editing.change(session, 1, replace(HUONG, name="Lê Mốt"), "Ghi nhầm", by=asker)
        merging.merge(session, 1, 2, by=asker)
        said = ConsentFacts(
            purpose="named", given=True, said_on=date(2024, 9, 20), way="phone", words="Đồng ý."
        )
        consents.note_by_id(session, 1, said, by=asker)
        erasing.ask(session, 3, "Đề nghị", by=asker)
        erasing.approve(session, erasing.ask(session, 4, "Đề nghị", by=asker).id, by=approver)


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM donor WHERE id = 1", "donor_kept"),
        ("UPDATE donor SET id = 9 WHERE id = 3", "donor_identity"),
        ("UPDATE donor SET merged_into_id = 3 WHERE id = 3", "merged"),
        ("UPDATE donor SET merged_into_id = 2 WHERE id = 3", "donor_merged"),
        ("UPDATE donor SET merged_into_id = 2 WHERE id = 1", "donor_merged"),
        ("UPDATE donor SET merged_into_id = 3 WHERE id = 2", "donor_merged"),
        ("UPDATE donor SET merged_into_id = 4 WHERE id = 3", "donor_merged"),
        (f"{ERASE} WHERE id = 1", "donor_erasure_approved"),
        (f"{ERASE} WHERE id = 3", "donor_erasure_approved"),
        ("UPDATE donor SET name = 'Lê Bốn' WHERE id = 4", "donor_erased"),
        ("UPDATE donor SET erased_at = NULL WHERE id = 4", "donor_erased"),
        ("UPDATE donor_version SET name = 'x'", "donor_version_kept"),
        ("DELETE FROM donor_version", "donor_version_kept"),
        ("UPDATE donor_consent SET given = NOT given", CONSENT),
        ("DELETE FROM donor_consent", CONSENT),
        ("DELETE FROM donor_erasure", "donor_erasure_kept"),
        ("UPDATE donor_erasure SET reason = 'x' WHERE state = 'asked'", "donor_erasure_frozen"),
        (AGAIN, "donor_erasure_frozen"),
        (ALONE, "donor_erasure_two_people"),
        ("UPDATE donation SET note = '' WHERE donor_id = 1", "append-only"),
        ("UPDATE donation SET note = 'x' WHERE donor_id = 4", "append-only"),
        ("UPDATE donation SET amount = 1, note = '' WHERE donor_id = 4", "append-only"),
    ],
)  # fmt: skip
def test_the_database_refuses(statement: str, guard: str) -> None:
    with pytest.raises(DBAPIError, match=guard), transaction() as session:
        session.execute(text(statement))


def test_the_words_of_the_donation_of_an_erased_donor_may_go() -> None:
    with transaction() as session:
        session.execute(
            text(
                "UPDATE donation SET note = '', on_behalf_of = '', in_memory_of = ''"
                " WHERE donor_id = 4"
            )
        )
