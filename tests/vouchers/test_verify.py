"""Whatever is changed behind the service's back is named by `verify`, with its place."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import transaction
from fundsvc.vouchers import files
from fundsvc.vouchers import verify as vouchers
from tests.vouchers.conftest import GIVEN, MOVED, Desk

ALL = ("voucher", "voucher_line", "voucher_file", "entry", "posting", "entry_evidence")


CHANGES = (
    ("UPDATE voucher SET serial = 5 WHERE id = 2", "voucher-numbers", "voucher:PC:TW-2024"),
    ("UPDATE series SET last = 9 WHERE book = 'voucher:PC:TW'",
     "voucher-counter", "voucher:PC:TW-2024"),
    ("INSERT INTO series VALUES ('voucher:BN:TW', 2024, 1)",
     "voucher-counter", "voucher:BN:TW-2024"),
    ("UPDATE voucher SET number = 'PC-2024-000009' WHERE id = 2", "voucher-number", "voucher:2"),
    ("UPDATE entry SET voucher = 'PC-2024-7' WHERE voucher = 'PC-2024-000002'",
     "voucher-entry", "voucher:2"),
    ("UPDATE voucher SET date = '2024-09-11' WHERE id = 2", "voucher-entry", "voucher:2"),
    ("UPDATE voucher SET description = 'x' WHERE id = 2", "voucher-entry", "voucher:2"),
    ("UPDATE voucher SET maker_id = maker_id + 50 WHERE id = 2", "voucher-entry", "voucher:2"),
    ("UPDATE voucher SET amount = amount + 1 WHERE id = 2", "voucher-head", "voucher:2"),
    ("UPDATE voucher SET fund_id = 1 WHERE id = 3", "voucher-head", "voucher:3"),
    ("UPDATE voucher SET till = '112.TWNT' WHERE id = 3", "voucher-head", "voucher:3"),
    ("UPDATE voucher SET to_fund_id = 1 WHERE id = 4", "voucher-head", "voucher:4"),
    ("UPDATE voucher_line SET debit = debit + 1 WHERE voucher_id = 2 AND line = 1",
     "voucher-lines", "voucher:2"),
    ("DELETE FROM voucher_line WHERE voucher_id = 2 AND line = 1", "voucher-lines", "voucher:2"),
    ("DELETE FROM voucher_line WHERE voucher_id = 3", "voucher-lines", "voucher:3"),
    ("DELETE FROM voucher_file", "voucher-evidence", "voucher:1"),
    ("UPDATE voucher_file SET voucher_id = 2", "voucher-evidence", "voucher:2"),
    (("UPDATE voucher SET entry_id = NULL, state = 'approved', number = NULL, series = NULL,"
     " year = NULL, serial = NULL, posted_by = NULL, posted_at = NULL WHERE id = 2"),
     "voucher-entry", "entry:5"),
)  # fmt: skip


def without_guards(session: Session) -> None:
    """Take away every guard until the transaction ends, as the owner of the database could."""
    if session.get_bind().dialect.name == "postgresql":
        for table in ALL:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for (name,) in session.execute(text(triggers)).all():
        session.execute(text(f"DROP TRIGGER {name}"))


@pytest.fixture
def books(desk: Desk) -> None:
    """Two payments, the first with a file, a receipt and a transfer, all posted; and a draft."""
    number = desk.draft()
    with transaction() as session:
        files.attach(session, number, b"%PDF-1.7", "a.pdf", "", by=desk.people.maker)
    for act in ("submit", "approve", "post"):
        desk.act(act, number)
    desk.posted(amount=3_200_000)
    desk.posted(GIVEN)
    desk.posted(MOVED)
    desk.draft()


def test_what_the_service_wrote_has_no_fault(session: Session, books: None) -> None:
    assert [fault.text for fault in verify.faults(session)] == []


def test_every_change_is_found_and_its_place_is_named(session: Session, books: None) -> None:
    for statement, rule, place in CHANGES:
        session.rollback()
        without_guards(session)
        session.execute(text(statement))
        found = {(fault.rule, fault.place) for fault in vouchers.faults(session)}
        assert (rule, place) in found, statement
    session.rollback()
    assert list(vouchers.faults(session)) == []
