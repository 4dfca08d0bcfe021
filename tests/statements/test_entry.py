"""The page of an entry: its lines, its origin, its evidence, its reversal, and who sees what."""

import html
import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.audit.models import Act
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.dues import service as dues
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.sms import campaigns
from fundsvc.spending import service as spending
from ledger import recipes
from tests.statements import worked
from tests.statements.conftest import set_up
from tests.support import gifts, messages
from tests.support.forms import alike, hidden

SignIn = Callable[..., FlaskClient]
DAY = date(2024, 9, 10)
BANK = (
    b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    b"1,01/09/2024,5213.1,,50.000,,ung ho mien Bac\r\n"
)
CANARY = "CHIMHOANGYEN"

pytestmark = pytest.mark.usefixtures("clock", "money")


@pytest.fixture
def money(session: Session) -> None:
    """Have the units of the examples, and cash in the hands of two of them."""
    set_up(session)
    for unit in ("TW", "HTQT"):
        post(unit, "Số dư đầu")


def post(unit: str, description: str, amount: int = 10_000_000) -> int:
    """Post the cash that a unit had, and return the entry."""
    with transaction() as session:
        entry = recipes.opening_balance(
            on=date(2024, 1, 1), unit=unit, fund="nghia-tinh", amount=amount,
            description=description, account="111",
        )  # fmt: skip
        return books.post(session, entry, source="test", external_id=f"{unit}{description}").id


def body(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return html.unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, page: str, address: str, **fields: str) -> TestResponse:
    return client.post(address, data=fields | {"csrf_token": hidden(client, page)["csrf_token"]})


def entry_of(session: Session, source: str) -> int:
    session.rollback()
    return session.scalars(select(Entry.id).where(Entry.source == source)).one()


def test_it_says_what_was_booked_on_which_sides(signed_in: SignIn) -> None:
    number = post("HTQT", "Quỹ tiền mặt mang sang", 1_234_567)
    page = body(signed_in("auditor"), f"/entries/{number}")
    for shown in ("01/01/2024", "Quỹ tiền mặt mang sang", "Hội Trường Sơn HTQT", "Tỉnh Quảng Trị",
                  "<b>111</b>", "<b>4311</b>", "1.234.567", "Số dư đầu khi mở sổ"):  # fmt: skip
        assert shown in page
    assert "/statements/general-ledger?account=111&fund=nghia-tinh&unit=HTQT" in page


def test_donations_payments_and_dues_lead_to_their_pages_and_are_taken_back_there(
    signed_in: SignIn, session: Session
) -> None:
    given = gifts.give(received_on=DAY)
    with transaction() as writing:
        spent = spending.record_payment(
            writing,
            spending.Spent("TW", "nghia-tinh", "gift", 500_000, DAY, "Trần Thị Thử", "Quà"),
        )
        paid = dues.record_total(writing, dues.Total("TW", "dues", date(2024, 9, 1), 9_000, DAY))
    client = signed_in("treasurer")
    for source, page_of in (
        ("donation", f"/donations/{given.id}"),
        ("payment", f"/spending/{spent.id}"),
        ("dues", f"/dues/{paid.id}"),
    ):
        number = entry_of(session, source)
        page = body(client, f"/entries/{number}")
        assert f'href="{page_of}"' in page
        assert f'href="{page_of}?reverse=1#reverse"' in page
        assert '<details class="more-act" id="reverse" open>' in body(
            client, f"{page_of}?reverse=1"
        )
        assert "Ghi đảo tại trang gốc" in page
        led = send(client, "/donations/new", f"/entries/{number}/reverse", reason="nhầm")
        assert (led.status_code, led.location) == (303, page_of)
        body(client, page_of)


def test_a_bank_line_leads_to_its_account_and_file(signed_in: SignIn, session: Session) -> None:
    with transaction() as writing:
        add_bank_account(writing, code="QT44", bank="Vietcombank", number="00111",
                         fund="nghia-tinh", unit="HTQT", by=None)  # fmt: skip
    client = signed_in("treasurer")
    token = {"csrf_token": hidden(client, "/donations/new")["csrf_token"]}
    form = {"account": "QT44", "file": (io.BytesIO(BANK), "sao kê.csv"), **token}
    taken = client.post("/imports/bank", data=form, content_type="multipart/form-data")
    assert client.post(taken.location, data=token).status_code == 303
    number = entry_of(session, "bank:QT44")
    own = signed_in("unit-treasurer", units=["HTQT"])
    page = body(own, f"/entries/{number}")
    (list_,) = re.findall(r'href="(/bank-accounts/QT44\?before=[^"]+)"', page)
    assert "ung ho mien Bac" in body(own, list_)
    (file,) = re.findall(r'href="(/evidence/[0-9a-f]{64})"', page)
    answer = own.get(file)
    assert (answer.status_code, answer.data) == (200, BANK)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype == "application/octet-stream"
    foreign = signed_in("unit-treasurer", units=["HTHU"])
    assert foreign.get(file).status_code == 404
    assert foreign.get(f"/evidence/{'0' * 64}").status_code == 404
    assert signed_in("admin").get(file).status_code == 403


