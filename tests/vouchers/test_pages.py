"""The pages of vouchers as people use them: drafted, approved by another, posted, reversed."""

import csv
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.vouchers.models import Voucher
from ledger import recipes
from tests.support.forms import alike, hidden, send
from tests.support.paper import flat

pytestmark = pytest.mark.usefixtures("clock", "money")

SignedIn = Callable[..., FlaskClient]
PAID = {
    "kind": "cash-out",
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "party": "Trần Thị Hường",
    "party_address": "Xã Hướng Việt",
    "description": "Làm nhà tình nghĩa <xã Hướng Việt>",
    "enclosed": "02 hóa đơn",
    "province": "2025:44",
    "account-1": "6111",
    "amount-1": "80 000 000",
    "account-2": "642",
    "amount-2": "500.000",
}
RECEIVED = PAID | {
    "kind": "cash-in",
    "account-1": "7118",
    "amount-1": "1.234.567",
    "account-2": "",
    "amount-2": "",
}
JOURNAL = {
    "kind": "journal",
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "description": "Phân loại lại khoản chi",
    "account-1": "6112",
    "debit-1": "1.000.000",
    "account-2": "6111",
    "credit-2": "1.000.000",
}
TRANSFER = {
    "kind": "transfer",
    "unit": "TW",
    "fund": "nghia-tinh",
    "to_unit": "TW",
    "to_fund": "dues",
    "amount": "5.000.000",
    "till": "111",
    "to_till": "111",
    "date": "20/09/2024",
    "description": "Chuyển theo nghị quyết",
    "resolution": "15/NQ-BCH",
    "resolution_on": "02/09/2024",
}


@pytest.fixture
def money(app: Flask) -> None:
    with transaction() as session:
        entry = recipes.opening_balance(
            on=date(2024, 1, 1),
            unit="TW",
            fund="nghia-tinh",
            amount=100_000_000,
            description="Số dư",
            account="111",
        )
        books.post(session, entry, source="opening", external_id="1")


def write(client: FlaskClient, fields: dict[str, str], act: str = "submit") -> int:
    """Fill in a form and send it; return the voucher's number in addresses."""
    page = f"/vouchers/new?kind={fields['kind']}"
    key = hidden(client, page)["key"]
    answer = send(client, page, **fields, key=key, act=act)
    assert answer.status_code == 303, re.findall(r"field__error.*?</p>|<li>.*?</li>", answer.text)
    return int(answer.location.rpartition("/")[2])


def do(client: FlaskClient, voucher: int, act: str, **fields: str) -> TestResponse:
    """Press a button on the page of a voucher."""
    version = hidden(client, f"/vouchers/{voucher}").get("version", "1")
    return send(
        client,
        f"/vouchers/{voucher}",
        f"/vouchers/{voucher}/{act}",
        **({"version": version} | fields),
    )


def test_a_voucher_goes_from_draft_to_posted_to_reversed(signed_in: SignedIn) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    assert "Không có chứng từ nào như vậy" in maker.get("/vouchers").text
    voucher = write(maker, PAID, act="save")
    page = maker.get(f"/vouchers/{voucher}").text
    for shown in ("80.500.000 đ", "Trần Thị Hường", "&lt;xã Hướng Việt&gt;", "Tỉnh Quảng Trị"):
        assert shown in page
    assert "Phiếu chi (chưa có số)" in page
    assert do(maker, voucher, "submit").status_code == 303
    assert "người khác phải duyệt" in maker.get(f"/vouchers/{voucher}").text
    assert f'href="/vouchers/{voucher}"' in approver.get("/vouchers?state=submitted").text
    page = approver.get(f"/vouchers/{voucher}").text
    assert "Duyệt và ghi sổ phiếu chi PC-2024-000001 (số dự kiến), 80.500.000 đ" in page
    assert do(approver, voucher, "approve", post="1").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Phiếu chi PC-2024-000001" in page
    assert "Người thử approver" in page
    assert "/edit" not in page
    assert "Phiếu chi: 80.500.000 đ (1)" in maker.get("/vouchers").text
    wrong = send(maker, f"/vouchers/{voucher}", f"/vouchers/{voucher}/reverse", reason="")
    assert wrong.status_code == 422
    assert "Xin ghi lý do ghi đảo." in wrong.text
    undo = {"reason": "Ghi hai lần", "date": "25/09/2024"}
    answer = send(maker, f"/vouchers/{voucher}", f"/vouchers/{voucher}/reverse", **undo)
    assert answer.status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "ngày 25/09/2024" in page
    assert "Ghi hai lần" in page
    assert "Ghi đảo khoản này" not in page
    assert "Đã ghi đảo" in maker.get("/vouchers").text
    assert "Không có khoản nào được tính" in maker.get("/vouchers").text


