"""The list of heads and the proof of an entry, for those who see all units."""

import csv
from collections.abc import Callable

from flask.testing import FlaskClient

from fundsvc.books import sealing
from fundsvc.db import read_session
from fundsvc.receipts import service as receipts
from fundsvc.seals.service import seal_new
from tests.support import gifts

SignedIn = Callable[..., FlaskClient]


def test_the_list_shows_heads_and_is_downloaded_whole(signed_in: SignedIn, clock: object) -> None:
    auditor = signed_in("auditor")
    assert "Chưa có niêm phong nào" in auditor.get("/seals").text
    for amount in (100_000, 200_000):
        gifts.give(amount=amount)
        seal_new()
    gifts.give(amount=300_000)
    page = auditor.get("/seals").text
    assert "1 bút toán chờ niêm phong" in page
    rows = list(csv.DictReader(auditor.get("/seals.csv").text.lstrip("\ufeff").splitlines()))
    assert [(row["seal"], row["debit"]) for row in rows] == [("1", "100000"), ("2", "200000")]
    assert all(row["head"] in page for row in rows)


def test_the_list_goes_on_page_by_page(signed_in: SignedIn, clock: object) -> None:
    for number in range(52):
        gifts.give(amount=1_000 + number)
    seal_new(most=1)
    auditor = signed_in("auditor")
    first = auditor.get("/seals").text
    assert 'id="seal-52"' in first
    assert 'id="seal-2"' not in first
    assert "/seals?below=3" in first
    rest = auditor.get("/seals?below=3").text
    assert 'id="seal-2"' in rest
    assert 'id="seal-3"' not in rest
    assert auditor.get("/seals?below=²").status_code == 200


def test_a_proof_is_given_once_the_entry_is_sealed(signed_in: SignedIn, clock: object) -> None:
    entry = gifts.give().entry_id
    auditor = signed_in("auditor")
    assert auditor.get(f"/entries/{entry}/proof.json").status_code == 422
    seal_new()
    proof = auditor.get(f"/entries/{entry}/proof.json")
    assert proof.get_json()["entry"] == entry
    assert "attachment" in proof.headers["Content-Disposition"]
    assert auditor.get("/entries/999/proof.json").status_code == 404


def test_an_entry_tells_whether_it_is_sealed_and_leads_to_its_proof(
    signed_in: SignedIn, clock: object
) -> None:
    entry = gifts.give().entry_id
    auditor = signed_in("auditor")
    assert "Chờ niêm phong" in auditor.get(f"/entries/{entry}").text
    seal_new()
    page = auditor.get(f"/entries/{entry}").text
    assert sealing.last_seal(read_session()).head in page
    assert f"/entries/{entry}/proof.json" in page
    unit = signed_in("unit-treasurer", units=["TW"]).get(f"/entries/{entry}").text
    assert "Đã niêm phong" in unit
    assert "proof.json" not in unit


def test_who_sees_one_unit_sees_no_sums_of_all(signed_in: SignedIn, client: FlaskClient) -> None:
    unit = signed_in("unit-treasurer", units=["TW"])
    for path in ("/seals", "/seals.csv", "/entries/1/proof.json"):
        assert unit.get(path).status_code == 403
        assert client.get(path).status_code in {302, 401}


def test_a_receipt_carries_the_newest_head(clock: object, app: object) -> None:
    first = gifts.give_with_receipt()
    seal_new()
    second = gifts.give_with_receipt(amount=300_000)
    session = read_session()
    before, after = (
        receipts.facts_of(receipts.by_number(session, number)) for number in (first, second)
    )
    assert (before.seal, before.head) == (0, "")
    assert after.seal == 1
    assert len(after.head) == 64
