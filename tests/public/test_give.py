"""The pages of giving as strangers use them: the form, the payment, the thanks."""

import html
import io
import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import ValidationError
from PIL import Image
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc import clock as service_clock
from fundsvc.db import db, transaction
from fundsvc.evidence import service as evidence
from fundsvc.giving import becoming, page_facts, pages, pictures, service, ways
from fundsvc.giving.models import Pledge
from fundsvc.public.give_schemas import GiveForm, load
from fundsvc.public.limits import Limiter
from tests.corpus import TEXTS
from tests.support.giving import DAY, SLUG, bank_money, published

pytestmark = pytest.mark.usefixtures("clock", "campaign")

TYPED = {
    "choice": "500000",
    "name": "Nguyễn Thị Mẫu",
    "may_be_named": "1",
    "email": "mau@vidu.vn",
    "province": "2025:44",
    "method": "bank",
}


@pytest.fixture
def campaign(app: Flask) -> str:
    del app
    return published()


def key(client: FlaskClient, address: str = f"/give/{SLUG}") -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', client.get(address).text)
    assert found
    return found[1]


def promise(client: FlaskClient, address: str = f"/give/{SLUG}", **other: Any) -> TestResponse:
    fields = {**TYPED, "key": "k1", **other}
    return client.post(address, data={name: text for name, text in fields.items() if text})


def pay(session: Session, amount: int = 500_000, origin: str = "bank-line:1") -> None:
    session.rollback()
    with transaction() as writing:
        bank_money(writing, amount, origin)
        found = writing.scalars(select(Pledge)).one()
        becoming.becomes(writing, found, origin=origin, amount=amount, received_on=DAY)


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Pledge)) or 0


def test_a_stranger_gives_by_vietqr_and_gets_the_receipt(
    client: FlaskClient, session: Session
) -> None:
    assert "Mái ấm Trường Sơn" in client.get("/give").text
    answer = promise(client, key=key(client))
    assert answer.status_code == 303
    address = answer.location
    page = client.get(address).text
    made = session.scalars(select(Pledge)).one()
    assert f"{made.code} UNG HO" in page
    assert "1234567890" in page
    assert "Agribank" in page
    assert "<svg" in page
    assert client.get(f"{address}/qr.png").data.startswith(b"\x89PNG")
    assert client.get(f"{address}/state").json == {"state": "open"}
    pay(session)
    assert client.get(f"{address}/state").json == {"state": "given"}
    thanks = client.get(address).text
    assert "Đã nhận, xin cảm ơn" in thanks
    (number,) = re.findall(r"Biên nhận (NT-2024-\d{6})<", thanks)
    assert client.get(f"{address}/{number}.pdf").data.startswith(b"%PDF")
    (verify,) = re.findall(r'href="(/v/NT-[^"]+)"', thanks)
    assert "Biên nhận có hiệu lực" in client.get(verify.replace("&amp;", "&")).text
    shown = client.get(f"/give/{SLUG}").text
    assert "500.000 đ" in shown
    assert "Nguyễn Thị Mẫu" in shown


def test_no_cookie_is_set_and_nothing_is_cached(client: FlaskClient) -> None:
    answer = client.get(f"/give/{SLUG}")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    given = promise(client)
    assert "Set-Cookie" not in given.headers
    assert client.get(given.location).headers["Referrer-Policy"] == "no-referrer"


def test_a_double_tap_is_one_promise_even_after_a_day(
    client: FlaskClient, session: Session
) -> None:
    first = promise(client)
    with service_clock.fixed(service_clock.now() + timedelta(days=1)):
        again = promise(client)
    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert count(session) == 1


def test_the_same_form_with_another_amount_is_asked_about(
    client: FlaskClient, session: Session
) -> None:
    promise(client)
    answer = promise(client, choice="200000")
    assert answer.status_code == 409
    assert "thêm một khoản ủng hộ nữa" in answer.text
    assert 'value="k1"' not in answer.text
    assert count(session) == 1


