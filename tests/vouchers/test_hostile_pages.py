"""The hand-written corpus against the forms of vouchers: refused or kept, never misread."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.vouchers.models import Voucher
from tests import corpus
from tests.support import gifts
from tests.support.forms import hidden, send
from tests.support.hostile import Form
from tests.support.turns import part

SignedIn = Callable[..., FlaskClient]
SHORT = tuple(value for value in corpus.TEXTS if len(value) < 1_000)
ODD = (*corpus.UNKEEPABLE[::3], *corpus.ODD[::4], "x" * 5_000, "-1", "9" * 30)
SLIP = {
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "2024-09-02",
    "party": "Trần Văn Thử",
    "description": "Thu thử",
    "account-1": "7118",
    "amount-1": "1.000",
    "act": "save",
}
FORMS = (
    Form(
        page="/vouchers/new?kind=cash-in",
        role="treasurer",
        good=SLIP,
        amounts=("amount-1", "amount-7"),
        days=("date",),
        choices=("unit", "fund", "province", "account-1", "account-9"),
        texts=("description", "party", "party_address", "enclosed"),
    ),
    Form(
        page="/vouchers/new?kind=journal",
        role="treasurer",
        good={
            **{name: SLIP[name] for name in ("unit", "fund", "date", "description", "act")},
            "account-1": "6111",
            "debit-1": "1.000",
            "account-2": "6112",
            "credit-2": "1.000",
        },
        amounts=("debit-1", "credit-2"),
        days=("date",),
        choices=("account-1", "fund-1", "unit-2"),
        texts=("description",),
    ),
    Form(
        page="/vouchers/new?kind=transfer",
        role="treasurer",
        good={
            **{name: SLIP[name] for name in ("unit", "fund", "date", "description", "act")},
            "to_unit": "TW",
            "to_fund": "dues",
            "amount": "1.000",
            "resolution": "15/NQ",
            "resolution_on": "2024-09-01",
        },
        amounts=("amount",),
        days=("resolution_on",),
        choices=("to_unit", "to_fund", "till", "to_till"),
        texts=("resolution",),
    ),
)


@pytest.fixture(autouse=True)
def failures_are_answers(app: Flask) -> None:
    """Let a failure become a 500 as in real life, so that a walk goes on and counts it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    gifts.give(amount=10**12, received_on=date(2024, 9, 1))


def kept(session: Session) -> tuple[int, int]:
    """Return how many vouchers there are, and what they come to."""
    session.rollback()
    count, total = session.execute(select(func.count(), func.sum(Voucher.amount))).one()
    return count, int(total or 0)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page.rpartition("=")[2])
def test_what_is_no_amount_day_or_choice_is_refused(
    form: Form, session: Session, signed_in: SignedIn
) -> None:
    opened = form.opened(signed_in(form.role))
    assert opened.send().status_code == 303
    before = kept(session)
    assert before == (1, 1_000)
    wrong = {
        **dict.fromkeys(form.amounts, (*corpus.NEVER_AMOUNTS, *corpus.NOT_POSITIVE)),
        **dict.fromkeys(form.days, corpus.NEVER_DAYS),
        **dict.fromkeys(form.choices, ODD),
    }
    faults = []
    for name, values in wrong.items():
        for value in part(values):
            if not value.strip():
                continue  # Left empty, it may be filled in later: this is a draft.
            status = opened.send(**{name: value}).status_code
            told = {400} if "\0" in value else {404, 422} if name in form.choices else {422}
            if status not in told:
                faults.append((name, value[:40], status))
    assert faults == []
    assert kept(session) == before


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page.rpartition("=")[2])
def test_texts_are_refused_or_kept_and_every_page_still_opens(
    form: Form, session: Session, signed_in: SignedIn
) -> None:
    client = signed_in(form.role)
    opened = form.opened(client)
    faults = []
    for place, name in enumerate(form.texts):
        for value in part(corpus.TEXTS[place::4]):
            before = kept(session)
            answer = opened.send(**{name: value})
            taken = answer.status_code == 303
            after = kept(session)
            grown = (after[0] - before[0], after[1] - before[1])
            if answer.status_code >= 500 or grown != ((1, 1_000) if taken else (0, 0)):
                faults.append((name, value[:40], answer.status_code, grown))
    assert faults == []
    last = max(session.scalars(select(Voucher.id)))
    pages = ("/vouchers", "/vouchers.csv", f"/vouchers/{last}", f"/vouchers/{last}/edit", "/")
    for page in pages:
        assert client.get(page).status_code == 200, page


def test_names_of_fields_that_nobody_made_harm_nobody(
    session: Session, signed_in: SignedIn
) -> None:
    client = signed_in("treasurer")
    page = "/vouchers/new?kind=cash-in"
    key = hidden(client, page)["key"]
    for name in (
        "account-0",
        "account-01",
        "account--1",
        "amount-٣",
        "amount-1-1",
        "account-",
        "x" * 999,
    ):
        answer = send(client, page, **SLIP | {name: "7118", "act": "add"}, key=key)
        assert answer.status_code == 200, name
        assert len(re.findall(r'name="account-[0-9]+"', answer.text)) == 2
    far = send(client, page, **SLIP | {"account-999": "7118", "amount-999": "1"}, key=key)
    assert far.status_code == 422
    assert "tối đa 200 dòng" in far.text
    many = {f"account-{place}": "7118" for place in range(1, 201)}
    many |= {f"amount-{place}": "1" for place in range(1, 201)}
    assert send(client, page, **SLIP | many, key=key).status_code == 303
    full = send(client, page, **SLIP | many | {"act": "add"}, key=key)
    assert len(re.findall(r'name="account-[0-9]+"', full.text)) == 200
    for version in ("", "-1", "1.0", "٣", "9" * 40):
        answer = send(client, "/vouchers/1", "/vouchers/1/submit", version=version)
        assert answer.status_code == 409, version
    assert kept(session) == (1, 200)