def state(session: Session, voucher: int) -> str:
    session.rollback()
    return session.scalars(select(Voucher.state).where(Voucher.id == voucher)).one()


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Voucher)) or 0


def entries(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Entry)) or 0


def posted(signed_in: SignedIn, fields: dict[str, str]) -> tuple[FlaskClient, int]:
    """Take a voucher all the way into the books."""
    maker, approver = signed_in("treasurer"), signed_in("approver")
    voucher = write(maker, fields)
    assert do(approver, voucher, "approve", post="1").status_code == 303
    return maker, voucher


@pytest.mark.parametrize("fields", [RECEIVED, PAID, JOURNAL, TRANSFER], ids=lambda f: f["kind"])
def test_each_kind_is_written_approved_posted_and_printed(
    signed_in: SignedIn, session: Session, fields: dict[str, str]
) -> None:
    before = entries(session)
    client, voucher = posted(signed_in, fields)
    assert entries(session) == before + 1
    paper = client.get(f"/vouchers/{voucher}.pdf")
    assert paper.mimetype == "application/pdf"
    text = flat(paper.data)
    number = re.search(r"<h1>.*?([A-Z]{2}-2024-000001)", client.get(f"/vouchers/{voucher}").text)
    assert number is not None
    assert f"Số: {number[1]}" in text
    assert "BẢN NHÁP" not in text
    assert fields["description"] in text


