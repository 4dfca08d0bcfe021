"""The pages of settlements: from the file to the last đồng, and who may see and do what."""

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.audit.models import Act
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import bank, details, remedies, service
from fundsvc.settlements.models import Claim, Settlement, SettlementEntry, SettlementLoss
from fundsvc.sms import donors
from fundsvc.sms.models import SmsMessage
from tests import corpus
from tests.settlements.conftest import (
    People,
    as_csv,
    bank_line,
    bring,
    message,
    owed,
    reported,
    take,
)
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]
NAMES = ("request_id", "amount", "status")

pytestmark = pytest.mark.usefixtures("app")


def file(data: bytes) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), "quyet <b>.csv"


@pytest.mark.usefixtures("given")
def test_from_the_file_to_the_last_dong(signed_in: SignIn, session: Session) -> None:
    client, approver = signed_in("treasurer"), signed_in("approver")
    taken = send(client, "/imports/settlement", file=file(as_csv(reported())))
    assert taken.status_code == 303
    page = client.get(taken.location).text
    assert "quyet &lt;b&gt;.csv" in page
    assert "thiếu 60.000" in page
    assert send(client, taken.location).location == "/sms/settlements"
    assert send(client, taken.location).status_code == 303
    assert "có chênh lệch" in client.get("/sms/settlements").text
    here = "/sms/settlements/1"
    assert "MO4" in client.get(here).text, "the message of the differing amount"
    assert send(client, here, f"{here}/accept").status_code == 303
    line = bank_line()
    assert "đúng mã chuyển khoản" in client.get(here).text
    assert send(client, here, f"{here}/money/{line}").status_code == 303
    rows = [{"request_id": name, "amount": "", "status": ""} for name in ("MO1", "MO2", "MO3")]
    listed = send(client, here, "/imports/settlement/1/list", file=file(as_csv(*rows, names=NAMES)))
    assert listed.status_code == 303
    page = client.get(here).text
    assert "Hội có, nhà mạng không có" in page
    assert page.count("MO4") == 1
    assert "0912***678" in page
    assert "84912345678" not in page
    claimed = send(client, here, f"{here}/claims", about="missing-there", number="15/CV")
    assert claimed.status_code == 303
    session.rollback()  # A fresh look.
    claim = session.scalars(select(Claim.id)).one()
    assert client.get(f"/sms/claims/{claim}.pdf").data.startswith(b"%PDF")
    answered = send(client, here, f"{here}/claims/{claim}/close", state="refused", outcome="Không")
    assert answered.status_code == 303
    assert "nhà mạng từ chối" in client.get(here).text
    asked = send(client, here, f"{here}/losses", about="missing-there", reason="Số lẻ")
    assert asked.status_code == 303
    session.rollback()  # A fresh look.
    loss = session.scalars(select(SettlementLoss.id)).one()
    assert send(client, here, f"{here}/losses/{loss}/approve").status_code == 403
    assert "đề nghị xóa nợ nhà mạng chờ duyệt" in approver.get("/").text
    assert send(approver, "/settings", f"{here}/losses/{loss}/approve").status_code == 303
    assert owed() == 0
    assert "đã xong" in client.get(here).text
    assert "Không nhà mạng nào còn nợ" in client.get("/sms/settlements").text


def test_a_file_of_all_units_is_not_for_one_unit(
    signed_in: SignIn, settlement: int, session: Session, people: People
) -> None:
    sha256 = session.get_one(Settlement, settlement).sha256
    session.rollback()
    page = f"/evidence/{sha256}"
    assert signed_in("treasurer").get(page).status_code == 200
    own = signed_in("unit-treasurer", units=["TW"])
    assert own.get(page).status_code == 404
    # As evidence of an entry of the unit it tells the sums of other campaigns all the same.
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    entry = session.scalars(select(SettlementEntry.entry_id).limit(1)).one()
    session.rollback()
    assert own.get(f"/entries/{entry}").status_code == 200
    assert own.get(page).status_code == 404
    assert sha256 not in own.get(f"/entries/{entry}").text
    assert sha256 in signed_in("treasurer").get(f"/entries/{entry}").text
    acts = session.scalars(select(Act.subject).where(Act.kind == "settlement.file")).all()
    assert acts == [f"settlement:{settlement}"]


def test_an_operators_list_is_for_those_who_may_open_its_numbers(
    signed_in: SignIn, settlement: int, session: Session, people: People
) -> None:
    with transaction() as writing:
        data = as_csv({"request_id": "MO1", "amount": "", "status": ""}, names=NAMES)
        details.take_list(writing, settlement, data, name="ds.csv", by=people.treasurer)
    page = f"/evidence/{session.get_one(Settlement, settlement).detail_sha256}"
    session.rollback()
    assert signed_in("treasurer").get(page).status_code == 200
    assert signed_in("auditor").get(page).status_code == 404
    subject = session.scalars(select(Act.subject).where(Act.kind == "sms.file")).one()
    assert subject == f"settlement:{settlement}"


