"""Entries that come from nowhere, and acts that lost their entry, are named."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.periods import carrying, openings
from fundsvc.periods.openings import Opening
from fundsvc.verifying import entry_acts, sources
from ledger import recipes
from ledger.entries import Entry, Posting
from tests.support import gifts
from tests.support.tampering import unguarded

pytestmark = pytest.mark.usefixtures("clock")
OPENED = Opening("TW", "nghia-tinh", "111", 9_000_000, gifts.DAY)


def found(session: Session) -> set[str]:
    session.rollback()
    faults = [*sources.faults(session), *entry_acts.faults(session)]
    return {fault.place for fault in faults}


def cash_out(**other: str) -> int:
    """Book money out of the cash box without any paper, all guards on."""
    lines = (
        Posting("6112", "nghia-tinh", "TW", debit=500_000),
        Posting("111", "nghia-tinh", "TW", credit=500_000),
    )
    facts = {"source": "hand", "external_id": "1"} | other
    with transaction() as session:
        entry = Entry(gifts.DAY, "cash-out", "Chi quà", "TW", lines)
        return books.post(session, entry, **facts).id  # type: ignore[arg-type]  # named facts


@pytest.mark.parametrize(
    "other",
    [
        {"voucher": "PC-2024-000099"},
        {},
        {"source": "donation", "voucher": "PC-2024-000099"},
        {"source": "opening", "external_id": "TW:nghia-tinh:111"},
        {"source": "carry-forward"},
        {"source": "bank-decision"},
        {"source": "stripe", "external_id": "txn_1"},
        {"source": "operator-surplus", "external_id": "7.1"},
        {"source": "reversal"},
    ],
)
def test_an_entry_with_nothing_behind_it_is_named(session: Session, other: dict[str, str]) -> None:
    gifts.give()
    assert found(session) == set()
    number = cash_out(**other)
    assert found(session) == {f"entry:{number}"}


def test_a_fault_names_the_entry_as_the_journal_does(session: Session) -> None:
    number = cash_out(voucher="PC-2024-000099")
    told = [fault.text for fault in sources.faults(session)]
    known = f"Bút toán {number} ngày 10/09/2024, 500.000 đ, “Chi quà” (PC-2024-000099): "
    assert all(line.startswith(known) for line in told)
    assert len(told) == 2, "an unknown source, and a voucher that is none"


@pytest.fixture
def acts(app: Flask) -> dict[str, int]:
    """An opening balance, a year carried forward, and a donation taken back."""
    with transaction() as session:
        opened = openings.record(session, OPENED, by=None).entry_id
    given = gifts.give(received_on=date(2023, 5, 5))
    with transaction() as session:
        (carried,) = carrying.carry(session, "TW", 2023, by=None)
    with transaction() as session:
        taken = take_back(
            session, given.entry_id, subject=f"donation:{given.id}", on=gifts.DAY,
            reason="Ghi nhầm", by=None,
        )  # fmt: skip
    return {"opening": opened, "carried": carried.entry_id, "reversal": taken.reversal_id}


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("opening", "DELETE FROM act WHERE kind = 'opening.record'"),
        ("opening", "UPDATE act SET facts = replace(facts, '9000000', '9000001')"),
        ("opening", "UPDATE posting SET debit = 2 * debit, credit = 2 * credit"),
        ("opening", "UPDATE entry SET date = '2024-09-09'"),
        ("opening", "DELETE FROM entry WHERE source = 'opening'"),
        ("carried", "DELETE FROM act WHERE kind = 'period.carry-forward'"),
        ("carried", "UPDATE entry SET maker_id = 7"),
        ("carried", "DELETE FROM entry WHERE source = 'carry-forward'"),
        ("reversal", "DELETE FROM act WHERE kind = 'donation.reverse'"),
        ("reversal", "UPDATE entry SET description = 'Vì sao'"),
        ("reversal", "UPDATE entry SET reverses_id = NULL"),
        ("reversal", "UPDATE entry SET kind = 'other' WHERE kind = 'reversal'"),
    ],
)
def test_an_act_and_its_entry_are_held_together(
    session: Session, acts: dict[str, int], what: str, spoil: str
) -> None:
    assert found(session) == set()
    session.rollback()
    with unguarded("act", "entry", "posting") as connection:
        connection.execute(text(spoil))
    assert f"entry:{acts[what]}" in found(session)


def test_every_source_of_the_service_is_named(session: Session) -> None:
    """A recipe booked under a source that is not in the list would be taken for an intruder."""
    with transaction() as writing:
        entry = recipes.cash_donation(
            on=gifts.DAY, unit="TW", fund="base", amount=1, description="Thử"
        )
        number = books.post(writing, entry, source="new-slice", external_id="1").id
    assert found(session) == {f"entry:{number}"}
