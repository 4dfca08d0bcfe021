"""Files of a voucher on its pages: attached, downloaded as they came, shown to nobody else."""

import gc
import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc.books import origins
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from ledger import recipes
from tests.support.forms import hidden, send

pytestmark = [
    pytest.mark.usefixtures("clock", "money"),
    # Werkzeug's test client leaves the file that a large upload is spooled to for the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SignedIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.7\n" + b"x" * 1_200_000
PNG = b"\x89PNG\r\n\x1a\n" + b"y" * 100
PAID = {
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "party": "Trần Thị Hường",
    "description": "Mua quà",
    "account-1": "6112",
    "amount-1": "80.000",
}


@pytest.fixture
def money(app: Flask) -> None:
    with transaction() as session:
        entry = recipes.opening_balance(
            on=date(2024, 1, 1),
            unit="TW",
            fund="nghia-tinh",
            amount=1_000_000,
            description="Số dư",
            account="111",
        )
        books.post(session, entry, source="opening", external_id="1")


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """Let the collector find what Werkzeug left open here, where it is expected."""
    yield
    gc.collect()


def draft(client: FlaskClient) -> str:
    page = "/vouchers/new?kind=cash-out"
    answer = send(client, page, **PAID, key=hidden(client, page)["key"], act="save")
    return str(answer.location)


def attach(client: FlaskClient, voucher: str, data: bytes, name: str = "Hóa đơn.pdf") -> int:
    answer = send(client, f"{voucher}/files", file=(io.BytesIO(data), name))
    return int(answer.status_code)


def test_a_file_is_kept_and_comes_back_as_it_was(signed_in: SignedIn) -> None:
    maker = signed_in("treasurer")
    voucher = draft(maker)
    assert attach(maker, voucher, PDF) == 303
    page = maker.get(voucher).text
    address = f"{voucher}/files/{hashlib.sha256(PDF).hexdigest()}"
    assert f'href="{address}"' in page
    assert "Hóa đơn.pdf" in page
    assert "1,2 MB" in page
    for reader in (maker, signed_in("auditor"), signed_in("approver")):
        answer = reader.get(address)
        assert answer.data == PDF
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert "H%C3%B3a%20%C4%91%C6%A1n.pdf" in answer.headers["Content-Disposition"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert send(maker, voucher, f"{address}/remove").status_code == 303
    assert maker.get(address).status_code == 404
    assert "Chưa có tệp nào" in maker.get(voucher).text


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"", "a.pdf", "Tệp rỗng"),
        (b"MZ\x90", "a.pdf", "Chỉ nhận tệp PDF hoặc ảnh"),
        (b"<html><script>x</script>", "a.png", "Chỉ nhận tệp PDF hoặc ảnh"),
        (PNG, "a.pdf", "không khớp"),
        (b"%PDF-" + b"x" * 10 * 1024 * 1024, "a.pdf", "tối đa 10 MB"),
    ],
    ids=["empty", "program", "page", "other", "large"],
)
def test_what_is_no_evidence_is_refused_beside_the_field(
    signed_in: SignedIn, data: bytes, name: str, why: str
) -> None:
    maker = signed_in("treasurer")
    voucher = draft(maker)
    answer = send(maker, f"{voucher}/files", file=(io.BytesIO(data), name))
    assert answer.status_code == 422
    assert why in answer.text
    assert 'id="f-file-error"' in answer.text
    assert "Chưa có tệp nào" in maker.get(voucher).text


def test_only_pages_that_attach_take_a_large_body(signed_in: SignedIn) -> None:
    maker = signed_in("treasurer")
    voucher = draft(maker)
    # A large photograph is told how large it may be; of what nobody would send nothing is read.
    assert attach(maker, voucher, PDF + b"x" * 12_000_000) == 422
    assert attach(maker, voucher, b"x" * 41_000_000) == 413
    told = send(maker, f"{voucher}/files", file=(io.BytesIO(b"x" * 41_000_000), "a.pdf")).text
    assert "mỗi tệp tối đa 10 MB, mỗi lần gửi tối đa 40 MB" in told
    assert "theo tháng" not in told
    for page in (f"{voucher}/submit", f"{voucher}/approve", "/spending/new"):
        answer = send(maker, f"{voucher}/files", page, file=(io.BytesIO(PDF), "a.pdf"))
        assert answer.status_code == 413, page
    assert send(maker, f"{voucher}/files").status_code == 422


def test_nobody_of_another_unit_gets_or_adds_a_file(signed_in: SignedIn) -> None:
    maker = signed_in("treasurer")
    voucher = draft(maker)
    attach(maker, voucher, PNG, "anh.png")
    sha256 = hashlib.sha256(PNG).hexdigest()
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert stranger.get(f"{voucher}/files/{sha256}").status_code == 404
    assert stranger.get(f"{voucher}/files").status_code == 404
    file = (io.BytesIO(PDF), "a.pdf")
    assert send(stranger, "/settings", f"{voucher}/files", file=file).status_code == 404
    assert send(stranger, "/settings", f"{voucher}/files/{sha256}/remove").status_code == 404
    # A file is one voucher's: that another page knows its hash opens nothing.
    other = draft(maker)
    assert maker.get(f"{other}/files/{sha256}").status_code == 404
    assert maker.get(f"{voucher}/files/{'0' * 64}").status_code == 404
    assert maker.get(f"{voucher}/files/x").status_code == 404


def test_what_was_posted_keeps_its_files_and_the_entry_names_them(
    signed_in: SignedIn, app: Flask, session: Session
) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    voucher = draft(maker)
    attach(maker, voucher, PNG, "anh.png")
    version = hidden(maker, voucher)["version"]
    assert send(maker, voucher, f"{voucher}/submit", version=version).status_code == 303
    version = hidden(approver, voucher)["version"]
    answer = send(approver, voucher, f"{voucher}/approve", version=version, post="1")
    assert answer.status_code == 303
    sha256 = hashlib.sha256(PNG).hexdigest()
    send(maker, voucher, f"{voucher}/files/{sha256}/remove")
    assert maker.get(f"{voucher}/files/{sha256}").status_code == 200
    assert attach(maker, voucher, PDF) == 409
    entry = session.query(Entry).filter_by(source="voucher").one()
    origin = origins.origin(app, session, entry)
    assert origin is not None
    assert (origin.label, origin.href) == ("Phiếu chi PC-2024-000001", voucher)
    assert origin.files == (sha256,)
    assert origin.reverse_href == voucher


def test_a_damaged_file_is_not_given(signed_in: SignedIn, app: Flask) -> None:
    maker = signed_in("treasurer")
    voucher = draft(maker)
    attach(maker, voucher, PNG, "anh.png")
    sha256 = hashlib.sha256(PNG).hexdigest()
    path = app.config["FUNDSVC"].files_dir / sha256[:2] / sha256[2:]
    path.write_bytes(PNG + b"z")
    answer = maker.get(f"{voucher}/files/{sha256}")
    assert answer.status_code == 409
    assert "không còn đúng như lúc đính kèm" in answer.text