def test_a_line_that_paid_a_settlement_is_taken_back_there(
    signed_in: SignIn, settlement: int, session: Session
) -> None:
    client, here = signed_in("treasurer"), f"/sms/settlements/{settlement}"
    line = bank_line()
    entry = session.get_one(BankLine, line).entry_id
    session.rollback()
    assert send(client, here, f"{here}/money/{line}").status_code == 303
    refused = send(client, here, f"/entries/{entry}/reverse", reason="Nhầm")
    assert refused.location == here
    assert list(verify.faults(session)) == []
    session.rollback()
    with pytest.raises(Refusal, match="tiền về"), transaction() as writing:
        take_back(writing, entry, subject="entry:1", on=None, reason="Nhầm", by=None)
    with transaction() as writing:
        books.reverse(writing, entry, on=date(2026, 10, 20), reason="Nhầm", maker_id=None)
    assert "settlement-line" in {fault.rule for fault in verify.faults(session)}


def test_a_message_with_a_receipt_is_not_taken_back_by_its_entry(
    signed_in: SignIn, given: None, session: Session
) -> None:
    session.rollback()
    with transaction() as writing:
        hashed = writing.scalars(select(SmsMessage.phone_hash).limit(1)).one()
        assert hashed is not None
        receipt = donors.issue_receipt(writing, hashed, [("mobifone", "MO4")])
        number = receipt.number
    entry = session.scalars(select(Entry.id).filter_by(external_id="MO4")).one()
    session.rollback()
    client = signed_in("treasurer")
    refused = send(client, "/sms/settlements", f"/entries/{entry}/reverse", reason="Nhầm")
    assert refused.location == f"/receipts/{number}"


def test_what_was_typed_stays_when_it_is_refused(signed_in: SignIn, settlement: int) -> None:
    client, here = signed_in("treasurer"), f"/sms/settlements/{settlement}"
    refused = send(
        client, here, f"{here}/losses", about="difference", amount="999.000", reason="Lý do dài"
    )
    assert refused.status_code == 422
    assert "chỉ còn nợ" in refused.text
    assert "999.000" in refused.text
    assert "Lý do dài" in refused.text
    for fields in ({}, {"about": "x"}, {"about": "difference", "amount": "1,5", "reason": "x"}):
        for act in ("losses", "claims"):
            assert send(client, here, f"{here}/{act}", **fields).status_code == 422
    assert send(client, here, f"{here}/money/99").status_code == 404
    assert send(client, here, f"{here}/acts/9/reverse", reason="x").status_code == 404
    assert send(client, here, f"{here}/messages/reverse", request_id="MO4").status_code == 422
    done = send(client, here, f"{here}/messages/reverse", request_id="MO4", reason="Trùng")
    assert done.status_code == 303
    assert owed() == 300_000