def test_a_message_tells_its_sender_masked_and_its_file_to_those_who_see_all(
    signed_in: SignIn, session: Session
) -> None:
    with transaction() as writing:
        campaigns.import_campaigns(writing, messages.CAMPAIGNS.replace(b"2026", b"2024"), by=None)
    made = messages.Messages(rows=[messages.one(received_at="2024-07-05T08:30:00+07:00")])
    client = signed_in("treasurer")
    token = {"csrf_token": hidden(client, "/donations/new")["csrf_token"]}
    form = {"file": (io.BytesIO(made.csv()), "tin.csv"), **token}
    taken = client.post("/imports/sms", data=form, content_type="multipart/form-data")
    assert client.post(taken.location, data=token).status_code == 303
    number = entry_of(session, "sms:viettel")
    page = body(client, f"/entries/{number}")
    assert "0912***678" in page
    assert "84912345678" not in page
    (file,) = re.findall(r'href="(/evidence/[0-9a-f]{64})"', page)
    assert client.get(file).data == made.csv()
    session.rollback()
    acts = select(Act.subject, Act.actor_id).where(Act.kind == "sms.file")
    ((subject, by),) = session.execute(acts).all()
    assert (subject.partition(":")[0], by is None) == ("sms_file", False)
    # Who may not open a number gets no file of them either, and nothing is noted.
    for role in ("approver", "auditor"):
        reader = signed_in(role)
        assert "/evidence/" not in body(reader, f"/entries/{number}")
        assert reader.get(file).status_code == 404
    session.rollback()
    assert len(session.execute(acts).all()) == 1
    # A unit may see the message in its books, but not the file with everybody's numbers.
    with transaction() as writing:
        unit_id = writing.scalars(select(Entry.unit_id).where(Entry.id == number)).one()
    assert unit_id
    own = signed_in("unit-treasurer", units=["TW"])
    assert "/evidence/" not in body(own, f"/entries/{number}")
    assert own.get(file).status_code == 404


def test_evidence_sealed_with_an_entry_is_given_to_those_who_see_the_entry(
    app: Flask, signed_in: SignIn
) -> None:
    with transaction() as session:
        sha256 = evidence.record(
            session, b"<script>alert(1)</script>", name="x.html", media_type="text/html", by=None
        )
        entry = recipes.cash_donation(
            on=DAY, unit="HTQT", fund="nghia-tinh", amount=5, description="x"
        )
        number = books.post(session, entry, source="test", external_id="e", evidence=[sha256]).id
    own = signed_in("unit-treasurer", units=["HTQT"])
    assert f"/evidence/{sha256}" in body(own, f"/entries/{number}")
    answer = own.get(f"/evidence/{sha256}")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert signed_in("unit-treasurer", units=["HTHU"]).get(f"/evidence/{sha256}").status_code == 404
    path = app.config["FUNDSVC"].files_dir / sha256[:2] / sha256[2:]
    path.write_bytes(b"changed")
    assert own.get(f"/evidence/{sha256}").status_code == 409


@pytest.mark.parametrize(("role", "units"), [("treasurer", []), ("unit-treasurer", ["HTQT"])])
def test_any_entry_is_taken_back_with_a_reason(
    signed_in: SignIn, session: Session, role: str, units: list[str]
) -> None:
    number = post("HTQT", "Ghi nhầm", 777_000)
    client = signed_in(role, units=units)
    address = f"/entries/{number}"
    refused = send(client, address, f"{address}/reverse", reason=" ")
    assert refused.status_code == 422
    assert "Xin ghi lý do ghi đảo" in refused.text
    assert send(client, address, f"{address}/reverse", reason="ghi hai lần").status_code == 303
    page = body(client, address)
    assert "ghi hai lần" in page
    assert 'name="reason"' not in page
    (reversal,) = re.findall(r'href="(/entries/[0-9]+)">Bút toán ghi đảo', page)
    taken_back = body(client, reversal)
    assert f'href="{address}"' in taken_back
    assert f"{chr(0x2212)}777.000" in taken_back
    assert 'name="reason"' not in taken_back
    # A reversal is not taken back, whoever asks; asking again for the same changes nothing.
    again = send(client, "/", f"{reversal}/reverse", reason="lần nữa")
    assert again.status_code == 422
    send(client, "/", f"{address}/reverse", reason="ghi hai lần")
    session.rollback()
    assert session.scalar(select(func.count(Entry.id)).where(Entry.kind == "reversal")) == 1


