"""What a receipt states other than it was issued for is named, and the seals it was printed by."""

import json
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.db import read_session, transaction
from fundsvc.donors import editing
from fundsvc.donors.service import DonorFacts
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt
from fundsvc.seals.service import seal_new
from fundsvc.verifying import stated
from tests.seals.mutations import chain_anew, guards_off, undone
from tests.support import gifts
from tests.support.tampering import unguarded

pytestmark = pytest.mark.usefixtures("clock")
NUMBER = "NT-2024-000002"
OTHERS: dict[str, Any] = {
    "donor_name": "Kẻ Gian",
    "donor_kind": "organisation",
    "donor_address": "Nơi khác",
    "amount_words": "Chín triệu đồng",
    "received_on": "2024-09-11",
    "issued_on": "2024-10-11",
    "fund_code": "base",
    "unit_code": "HUE",
    "unit_name": "Hội khác",
    "unit_address": "Đường khác",
    "method": "bank",
    "province": "Tỉnh Quảng Trị",
    "earmark": "Xây nhà",
    "on_behalf_of": "Đại đội 1",
    "in_memory_of": "Liệt sĩ",
    "replaces": "NT-2024-000009",
}


@pytest.fixture
def issued(app: object, clock: object) -> None:
    """A receipt that was voided and replaced, and one of somebody who is called otherwise now."""
    number = gifts.give_with_receipt(in_memory_of="Liệt sĩ Trần Văn Thử")
    seal_new()
    with transaction() as session:
        receipts.void(session, number, "Sai", by=None)
    gifts.receipt(1)
    gifts.give_with_receipt(donor=None, province="2025:44")
    with transaction() as session:
        editing.change(
            session, 1, DonorFacts(name="Nguyễn Thị Hương", address="Huế"), "Sai tên", by=None
        )


def found(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [(fault.rule, fault.place) for fault in stated.faults(session)]


def forge(number: str, **other: Any) -> None:
    facts = read_session().scalars(select(Receipt.facts).where(Receipt.number == number)).one()
    read_session().rollback()
    with unguarded("receipt") as connection:
        connection.execute(
            text("UPDATE receipt SET facts = :facts WHERE number = :number"),
            {"facts": json.dumps({**facts, **other}, ensure_ascii=False), "number": number},
        )


@pytest.mark.usefixtures("issued")
def test_receipts_as_they_were_issued_have_no_fault(session: Session) -> None:
    assert found(session) == []


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize("name", OTHERS)
def test_a_fact_that_was_changed_is_named(session: Session, name: str) -> None:
    forge(NUMBER, **{name: OTHERS[name]})
    assert found(session) == [("receipt-facts", f"receipt:{NUMBER}")]
    (fault,) = stated.faults(session)
    assert fault.text.endswith(f": {stated.LABELS[name]()}.")


@pytest.mark.usefixtures("issued")
def test_a_name_on_the_receipt_of_nobody_is_named(session: Session) -> None:
    forge("NT-2024-000003", donor_name="Kẻ Gian")
    assert found(session) == [("receipt-facts", "receipt:NT-2024-000003")]


@pytest.mark.usefixtures("issued")
@pytest.mark.parametrize("other", [{"head": "ab" * 32}, {"seal": 7}, {"seal": 0}])
def test_another_head_than_the_seals_is_named(session: Session, other: dict[str, Any]) -> None:
    forge(NUMBER, **other)
    seal = other.get("seal", 1)
    assert found(session) == [("printed-head", f"seal:{seal}")]
    (fault,) = stated.faults(session)
    assert NUMBER in fault.text


@pytest.mark.usefixtures("issued")
def test_a_chain_made_anew_is_known_by_the_receipts_printed_before(session: Session) -> None:
    seal_new()
    guards_off()
    with undone(read_session()) as writing:
        writing.execute(text("UPDATE entry SET description = 'Khác' WHERE id = 1"))
        chain_anew(writing)
        assert [fault.place for fault in stated.faults(writing)] == ["seal:1"]
