"""Who sees which vouchers where: the first page, the list and its file, the search."""

import csv

import pytest
from sqlalchemy.orm import Session

from tests.support.forms import alike, send
from tests.vouchers.pages import PAID, RECEIVED, SignedIn, posted, state, write

pytestmark = pytest.mark.usefixtures("clock", "money")


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