@pytest.mark.parametrize(
    ("typed", "least"),
    [
        ("0", True),
        ("1", True),
        ("999", True),
        ("-5", False),
        ("-500.000", False),
        ("1.5", False),
        ("1,000,000", False),
        ("12.34.567", False),
        ("năm trăm", False),
        ("²00000", False),
        ("٣٠٠٠٠٠", False),
        ("1e6", False),
        ("500.000.001", False),
        ("999999999999999999999", False),
        ("", False),
    ],
)
def test_an_amount_that_cannot_be_is_told_and_what_was_typed_stays(
    client: FlaskClient, session: Session, typed: str, least: bool
) -> None:
    answer = promise(client, choice="other", amount=typed)
    assert answer.status_code == 422
    assert 'id="f-amount-error"' in answer.text
    assert not least or "1.000 đ" in answer.text
    assert "Nguyễn Thị Mẫu" in answer.text
    assert 'name="key" value="k1"' in answer.text
    assert count(session) == 0


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1000", 1_000), ("300.000", 300_000), ("300 000 đ", 300_000), ("500.000.000", 500_000_000)],
)
def test_an_amount_is_read_as_people_write_it(
    client: FlaskClient, session: Session, typed: str, amount: int
) -> None:
    assert promise(client, choice="", amount=typed).status_code == 303
    assert session.scalars(select(Pledge.amount)).one() == amount


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"name": ""}, "name"),
        ({"anonymous": "1"}, "name"),
        ({"name": "", "anonymous": "1", "may_be_named": "1"}, "may_be_named"),
        ({"email": "khong-phai"}, "email"),
        ({"amount": "300.000"}, "amount"),
        ({"phone": "abc"}, "phone"),
        ({"province": "2025:00"}, "province"),
        ({"method": "card"}, "method"),
        ({"key": "có dấu"}, None),
    ],
)
def test_words_that_cannot_be_are_told_beside_their_field(
    client: FlaskClient, session: Session, other: dict[str, str], field: str | None
) -> None:
    answer = promise(client, **other)
    assert answer.status_code == 422
    assert field is None or f'id="f-{field}-error"' in answer.text
    assert count(session) == 0


def test_a_form_with_a_spoilt_key_gets_another_and_can_be_sent_again(
    client: FlaskClient, session: Session
) -> None:
    answer = promise(client, key="có dấu")
    assert answer.status_code == 422
    found = re.search(r'name="key" value="([0-9a-f]{32})"', answer.text)
    assert found
    assert promise(client, key=found[1], amount="500 000").status_code == 303
    assert count(session) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", ["choice", "amount", "name", "email", "phone", "key", "method"])
def test_whatever_is_typed_there_is_an_answer(app: Flask, client: FlaskClient, field: str) -> None:
    app.extensions["fundsvc.public.give"] = Limiter(burst=1_000)
    for text in TEXTS:
        fields = {**TYPED, "key": "k1", field: text}
        data = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        assert client.post(f"/give/{SLUG}", data=data).status_code < 500


def test_a_huge_form_and_another_kind_of_body_are_refused(client: FlaskClient) -> None:
    assert promise(client, name="x" * 2_000_000).status_code == 413
    deep = "[" * 100_000
    answer = client.post(f"/give/{SLUG}", data=deep, content_type="application/json")
    assert answer.status_code == 422


def test_a_form_with_a_nul_is_refused_before_anything_is_read(
    client: FlaskClient, session: Session
) -> None:
    for field in ("name", "key", "khac"):
        assert promise(client, **{field: "a\0b"}).status_code == 400
    assert count(session) == 0


def test_nobody_is_looked_up_for_the_form_of_a_stranger(client: FlaskClient) -> None:
    promise(client)
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        client.set_cookie("fundsvc", "a" * 43)
        assert promise(client, key="k2").status_code == 303
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    assert not [statement for statement in said if "staff" in statement]


def test_who_types_too_fast_waits(app: Flask, client: FlaskClient) -> None:
    app.extensions["fundsvc.public.give"] = Limiter(burst=2, per_minute=1)
    assert [promise(client).status_code for _turn in range(3)] == [303, 303, 429]


