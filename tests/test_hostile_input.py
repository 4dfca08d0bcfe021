"""The hand-written corpus against forms, imports and commands: never a 5xx or a wrong amount.

Each test walks a whole list with one application, for a fresh one per value would take an hour,
and names all faults it found at once.
"""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc.cli import cli
from tests import corpus
from tests.support import gifts
from tests.support.hostile import Form, in_the_books
from tests.support.turns import part

SignedIn = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("failures_are_answers")

FORMS = (
    Form(
        page="/donations/new",
        role="treasurer",
        good={
            "unit": "TW",
            "fund": "nghia-tinh",
            "amount": "1.000",
            "received_on": "2024-09-02",
            "donor": "Nguyễn Thị Thử",
        },
        amounts=("amount",),
        days=("received_on",),
        choices=("unit", "fund", "donor_kind", "province"),
        texts=("donor", "address", "phone", "email", "on_behalf_of", "earmark", "note"),
    ),
    Form(
        page="/dues/new",
        role="treasurer",
        good={
            "unit": "TW",
            "fund": "dues",
            "month": "2024-09",
            "amount": "1.000",
            "paid_on": "2024-09-02",
            "paid_into": "111",
            "additional": "1",
        },
        amounts=("amount",),
        days=("paid_on", "month"),
        choices=("unit", "fund", "paid_into"),
    ),
    Form(
        page="/spending/new",
        role="treasurer",
        good={
            "unit": "TW",
            "fund": "nghia-tinh",
            "line": "gift",
            "amount": "1.000",
            "paid_on": "2024-09-02",
            "paid_from": "111",
            "payee": "Trần Văn Thử",
            "purpose": "Quà thử",
        },
        amounts=("amount",),
        days=("paid_on",),
        choices=("unit", "fund", "line", "paid_from", "province"),
        texts=("payee", "purpose"),
    ),
)
SHORT = tuple(value for value in corpus.TEXTS if len(value) < 1_000)
VALUES = (*SHORT, "x" * 5_000, *(key for key in corpus.NEVER_KEYS if len(key) < 1_000))
# A page that only reads needs one of each kind of trouble.
QUESTIONS = (*corpus.UNKEEPABLE[::3], *corpus.ODD[::4], *VALUES[-8:])


@pytest.fixture
def _cash_in_hand(app: Flask) -> None:
    """Have more cash than any payment of the corpus, for nobody can pay what is not there."""
    for _ in range(3):
        gifts.give(amount=10**15, received_on=date(2024, 9, 1))


@pytest.mark.usefixtures("_cash_in_hand")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page)
def test_a_form_filled_well_is_taken(form: Form, session: Session, signed_in: SignedIn) -> None:
    opened = form.opened(signed_in(form.role))
    before = in_the_books(session)
    for written, worth in corpus.AMOUNTS:
        response = opened.send(**{form.amounts[0]: written})
        assert response.status_code in {302, 303}, (written, reasons(response.text))
        entries, debits = in_the_books(session)
        assert (entries - before[0], debits - before[1]) == (1, worth), written
        before = entries, debits


@pytest.mark.usefixtures("_cash_in_hand")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page)
def test_what_is_no_amount_day_or_choice_is_refused(
    form: Form, session: Session, signed_in: SignedIn
) -> None:
    opened = form.opened(signed_in(form.role))
    before = in_the_books(session)
    wrong = {
        **dict.fromkeys(form.amounts, (*corpus.NEVER_AMOUNTS, *corpus.NOT_POSITIVE)),
        **dict.fromkeys(form.days, corpus.NEVER_DAYS),
        **dict.fromkeys(form.choices, tuple(value for value in QUESTIONS if value.strip())),
    }
    faults = []
    for name, values in wrong.items():
        for value in part(values):
            status = opened.send(**{name: value}).status_code
            # What holds a NUL is no form at all; a unit that is not there is not found.
            told = {400} if "\0" in value else {404, 422} if name in form.choices else {422}
            if status not in told:
                faults.append((name, value[:40], status))
    assert faults == []
    assert in_the_books(session) == before


@pytest.mark.usefixtures("_cash_in_hand")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.page)
def test_texts_are_refused_or_kept_and_never_change_an_amount(
    form: Form, session: Session, signed_in: SignedIn
) -> None:
    opened = form.opened(signed_in(form.role))
    faults = []
    for place, name in enumerate(form.texts):
        # The first field meets every text within four days, each of the others a third of them.
        for value in part(corpus.TEXTS[place - 1 :: 3] if place else corpus.TEXTS):
            before = in_the_books(session)
            response = opened.send(**{name: value})
            taken = response.status_code in {302, 303}
            entries, debits = in_the_books(session)
            booked = (entries - before[0], debits - before[1])
            if response.status_code >= 500 or booked != ((1, 1_000) if taken else (0, 0)):
                faults.append((name, value[:40], response.status_code, booked))
    assert faults == []
    for page in ("/", "/donations", "/spending", "/dues", "/search?q=a"):
        assert opened.client.get(page).status_code == 200, page
    for row in csv.reader(io.StringIO(opened.client.get("/donations.csv").text.lstrip("\ufeff"))):
        assert not [cell for cell in row if cell[:1] in tuple("=+-@\t")], row


def test_no_file_breaks_an_import(session: Session, signed_in: SignedIn) -> None:
    client = signed_in("treasurer")
    pages = [
        page for page in ("/imports/bank", "/imports/sms") if client.get(page).status_code == 200
    ]
    assert "/imports/bank" in pages
    before = in_the_books(session)
    faults = []
    for page in pages:
        token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[0]
        for kind, content in corpus.FILES.items():
            for name in ("sao-ke.csv", "../../x.csv", "\u202evsc.exe", "a" * 300 + ".csv"):
                file = (io.BytesIO(content), name)
                fields = {"csrf_token": token, "account": "VCB1", "file": file}
                response = client.post(page, data=fields, content_type="multipart/form-data")
                if response.status_code >= 500:
                    faults.append((page, kind, name[:20], response.status_code))
                if kind not in {"NUL", "empty"}:
                    break  # Every file once, two of them under every name.
    assert faults == []
    assert in_the_books(session) == before


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_no_command_takes_a_wrong_amount(
    session: Session, settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FUNDSVC_DATABASE_URL", session.get_bind().engine.url.render_as_string())
    monkeypatch.setenv("FUNDSVC_INSTANCE_DIR", str(tmp_path))
    before = in_the_books(session)
    faults = []
    commands = (
        "donation record --unit TW --fund nghia-tinh --date 2024-09-02 --donor An",
        "dues record --unit TW --fund dues --month 2024-09 --date 2024-09-02",
        "payment record --unit TW --fund base --line gift --date 2024-09-02 --payee A --purpose x",
    )
    # A lone surrogate or a NUL cannot be an argument of a program at all.
    wrong = [
        value
        for value in (*corpus.NEVER_AMOUNTS, *corpus.NOT_POSITIVE)
        if "\x00" not in value and not re.search("[\ud800-\udfff]", value) and len(value) < 1_000
    ]
    for command in commands:
        for value in wrong:
            told = CliRunner().invoke(cli, [*command.split(), "--amount", value])
            if told.exit_code not in {1, 2} or not isinstance(told.exception, SystemExit):
                faults.append((command[:8], value, told.exit_code, repr(told.exception)))
    assert faults == []
    assert in_the_books(session) == before


def reasons(page: str) -> list[str]:
    """Return what a page says about errors, for the message of a failing test."""
    return re.findall(r'class="[^"]*error[^"]*"[^>]*>([^<]+)', page)
