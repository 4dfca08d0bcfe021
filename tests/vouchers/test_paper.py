"""What a posted voucher says on paper is sealed with its entry, and every change of it is found."""

import hmac
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books import keys, papers
from fundsvc.books.models import EntryDonor
from fundsvc.clock import VN
from fundsvc.db import read_session, set_scope
from fundsvc.seals import proofs
from fundsvc.seals.service import seal_new
from fundsvc.units import service as units
from fundsvc.vouchers import paper
from fundsvc.vouchers import verify as vouchers
from fundsvc.vouchers.drafting import DraftLine
from fundsvc.vouchers.models import Voucher
from ledger import seals
from tests.seals.mutations import guards_off, undone
from tests.vouchers.conftest import GIVEN, JOURNAL, MOVED, PAID, Desk

NOT_PRINTED: Final = {
    "id": "named by the entry as its external id",
    "state": "an entry of a voucher that is not posted is found to stand alone",
    "entry_id": "leads to the commitment",
    "salt": "is the key",
    "series": "follows from kind and unit",
    "year": "follows from the date",
    "serial": "follows from the number",
    "key": "names the request that made it",
    "version": "tells whether a form is old",
    "template_id": "tells what a draft was made from",
    "return_reason": "is told of drafts only",
}
SAID: Final = paper.PAPER.said
WHERE_NOTHING_STOOD: Final = {
    "till": "111",
    "province_id": 1,
    "resolution": "1/QĐ",
    "resolution_on": date(2024, 9, 1),
    "to_unit_id": 1,
    "to_fund_id": 1,
    "to_till": "111",
}
_VOUCHERS: Final[Any] = Voucher.__table__
SHARED = replace(
    JOURNAL,
    lines=(DraftLine(account="6121", debit=700_000), DraftLine(account="3381", credit=700_000)),
)


@pytest.fixture
def posted(desk: Desk) -> list[int]:
    """One of each kind of voucher, posted and sealed; and no guard left."""
    numbers = [desk.posted(draft)[0] for draft in (PAID, GIVEN, MOVED, SHARED)]
    seal_new()
    guards_off()
    return numbers


def changed(session: Session, which: int, **columns: Any) -> None:
    session.execute(update(_VOUCHERS).where(_VOUCHERS.c.id == which).values(columns))


def other(value: Any) -> Any:
    match value:
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case int():
            return value + 1
    return f"{value}x"


def committed(session: Session, row: Any) -> str:
    reader = papers.Reader(session, paper.PAPER)
    return reader.commitment(row.salt, [getattr(row, name) for name in SAID])


def named(session: Session) -> set[str]:
    return {fault.place for fault in paper.faults(session)}


def test_what_the_service_posted_has_no_fault(posted: list[int]) -> None:
    assert list(verify.faults(read_session())) == []


def test_the_form_is_told_to_auditors() -> None:
    told = (Path(__file__).parents[2] / "docs" / "seals.md").read_text(encoding="utf-8")
    assert f"| `{paper.PAPER.form}` | {', '.join(paper.PAPER.said)} |" in told


def test_every_column_is_sealed_or_said_not_to_be_printed() -> None:
    assert {*SAID, *NOT_PRINTED} == set(_VOUCHERS.c.keys())
    assert not set(SAID) & set(NOT_PRINTED)


def test_every_printed_column_that_was_changed_is_found(posted: list[int]) -> None:
    for number in posted:
        rows = read_session().execute(select(_VOUCHERS).where(_VOUCHERS.c.id == number))
        stood = rows.one()._mapping
        for column in SAID:
            there = stood[column]
            values = [other(there) if there is not None else WHERE_NOTHING_STOOD[column]]
            if there is not None and _VOUCHERS.c[column].nullable:
                values.append(None)
            for value in values:
                with undone(read_session()) as session:
                    changed(session, number, **{column: value})
                    assert named(session) == {f"voucher:{number}"}, (column, value)
                    assert not paper.agrees(session, number), (column, value)
    assert list(verify.faults(read_session())) == [], "nothing was left changed"


def test_the_fault_names_the_voucher_by_its_number(posted: list[int]) -> None:
    with undone(read_session()) as session:
        changed(session, posted[0], party="Kẻ Gian")
        assert [fault.text for fault in vouchers.faults(session)] == [
            "Chứng từ PC-2024-000001: nội dung khác với khi ghi sổ."
        ]


@pytest.mark.parametrize(
    ("one", "next_"), [("party", "party_address"), ("description", "enclosed")]
)
def test_a_text_moved_into_the_next_field_is_found(posted: list[int], one: str, next_: str) -> None:
    with undone(read_session()) as session:
        row = session.execute(select(_VOUCHERS).where(_VOUCHERS.c.id == posted[0])).one()._mapping
        moved = row[one] + row[next_]
        changed(session, posted[0], **{one: moved, next_: ""})
        assert named(session) == {f"voucher:{posted[0]}"}


def test_salt_and_commitment_go_together(posted: list[int]) -> None:
    entry = "(SELECT entry_id FROM voucher WHERE id = :id)"
    for statement in (
        "UPDATE voucher SET salt = NULL WHERE id = :id",
        "UPDATE voucher SET salt = '00000000000000000000000000000000' WHERE id = :id",
        f"DELETE FROM entry_donor WHERE entry_id = {entry}",
    ):
        with undone(read_session()) as session:
            session.execute(text(statement), {"id": posted[0]})
            assert named(session) == {f"voucher:{posted[0]}"}, statement