def test_an_unknown_page_and_token_and_a_draft_look_the_same(
    client: FlaskClient, session: Session
) -> None:
    with transaction() as writing:
        page = pages.by_slug(writing, SLUG)
        facts = {name: getattr(page, name) for name in ("story", "title")}
        pages.make(
            writing,
            page_facts.PageFacts(slug="nhap", fund="nghia-tinh", unit="TW", **facts),
            by=None,
        )
    address = promise(client).location
    token = address.rpartition("/")[2]
    unknown = client.get("/give/khong-co")
    assert unknown.status_code == 404
    for path in ("/give/nhap", f"/give/nhap/{token}", f"/give/{SLUG}/xyz", f"{address}x/state"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Mái ấm" not in answer.text
    assert count(session) == 1


def test_a_closed_page_says_so_and_takes_nothing(client: FlaskClient, session: Session) -> None:
    with transaction() as writing:
        pages.close(writing, SLUG, by=None)
    page = client.get(f"/give/{SLUG}")
    assert "đã kết thúc" in page.text
    assert "<form" not in page.text
    assert promise(client).status_code == 422
    assert count(session) == 0


def test_english_goes_along_the_whole_way(client: FlaskClient, session: Session) -> None:
    address = f"/give/{SLUG}?lang=en"
    page = client.get(address).text
    assert '<html lang="en">' in page
    assert "Homes for Trường Sơn" in page
    answer = promise(client, address, key=key(client, address))
    assert answer.location.endswith("?lang=en")
    assert session.scalars(select(Pledge.locale)).one() == "en"


def test_a_card_that_cannot_be_taken_offers_the_bank_with_the_same_promise(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(due: ways.Due) -> str:
        assert due.amount == 500_000
        if due.email:
            return f"https://checkout.example/{due.code}?back={due.back}"
        raise ways.WayDownError

    way = ways.Way(name="card", label="Thẻ quốc tế", ready=lambda: True, begin=begin, least=20_000)
    monkeypatch.setattr(ways, "ready", lambda: [way])
    assert "Thẻ quốc tế" in client.get(f"/give/{SLUG}").text
    assert promise(client, method="card", choice="other", amount="19.999").status_code == 422
    assert promise(client, method="card").location.startswith("https://checkout.example/TS")
    down = promise(client, method="card", email="", key="k2")
    assert down.status_code == 303
    down = client.get(down.location)
    assert "tạm thời không dùng được" in down.text
    assert "1234567890" in down.text
    made = session.scalars(select(Pledge).where(Pledge.key == "k2")).one()
    assert (made.method, made.state) == ("card", "open")
    again = client.post(f"/give/{SLUG}/{made.token}/pay/card")
    assert again.status_code == 303


def test_a_failed_promise_says_why_and_takes_money_yet(
    client: FlaskClient, session: Session
) -> None:
    address = promise(client).location
    with transaction() as writing:
        service.fails(writing, writing.scalars(select(Pledge)).one(), "Thẻ bị từ chối.")
    assert "Thẻ bị từ chối." in client.get(address).text
    pay(session)
    assert "Đã nhận" in client.get(address).text


def test_the_first_view_is_small(client: FlaskClient) -> None:
    page = client.get(f"/give/{SLUG}")
    links = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    assert len(links) == 1
    weight = len(page.data) + sum(len(client.get(link).data) for link in links)
    # The picture is at most 36 kB, and headers take their part.
    assert weight < 22_000


@pytest.mark.parametrize("typed", ["0", "1", "-5", "1.5", "five hundred", "500.000.001", ""])
def test_an_amount_that_cannot_be_is_told_in_english_too(
    client: FlaskClient, session: Session, typed: str
) -> None:
    answer = promise(client, f"/give/{SLUG}?lang=en", choice="other", amount=typed)
    assert answer.status_code == 422
    assert '<html lang="en">' in answer.text
    assert 'id="f-amount-error"' in answer.text
    assert "Nguyễn Thị Mẫu" in answer.text
    assert count(session) == 0


def test_the_first_view_with_the_heaviest_picture_is_60_kilobytes_in_three_requests(
    client: FlaskClient,
) -> None:
    file = io.BytesIO()
    # No picture weighs more than noise.
    Image.frombytes("RGB", (960, 540), os.urandom(960 * 540 * 3)).save(file, "PNG")
    with transaction() as session:
        data = pictures.small(file.getvalue())
        page = pages.by_slug(session, SLUG)
        page.picture_sha256 = evidence.record(
            session, data, name="anh.webp", media_type=pictures.MEDIA_TYPE, by=None
        )
        page.picture_text = "Ngôi nhà mới"
    first = client.get(f"/give/{SLUG}")
    links = set(re.findall(r'<(?:link|script|img)[^>]* (?:src|href)="(/[^"]+)"', first.text))
    assert len(links) == 2
    found = [first, *(client.get(html.unescape(link)) for link in links)]
    assert {answer.status_code for answer in found} == {200}
    heads = sum(len(f"{name}: {text}\r\n") for one in found for name, text in one.headers)
    # As they go over the wire when nothing is compressed.
    assert sum(len(answer.data) for answer in found) + heads <= 60_000


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "field", ["choice", "amount", "name", "anonymous", "may_be_named", "email", "key", "khac"]
)
def test_a_form_is_read_quickly_as_the_schema_reads_it(app: Flask, field: str) -> None:
    def read(how: Callable[[dict[str, str]], Any], typed: dict[str, str]) -> Any:
        try:
            return how(typed)
        except ValidationError as error:
            return error.messages

    schema = GiveForm()
    with app.test_request_context("/give"):
        for text in (*TEXTS, "", " ", "1", "500000", "other", "x" * 300):
            typed = {**TYPED, "key": "k1", field: text}
            assert read(load, typed) == read(schema.load, typed)
            assert read(load, {field: text}) == read(schema.load, {field: text})