def test_who_only_reads_cannot_take_back(signed_in: SignIn) -> None:
    number = post("TW", "Ghi nhầm")
    for role in ("auditor", "approver"):
        client = signed_in(role)
        assert 'name="reason"' not in body(client, f"/entries/{number}")
        assert send(client, "/", f"/entries/{number}/reverse", reason="x").status_code == 403


def test_a_foreign_entry_looks_like_one_that_is_not_there(signed_in: SignIn) -> None:
    number = post("HTHU", CANARY)
    client = signed_in("unit-treasurer", units=["HTQT"])
    foreign, missing = (client.get(f"/entries/{one}") for one in (number, number + 1_000))
    assert foreign.status_code == missing.status_code == 404
    assert alike(foreign) == alike(missing)
    assert send(client, "/", f"/entries/{number}/reverse", reason="x").status_code == 404


def test_of_a_shared_entry_a_unit_sees_its_lines_and_cannot_take_it_back(
    signed_in: SignIn,
) -> None:
    transfer = worked.transfer(
        on=DAY, unit="TW", to="HTQT", fund="nghia-tinh", amount=5_000, description="Cấp kinh phí",
        province=None,
    )  # fmt: skip
    with transaction() as session:
        number = books.post(session, transfer, source="test", external_id="t").id
    client = signed_in("unit-treasurer", units=["HTQT"])
    page = body(client, f"/entries/{number}")
    assert "<b>7119</b>" in page
    assert "<b>6119</b>" not in page
    assert "Chỉ hiện các dòng thuộc sổ của đơn vị mình" in page
    assert 'name="reason"' not in page
    assert send(client, "/", f"/entries/{number}/reverse", reason="x").status_code == 404
    assert "<b>6119</b>" in body(signed_in("treasurer"), f"/entries/{number}")


def test_no_page_or_file_of_a_unit_holds_the_word_of_another(signed_in: SignIn) -> None:
    post("HTHU", CANARY)
    client = signed_in("unit-treasurer", units=["HTQT"])
    asked = "from=2024-01-01&to=2024-12-31&account=111&by=all"
    for book in ("trial-balance", "general-ledger", "journal"):
        for ending in ("", ".csv", ".json"):
            page = body(client, f"/statements/{book}{ending}?{asked}")
            assert CANARY not in page
            assert "HTHU" not in page
    assert CANARY in body(signed_in("auditor"), f"/statements/journal?{asked}")


def test_the_way_back_leads_only_to_lists_of_books(signed_in: SignIn) -> None:
    number = post("TW", "x")
    client = signed_in("auditor")
    back = "/statements/general-ledger?account=111&from=2024-01-01"
    page = client.get(f"/entries/{number}", query_string={"back": back})
    assert f'href="{html.escape(back)}">Sổ cái</a>' in page.text
    for away in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil"):
        page = client.get(f"/entries/{number}", query_string={"back": away})
        assert "evil" not in re.sub(r"/preferences[^\"]+", "", page.text)
        assert 'href="/statements/journal">' in page.text


def test_from_a_figure_down_to_the_donation(signed_in: SignIn, session: Session) -> None:
    given = gifts.give(received_on=DAY, amount=1_200_000)
    client = signed_in("auditor")
    asked = "from=2024-09-01&to=2024-09-30"
    page = body(client, f"/statements/trial-balance?{asked}&by=all")
    (address,) = re.findall(
        r'<a href="(/statements/general-ledger\?account=7114[^"]+)"><span class="amount">1.200.000',
        page,
    )[:1]
    page = body(client, address)
    assert "1.200.000 đ" in page
    (address,) = re.findall(r'href="(/entries/[^"]+)"', page)
    page = body(client, address)
    assert f'href="/donations/{given.id}"' in page
    behind = body(client, f"/statements/fund/entries?part=receipts&line=cash&{asked}")
    assert re.search(r'href="/entries/[0-9]+\?back=', behind)
