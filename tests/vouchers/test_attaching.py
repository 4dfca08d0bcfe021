"""Files chosen on a voucher's own form: attached with it, and kept while it is put right."""

import gc
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.vouchers.kinds import DRAFT
from fundsvc.vouchers.models import Voucher, VoucherFile
from tests.support.forms import hidden, send

pytestmark = [
    pytest.mark.usefixtures("clock", "money"),
    # Werkzeug's test client leaves the file that a large upload is spooled to for the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SignedIn = Callable[..., FlaskClient]
PAGE = "/vouchers/new?kind=cash-out"
PDF, PHOTO = b"%PDF-1.7\nhoa don", b"\xff\xd8\xff\xe0 anh chup"
PAID = {
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "party": "Trần Thị Hường",
    "description": "Mua quà",
    "account-1": "6112",
    "amount-1": "80.000",
}


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """Let the collector find what Werkzeug left open here, where it is expected."""
    yield
    gc.collect()


def chosen(*files: tuple[bytes, str]) -> dict[str, Any]:
    return {"file": [(io.BytesIO(data), name) for data, name in files]}


def keep(client: FlaskClient, *, act: str = "save", **fields: Any) -> TestResponse:
    return send(client, PAGE, **(PAID | {"key": hidden(client, PAGE)["key"], "act": act} | fields))


def promised(answer: TestResponse) -> list[str]:
    return re.findall(r'name="kept" value="([^"]+)"', answer.text)


def names(session: Session) -> list[str]:
    session.rollback()
    return sorted(session.scalars(select(VoucherFile.name)))


def test_a_photograph_and_an_invoice_come_with_the_voucher(
    signed_in: SignedIn, session: Session
) -> None:
    maker = signed_in("treasurer")
    both = chosen((PHOTO, "IMG_0001.jpg"), (PDF, "Hóa đơn.pdf"))
    assert keep(maker, act="submit", **both).status_code == 303
    assert names(session) == ["Hóa đơn.pdf", "IMG_0001.jpg"]
    assert session.scalars(select(Voucher.state)).all() == ["submitted"]


def test_what_was_chosen_is_kept_while_the_form_is_put_right(
    signed_in: SignedIn, session: Session
) -> None:
    maker = signed_in("treasurer")
    refused = keep(maker, **chosen((PDF, "Hóa đơn.pdf")), fund="")
    assert refused.status_code == 422
    assert "Đã nhận: Hóa đơn.pdf" in refused.text
    assert names(session) == []
    (token,) = promised(refused)
    again = keep(maker, **chosen((PHOTO, "IMG_0001.jpg")), kept=[token])
    assert again.status_code == 303
    assert names(session) == ["Hóa đơn.pdf", "IMG_0001.jpg"]


def test_a_file_of_another_kind_is_refused_by_name_beside_all_else(
    signed_in: SignedIn, session: Session
) -> None:
    maker = signed_in("treasurer")
    refused = keep(maker, **chosen((b"MZ\x90", "thu.exe"), (PDF, "Hóa đơn.pdf")), fund="")
    assert refused.status_code == 422
    assert "thu.exe: Chỉ nhận tệp PDF hoặc ảnh" in refused.text
    assert 'href="#f-fund"' in refused.text
    assert "Trần Thị Hường" in refused.text
    assert len(promised(refused)) == 1
    session.rollback()
    assert session.scalars(select(Voucher.id)).all() == []


def test_files_are_added_while_a_draft_is_changed(signed_in: SignedIn, session: Session) -> None:
    maker = signed_in("treasurer")
    page = f"{keep(maker).location}/edit"
    answer = send(maker, page, **PAID, version="1", act="submit", **chosen((PDF, "Hóa đơn.pdf")))
    assert answer.status_code == 303
    assert names(session) == ["Hóa đơn.pdf"]
    assert session.scalars(select(Voucher.state)).all() != [DRAFT]


def test_what_was_promised_to_another_is_nobodys(signed_in: SignedIn, session: Session) -> None:
    (token,) = promised(keep(signed_in("treasurer"), **chosen((PDF, "a.pdf")), fund=""))
    other = keep(signed_in("treasurer"), kept=[token])
    assert other.status_code == 422
    assert "Tệp đã gửi lần trước không còn" in other.text
    assert "Trần Thị Hường" in other.text
    assert names(session) == []


def test_one_more_line_loses_no_file(signed_in: SignedIn, session: Session) -> None:
    maker = signed_in("treasurer")
    wider = keep(maker, act="add", **chosen((PDF, "a.pdf")))
    (token,) = promised(wider)
    (token,) = promised(keep(maker, act="add", kept=[token]))
    assert keep(maker, kept=[token]).status_code == 303
    assert names(session) == ["a.pdf"]