def test_a_journal_that_does_not_balance_says_by_how_much_and_where(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=journal"
    wrong = JOURNAL | {"credit-2": "400.000", "fund-1": "dues", "credit-3": "", "act": "submit"}
    answer = send(client, page, **wrong, key="k1")
    assert answer.status_code == 422
    assert "Chứng từ lệch 1.000.000 đ ở Hội phí thường xuyên" in answer.text
    assert "Chứng từ lệch 400.000 đ ở Quỹ Nghĩa tình Trường Sơn" in answer.text
    assert 'Nợ 1.000.000 đ, Có 0 đ – <strong class="sums__off">lệch 1.000.000 đ' in answer.text
    assert 'value="400.000"' in answer.text
    assert count(session) == 0
    kept = send(client, page, **(wrong | {"act": "save"}), key="k1")
    assert kept.status_code == 303
    assert "Nợ và Có còn lệch 600.000 đ" in client.get(kept.location).text


def test_lines_are_added_without_script_and_nothing_typed_is_lost(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {"amount-2": "không rõ", "act": "add"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1")
    assert answer.status_code == 200
    assert 'name="account-3"' in answer.text
    for kept in ("80 000 000", "không rõ", "&lt;xã Hướng Việt&gt;", 'value="k1"', "Xã Hướng Việt"):
        assert kept in answer.text
    assert 'value="642" selected' in answer.text
    assert 'Tổng cộng: <output class="amount" data-total>80.000.000 đ' in answer.text
    assert count(session) == 0


def test_what_is_wrong_stands_beside_its_line_and_all_at_once(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {
        "date": "31/02/2024",
        "amount-1": "1,5",
        "account-2": "",
        "account-5": "111",
        "amount-5": "",
    }
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="submit")
    assert answer.status_code == 422
    for place in ("date", "amount-1", "account-2", "amount-5"):
        assert f'id="f-{place}-error"' in answer.text, place
    assert 'value="1,5"' in answer.text
    assert count(session) == 0
    fields = PAID | {"account-2": "9999", "amount-2": "1"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="save")
    assert answer.status_code == 422
    assert 'id="f-account-2-error"' in answer.text
    assert count(session) == 0


def test_money_that_is_not_there_is_refused_when_it_is_submitted_and_kept_as_a_draft(
    signed_in: SignedIn, session: Session
) -> None:
    client = signed_in("treasurer")
    fields = PAID | {"amount-1": "99.500.001"}
    answer = send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="submit")
    assert answer.status_code == 422
    assert "thiếu 1 đ" in answer.text
    assert count(session) == 0
    assert (
        send(client, "/vouchers/new?kind=cash-out", **fields, key="k1", act="save").status_code
        == 303
    )
    assert count(session) == 1


def test_sending_a_form_twice_makes_one_voucher(signed_in: SignedIn, session: Session) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=cash-out"
    first = send(client, page, **PAID, key="k1", act="save")
    again = send(client, page, **PAID, key="k1", act="save")
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    other = send(client, page, **(PAID | {"amount-1": "7"}), key="k1", act="save")
    assert other.status_code == 409
    assert f'href="{first.location}"' in other.text
    assert 'value="7"' in other.text
    assert count(session) == 1


def test_a_stale_form_is_refused_and_keeps_what_was_typed(
    signed_in: SignedIn, session: Session
) -> None:
    one, other = signed_in("treasurer"), signed_in("treasurer")
    voucher = write(one, PAID, act="save")
    page = f"/vouchers/{voucher}/edit"
    version = hidden(one, page)["version"]
    assert send(other, page, **(PAID | {"amount-1": "5.000"}), version=version).status_code == 303
    answer = send(one, page, **(PAID | {"amount-1": "9.000"}), version=version)
    assert answer.status_code == 409
    assert "vừa thay đổi chứng từ này" in answer.text
    assert 'value="9.000"' in answer.text
    assert f'href="/vouchers/{voucher}"' in answer.text
    newer = dict(re.findall(r'name="(version)" value="([0-9]+)"', answer.text))["version"]
    assert int(newer) == int(version) + 1
    assert send(one, page, **(PAID | {"amount-1": "9.000"}), version=newer).status_code == 303
    assert "509.000 đ" in one.get(f"/vouchers/{voucher}").text
    assert send(one, page, **PAID, version="x").status_code == 409


def test_nobody_approves_their_own_and_nobody_approves_twice(
    signed_in: SignedIn, session: Session
) -> None:
    maker, approver, late = signed_in("treasurer"), signed_in("approver"), signed_in("approver")
    voucher = write(maker, PAID)
    assert "Duyệt và ghi sổ" not in maker.get(f"/vouchers/{voucher}").text
    refused = do(maker, voucher, "approve", post="1")
    assert refused.status_code == 403
    assert state(session, voucher) == "submitted"
    version = hidden(late, f"/vouchers/{voucher}")["version"]
    assert do(approver, voucher, "approve").status_code == 303
    again = do(late, voucher, "approve", version=version)
    assert again.status_code == 409
    assert "Chứng từ đã được Người thử approver duyệt lúc" in again.text
    assert state(session, voucher) == "approved"
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Ghi sổ phiếu chi PC-2024-000001 (số dự kiến)" in page
    assert do(maker, voucher, "post").status_code == 303
    assert state(session, voucher) == "posted"


def test_a_voucher_is_sent_back_with_a_reason_changed_and_submitted_again(
    signed_in: SignedIn, session: Session
) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    voucher = write(maker, PAID)
    empty = do(approver, voucher, "return", reason=" ")
    assert empty.status_code == 422
    assert "Xin ghi lý do trả lại." in empty.text
    assert do(approver, voucher, "return", reason="Thiếu <hóa đơn>").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "Lý do: Thiếu &lt;hóa đơn&gt;" in page
    edit = f"/vouchers/{voucher}/edit"
    version = hidden(maker, edit)["version"]
    fields = PAID | {"amount-1": "79.000.000"}
    assert send(maker, edit, **fields, version=version, act="submit").status_code == 303
    assert state(session, voucher) == "submitted"
    assert "chỉ sửa được" in maker.get(edit, follow_redirects=True).text.lower()


def test_a_draft_can_be_put_aside_and_uses_no_number(signed_in: SignedIn, session: Session) -> None:
    maker = signed_in("treasurer")
    voucher = write(maker, PAID, act="save")
    assert do(maker, voucher, "discard").status_code == 303
    page = maker.get(f"/vouchers/{voucher}").text
    assert "không vào sổ, không có số" in page
    assert "ĐÃ BỎ" in flat(maker.get(f"/vouchers/{voucher}.pdf").data)
    assert do(maker, voucher, "submit").status_code == 409


def test_a_draft_prints_as_a_draft(signed_in: SignedIn) -> None:
    maker = signed_in("treasurer")
    voucher = write(maker, RECEIVED, act="save")
    maker.set_cookie("fundsvc_language", "en")
    text = flat(maker.get(f"/vouchers/{voucher}.pdf").data)
    assert "BẢN NHÁP – CHƯA GHI SỔ" in text
    assert "Quỹ Nghĩa tình Trường Sơn" in text


def test_what_waits_for_whom_stands_on_the_first_page(signed_in: SignedIn) -> None:
    maker, approver = signed_in("treasurer"), signed_in("approver")
    write(maker, PAID)
    write(maker, RECEIVED, act="save")
    assert "chứng từ chờ duyệt" in approver.get("/").text
    assert 'href="/vouchers?state=submitted"' in approver.get("/").text
    assert "chứng từ nháp chưa trình duyệt" in maker.get("/").text
    assert "chứng từ chờ duyệt" not in maker.get("/").text
    listed = maker.get("/vouchers?state=draft&mine=1").text
    assert "Phiếu thu" in listed
    assert "chỉ của tôi" in listed
    assert 'href="/vouchers/1"' not in listed


def test_the_list_and_its_file_show_the_same(signed_in: SignedIn) -> None:
    client, voucher = posted(signed_in, PAID)
    write(client, RECEIVED | {"party": "=1+1"}, act="save")
    assert "Phiếu thu: 1.234.567 đ (1); Phiếu chi: 80.500.000 đ (1)" in client.get("/vouchers").text
    export = client.get("/vouchers.csv?kind=cash-out&from=01/09/2024&to=30/09/2024")
    rows = list(csv.reader(export.text.removeprefix("\ufeff").splitlines()))
    assert rows[1][:4] == ["2024-09-20", "PC-2024-000001", "Phiếu chi", "Đã ghi sổ"]
    assert rows[1][9] == "80500000"
    assert len(rows) == 2
    assert ",'=1+1," in client.get("/vouchers.csv").text
    for query in ("?number=pc-2024-000001", "?state=posted", "?fund=nghia-tinh&unit=TW"):
        assert f'href="/vouchers/{voucher}"' in client.get(f"/vouchers{query}").text
    assert "Không có chứng từ nào" in client.get("/vouchers?number=PC-2024-000002").text
    assert client.get("/vouchers?from=2/2/2024&to=1/1/2024").status_code == 422
    assert client.get("/vouchers?kind=x").status_code == 422
    assert client.get("/vouchers.csv?kind=x").status_code == 422


def test_the_search_finds_a_voucher_by_its_number(signed_in: SignedIn) -> None:
    client, voucher = posted(signed_in, PAID)
    assert client.get("/search?q=pc-2024-000001").location == f"/vouchers/{voucher}"
    assert f'href="/vouchers/{voucher}"' in client.get("/search?q=pc-2024").text
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert f"/vouchers/{voucher}" not in stranger.get("/search?q=pc-2024-000001").text


def test_an_auditor_reads_and_does_nothing(signed_in: SignedIn) -> None:
    _maker, voucher = posted(signed_in, PAID)
    client = signed_in("auditor")
    page = client.get(f"/vouchers/{voucher}").text
    assert "<form" not in page.partition("<main")[2].partition("</main")[0]
    assert "/vouchers/new" not in client.get("/vouchers").text
    assert client.get("/vouchers/new").status_code == 403
    assert client.get(f"/vouchers/{voucher}/edit").status_code == 403
    for act in ("submit", "approve", "post", "return", "discard", "reverse", "files"):
        refused = send(client, "/vouchers", f"/vouchers/{voucher}/{act}", version="1", reason="x")
        assert refused.status_code == 403, act


def test_an_approver_writes_none(signed_in: SignedIn) -> None:
    client = signed_in("approver")
    assert client.get("/vouchers/new").status_code == 403
    assert "/vouchers/new" not in client.get("/vouchers").text


def test_a_foreign_units_voucher_and_none_look_the_same(
    signed_in: SignedIn, session: Session
) -> None:
    maker = signed_in("treasurer")
    voucher = write(maker, PAID)
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert f"/vouchers/{voucher}" not in stranger.get("/vouchers").text
    for tail in ("", ".pdf", "/edit", "/files"):
        theirs = stranger.get(f"/vouchers/{voucher}{tail}")
        none = stranger.get(f"/vouchers/{voucher + 1}{tail}")
        assert theirs.status_code == 404, tail
        assert alike(theirs)[0] == alike(none)[0]
        assert "Hướng Việt" not in theirs.text
    for act in ("submit", "approve", "post", "return", "discard", "reverse", "edit", "files"):
        fields = {"version": "2", "reason": "x", **PAID}
        theirs = send(stranger, "/settings", f"/vouchers/{voucher}/{act}", **fields)
        none = send(stranger, "/settings", f"/vouchers/{voucher + 1}/{act}", **fields)
        assert (theirs.status_code, none.status_code) == (404, 404), act
    assert state(session, voucher) == "submitted"
    answer = send(stranger, "/vouchers/new?kind=cash-out", **PAID, key="k", act="save")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query", ["?after=2024-01-01.1", "?after=2024-99-01.1", "?after=.1", "?fund=x&unit=x"]
)
def test_a_mark_that_makes_no_sense_harms_nobody(signed_in: SignedIn, query: str) -> None:
    assert signed_in("auditor").get(f"/vouchers{query}").status_code == 200


def test_a_kind_that_is_not_there_is_not_found(signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    assert "Lập phiếu thu" in client.get("/vouchers/new?kind=nothing").text
    answer = send(client, "/vouchers/new?kind=cash-in", "/vouchers/new", kind="nothing")
    assert answer.status_code == 404
