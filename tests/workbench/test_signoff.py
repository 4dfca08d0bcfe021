"""Signing a month: at difference zero, by two people, and then the database lets nothing in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import pypdfium2 as pdfium
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Forbidden, Refusal
from fundsvc.reconciliation import lists, service
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankDecision, BankLine
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.workbench import decisions, minutes, month_end, signoff
from fundsvc.workbench.choices import Given, Held
from fundsvc.workbench.models import BankSignoff
from ledger import recipes
from ledger.words import grouped
from tests.support.people import HASH, noted

SignIn = Callable[..., FlaskClient]
HEAD = b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
FILE = HEAD + (
    b"1,01/08/2024,5213.1,,50.000,50.000,ung ho\r\n"
    b"1,20/08/2024,5213.2,,700.000,750.000,CHUYEN TIEN\r\n"
    b"1,02/09/2024,5213.3,,10.000,760.000,ung ho\r\n"
)
SHORT = HEAD + (
    b"1,01/08/2024,5213.1,,50.000,50.000,ung ho\r\n"
    b"1,05/08/2024,5213.2,,700.000,750.000,CHUYEN TIEN\r\n"
)
AUGUST = date(2024, 8, 1)

pytestmark = pytest.mark.usefixtures("app", "clock")


@dataclass(frozen=True)
class People:
    treasurer: int
    approver: int
    approver2: int


@pytest.fixture
def people(app: Flask, clock: datetime) -> People:
    found = []
    with transaction() as session:
        for name, role in (("quy", "treasurer"), ("duyet", "approver"), ("duyet2", "approver")):
            person = StaffUser(
                username=name, name=name, key=name, password=HASH, created_at=service_clock.now()
            )
            session.add(person)
            session.flush()
            session.add(StaffUserRole(user_id=person.id, role=role))
            noted(session, person, {role})
            found.append(person.id)
    return People(*found)


def bring(data: bytes) -> None:
    with transaction() as session:
        add_bank_account(
            session, code="VCB1", bank="VCB", number="00110", fund="nghia-tinh", unit="TW", by=None
        )
        told = service.read(session, data, name="thang-8.csv", account_code="VCB1", commit=True)
        assert service.import_bank(session, told, by=None).committed


@pytest.fixture
def lines(people: People) -> list[int]:
    """Three lines, two of them in August; the first is a donation, the second is held back."""
    bring(FILE)
    with transaction() as session:
        ids = list(session.scalars(select(BankLine.id).order_by(BankLine.booked_on)))
        decisions.decide(session, ids[0], Given(), by=people.treasurer, key="a")
    with transaction() as session:
        held = Held("Chờ người chuyển trả lời")
        decisions.decide(session, ids[1], held, by=people.treasurer, key="b")
    return ids


@pytest.fixture
def signed(lines: list[int], people: People) -> int:
    with transaction() as session:
        number = signoff.submit(session, "VCB1", AUGUST, by=people.treasurer).id
    with transaction() as session:
        signoff.approve(session, number, by=people.approver)
    return number


def test_a_month_is_signed_by_two_people(signed: int, session: Session) -> None:
    row = session.get_one(BankSignoff, signed)
    assert (row.state, row.bank_balance, row.book_balance) == ("approved", 750_000, 750_000)
    assert (row.facts["lines"], row.facts["decided"], row.facts["held"]) == (2, 1, 1)
    assert row.facts["files"][0]["name"] == "thang-8.csv"


def test_it_is_submitted_only_when_every_line_is_decided_or_held(people: People) -> None:
    bring(FILE)
    with (
        pytest.raises(Refusal, match="Còn 2 dòng sao kê"),
        transaction() as session,
    ):
        signoff.submit(session, "VCB1", AUGUST, by=people.treasurer)


def test_it_is_submitted_only_at_difference_zero(lines: list[int], people: People) -> None:
    with transaction() as session:
        entry = recipes.bank_fee(
            bank_account="VCB1", on=date(2024, 8, 9), unit="TW", fund="nghia-tinh", amount=1_100,
            description="Phí ghi tay",
        )  # fmt: skip
        books.post(session, entry, source="voucher", external_id="x")
    with pytest.raises(Refusal, match=r"lệch 1\.100 đ"), transaction() as session:
        signoff.submit(session, "VCB1", AUGUST, by=people.treasurer)


def short(people: People) -> None:
    """A file of August that ends on the fifth; its lines are held back."""
    bring(SHORT)
    with transaction() as session:
        for line in session.scalars(select(BankLine.id)).all():
            decisions.decide(session, line, Held("Hỏi lại"), by=people.treasurer, key=f"h{line}")


def test_a_file_that_ends_before_the_month_tells_no_balance_of_its_end(
    people: People, session: Session
) -> None:
    """What the bank did after the fifth is not known; the books do not stand in for it."""
    short(people)
    why = "chỉ cho biết số dư đến ngày 05/08/2024.*số dư cuối ngày 31/08/2024 trên sổ phụ"
    with pytest.raises(Refusal, match=why) as caught, transaction() as writing:
        signoff.submit(writing, "VCB1", AUGUST, by=people.treasurer)
    assert [reason.field for reason in caught.value.reasons] == ["balance"]
    with pytest.raises(Refusal, match=r"lệch 130\.000 đ"), transaction() as writing:
        signoff.submit(writing, "VCB1", AUGUST, by=people.treasurer, told=880_000)
    bring(HEAD + b"1,10/08/2024,5213.9,,130.000,880.000,ung ho\r\n")
    with transaction() as writing:
        line = writing.scalars(select(BankLine.id).where(BankLine.credit == 130_000)).one()
        decisions.decide(writing, line, Held("Hỏi lại"), by=people.treasurer, key="late")
    with transaction() as writing:
        number = signoff.submit(writing, "VCB1", AUGUST, by=people.treasurer, told=880_000).id
    with transaction() as writing:
        signoff.approve(writing, number, by=people.approver)
    row = session.get_one(BankSignoff, number)
    assert (row.bank_balance, row.facts["told"]) == (880_000, 880_000)
    assert row.facts["balance_until"] == "2024-08-10"
    said = text_of(minutes.pdf_of(number)[1])
    assert "theo giấy của ngân hàng; tệp sao kê chỉ cho biết số dư đến ngày 10/08/2024" in said


@pytest.mark.parametrize(("opening", "difference"), [(750_000, 0), (880_000, 130_000)])
def test_the_next_file_tells_the_balance_it_begins_with(
    people: People, opening: int, difference: int
) -> None:
    short(people)
    closing = grouped(opening + 5_000)
    bring(HEAD + f"1,02/09/2024,5213.9,,5.000,{closing},ung ho\r\n".encode())
    with transaction() as session:
        found = month_end.figures(session, lists.account(session, "VCB1"), date(2024, 8, 31))
    assert (found.bank, found.told, found.difference) == (opening, None, difference)


def test_the_page_asks_for_the_balance_and_shows_it_to_the_approver(
    people: People, signed_in: SignIn
) -> None:
    short(people)
    page = "/workbench/VCB1/months/2024-08"
    treasurer, approver = signed_in("treasurer"), signed_in("approver")
    asked = treasurer.get(page).text
    assert "Số dư ngân hàng ngày 31/08/2024 theo giấy" in asked
    assert "không bắt buộc" not in asked
    refused = treasurer.post(f"{page}/submit", data=token(treasurer) | {"balance": "751.000"})
    assert refused.status_code == 422
    assert 'value="751.000"' in refused.text
    sent = treasurer.post(f"{page}/submit", data=token(treasurer) | {"balance": "750.000"})
    assert sent.status_code == 303
    assert "Số dư lấy theo giấy của ngân hàng" in approver.get(page).text


def test_a_month_that_is_not_over_is_not_signed(lines: list[int], people: People) -> None:
    with pytest.raises(Refusal, match="chưa hết"), transaction() as session:
        signoff.submit(session, "VCB1", date(2024, 9, 1), by=people.treasurer)


def test_the_months_begin_with_the_first_line_and_say_what_waits(
    lines: list[int], signed_in: SignIn
) -> None:
    text = signed_in("treasurer").get("/workbench/VCB1/months").text
    months = re.findall(r'href="/workbench/VCB1/months/([0-9-]+)">', text)
    assert months == ["2024-09", "2024-08"]
    waits = re.findall(r'data-label="Dòng chưa quyết định">([0-9]+)<', text)
    assert waits == ["1", "0"]
    assert '<a href="/workbench/VCB1">VCB1</a>' in text
    month = signed_in("treasurer").get("/workbench/VCB1/months/2024-09").text
    assert "Dòng chưa quyết định đến 30/09/2024" in month
    assert "Đến bàn đối soát" in month


def test_who_submitted_does_not_approve(lines: list[int], people: People) -> None:
    with transaction() as session:
        session.add(StaffUserRole(user_id=people.treasurer, role="approver"))
        number = signoff.submit(session, "VCB1", AUGUST, by=people.treasurer).id
    with pytest.raises(Forbidden), transaction() as session:
        signoff.approve(session, number, by=people.treasurer)
    with transaction() as session:  # Once more is the same.
        assert not signoff.submit(session, "VCB1", AUGUST, by=people.treasurer).new


def test_what_changed_since_is_not_approved(lines: list[int], people: People) -> None:
    with transaction() as session:
        number = signoff.submit(session, "VCB1", AUGUST, by=people.treasurer).id
    bring(HEAD + b"1,21/08/2024,9,,5.000,,moi\r\n")
    with pytest.raises(Conflict, match="đã thay đổi"), transaction() as session:
        signoff.approve(session, number, by=people.approver)


def test_a_signed_month_takes_no_line_no_entry_and_no_undoing(
    signed: int, lines: list[int], people: People, session: Session
) -> None:
    for row in ("21/08/2024", "05/03/2024"):
        with pytest.raises(Conflict, match="đã được duyệt đến hết ngày 31/08/2024"):
            bring(HEAD + f"1,{row},9,,5.000,,moi\r\n".encode())
    bring(FILE)  # Known lines are no new ones.
    bring(HEAD + b"1,03/09/2024,9,,5.000,,moi\r\n")
    decision = session.scalars(select(BankDecision.id).where(BankDecision.kind == "given")).one()
    with pytest.raises(Conflict, match="mở lại biên bản"), transaction() as writing:
        decisions.undo(writing, decision, by=people.treasurer, why="nhầm")
    entry = recipes.bank_fee(
        bank_account="VCB1", on=date(2024, 8, 9), unit="TW", fund="nghia-tinh", amount=1_100,
        description="Phí ghi tay",
    )  # fmt: skip
    with pytest.raises(Refusal, match="đã được duyệt cho tháng đó"), transaction() as writing:
        books.post(writing, entry, source="voucher", external_id="x")


def test_what_was_held_back_is_decided_later(signed: int, lines: list[int], people: People) -> None:
    with transaction() as session:
        assert decisions.decide(session, lines[1], Given(), by=people.treasurer, key="c").new


def test_two_people_open_it_again_the_latest_month_first(
    signed: int, lines: list[int], people: People
) -> None:
    with transaction() as session:
        signoff.ask_reopening(session, signed, by=people.approver, why="sót dòng")
    with pytest.raises(Forbidden), transaction() as session:
        signoff.reopen(session, signed, by=people.approver, yes=True)
    with transaction() as session:
        signoff.reopen(session, signed, by=people.approver2, yes=False)
    with transaction() as session:
        signoff.ask_reopening(session, signed, by=people.treasurer, why="sót dòng")
    with transaction() as session:
        signoff.reopen(session, signed, by=people.approver2, yes=True)
    bring(HEAD + b"1,21/08/2024,9,,5.000,,moi\r\n")


UNDO = "UPDATE bank_decision SET undone_at = decided_at, undone_why = 'x' WHERE kind = 'given'"
AT_ONCE = (
    "UPDATE bank_signoff SET state = 'reopened', reopen_by = 1, reopen_why = 'x',"
    " reopened_by = 2, reopened_at = decided_at"
)
LINE = (
    'INSERT INTO bank_line (bank_account_id, unit_id, file_sha256, "row", booked_on, memo, debit,'
    " credit, fingerprint, occurrence, entry_id, at_time, doc_no, reference, counterparty)"
    " SELECT bank_account_id, unit_id, file_sha256, 9, '2024-08-09', 'x', 0, 1, 'x', 1,"
    " (SELECT max(id) FROM entry), '',"
    " '', '', '' FROM bank_line WHERE id = 1"
)


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        (UNDO, "bank_decision_signed"),
        (LINE, "bank_line_signed"),
        ("UPDATE bank_signoff SET bank_balance = 1, book_balance = 1", "bank_signoff_frozen"),
        ("UPDATE bank_signoff SET decided_by = submitted_by", "frozen|two_people"),
        ("UPDATE bank_signoff SET state = 'withdrawn'", "bank_signoff_way"),
        (AT_ONCE, "bank_signoff_(way|frozen)"),
        ("DELETE FROM bank_signoff", "bank_signoff_kept"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("signed")
def test_the_database_holds_what_was_signed(statement: str, guard: str) -> None:
    with pytest.raises(DBAPIError) as caught, transaction() as session:
        session.execute(text(statement))
    named = getattr(getattr(caught.value.orig, "diag", None), "constraint_name", None)
    assert re.search(guard, f"{named} {caught.value.orig}")


def test_the_database_lets_only_an_approver_decide(lines: list[int], people: People) -> None:
    with transaction() as session:
        signoff.submit(session, "VCB1", AUGUST, by=people.treasurer)
        session.add(
            StaffUser(
                username="x", name="x", key="x", password=HASH, created_at=service_clock.now()
            )
        )
    alone = "UPDATE bank_signoff SET state = 'approved', decided_at = submitted_at, decided_by ="
    other = f"{alone} (SELECT id FROM staff_user WHERE username = 'x')"
    for statement in (f"{alone} submitted_by", other):
        with pytest.raises(DBAPIError, match=r"approver|two_people"), transaction() as session:
            session.execute(text(statement))


def test_a_posting_is_refused_by_the_database_itself(signed: int) -> None:
    entry = recipes.bank_credit(
        bank_account="VCB1", on=date(2024, 8, 31), unit="TW", fund="nghia-tinh", amount=5,
        description="x",
    )  # fmt: skip
    with pytest.raises(Refusal, match="Đối soát"), transaction() as session:
        books.post(session, entry, source="x", external_id="x")


def text_of(data: bytes) -> str:
    pages = (page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(data))
    return " ".join(pages).replace("\r\n", " ")


def test_the_record_is_printed_once_and_says_what_was_signed(signed: int) -> None:
    name, data = minutes.pdf_of(signed)
    assert name == "bien-ban-doi-soat-VCB1-2024-08.pdf"
    assert minutes.pdf_of(signed)[1] == data
    said = text_of(data)
    for shown in ("750.000", "Chờ người chuyển trả lời", "thang-8.csv", "duyet", "SHA-256"):
        assert shown in said, shown


def token(client: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/bank-accounts").text)
    return {"csrf_token": found[1]} if found else {}


def test_the_pages_lead_through_it(lines: list[int], signed_in: SignIn, session: Session) -> None:
    page = "/workbench/VCB1/months/2024-08"
    treasurer, approver = signed_in("treasurer"), signed_in("approver")
    assert "750.000" in treasurer.get(page).text
    assert treasurer.get(f"{page}/minutes.pdf").status_code == 404
    assert treasurer.post(f"{page}/submit", data=token(treasurer)).status_code == 303
    assert "Chờ duyệt" in treasurer.get("/workbench/VCB1/months").text
    assert "biên bản đối soát ngân hàng chờ duyệt" in approver.get("/").text
    number = session.scalars(select(BankSignoff.id)).one()
    session.rollback()
    refused = approver.post(f"{page}/{number}/refuse", data=token(approver))
    assert refused.status_code == 422
    assert approver.post(f"{page}/{number}/approve", data=token(approver)).status_code == 303
    assert "Đã duyệt" in approver.get(page).text
    assert approver.get(f"{page}/minutes.pdf").mimetype == "application/pdf"
    assert treasurer.get("/workbench/VCB1/months/2024-13").status_code == 404
    stranger = signed_in("unit-treasurer", units=["TW"])
    assert stranger.get("/workbench/NONE/months").status_code == 404
