"""The pages of SMS donations: upload, preview, commit, lists, and who may see what."""

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.clock import VN
from fundsvc.db import transaction
from fundsvc.sms.lists import shown_phone
from fundsvc.sms.models import Campaign, SmsMessage
from fundsvc.units.models import Unit
from tests import corpus
from tests.sms.conftest import Import
from tests.support import messages, periods
from tests.test_workbook import EARLY, made

SignIn = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("app", "clock")


def send(
    client: FlaskClient, address: str, data: bytes | None = None, **typed: str
) -> TestResponse:
    """Send a form with a file, as a browser does that has the page's token."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sms").text)
    form: dict[str, object] = {**typed, "csrf_token": found[1] if found else ""}
    if data is not None:
        form["file"] = (io.BytesIO(data), "tin <b>.csv")
    return client.post(address, data=form, content_type="multipart/form-data")


def stored(session: Session) -> int:
    """Return how many messages there are."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(SmsMessage)) or 0


@pytest.mark.usefixtures("with_campaigns")
def test_from_file_to_books(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    made = messages.make("viettel", 60)
    taken = send(client, "/imports/sms", made.csv())
    assert taken.status_code == 303
    page = client.get(taken.location)
    assert page.status_code == 200
    assert f"{made.gross.total():,} đ".replace(",", ".") in page.text
    assert "tin &lt;b&gt;.csv" in page.text
    assert stored(session) == 0
    done = send(client, taken.location)
    assert (done.status_code, done.location) == (303, "/sms")
    assert stored(session) == len(made.rows) - made.repeated
    assert f"{made.gross.total():,} đ".replace(",", ".") in client.get("/sms").text
    assert send(client, taken.location).status_code == 303
    assert stored(session) == len(made.rows) - made.repeated
    assert "không có gì để ghi" in client.get(taken.location).text


def test_phones_are_masked_and_texts_are_shown_as_texts(signed_in: SignIn, bring: Import) -> None:
    bring([messages.one(message="XX <script>alert(1)</script>")])
    page = signed_in("auditor").get("/sms").text
    assert "0912***678" in page
    assert "84912345678" not in page
    assert "&lt;script&gt;" in page


def test_waiting_messages_are_paged(signed_in: SignIn, bring: Import) -> None:
    rows = [
        messages.one(message="XX", request_id=f"VI{n:03}", status="failed" if n % 3 == 0 else "")
        for n in range(120)
    ]
    bring(rows)
    client = signed_in("treasurer")
    address, seen = "/sms?status=unknown", []
    while address:
        page = client.get(address).text
        seen += re.findall(r"Viettel (VI[0-9]+)", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == sorted((f"VI{n:03}" for n in range(120) if n % 3), reverse=True)
    for odd in ("x", "2026-07-05T08:30:00~viettel~VI1", "9" * 40, "%00"):
        assert client.get(f"/sms?before={odd}").status_code in {200, 400}


def test_a_file_with_refused_rows_cannot_be_booked(
    signed_in: SignIn, with_campaigns: None, session: Session
) -> None:
    client = signed_in("treasurer")
    taken = send(client, "/imports/sms", messages.Messages(rows=[messages.one(amount="x")]).csv())
    page = client.get(taken.location).text
    assert "Không nhận tệp" in page
    assert "Ghi sổ tin nhắn mới" not in page
    assert send(client, taken.location).status_code == 422
    assert stored(session) == 0


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("address", ["/imports/sms", "/sms/campaigns"])
def test_another_kind_of_file_is_told_beside_the_field(signed_in: SignIn, address: str) -> None:
    client = signed_in("treasurer")
    for name, data in corpus.FILES.items():
        if len(data) < 2**18:  # Larger ones lie in files, which the test client leaves open.
            answer = send(client, address, data)
            assert answer.status_code == 422, name
            assert 'id="f-file-error"' in answer.text, name


def test_campaigns_come_by_a_file(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    assert "Thêm đợt vận động" in client.get("/sms").text
    bad = send(client, "/sms/campaigns", messages.CAMPAIGNS.replace(b"units", b"double"))
    assert bad.status_code == 422
    assert "Dòng 2" in bad.text
    assert send(client, "/sms/campaigns", messages.CAMPAIGNS).status_code == 303
    assert session.scalar(select(func.count()).select_from(Campaign)) == 3


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
def test_who_may_see_and_who_may_import(
    signed_in: SignIn, role: str, sees: int, imports: int
) -> None:
    client = signed_in(role)
    assert client.get("/sms").status_code == sees
    for address in ("/imports/sms", "/sms/campaigns"):
        assert client.get(address).status_code == imports


def test_a_promised_file_is_only_for_who_sent_it(signed_in: SignIn, with_campaigns: None) -> None:
    data = messages.Messages(rows=[messages.one()]).csv()
    taken = send(signed_in("treasurer"), "/imports/sms", data)
    assert signed_in("treasurer").get(taken.location).status_code == 404


@pytest.mark.parametrize(
    ("stored_phone", "shown"),
    [("84912345678", "0912***678"), ("0912345678", "0912***678"), ("12345678", "1234***678")],
)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_middle_of_a_phone_is_hidden(stored_phone: str, shown: str) -> None:
    assert shown_phone(stored_phone) == shown


OWN_WORDS = (
    "Nhà mạng",
    "Mã GD",
    "Số thuê bao",
    "Đầu số",
    "Nội dung",
    "Thời gian",
    "Số tiền",
    "Trạng thái",
)


def in_words(**cells: str) -> bytes:
    """Return a file of one row with an operator's own headings."""
    row = messages.one(received_at="05/07/2026 08:30:00", amount="100000", **cells)
    lines = [OWN_WORDS, tuple(row[name] for name in messages.NAMES)]
    return "\n".join(";".join(line) for line in lines).encode()


@pytest.mark.usefixtures("with_campaigns")
def test_a_refused_row_names_the_heading_as_it_stands_in_the_file(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    page = client.get(send(client, "/imports/sms", in_words(msisdn="84x")).location).text
    assert 'data-label="Dòng">2</th><td data-label="Cột">Số thuê bao</td>' in page
    assert "msisdn" not in page


def test_a_file_without_the_columns_is_told_their_names_in_words(signed_in: SignIn) -> None:
    page = send(signed_in("treasurer"), "/imports/sms", b"Ten,Tuoi\nA,B\n")
    assert page.status_code == 422
    assert "Số điện thoại (msisdn)" in page.text


@pytest.mark.usefixtures("with_campaigns")
def test_a_closed_month_is_told_with_its_field_who_closed_it_and_what_to_do(
    signed_in: SignIn, session: Session
) -> None:
    with transaction() as writing:
        centre = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        writing.add(periods.closed(centre, date(2026, 7, 1)))
    client = signed_in("treasurer")
    page = client.get(send(client, "/imports/sms", in_words()).location)
    assert page.status_code == 422
    assert "Thời gian: Tháng 07/2026 của" in page.text
    assert "đã khóa sổ ngày" in page.text
    assert "mở lại sổ ở trang Kỳ kế toán" in page.text
    assert "Chọn ngày trong tháng còn mở" not in page.text
    assert stored(session) == 0


@pytest.mark.usefixtures("with_campaigns")
def test_a_workbook_is_read_like_any_file(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    row = ("Viettel", "VI1", 912345678, 1400, "TS 5", EARLY, 100_000, "")
    data = made(("Tin nhắn tháng 7",), (), OWN_WORDS, row, (*row[:1], "VI2", *row[2:]))
    taken = send(client, "/imports/sms", data)
    page = client.get(taken.location).text
    assert "200.000 đ" in page
    assert "0912***678" in page
    assert send(client, taken.location).status_code == 303
    assert stored(session) == 2
    session.rollback()
    kept = session.scalars(select(SmsMessage.received_at)).all()
    assert {at.astimezone(VN) for at in kept} == {EARLY.replace(tzinfo=VN)}
    session.rollback()
    same = {"amount": "100000", "received_at": "2026-07-05 08:30:15"}
    rows = [messages.one(request_id=f"VI{n}", **same) for n in (1, 2, 3)]
    csv = messages.Messages(rows=rows).csv()
    again = send(client, send(client, "/imports/sms", csv).location)
    assert again.status_code == 303
    assert stored(session) == 3, "a workbook and a file of the same messages meet"
