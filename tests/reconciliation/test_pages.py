"""The pages of the bank: upload, preview, commit, lists, and who may see what."""

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

from fundsvc.db import transaction
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankLine
from fundsvc.units.models import Unit
from tests import corpus
from tests.support import periods

SignIn = Callable[..., FlaskClient]
FILE = (
    b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    b"1,01/09/2024,5213.1,,50.000,,ung ho <b>mien Bac</b>\r\n"
    b"1,01/09/2024,5213.2,2.000.000,,,mua gao\r\n"
    b"1,02/09/2024,5213.3,11.000,,,PHI DICH VU SMS\r\n"
)

pytestmark = pytest.mark.usefixtures("app", "clock")


@pytest.fixture(autouse=True)
def _accounts(app: Flask) -> None:
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Tỉnh hội A", folded="tinh hoi a", kind="provincial"))
        session.flush()
        for code, unit in (("VCB1", "TW"), ("QT44", "HT-44")):
            add_bank_account(
                session,
                code=code,
                bank="Vietcombank",
                number=f"0011{code[-1]}",
                fund="nghia-tinh",
                unit=unit,
                by=None,
            )


def upload(client: FlaskClient, data: bytes, **fields: str) -> TestResponse:
    """Send a file by the form, as a browser does that has seen it if it may."""
    form = {"account": "VCB1", "file": (io.BytesIO(data), "sao-ke.csv"), **token(client), **fields}
    told = client.post("/imports/bank", data=form, content_type="multipart/form-data")
    # The test client writes a large form to a temporary file and leaves it open.
    told.request.environ["wsgi.input"].close()
    return told


