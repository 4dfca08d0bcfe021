"""Pages of donors: who sees what, forms that lose nothing, and acts of two people."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from tests.dossier.conftest import HUONG, gave
from tests.support import gifts
from tests.support.forms import alike, send

SignedIn = Callable[..., FlaskClient]


def test_a_treasurer_finds_a_donor_and_sees_the_phone_on_record(
    signed_in: SignedIn, huong: int, session: Session
) -> None:
    client = signed_in("treasurer")
    page = client.get("/donors?q=huong").text
    assert "Nguyễn Thị Hường" in page
    assert "0912***678" in page
    assert "1.200.000" in page
    page = client.get(f"/donors/{huong}").text
    assert "0912345678" not in page
    assert "huong@example.vn" not in page
    opened = send(client, f"/donors/{huong}", f"/donors/{huong}/contact").text
    assert "0912345678" in opened
    assert "huong@example.vn" in opened
    assert (
        session.execute(text("SELECT count(*) FROM act WHERE kind = 'donor.contact'")).scalar() == 1
    )


def test_an_auditor_sees_no_name_and_an_admin_nothing(signed_in: SignedIn, huong: int) -> None:
    auditor = signed_in("auditor")
    for page in ("/donors", f"/donors/{huong}", "/donors.csv"):
        shown = auditor.get(page).text
        assert "Hường" not in shown
        assert "Quảng Thọ" not in shown
        assert "N***** T** H****" in shown
    assert auditor.post(f"/donors/{huong}/contact").status_code in {400, 403}
    assert signed_in("admin").get("/donors").status_code == 403


def test_a_unit_treasurer_sees_donors_of_own_units_only(
    quang_tri: None, signed_in: SignedIn, huong: int
) -> None:
    own = gave(replace(HUONG, name="Lê Văn Quảng"), unit="HT-44")
    client = signed_in("unit-treasurer", units=["HT-44"])
    page = client.get("/donors").text
    assert "Lê Văn Quảng" in page
    assert "Hường" not in page
    assert client.get(f"/donors/{own}").status_code == 200
    missing = alike(client.get("/donors/987654"))
    assert alike(client.get(f"/donors/{huong}")) == missing
    assert send(client, f"/donors/{own}", f"/donors/{own}/merge", other=huong).status_code == 404
    assert (
        send(client, f"/donors/{own}", f"/donors/{huong}/export", format="json").status_code == 404
    )


def test_a_correction_keeps_contacts_left_empty_and_what_was_typed(
    signed_in: SignedIn, huong: int, session: Session
) -> None:
    client = signed_in("treasurer")
    page = f"/donors/{huong}/edit"
    refused = send(client, page, donor="Nguyễn Thị Hương", address="Huế", reason="")
    assert refused.status_code == 422
    assert "Nguyễn Thị Hương" in refused.text
    done = send(client, page, donor="Nguyễn Thị Hương", no_email="1", reason="Ghi nhầm dấu")
    assert done.status_code == 303
    donor = session.scalars(select(Donor)).one()
    assert (donor.name, donor.phone, donor.email) == ("Nguyễn Thị Hương", "0912345678", "")
    shown = client.get(f"/donors/{huong}").text
    assert "Nguyễn Thị Hường" in shown, "what stood before"
    assert "Ghi nhầm dấu" in shown


def test_consents_are_noted_with_the_usual_words(signed_in: SignedIn, huong: int) -> None:
    client = signed_in("treasurer")
    page, to = f"/donors/{huong}", f"/donors/{huong}/consents"
    said = {"purpose": "named", "given": "yes", "said_on": "20/09/2024", "way": "phone"}
    refused = send(client, page, to, **said | {"said_on": "20/09/2034"})
    assert refused.status_code == 422
    assert "tương lai" in refused.text
    assert send(client, page, to, **said | {"purpose": "sold"}).status_code == 422
    assert send(client, page, to, **said).status_code == 303
    assert "Tôi đồng ý để hội nêu tên tôi" in client.get(page).text


def test_doubles_are_merged_and_parted_on_the_page(signed_in: SignedIn, huong: int) -> None:
    other = gave(replace(HUONG, name="Nguyễn T. Hường", email=""))
    client = signed_in("treasurer")
    assert "cùng số điện thoại" in client.get("/donors/doubles").text
    page = f"/donors/{huong}/merge"
    assert "Nguyễn T. Hường" in client.get(page).text
    assert client.get(f"{page}?q=khong").status_code == 200
    assert send(client, page, other="x").status_code == 422
    assert send(client, page, other=huong).status_code == 422
    assert send(client, page, other=other).status_code == 303
    assert client.get(f"/donors/{other}").location == f"/donors/{huong}"
    assert client.get(f"/donors/{other}/merge").status_code == 409
    assert send(client, page, f"/donors/{other}/part").status_code == 303
    assert client.get(f"/donors/{other}").status_code == 200


def test_data_are_handed_out_as_files(signed_in: SignedIn, huong: int) -> None:
    client = signed_in("treasurer")
    page, to = f"/donors/{huong}", f"/donors/{huong}/export"
    told = send(client, page, to, format="json")
    assert told.json
    assert told.json["records"][0]["phone"] == "0912345678"
    assert send(client, page, to, format="pdf").data.startswith(b"%PDF")
    assert send(client, page, to, format="exe").status_code == 422


def test_one_person_asks_another_approves_the_erasure(
    signed_in: SignedIn, huong: int, session: Session
) -> None:
    number = gifts.receipt(session.scalars(select(Donation.id)).one())
    session.rollback()
    treasurer, approver = signed_in("treasurer"), signed_in("approver")
    page = f"/donors/{huong}"
    assert send(treasurer, page, f"{page}/erasure", reason="").status_code == 422
    assert send(treasurer, page, f"{page}/erasure", reason="Đề nghị").status_code == 303
    assert "đề nghị xóa dữ liệu người ủng hộ chờ duyệt" in approver.get("/").text
    assert send(treasurer, page, "/donors/erasures/1/approve").status_code == 403
    assert send(approver, "/donors/erasures", "/donors/erasures/9/approve").status_code == 404
    assert send(approver, "/donors/erasures", "/donors/erasures/1/approve").status_code == 303
    assert send(approver, "/donors/erasures", "/donors/erasures/1/refuse").status_code == 409
    for client in (treasurer, approver):
        shown = client.get(page)
        assert shown.status_code == 200
        assert "Hường" not in shown.text
        assert "đã xóa dữ liệu" in shown.text
    assert "Hường" not in treasurer.get("/donations").text
    assert treasurer.get(f"{page}/edit").status_code == 409
    assert "Nguyễn Thị Hường" in treasurer.get(f"/receipts/{number}").text, "a document stays"


@pytest.mark.parametrize("address", ["?q=" + "x" * 201, "?unit=" + "x" * 61])
def test_a_filter_that_cannot_be_is_refused(signed_in: SignedIn, address: str) -> None:
    client = signed_in("treasurer")
    for page in ("/donors", "/donors.csv"):
        assert client.get(page + address).status_code == 422


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "²", "12"])
def test_a_mark_that_is_none_begins_anew(signed_in: SignedIn, huong: int, after: str) -> None:
    assert "Hường" in signed_in("treasurer").get("/donors", query_string={"after": after}).text
