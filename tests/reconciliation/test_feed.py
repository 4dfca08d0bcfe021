"""A bank's own feed: by token, once per key and line, of its own account, as documented."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.db import transaction
from fundsvc.inbox.models import InboxItem
from fundsvc.reconciliation import notices, senders
from fundsvc.reconciliation.models import BankAccount, BankLine
from tests import corpus
from tests.reconciliation.importing import add

TOKEN = "the-thu-1a54716c8f0efb27"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "bank-feed.md"
PAGE = "/api/v1/bank-accounts/VCB1"

pytestmark = pytest.mark.usefixtures("app", "clock", "fed")


@pytest.fixture
def fed(app: Flask, clock: object) -> None:
    del app, clock
    add("VCB1")
    with transaction() as session:
        senders.add(session, "vcb1", "feed", [TOKEN], by=None)


def number() -> str:
    from fundsvc.db import read_session
    from fundsvc.reconciliation import lists

    return lists.account(read_session(), "VCB1").number


def send(client: FlaskClient, key: str = "k1", token: str = TOKEN, **line: Any) -> TestResponse:
    told = {"id": "FT1", "booked_on": "2024-09-02", "amount": 150_000, "memo": "UNG HO", **line}
    return client.post(
        f"{PAGE}/lines",
        json={"account_number": number(), "lines": [told]},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
    )


def lines(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(BankLine)) or 0


def ask(client: FlaskClient, page: str, token: str = TOKEN) -> TestResponse:
    return client.get(page, headers={"Authorization": f"Bearer {token}"})


def test_a_line_is_booked_once(client: FlaskClient, session: Session) -> None:
    assert send(client).json == {"success": True, "status": "kept"}
    assert send(client).json == {"success": True, "status": "duplicate"}
    assert send(client, key="k2").status_code == 200
    assert ask(client, f"{PAGE}/lines/FT1").json == {"id": "FT1", "state": "waiting"}
    notices.handle()
    assert lines(session) == 1
    told = ask(client, f"{PAGE}/lines/FT1").json or {}
    assert (told["state"], told["amount"]) == ("booked", 150_000)
    account = ask(client, PAGE).json or {}
    assert (account["balance"], account["lines"], account["last"]) == (150_000, 1, "2024-09-02")


def test_without_the_token_nothing_is_told_or_taken(client: FlaskClient, session: Session) -> None:
    refused = send(client, token="x")
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert ask(client, PAGE, "x").status_code == 401
    assert ask(client, "/api/v1/bank-accounts/NONE").status_code == 401
    assert client.get(PAGE).status_code == 401


def test_another_account_is_refused(client: FlaskClient) -> None:
    body = {
        "account_number": "999999",
        "lines": [{"id": "1", "booked_on": "2024-09-02", "amount": 1}],
    }
    refused = client.post(
        f"{PAGE}/lines",
        json=body,
        headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k"},
    )
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")


def test_at_no_door_does_a_token_book_lines_into_another_account(
    client: FlaskClient, session: Session
) -> None:
    add("DUES1", number="0099887766", fund="dues")
    line = {"id": "FT1", "booked_on": "2024-09-02", "amount": 900_000, "memo": "UNG HO"}
    for key, account_number in (("k1", "0099887766"), ("k2", number())):
        taken = client.post(
            "/webhooks/bank/vcb1",
            json={"account_number": account_number, "lines": [line]},
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key},
        )
        assert taken.status_code == 200
    assert notices.handle() == {"parked": 1, "handled": 1}
    session.rollback()
    (row,) = session.scalars(select(BankLine))
    account = session.get_one(BankAccount, row.bank_account_id)
    assert (account.code, row.credit) == ("VCB1", 900_000)
    (item,) = session.scalars(select(InboxItem).where(InboxItem.state == "parked"))
    assert item.why == "Luồng vcb1 chỉ báo được tài khoản của mình, không phải tài khoản DUES1."


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_cannot_be_read_is_refused(client: FlaskClient, session: Session) -> None:
    wrong: list[dict[str, Any]] = [
        {"amount": 0}, {"amount": "1.000"}, {"amount": 1.5}, {"amount": 2**63}, {"id": ""},
        {"booked_on": "2024-02-30"}, {"booked_on": "20240902"}, {"at_time": "25:00"},
        {"balance": "1"},
    ]  # fmt: skip
    for line in wrong:
        refused = send(client, **line)
        assert (refused.status_code, refused.mimetype) == (400, "application/problem+json"), line
    assert send(client, key="a b").status_code == 400
    for body in (*corpus.FILES.values(), b"[" * 30_000, b'{"lines": "x"}', b""):
        told = client.post(
            f"{PAGE}/lines",
            data=body,
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k"},
        )
        assert 400 <= told.status_code < 500
    notices.handle()
    assert lines(session) == 0


def test_the_example_of_the_document_works(client: FlaskClient, session: Session) -> None:
    found = re.search(r"```\n(curl .*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    words = shlex.split(found[1].replace("\\\n", " "))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    headers["Authorization"] = headers["Authorization"].replace("TOKEN", TOKEN)
    body = json.loads(words[words.index("-d") + 1]) | {"account_number": number()}
    address = next(word for word in words if word.startswith("https://"))
    path = address.removeprefix("https://so.example.org")
    assert client.post(path, json=body, headers=headers).json == {
        "success": True, "status": "kept"
    }  # fmt: skip
    notices.handle()
    assert lines(session) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_openapi_document_tells_of_the_routes_that_are_there(
    app: Flask, client: FlaskClient
) -> None:
    told = client.get("/api/openapi.json").json or {}
    assert told["openapi"] == "3.1.0"
    known = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    assert known == {(path, method) for path, acts in told["paths"].items() for method in acts}
    schemas = told["components"]["schemas"]
    for name in re.findall(r"#/components/schemas/(\w+)", json.dumps(told)):
        assert name in schemas
