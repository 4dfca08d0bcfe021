"""A change of the journal that stays balanced is found by the fact it was booked for."""

import threading

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books import service as books
from fundsvc.db import db, snapshot, transaction
from fundsvc.evidence import service as evidence
from fundsvc.seals.service import seal_new
from fundsvc.spending import service as spending
from fundsvc.spending.service import Spent
from fundsvc.verifying.facts import FACTS, disagreeing
from ledger import recipes
from ledger.accounts import AccountType
from tests.books.test_verify import guards_off
from tests.support import gifts

ALTERED = {
    "account": "UPDATE posting SET account_id = (SELECT id FROM account WHERE code = '7111')"
    " WHERE entry_id = {} AND line = 2",
    "fund": "UPDATE posting SET fund_id = (SELECT id FROM fund WHERE code = 'dues')"
    " WHERE entry_id = {}",
    "amount": "UPDATE posting SET debit = 2 * debit, credit = 2 * credit WHERE entry_id = {}",
    "province": "UPDATE entry SET province_id = 1 WHERE id = {}",
    "date": "UPDATE entry SET date = '2024-01-01' WHERE id = {}",
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_balanced_change_names_the_entry(session: Session, clock: object, what: str) -> None:
    donation = gifts.give(amount=500_000)
    assert list(verify.faults(session)) == []
    session.rollback()
    with guards_off("entry", "posting"), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]  # SQLite's own connection
        connection.execute(text(ALTERED[what].format(donation.entry_id)))
        connection.commit()
    places = {fault.place for fault in verify.faults(session) if fault.rule == "donation"}
    assert places == {f"entry:{donation.entry_id}"}


def test_a_kept_file_that_changed_or_went_is_named(app: Flask, session: Session) -> None:
    with transaction() as writing:
        sha256 = evidence.record(writing, b"a,b", name="a.csv", media_type="text/csv", by=None)
    path = app.config["FUNDSVC"].files_dir / sha256[:2] / sha256[2:]
    path.write_bytes(b"a,c")
    assert [fault.place for fault in verify.faults(session)] == [f"file:{sha256}"]
    path.unlink()
    assert [fault.place for fault in verify.faults(session)] == [f"file:{sha256}"]


def test_another_donor_than_the_sealed_one_is_named(session: Session, clock: object) -> None:
    donation = gifts.give(amount=500_000)
    assert list(verify.faults(session)) == []
    session.rollback()
    with transaction() as writing:
        writing.execute(text("UPDATE donor SET name = 'Người khác'"))
    assert [fault.place for fault in verify.faults(session)] == [f"entry:{donation.entry_id}"]
    session.rollback()
    with transaction() as writing:
        writing.execute(text("UPDATE donor SET salt = NULL"))
    places = [fault.place for fault in verify.faults(session)]
    assert places == ["donor:1"], "to take the proof away is found too"


def test_what_is_sealed_meanwhile_is_no_fault(app: Flask, clock: object) -> None:
    """Checks that look twice see one moment: an entry booked and sealed in between is not there."""
    gifts.give()
    seal_new()
    reading = snapshot()
    checks = verify.steps(reading)
    assert list(checks["journal"]()) == []

    def book_and_seal() -> None:
        with app.app_context():
            gifts.give(amount=700_000)
            seal_new()

    other = threading.Thread(target=book_and_seal)
    other.start()
    other.join()
    assert [fault for name in checks for fault in checks[name]()] == []
    reading.rollback()


def test_accounts_of_one_line_are_each_as_good_as_another(session: Session, clock: object) -> None:
    """A treasurer may add accounts to a line; a payment is booked on any of its line."""
    with transaction() as writing:
        entry = recipes.opening_balance(
            on=gifts.DAY, unit="TW", fund="nghia-tinh", amount=9_000_000, description="Số dư",
            account="111",
        )  # fmt: skip
        books.post(writing, entry, source="opening", external_id="1")
        more = {"name": "Nhà tình nghĩa", "name_en": "Houses", "line": "house"}
        books.add_account(writing, code="61111", kind=AccountType.EXPENSE, **more)
        spent = Spent("TW", "nghia-tinh", "house", 500_000, gifts.DAY, "Ông Bảy", "Xây nhà")
        done = spending.record_payment(writing, spent)
    facts = next(found for found in FACTS if found.name == "payment")
    assert list(disagreeing(session, facts)) == []
    session.rollback()
    with guards_off("posting"), db.engine.begin() as connection:
        change = text(
            "UPDATE posting SET account_id = (SELECT id FROM account WHERE code = :code)"
            " WHERE entry_id = :entry AND line = 1"
        )
        connection.execute(change, {"code": "61111", "entry": done.entry_id})
    assert list(disagreeing(session, facts)) == []
    session.rollback()
    with db.engine.begin() as connection:
        connection.execute(change, {"code": "6112", "entry": done.entry_id})
    assert [fault.place for fault in disagreeing(session, facts)] == [f"entry:{done.entry_id}"]


def test_what_the_database_cannot_answer_is_a_fault_of_its_check(
    session: Session, clock: object
) -> None:
    """An error of the database in one check leaves the others to be made."""
    gifts.give()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE card_stray RENAME TO card_strayed"))
    found = list(verify.faults(session))
    told = [(fault.rule, fault.place) for fault in found]
    assert told == [("unreadable", "sources"), ("unreadable", "card payments")]
    session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE entry RENAME TO entered"))
    with pytest.raises(DBAPIError):
        list(verify.faults(session))