def test_neither_salt_nor_commitment_can_go_without_the_seal_telling(posted: list[int]) -> None:
    with undone(read_session()) as session:
        changed(session, posted[0], salt=None, party="Kẻ Gian")
        session.execute(text("DELETE FROM entry_donor"))
        assert "seal" in {fault.place.partition(":")[0] for fault in verify.faults(session)}


def test_a_new_salt_and_commitment_break_the_seal(posted: list[int]) -> None:
    """Whoever makes a fitting pair for another party has to change the sealed leaf."""
    with undone(read_session()) as session:
        changed(session, posted[0], party="Kẻ Gian", salt="0" * 32)
        row = session.execute(select(_VOUCHERS).where(_VOUCHERS.c.id == posted[0])).one()
        session.execute(
            update(EntryDonor)
            .where(EntryDonor.entry_id == row.entry_id)
            .values(commitment=committed(session, row))
        )
        assert list(vouchers.faults(session)) == []
        assert "seal" in {fault.place.partition(":")[0] for fault in verify.faults(session)}


def test_what_was_posted_before_papers_were_sealed_is_no_fault(desk: Desk) -> None:
    number, _done = desk.posted()
    guards_off()
    session = read_session()
    changed(session, number, salt=None)
    session.execute(text("DELETE FROM entry_donor"))
    session.commit()
    seal_new()
    assert list(verify.faults(read_session())) == []
    assert paper.agrees(read_session(), number)


def test_a_paper_that_is_not_what_its_entry_says_does_not_agree(posted: list[int]) -> None:
    """Whether or not it was sealed: vouchers from before have their entries too."""
    first = posted[0]
    for statement in (
        "UPDATE voucher_line SET debit = debit + 1 WHERE voucher_id = :id AND line = 1",
        "DELETE FROM voucher_line WHERE voucher_id = :id",
        "UPDATE posting SET debit = debit + 1 WHERE entry_id = :entry AND line = 1",
        "UPDATE voucher_line SET account_id = 999999 WHERE voucher_id = :id",
        "UPDATE entry SET description = 'x' WHERE id = :entry",
        "UPDATE entry SET approver_id = 99 WHERE id = :entry",
        "UPDATE voucher SET amount = amount + 1 WHERE id = :id",
        "UPDATE voucher SET till = '112.TWNT' WHERE id = :id",
        "UPDATE voucher SET entry_id = 99999 WHERE id = :id",
    ):
        for old in (False, True):
            with undone(read_session()) as session:
                entry = session.get_one(Voucher, first).entry_id
                if old:
                    changed(session, first, salt=None)
                    session.execute(text("DELETE FROM entry_donor"))
                assert paper.agrees(session, first)
                session.execute(text(statement), {"id": first, "entry": entry})
                assert not paper.agrees(session, first), (statement, old)


def test_each_voucher_has_a_salt_of_its_own(posted: list[int], session: Session) -> None:
    salts = session.scalars(select(Voucher.salt)).all()
    assert len(set(salts)) == len(posted)
    assert all(salt is not None and len(salt) == 32 for salt in salts)


def test_who_sees_one_unit_of_a_transfer_sees_that_it_agrees(desk: Desk) -> None:
    """Lines that this person may not see are looked at all the same."""
    number, _done = desk.posted(MOVED)
    session = read_session()
    set_scope(session, {units.by_code(session, "TW").id})
    assert paper.agrees(session, number)
    set_scope(session, None)


def test_a_proof_of_its_entry_tells_no_name(desk: Desk, session: Session) -> None:
    number, done = desk.posted()
    seal_new()
    proof = proofs.proof(session, done.entry_id)
    assert "Hường" not in proof["hashed"]
    row = session.get_one(Voucher, number)
    assert committed(session, row) in proof["hashed"]
    leaf = seals.leaf(proof["hashed"])
    root = proof["seal"]["root"]
    assert seals.included(leaf, proof["place"], proof["size"], proof["path"], root)


def test_the_form_is_written_down_once_and_for_all(session: Session) -> None:
    """Sealed commitments cannot be made anew: whoever changes the form needs another version."""
    known = keys.read(session)
    moment = datetime(2024, 9, 10, 8, 2, 3, 4, tzinfo=VN)
    row = SimpleNamespace(
        salt="5" * 32, number="PC-2024-000001", kind="cash-out", date=date(2024, 9, 10),
        unit_id=known.unit("TW"), fund_id=known.fund("dues"), amount=3_200_000, till="111",
        province_id=known.province("2025:44"), party="Trần Thị Hường", party_address="",
        description="Quà", enclosed="02 hóa đơn", resolution=None, resolution_on=None,
        to_unit_id=None, to_fund_id=77, to_till=None, maker_id=1, made_at=moment, submitted_by=1,
        submitted_at=moment, approver_id=2, approved_at=moment, posted_by=None, posted_at=moment,
    )  # fmt: skip
    at = "32:2024-09-10T01:02:03.000004+00:00,"
    said = (
        "17:fundsvc-voucher-1,14:PC-2024-000001,8:cash-out,10:2024-09-10,2:TW,4:dues,7:3200000,"
        "3:111,7:2025:44,21:Trần Thị Hường,0:,4:Quà,13:02 hóa đơn,-,-,-,3:?77,-,"
        f"1:1,{at}1:1,{at}1:2,{at}-,{at}"
    )
    expected = hmac.new(b"5" * 32, said.encode(), "sha256").hexdigest()
    assert committed(session, row) == expected
