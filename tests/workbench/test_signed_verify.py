"""Whatever is changed of a signed month behind the guards, `verify` names by account and month."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import db, read_session, transaction
from fundsvc.errors import Conflict
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation.models import BankFile, BankLine
from fundsvc.seals.service import seal_new
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.verify import faults
from fundsvc.workbench import choices, decisions, minutes, signed_verify, signoff
from fundsvc.workbench.models import BankSignoff
from tests.reconciliation.importing import add, file, run
from tests.seals.mutations import guards_off, undone
from tests.support.people import HASH, noted

pytestmark = pytest.mark.usefixtures("app")

START = datetime(2024, 9, 16, 9, 0, tzinfo=service_clock.VN)
AUGUST, JULY = date(2024, 8, 1), date(2024, 7, 1)
BEFORE = ("1,05/07/2024,5213.0,,40.000,40.000,ung ho",)
LINES = (
    "1,01/08/2024,5213.1,,50.000,90.000,ung ho",
    "1,05/08/2024,5213.2,,60.000,150.000,ung ho",
    "1,20/08/2024,5213.3,,700.000,850.000,CHUYEN TIEN",
    "1,21/08/2024,5213.4,100.000,,750.000,RUT TIEN",
    "1,02/09/2024,5213.5,,10.000,760.000,ung ho",
)
AFTER = ("1,02/09/2024,5213.5,,10.000,760.000,ung ho", "1,08/09/2024,5213.6,,5.000,765.000,ung ho")


@contextmanager
def minute(number: int) -> Iterator[None]:
    """Let it be so many minutes after the story begins."""
    with service_clock.fixed(START + timedelta(minutes=number)):
        yield


def people() -> dict[str, int]:
    found = {}
    with transaction() as session:
        for name, role in (("quy", "treasurer"), ("duyet", "approver"), ("khac", "approver")):
            one = StaffUser(
                username=name, name=name, key=name, password=HASH, created_at=service_clock.now()
            )
            session.add(one)
            session.flush()
            session.add(StaffUserRole(user_id=one.id, role=role))
            noted(session, one, {role})
            found[name] = one.id
    return found


def say(line: int, choice: choices.Choice, by: int, key: str) -> None:
    with transaction() as session:
        decisions.decide(session, line, choice, by=by, key=key)


def sign(month: date, who: dict[str, int], told: int | None = None) -> int:
    with transaction() as session:
        number = signoff.submit(session, "VCB1", month, by=who["quy"], told=told).id
    with minute(6), transaction() as session:
        signoff.approve(session, number, by=who["duyet"])
    return number


@pytest.fixture
def signed(app: Flask) -> dict[str, int]:
    """July and August are signed; what was held back in August is decided in part since."""
    with minute(0):
        who = people()
        add("VCB1", number="00110")
        run("VCB1", file(*BEFORE), name="thang-7.csv")
        run("VCB1", file(*LINES), name="thang-8.csv")
        seal_new()
    with transaction() as session:
        ids = list(session.scalars(select(BankLine.id).order_by(BankLine.booked_on)))
    with minute(1):
        for number, line in enumerate(ids[:3]):
            say(line, choices.Given(), who["quy"], f"given-{number}")
    with minute(2):
        say(ids[3], choices.Held("Hỏi người chuyển"), who["quy"], "in")
        say(ids[4], choices.Held("Chờ hóa đơn"), who["quy"], "out")
    with minute(5):
        july = sign(JULY, who)
        august = sign(AUGUST, who)
    with minute(7):
        minutes.pdf_of(august)
        say(ids[3], choices.Given(), who["quy"], "later")
        run("VCB1", file(*AFTER), name="thang-9.csv")
    assert list(faults(read_session())) == []
    read_session().rollback()
    return who | {"july": july, "august": august}


@pytest.fixture
def bare(signed: dict[str, int]) -> dict[str, int]:
    """The same in books without guards."""
    guards_off()
    db.engine.dispose()  # Connections made from here on hold no checks.
    return signed


SIGNED = "UPDATE bank_signoff SET {} WHERE id = :august"
FACTS = SIGNED.format("facts = replace(facts, '{}', '{}')")
LINE = "UPDATE bank_line SET {} WHERE doc_no = '5213.{}'"
DECIDED = (
    "UPDATE bank_decision SET {} WHERE bank_line_id ="
    " (SELECT id FROM bank_line WHERE doc_no = '5213.{}') AND kind {} 'held'"
)
FILE = "UPDATE bank_file SET {} WHERE name = 'thang-8.csv'"
ACT = "UPDATE act SET {} WHERE kind = 'bank-month.{}' AND subject = 'bank-month:VCB1:2024-08'"
BACK = "undone_at = decided_at, undone_why = 'x'"
CHANGES = {
    "the bank's balance": SIGNED.format("bank_balance = bank_balance + 1"),
    "the books' balance": SIGNED.format("book_balance = book_balance + 1"),
    "both balances": SIGNED.format("bank_balance = 1, book_balance = 1"),
    "what a file says": FILE.format("closing = closing + 1"),
    "that no file says it": FILE.format("closing = NULL"),
    "that a person told it": FACTS.format('"told":null', '"told":1'),
    "a posting on the bank": "UPDATE posting SET debit = 2 * debit, credit = 2 * credit"
    " WHERE date = '2024-08-05'",
    "another account of a posting": "UPDATE posting SET account_id = account_id + 1"
    " WHERE date = '2024-08-05' AND debit > 0",
    "a posting's day": "UPDATE posting SET date = '2024-09-05' WHERE date = '2024-08-05'",
    "a line's amount": LINE.format("credit = credit + 1", 2),
    "a line's day": LINE.format("booked_on = '2024-09-01'", 2),
    "a line's account": LINE.format("bank_account_id = bank_account_id + 1", 2),
    "a line is gone": "DELETE FROM bank_line WHERE doc_no = '5213.2'",
    "a line after the month": LINE.format("credit = credit + 1", 5),
    "a decision is undone": DECIDED.format(BACK, 2, "<>"),
    "a decision is held back": DECIDED.format("kind = 'held'", 2, "<>"),
    "a decision is gone": DECIDED.replace(
        "UPDATE bank_decision SET {}", "DELETE FROM bank_decision"
    ).format(2, "<>"),
    "what was held back is gone": DECIDED.replace(
        "UPDATE bank_decision SET {}", "DELETE FROM bank_decision"
    ).format(4, "="),
    "why it was held back": DECIDED.format("note = 'x'", 4, "="),
    "when it was held back": DECIDED.format("decided_at = :later", 4, "="),
    "when it ended": DECIDED.format("undone_at = :earlier", 3, "="),
    "what a held line says": LINE.format("memo = 'x'", 4),
    "the count of lines": FACTS.format('"lines":4', '"lines":3'),
    "the count of decided lines": FACTS.format('"decided":2', '"decided":3'),
    "the count of held lines": FACTS.format('"held":2', '"held":3'),
    "the sum of held money in": FACTS.format('"held_in":700000', '"held_in":700001'),
    "the sum of held money out": FACTS.format('"held_out":100000', '"held_out":1'),
    "the sum of all money in": FACTS.format('"moved_in":810000', '"moved_in":1'),
    "that lines wait": FACTS.format('"undecided":0', '"undecided":1'),
    "a held line of the record": FACTS.format("Hỏi người chuyển", "Xong"),
    "the record's day": FACTS.format('"last":"2024-08-31"', '"last":"2024-08-30"'),
    "the record's file": FACTS.format("thang-8.csv", "thang-x.csv"),
    "a file's hash": FILE.format("sha256 = (SELECT sha256 FROM bank_file WHERE id = 1)"),
    "a file's lines": FILE.format("lines = lines + 1"),
    "a file is gone": "DELETE FROM bank_file WHERE name = 'thang-8.csv'",
    "the record's seal": FACTS.format('"head":"', '"head":"0'),
    "a seal's head": "UPDATE seal SET head = replace(head, substr(head, 1, 1), 'x')",
    "who approved is who submitted": SIGNED.format("decided_by = submitted_by"),
    "who approved": SIGNED.format("decided_by = :khac"),
    "who submitted": SIGNED.format("submitted_by = :khac"),
    "nobody approved": SIGNED.format("decided_by = NULL"),
    "who approved, in the log": ACT.format("actor_id = :khac", "approve"),
    "the balance, in the log": ACT.format("facts = replace(facts, '750000', '1')", "approve"),
    "the log says nothing": ACT.replace("UPDATE act SET {}", "DELETE FROM act").format("approve"),
    "the record is gone": "DELETE FROM bank_signoff WHERE id = :august",
    "it only waits": SIGNED.format("state = 'submitted', decided_by = NULL, decided_at = NULL"),
    "one alone opened it": SIGNED.format(
        "state = 'reopened', reopen_by = :khac, reopened_by = :khac"
    ),
    "opened without a log": SIGNED.format(
        "state = 'reopened', reopen_by = :quy, reopened_by = :khac"
    ),
    "the record's unit": SIGNED.format("unit_id = unit_id + 1"),
    "the PDF's hash": SIGNED.format("pdf_sha256 = :csv"),
    "a hash that is none": SIGNED.format("pdf_sha256 = '0'"),
    "the PDF of two months": "UPDATE bank_signoff SET pdf_sha256 = (SELECT pdf_sha256 FROM"
    " bank_signoff WHERE id = :august) WHERE id = :july",
    "the record cannot be read": SIGNED.format("facts = '{}'"),
}


def test_each_change_of_a_signed_month_is_named_in_its_place(bare: dict[str, int]) -> None:
    with read_session() as session:
        csv = session.scalars(select(BankFile.sha256).where(BankFile.name == "thang-9.csv")).one()
    moments = {"later": START + timedelta(minutes=9), "earlier": START + timedelta(minutes=3)}
    sqlite = db.engine.dialect.name == "sqlite"
    known = (
        bare
        | {"csv": csv}
        | {
            name: at.astimezone(UTC).isoformat(timespec="microseconds") if sqlite else at
            for name, at in moments.items()
        }
    )
    missed = []
    for name, change in CHANGES.items():
        with undone(read_session()) as session:
            wanted = {mark: value for mark, value in known.items() if f":{mark}" in change}
            # A colon within JSON names no value.
            statement = text(change.replace('":', '"\\:'))
            changed = session.connection().execute(statement, wanted)
            assert changed.rowcount, name
            places = named(session)
        if "bank-month:VCB1:2024-08" not in places:
            missed.append((name, places))
    assert missed == []
    assert named(read_session()) == set(), "nothing was left changed"


@pytest.mark.parametrize("name", ["thang-8.csv", "bien-ban-doi-soat-VCB1-2024-08.pdf"])
def test_a_kept_file_of_a_signed_month_that_changed_is_named(
    app: Flask, signed: dict[str, int], session: Session, name: str
) -> None:
    query = text("SELECT sha256 FROM stored_file WHERE name = :name")
    sha256 = session.execute(query, {"name": name}).scalar_one()
    path = app.config["FUNDSVC"].files_dir / sha256[:2] / sha256[2:]
    whole = path.read_bytes()
    path.write_bytes(whole + b"x")
    assert "bank-month:VCB1:2024-08" in named(session)
    path.unlink()
    assert "bank-month:VCB1:2024-08" in named(session)
    assert evidence.keep(whole) == sha256
    assert named(session) == set()


def test_a_month_that_two_people_opened_again_is_no_fault(
    signed: dict[str, int], session: Session
) -> None:
    """What is done in it then differs from what was signed, as it should; signed anew it holds."""
    with minute(10):
        with transaction() as writing:
            signoff.ask_reopening(writing, signed["august"], by=signed["quy"], why="Sót dòng")
        assert named(session) == set()
        with transaction() as writing:
            signoff.reopen(writing, signed["august"], by=signed["khac"], yes=True)
        run("VCB1", file("1,22/08/2024,5213.9,,7.000,,sot"), name="sot.csv")
        with transaction() as writing:
            late = writing.scalars(select(BankLine.id).where(BankLine.credit == 7_000)).one()
    assert named(session) == set()
    with minute(11):
        say(late, choices.Held("Sót"), signed["quy"], "late")
        with pytest.raises(Exception, match="lệch"), transaction() as writing:
            signoff.submit(writing, "VCB1", AUGUST, by=signed["quy"])
    assert named(session) == set()


def test_an_approver_signs_the_held_lines_that_were_submitted(app: Flask) -> None:
    """Between the two another line is held back instead, of the same amount."""
    with minute(0):
        who = people()
        add("VCB1", number="00110")
        twins = [f"1,0{day}/08/2024,5213.{day},,50.000,,ung ho" for day in (1, 2)]
        run("VCB1", file(*twins), name="thang-8.csv")
        with transaction() as session:
            one, other = session.scalars(select(BankLine.id).order_by(BankLine.booked_on)).all()
        say(one, choices.Held("Hỏi"), who["quy"], "a")
        say(other, choices.Given(), who["quy"], "b")
    with minute(1), transaction() as session:
        number = signoff.submit(session, "VCB1", AUGUST, by=who["quy"], told=100_000).id
    with minute(2):
        say(one, choices.Given(), who["quy"], "c")
        with transaction() as session:
            gift = text("SELECT id FROM bank_decision WHERE key = 'b'")
            decisions.undo(session, session.execute(gift).scalar_one(), by=who["quy"], why="Nhầm")
        say(other, choices.Held("Hỏi"), who["quy"], "d")
        with pytest.raises(Conflict, match="đã thay đổi"), transaction() as session:
            signoff.approve(session, number, by=who["duyet"])
    assert read_session().get_one(BankSignoff, number).state == "submitted"


def named(session: Session) -> set[str]:
    """Return the places of the faults of signed months."""
    session.expire_all()
    return {fault.place for fault in signed_verify.faults(session)}
