"""The staff's pages: a campaign page from its draft to strangers, its picture and its poster."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.giving import pages, pictures
from fundsvc.giving.models import CampaignPage
from fundsvc.reconciliation.accounts import add_bank_account
from tests.support.forms import send
from tests.support.giving import FACTS

pytestmark = pytest.mark.usefixtures("clock")

SignedIn = Callable[..., FlaskClient]
TYPED = {
    "slug": "mai-am",
    "fund": "nghia-tinh",
    "unit": "TW",
    "title": "Mái ấm <Trường Sơn>",
    "story": "Đoạn một.\r\n\r\nĐoạn hai.",
    "target": "800.000.000",
    "amounts": "100.000; 200.000",
    "closes_on": "31/12/2024",
    "bank_bin": "970405",
    "account_holder": "Hội Truyền thống Trường Sơn",
}


@pytest.fixture
def account(app: Flask) -> str:
    """The key of an account of the charity fund of the centre."""
    del app
    with transaction() as session:
        for code, fund in (("TWNT", "nghia-tinh"), ("TWHP", "dues")):
            add_bank_account(
                session,
                code=code,
                bank="Agribank",
                number=f"12345{len(fund)}",
                fund=fund,
                unit="TW",
                by=None,
            )
    return "1"


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 1200)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(file, kind)
    return file.getvalue()


def test_a_page_goes_from_draft_to_strangers(
    signed_in: SignedIn, client: FlaskClient, session: Session, account: str
) -> None:
    treasurer = signed_in("treasurer")
    assert "Chưa có trang vận động nào" in treasurer.get("/campaign-pages").text
    answer = send(treasurer, "/campaign-pages/new", **TYPED, bank_account=account)
    assert answer.status_code == 303
    assert client.get("/give/mai-am").status_code == 404
    preview = treasurer.get("/campaign-pages/mai-am/preview").text
    assert "Bản xem trước" in preview
    assert "Mái ấm &lt;Trường Sơn&gt;" in preview
    assert "<p>Đoạn hai.</p>" in preview
    assert send(treasurer, "/campaign-pages/mai-am/publish").status_code == 303
    shown = treasurer.get("/campaign-pages/mai-am").text
    assert "http://localhost/give/mai-am" in shown
    page = client.get("/give/mai-am").text
    assert "200.000 đ" in page
    assert "đến hết ngày 31/12/2024" in page
    poster = treasurer.get("/campaign-pages/mai-am/poster.pdf")
    assert poster.data.startswith(b"%PDF")
    assert send(treasurer, "/campaign-pages/mai-am/close").status_code == 303
    assert "đã kết thúc" in client.get("/give/mai-am").text
    assert session.scalars(select(CampaignPage.state)).one() == "closed"


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"slug": "Có dấu"}, "slug"),
        ({"title": ""}, "title"),
        ({"amounts": "mười"}, "amounts"),
        ({"amounts": "1; 2"}, "amounts"),
        ({"target": "-5"}, "target"),
        ({"closes_on": "31/02/2024"}, "closes_on"),
        ({"bank_account": "2"}, "bank_account"),
        ({"bank_account": "²"}, "bank_account"),
        ({"bank_bin": "12"}, "bank_bin"),
        ({"fund": "khong"}, "fund"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_typed_stays(
    signed_in: SignedIn, account: str, other: dict[str, str], field: str
) -> None:
    typed = {**TYPED, "bank_account": account, **other}
    answer = send(signed_in("treasurer"), "/campaign-pages/new", **typed)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "Đoạn hai." in answer.text


def test_a_page_without_an_account_is_not_published(signed_in: SignedIn) -> None:
    treasurer = signed_in("treasurer")
    send(treasurer, "/campaign-pages/new", **TYPED)
    answer = send(treasurer, "/campaign-pages/mai-am/publish")
    assert answer.status_code == 422
    assert "Chưa chọn tài khoản nhận tiền." in answer.text


def test_two_people_do_not_overwrite_each_other(signed_in: SignedIn, account: str) -> None:
    treasurer = signed_in("treasurer")
    typed = {**TYPED, "bank_account": account}
    send(treasurer, "/campaign-pages/new", **typed)
    form = treasurer.get("/campaign-pages/mai-am/edit").text
    found = re.search(r'name="version" value="(\d+)"', form)
    assert found
    edit = "/campaign-pages/mai-am/edit"
    first = {**typed, "title": "Mới", "version": found[1]}
    assert send(treasurer, edit, **first).status_code == 303
    late = send(treasurer, edit, **{**first, "title": "Muộn"})
    assert late.status_code == 409
    assert "Muộn" in late.text


def test_a_picture_is_known_by_its_content_and_made_small(
    signed_in: SignedIn, client: FlaskClient, account: str
) -> None:
    treasurer = signed_in("treasurer")
    send(treasurer, "/campaign-pages/new", **TYPED, bank_account=account)
    address = "/campaign-pages/mai-am/picture"
    answer = send(
        treasurer,
        address,
        file=(io.BytesIO(picture()), "anh.png"),
        picture_text="Ngôi nhà mới",
    )
    assert answer.status_code == 303
    send(treasurer, "/campaign-pages/mai-am/publish")
    page = client.get("/give/mai-am").text
    (source,) = re.findall(r'<img class="picture" src="([^"]+)"', page)
    kept = client.get(source)
    assert kept.content_type == "image/webp"
    assert 'alt="Ngôi nhà mới"' in page
    wrong = send(treasurer, address, file=(io.BytesIO(b"<svg/>"), "anh.png"), picture_text="x")
    assert wrong.status_code == 422
    assert "không phải ảnh" in wrong.text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_kind_of_picture_becomes_a_small_one(app: Flask, kind: str) -> None:
    del app
    made = pictures.small(picture(kind))
    assert len(made) <= pictures.MOST_BYTES
    with Image.open(io.BytesIO(made)) as found:
        assert found.format == "WEBP"
        assert found.width * 9 == found.height * 16


@pytest.mark.parametrize("data", [b"", b"GIF89a", picture()[:20], b"\x89PNG\r\n\x1a\n" + b"0" * 99])
def test_what_is_no_picture_is_refused(app: Flask, data: bytes) -> None:
    del app
    with pytest.raises(Refusal):
        pictures.small(data)


def test_another_unit_sees_nothing_of_it(signed_in: SignedIn, account: str) -> None:
    send(signed_in("treasurer"), "/campaign-pages/new", **TYPED, bank_account=account)
    stranger: Any = signed_in("unit-treasurer", units=["HUE"])
    assert "Mái ấm" not in stranger.get("/campaign-pages").text
    for path in ("", "/edit", "/preview", "/poster.pdf"):
        assert stranger.get(f"/campaign-pages/mai-am{path}").status_code == 404


@pytest.mark.parametrize(
    ("other", "field"),
    [({"bank_account": "3"}, "bank_account"), ({"bank_bin": "970422"}, "bank_bin"),
     ({"account_holder": "Ai khác"}, "account_holder")],
)  # fmt: skip
def test_only_who_may_publish_turns_the_money_of_a_published_page(
    signed_in: SignedIn, session: Session, account: str, other: dict[str, str], field: str
) -> None:
    with transaction() as writing:
        add_bank_account(
            writing, code="TWN2", bank="MB", number="9988", fund="nghia-tinh", unit="TW", by=None
        )
    treasurer, helper = signed_in("treasurer"), signed_in("unit-treasurer", units=["TW"])
    typed = {**TYPED, "bank_account": account}
    send(treasurer, "/campaign-pages/new", **typed)
    send(treasurer, "/campaign-pages/mai-am/publish")
    edit = "/campaign-pages/mai-am/edit"
    refused = send(helper, edit, **{**typed, **other, "version": "2"})
    assert refused.status_code == 422
    assert f'href="#f-{field}"' in refused.text
    assert send(helper, edit, **{**typed, "title": "Mới", "version": "2"}).status_code == 303
    assert send(treasurer, edit, **{**typed, **other, "version": "3"}).status_code == 303
    facts = list(session.scalars(select(Act.facts).where(Act.kind == "campaign-page.change")))
    (turned,) = (one for one in facts if one)
    ((name, (old, new)),) = turned.items()
    assert (name.removesuffix("_id"), str(new)) == (field, other[field])
    assert str(old) == typed[field]


def test_a_number_beyond_all_reason_is_another_version(signed_in: SignedIn, account: str) -> None:
    treasurer = signed_in("treasurer")
    typed = {**TYPED, "bank_account": account}
    send(treasurer, "/campaign-pages/new", **typed)
    edit = "/campaign-pages/mai-am/edit"
    assert send(treasurer, edit, **typed, version="1" * 5_000).status_code == 409


def test_two_pages_with_one_address_at_the_same_moment_are_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    del app
    monkeypatch.setattr(pages, "_check_free", lambda *_one: None)
    with transaction() as session:
        pages.make(session, FACTS, by=None)
    with pytest.raises(Conflict, match="trang khác"), transaction() as session:
        pages.make(session, FACTS, by=None)


def test_a_page_whose_account_no_qr_code_holds_is_not_published(signed_in: SignedIn) -> None:
    with transaction() as session:
        add_bank_account(
            session,
            code="TWNT",
            bank="Agribank",
            number="1" * 20,
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )
    treasurer = signed_in("treasurer")
    send(treasurer, "/campaign-pages/new", **TYPED, bank_account="1")
    answer = send(treasurer, "/campaign-pages/mai-am/publish")
    assert answer.status_code == 422
    assert "Số tài khoản gồm 1 đến 19" in answer.text