@pytest.mark.usefixtures("given")
def test_a_file_with_refused_rows_cannot_be_taken(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    taken = send(client, "/imports/settlement", file=file(as_csv(reported(net="5"))))
    page = client.get(taken.location).text
    assert "Không nhận tệp" in page
    assert ">Nhận quyết toán<" not in page
    assert send(client, taken.location).status_code == 422
    take(reported())
    other = as_csv(reported(bank_reference="KHAC"))
    kept = send(client, "/imports/settlement", file=file(other))
    assert "chọn thay thế" in client.get(kept.location).text
    replacing = send(client, "/imports/settlement", file=file(other), replace="1")
    assert send(client, replacing.location).status_code == 303
    assert "KHAC" in client.get("/sms/settlements/1").text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_another_kind_of_file_is_told_beside_the_field(signed_in: SignIn, settlement: int) -> None:
    client = signed_in("treasurer")
    for address in ("/imports/settlement", f"/imports/settlement/{settlement}/list"):
        for name, data in corpus.FILES.items():
            if len(data) < 2**18:  # Larger ones lie in files, which the test client leaves open.
                answer = send(client, "/imports/settlement", address, file=file(data))
                assert answer.status_code == 422, name
                assert 'id="f-file-error"' in answer.text, name


@pytest.mark.parametrize(
    ("role", "sees", "imports"),
    [
        ("treasurer", 200, 200),
        ("approver", 200, 403),
        ("auditor", 200, 403),
        ("unit-treasurer", 403, 403),
        ("admin", 403, 403),
    ],
)
def test_who_may_see_and_who_may_act(
    signed_in: SignIn, settlement: int, role: str, sees: int, imports: int
) -> None:
    client, here = signed_in(role), f"/sms/settlements/{settlement}"
    for address in ("/sms/settlements", here, f"{here}.csv", "/sms/settlements.csv"):
        assert client.get(address).status_code == sees, address
    assert client.get("/sms/settlements/ageing.csv").status_code == sees
    assert client.get("/imports/settlement").status_code == imports
    if role != "treasurer":
        assert send(client, "/settings", f"{here}/accept").status_code == 403
        assert owed() == 360_000
    if sees == 200:
        assert ("Chấp nhận quyết toán" in client.get(here).text) is (role == "treasurer")
        assert client.get(f"{here}9").status_code == 404


def test_open_settlements_stand_by_the_messages_and_finished_ones_are_folded(
    signed_in: SignIn, given: None
) -> None:
    assert "Chưa có quyết toán nào của nhà mạng" in signed_in("auditor").get("/sms").text
    take(reported(messages="4", gross="360000", fee="0", net="360000"))
    client = signed_in("treasurer")
    page = client.get("/sms").text
    assert 'href="/sms/settlements/1">MobiFone, TS 1400</a>' in page
    assert "chờ chấp nhận" in page
    line = bank_line(360_000)
    send(client, "/sms", "/sms/settlements/1/accept")
    send(client, "/sms", f"/sms/settlements/1/money/{line}")
    assert "Mọi quyết toán đã xong" in client.get("/sms").text
    listed = client.get("/sms/settlements").text
    assert re.search(r"<details>\s*<summary>1 quyết toán đã xong</summary>", listed)


def test_a_difference_says_in_a_word_which_way_it_goes(signed_in: SignIn, settlement: int) -> None:
    page = signed_in("auditor").get("/sms/settlements").text
    assert "thiếu 60.000<" in page
    assert "thiếu 1 tin<" in page
    assert "âm<" not in page


def test_what_waits_for_approval_stands_first(
    signed_in: SignIn, settlement: int, people: People
) -> None:
    with transaction() as session:
        remedies.ask_loss(
            session, settlement, about="difference", amount=60_000, reason="Không đòi được",
            by=people.treasurer,
        )  # fmt: skip
    approver = signed_in("approver")
    here = f"/sms/settlements/{settlement}"
    page = approver.get(here).text
    assert page.index("Duyệt và ghi sổ") < page.index("Ba số đặt cạnh nhau")
    assert f'href="{here}#asked"' in approver.get("/").text
    assert "xóa nợ chờ duyệt" in approver.get("/sms").text


@pytest.mark.usefixtures("given")
def test_lines_of_the_bank_are_told_of_with_their_number(
    signed_in: SignIn, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(reported())
    bank_line()
    bank_line(account="VCB2")
    monkeypatch.setattr(bank, "MOST", 1)
    client = signed_in("treasurer")
    pages = [
        client.get(f"/sms/settlements/1{asked}").text for asked in ("", "?lines=1", "?lines=x")
    ]
    assert "1–1 trong 2" in pages[0]
    assert "?lines=1#money" in pages[0]
    assert "2–2 trong 2" in pages[1]
    assert "1–1 trong 2" in pages[2]


def test_a_list_of_the_operator_is_told_of_by_what_was_paid(
    signed_in: SignIn, settlement: int
) -> None:
    client, here = signed_in("treasurer"), f"/sms/settlements/{settlement}"
    rows = [{"request_id": f"MO{n}", "amount": "", "status": status}
            for n, status in enumerate(("ok", "ok", "failed"), 1)]  # fmt: skip
    data = as_csv(*rows, names=NAMES)
    taken = send(
        client, here, f"/imports/settlement/{settlement}/list", file=(io.BytesIO(data), "ds.csv")
    )
    assert taken.status_code == 303, re.sub("<[^>]+>", "", taken.text)
    assert "2 tin thu được tiền, 1 tin không thu được hoặc đã hoàn" in client.get(here).text


def test_the_tables_are_given_as_csv(signed_in: SignIn, settlement: int) -> None:
    bring(message("MO9", "TS 1", received_at="2026-06-30 23:59:59"))
    client = signed_in("auditor")
    listed = client.get("/sms/settlements.csv").data.decode("utf-8-sig").splitlines()
    assert listed[1].startswith("MobiFone,1400,TS,2026-07-01,2026-08-31,4,360000,3,300000,900,")
    aged = client.get("/sms/settlements/ageing.csv").data.decode("utf-8-sig").splitlines()
    assert aged[1] == "MobiFone,1400,TS,0,0,360000,0,360000"


def test_the_entry_leads_to_the_settlement(
    signed_in: SignIn, settlement: int, session: Session
) -> None:
    from fundsvc.settlements.models import SettlementEntry

    client, here = signed_in("treasurer"), f"/sms/settlements/{settlement}"
    send(client, here, f"{here}/accept")
    session.rollback()  # A fresh look.
    entry = session.scalars(select(SettlementEntry.entry_id)).first()
    page = client.get(f"/entries/{entry}").text
    assert "Phí của nhà mạng" in page
    assert here in page
    undone = send(client, here, f"{here}/acts/1/reverse", reason="Nhầm")
    assert undone.status_code == 303
    assert owed() == 360_000
    assert "Chấp nhận quyết toán" in client.get(here).text