def token(client: FlaskClient) -> dict[str, str]:
    """Return the token that forms carry; every page of somebody signed in has one."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/bank-accounts").text)
    return {"csrf_token": found[1]} if found else {}


def book(client: FlaskClient, address: str) -> TestResponse:
    """Send the form of a preview."""
    return client.post(address, data=token(client))


def test_a_file_is_looked_at_and_then_booked(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    assert "Sao kê ngân hàng" in client.get("/imports").text
    assert "Vietcombank" in client.get("/imports/bank").text
    taken = upload(client, FILE)
    assert taken.status_code == 303
    preview = client.get(taken.location)
    assert preview.status_code == 200
    for shown in ("50.000", "2.000.000", "ung ho &lt;b&gt;", "02/09/2024", "sao-ke.csv"):
        assert shown in preview.text
    assert session.scalar(select(func.count()).select_from(BankLine)) == 0
    for _twice in range(2):
        booked = book(client, taken.location)
        assert (booked.status_code, booked.location) == (303, "/bank-accounts/VCB1")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(BankLine)) == 3
    lines = client.get("/bank-accounts/VCB1").text
    for shown in ("1.961.000", "mua gao", "PHI DICH VU SMS", "âm"):
        assert shown in lines
    assert "VCB1" in client.get("/bank-accounts").text
    assert "đã có trong sổ" in client.get(taken.location).text


def test_refused_rows_are_shown_and_nothing_is_booked(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    taken = upload(client, FILE + b"1,03/09/2024,5213.4,,1_000,,x\r\n")
    preview = client.get(taken.location).text
    assert "Không nhận tệp: 1 dòng không đọc được" in preview
    assert '<a href="/periods">' not in preview
    assert "Số tiền phải viết theo mẫu 1.000.000." in preview
    assert book(client, taken.location).status_code == 422
    assert session.scalar(select(func.count()).select_from(BankLine)) == 0


def test_lines_of_a_closed_month_are_one_row_and_the_page_says_what_can_be_done(
    signed_in: SignIn, session: Session
) -> None:
    with transaction() as writing:
        unit_id = writing.scalars(select(Unit.id).filter_by(code="TW")).one()
        writing.add(periods.closed(unit_id, date(2024, 9, 1)))
    many = b"".join(b"1,03/09/2024,6.%d,,1.000,,x\r\n" % number for number in range(1_200))
    client = signed_in("treasurer")
    preview = client.get(upload(client, FILE + many).location).text
    assert "Không nhận tệp: 1.203 dòng không ghi sổ được" in preview
    assert ">2–1204<" in preview
    assert preview.count("đã khóa sổ ngày") == 1
    assert '<a href="/periods">' in preview
    assert "ở ngân hàng hoặc trong tệp" not in preview
    assert "dòng nữa" not in preview
    mixed = client.get(upload(client, FILE + b"1,03/09/2024,7,,1_000,,x\r\n").location).text
    assert "Không nhận tệp: 4 dòng không ghi sổ được" in mixed
    assert "ở ngân hàng hoặc trong tệp" in mixed
    assert session.scalar(select(func.count()).select_from(BankLine)) == 0


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_file_of_another_kind_is_refused_beside_the_form(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    for name, data in corpus.FILES.items():
        refused = upload(client, data)
        assert refused.status_code == 422, name
        assert 'role="alert"' in refused.text, name
        assert 'value="VCB1" selected' in refused.text, name


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_file_of_another_bank_or_without_a_column_is_refused_in_the_form(
    signed_in: SignIn,
) -> None:
    client = signed_in("treasurer")
    header = (
        b"Date,Time,DocumentNumber,ReferenceNumber,TransactionDetails,DebitAmount,CreditAmount,"
        b"Balance,OffsetAccount\r\n"
    )
    other = header + b'10/09/2024,,,7,ung ho,,"1,000","1,000",\r\n'
    refused = upload(client, other)
    assert refused.status_code == 422
    assert "Agribank / VietinBank, còn tài khoản này thuộc Vietcombank." in refused.text
    told = upload(client, other, format="agribank")
    assert told.status_code == 303
    assert book(client, told.location).location == "/bank-accounts/VCB1"
    lacking = upload(client, FILE.replace(b"DocNo", b"Other"))
    assert lacking.status_code == 422
    assert "Thiếu cột DocNo." in lacking.text
    assert 'value="VCB1" selected' in lacking.text


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_form_that_cannot_be_is_refused(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    assert upload(client, FILE, account="").status_code == 422
    assert upload(client, FILE, format="nobank").status_code == 422
    assert upload(client, FILE, account="NONE").status_code == 404
    assert (
        client.post("/imports/bank", data={"account": "VCB1", **token(client)}).status_code == 422
    )
    for key in corpus.NEVER_KEYS:
        for address in ("/imports/bank", "/bank-accounts"):
            plain = key.encode("utf-8", "replace").decode()
            assert client.get(f"{address}/{plain}").status_code in {200, 308, 400, 404, 414}
        account = client.get(
            "/bank-accounts/VCB1", query_string={"before": key.encode("utf-8", "replace")}
        )
        assert account.status_code in {200, 400, 404}
    assert client.get("/bank-accounts/VCB1?before=2024-02-31.1").status_code == 404


def test_only_some_roles_may_import_and_strangers_may_nothing(
    signed_in: SignIn, client: FlaskClient
) -> None:
    auditor = signed_in("auditor")
    assert auditor.get("/bank-accounts/VCB1").status_code == 200
    assert auditor.get("/imports/bank").status_code == 403
    assert upload(auditor, FILE).status_code == 403
    assert signed_in("admin").get("/bank-accounts").status_code == 403
    assert client.get("/bank-accounts").status_code in {302, 303}
    assert upload(client, FILE).status_code in {400, 401}


def test_a_unit_treasurer_has_the_accounts_of_own_units_only(
    signed_in: SignIn, session: Session
) -> None:
    own = signed_in("unit-treasurer", units=["HT-44"])
    listed = own.get("/bank-accounts").text
    assert "QT44" in listed
    assert "VCB1" not in listed
    missing, foreign = own.get("/bank-accounts/NONE"), own.get("/bank-accounts/VCB1")
    assert missing.status_code == foreign.status_code == 404
    # The token of forms carries the second in which it was made.
    said = [re.sub(r'value="[^"]+"', "", page.text) for page in (missing, foreign)]
    assert said[0] == said[1].replace("VCB1", "NONE")
    assert upload(own, FILE).status_code == upload(own, FILE, account="NONE").status_code == 404
    taken = upload(own, FILE, account="QT44")
    assert book(own, taken.location).location == "/bank-accounts/QT44"
    assert session.scalar(select(func.count()).select_from(BankLine)) == 3
    # The address of a preview is of no use to anybody else.
    assert signed_in("treasurer").get(taken.location).status_code == 404
