"""What a stranger is told of a receipt: valid, voided or unknown, and no more."""

import hashlib
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.public.limits import Limiter
from fundsvc.receipts import printing, service
from fundsvc.seals.service import seal_new
from ledger.check import refuted
from ledger.seals import Seal
from tests import corpus
from tests.support.forms import alike
from tests.support.gifts import give, give_with_receipt, receipt

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Callable[..., tuple[int, str]]:
    """Ask for a number with a code; the limit is wide here."""
    app.extensions["fundsvc.public.limiter"] = Limiter(burst=100_000)

    def asking(number: str, code: str) -> tuple[int, str]:
        answer = client.get(f"/v/{number}", query_string={"c": code})
        return answer.status_code, answer.text

    return asking


def code_of(session: Session, number: str) -> str:
    session.rollback()
    return service.by_number(session, number).code


def void(number: str) -> None:
    with transaction() as session:
        service.void(session, number, "ghi sai", by=None)


def test_valid(ask: Callable[..., tuple[int, str]], session: Session) -> None:
    number = give_with_receipt()
    status, page = ask(number, code_of(session, number))
    assert status == 200
    for part in (
        'data-state="valid"',
        "Biên nhận có hiệu lực",
        "1.200.000 đ",
        "Một triệu hai trăm nghìn đồng",
        "Quỹ Nghĩa tình Trường Sơn",
        "10/09/2024",
        "N***** T** H****",
    ):
        assert part in page
    for secret in ("Nguyễn", "Hường", "Quảng Thọ", "0912345678"):
        assert secret not in page


def test_voided_and_replaced(ask: Callable[..., tuple[int, str]], session: Session) -> None:
    recorded = give()
    number = receipt(recorded.id)
    code = code_of(session, number)
    void(number)
    status, page = ask(number, code)
    assert status == 200
    assert 'data-state="voided"' in page
    assert "đã hủy ngày 30/09/2024" in page
    assert "ghi sai" not in page
    newer = receipt(recorded.id)
    assert newer in ask(number, code)[1]


def test_wrong_code_and_unknown_number_look_alike(client: FlaskClient, session: Session) -> None:
    number = give_with_receipt()
    code = code_of(session, number)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    voided = give_with_receipt()
    void(voided)
    answers = [
        client.get(f"/v/{asked}", query_string={"c": wrong})
        for asked in (number, "NT-2024-000999", voided)
    ]
    assert len({alike(answer) for answer in answers}) == 1
    assert answers[0].status_code == 404
    assert 'data-state="unknown"' in answers[0].text


def test_without_a_code_nothing_is_said(client: FlaskClient) -> None:
    number = give_with_receipt()
    for address in (f"/v/{number}", "/v/NT-2024-000999"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "data-state" not in answer.text


def test_typing_number_and_code(client: FlaskClient, session: Session) -> None:
    assert "Số biên nhận" in client.get("/v").text
    number = give_with_receipt()
    code = code_of(session, number)
    spoken = "-".join(code[place : place + 4] for place in range(0, 16, 4)).lower()
    answer = client.get("/v", query_string={"number": f" {number.lower()} ", "c": spoken})
    assert answer.location == f"/v/{number}?c={code}"
    assert 'data-state="valid"' in client.get(answer.location).text


def test_the_page_is_not_kept_or_passed_on(client: FlaskClient) -> None:
    answer = client.get("/v/NT-2024-000001?c=x")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_too_many_questions_are_asked_to_wait(client: FlaskClient) -> None:
    statuses = [client.get("/v/NT-2024-000001?c=x").status_code for _time in range(25)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert client.get("/v").status_code == 200


def test_the_limit_counts_each_address_and_forgets_the_oldest() -> None:
    limiter = Limiter(burst=2, per_minute=0)
    assert [limiter.allows("a") for _time in range(3)] == [True, True, False]
    assert limiter.allows("b")
    for number in range(10_000):
        limiter.allows(str(number))
    assert limiter.allows("a")


def test_hostile_numbers_and_codes(
    ask: Callable[..., tuple[int, str]], client: FlaskClient
) -> None:
    for typed in (*corpus.UNKEEPABLE, *corpus.ODD, *corpus.NEVER_AMOUNTS, "x" * 3000):
        text = typed[:3000].encode("utf-8", "surrogatepass")
        for query in ({"number": text, "c": text}, {"number": "NT-2024-000001", "c": text}):
            assert client.get("/v", query_string=query).status_code < 500
            followed = client.get("/v/NT-2024-000001", query_string={"c": text})
            assert followed.status_code < 500
    for path in ("%00", "%ff", "..", "%2e%2e", "%E2%80%AE", "a%0d%0ab", "<script>"):
        assert client.get(f"/v/{path}?c=AAAA").status_code < 500


def test_it_shows_the_seal_and_gives_the_proof(client: FlaskClient, session: Session) -> None:
    number = give_with_receipt()
    code = code_of(session, number)
    original = hashlib.sha256(printing.freeze_pdf(number)).hexdigest()
    address = f"/v/{number}/proof.json"
    assert "Chờ niêm phong" in client.get(f"/v/{number}?c={code}").text
    assert client.get(address, query_string={"c": code}).status_code == 404
    seal_new()
    page = client.get(f"/v/{number}?c={code}").text
    assert "niêm phong số 1" in page
    assert f'data-drop="{original}"' in page
    proof = client.get(address, query_string={"c": code}).json
    assert proof
    assert proof["head"] in page
    assert "Hường" not in proof["hashed"], "the donor is there as a commitment only"
    heads = {1: (Seal(**proof["seal"]), proof["head"])}
    assert list(refuted(proof, heads)) == []
    wrong = client.get(address, query_string={"c": "ABCDEFGHJKLMNPQR"})
    unknown = client.get("/v/NT-2024-999999/proof.json", query_string={"c": code})
    assert wrong.status_code == unknown.status_code == 404
