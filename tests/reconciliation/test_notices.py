"""What banks' gateways tell: answered after it is kept, booked once, one with the statement."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.evidence import service as evidence
from fundsvc.inbox import door
from fundsvc.inbox.models import InboxItem
from fundsvc.inbox.pushes import BadSignatureError, Delivery
from fundsvc.reconciliation import notices, push_views, senders
from fundsvc.reconciliation.gateways import forms
from fundsvc.reconciliation.models import BankLine, BankNotice, BankTwin
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from tests import corpus
from tests.reconciliation.importing import add, file, run
from tests.support import periods
from tests.support.notices import KEY, Made, casso, casso_line, payos, sepay

pytestmark = pytest.mark.usefixtures("app", "clock", "gateways")

AT = "2024-09-02 09:15:30"
PAYOS_KEY = "1a54716c8f0efb2744fb28b6e38b25da7f67a925d98bc1c18bd8faaecadd7675"
PAYOS_DATA = (
    '{"orderCode":123,"amount":3000,"description":"VQRIO123","accountNumber":"12345678",'
    '"reference":"TF230204212323","transactionDateTime":"2023-02-04 18:25:00","currency":"VND",'
    '"paymentLinkId":"124c33293c43417ab7879e14c8d9eb18","code":"00","desc":"Thành công",'
    '"counterAccountBankId":"","counterAccountBankName":"","counterAccountName":"",'
    '"counterAccountNumber":"","virtualAccountName":"","virtualAccountNumber":""}'
)
PAYOS_SIGNED = "412e915d2871504ed31be63c8f62a149a4410d34c4c42affc9006ef9917eaa03"


@pytest.fixture
def gateways(app: Flask, clock: object) -> None:
    """A gateway of each form, and the account that they tell of."""
    del app, clock
    add("VCB1")
    with transaction() as session:
        for name in forms():
            senders.add(session, name, name, [KEY], by=None)


def line(credit: str, memo: str, day: str = "02/09/2024", doc: str = "5213.7") -> str:
    """Return a line of money in as the bank's statement has it."""
    return f"1,{day},{doc},,{credit},,{memo}"


def stored(session: Session) -> tuple[int, int]:
    """Return how many lines there are, and what unidentified money the books hold."""
    session.rollback()
    count = session.scalar(select(func.count()).select_from(BankLine)) or 0
    return count, -books.balance(session, account="3381", fund="nghia-tinh", unit="TW")


def states(session: Session) -> Counter[str]:
    """Return the items of the inbox by state."""
    session.rollback()
    return Counter(session.scalars(select(InboxItem.state)))


def test_payos_is_signed_as_its_own_example() -> None:
    body = f'{{"data":{PAYOS_DATA},"signature":"{PAYOS_SIGNED}"}}'.encode()
    payos_form = forms()["payos"]
    delivery = Delivery({}, body)
    now = service_clock.now()
    assert payos_form.check(delivery, [PAYOS_KEY], {}, now) == "TF230204212323"
    (told,) = payos_form.notices(body)
    assert (told.credit, told.memo, told.at_time) == (3_000, "VQRIO123", "18:25:00")
    with pytest.raises(BadSignatureError):
        payos_form.check(Delivery({}, body.replace(b"3000", b"9000")), [PAYOS_KEY], {}, now)


@pytest.mark.parametrize(
    "made",
    [
        sepay(7, 200_000, "NTTS ung ho", AT),
        payos("FT24246", 200_000, "NTTS ung ho", AT),
        casso(casso_line(7, 200_000, "NTTS ung ho", AT), service_clock.now()),
    ],
    ids=lambda made: made.gateway,
)
def test_a_line_is_kept_answered_and_booked_once(
    client: FlaskClient, session: Session, made: Made
) -> None:
    if made.gateway == "casso":  # Its time is signed, and the clock stands still in this test.
        made = casso(casso_line(7, 200_000, "NTTS ung ho", AT), service_clock.now())
    for _again in range(3):
        answer = made.send(client)
        assert (answer.status_code, answer.json["success"]) == (200, True)  # type: ignore[index]
    assert notices.handle() == {"handled": 1}
    assert made.send(client).status_code == 200
    assert notices.handle() == {}
    assert stored(session) == (1, 200_000)
    assert not [*faults(session)]


def test_many_lines_in_one_delivery_are_booked_each_once(
    client: FlaskClient, session: Session
) -> None:
    now = service_clock.now()
    three = [casso_line(n, 50_000, f"ung ho {n}", AT) for n in (1, 2, 3)]
    assert casso(three, now).send(client).status_code == 200
    # The sender groups them otherwise when it tries again.
    assert casso([three[2], casso_line(4, -11_000, "phi", AT)], now).send(client).status_code == 200
    notices.handle()
    assert stored(session) == (4, 150_000)
    assert states(session) == {"handled": 2}
    changed = casso([three[0] | {"amount": 90_000}, casso_line(5, 1_000, "x", AT)], now)
    assert changed.send(client).status_code == 200
    notices.handle()
    assert states(session)["conflict"] == 1


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize(
    ("printed", "reference"),
    [
        ("MBVCB.672139.NTTS 7K2Q ung ho.CT tu 0123 toi 0011004455", ""),
        ("khong con gi cua loi nhan", "5213.7788"),
    ],
    ids=["by-memo", "by-reference"],
)
def test_a_notice_and_its_line_in_the_statement_are_one(
    client: FlaskClient, session: Session, *, told_first: bool, printed: str, reference: str
) -> None:
    def tell() -> None:
        sepay(7, 200_000, "NTTS 7K2Q ung ho", AT, referenceCode=reference).send(client)
        notices.handle()

    # The bank books on the next day.
    statement = file(line("200.000", printed, day="03/09/2024", doc="5213.7788"))
    if told_first:
        tell()
        assert run("VCB1", statement, commit=False).known == 1
    assert run("VCB1", statement).new == (0 if told_first else 1)
    if not told_first:
        tell()
    assert stored(session) == (1, 200_000)
    again = run("VCB1", statement)
    assert (again.new, again.known) == (0, 1), "the same file again adds nothing"
    assert session.scalar(select(func.count()).select_from(BankTwin)) == int(told_first)
    (noted,) = session.scalars(select(BankNotice))
    assert noted.made_line is told_first
    assert not [*faults(session)]


def test_the_amount_alone_makes_no_twin(client: FlaskClient, session: Session) -> None:
    sepay(7, 200_000, "Nguyen Van An ung ho", AT).send(client)
    notices.handle()
    assert run("VCB1", file(line("200.000", "Tran Thi Binh gui quy"))).new == 1
    assert stored(session) == (2, 400_000)


def test_of_equal_gifts_each_is_there_once(client: FlaskClient, session: Session) -> None:
    two = file(line("50.000", "ung ho quy", doc="1.1"), line("50.000", "ung ho quy", doc="1.2"))
    sepay(7, 50_000, "ung ho quy", AT).send(client)
    notices.handle()
    assert run("VCB1", two).new == 1, "the gateway lost one of them"
    sepay(8, 50_000, "ung ho quy", AT).send(client)
    notices.handle()
    assert stored(session) == (2, 100_000)
    assert run("VCB1", two).known == 2


def test_two_gateways_tell_of_one_line(client: FlaskClient, session: Session) -> None:
    now = service_clock.now()
    made = (
        sepay(7, 200_000, "NTTS 7K2Q ung ho", AT),
        casso(casso_line(99, 200_000, "MBVCB.NTTS 7K2Q ung ho", AT), now),
        payos("FT1", 200_000, "NTTS 7K2Q ung ho", AT),
    )
    for one in made:
        one.send(client)
        notices.handle()
    assert stored(session) == (1, 200_000)
    assert session.scalar(select(func.count()).select_from(BankNotice)) == 3


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
def test_in_any_order_the_books_are_the_same(
    client: FlaskClient, session: Session, order: tuple[int, ...]
) -> None:
    steps = (
        lambda: sepay(7, 200_000, "NTTS 7K2Q ung ho", AT).send(client),
        lambda: run("VCB1", file(line("200.000", "VCB.NTTS 7K2Q ung ho.CT"))),
        lambda: payos("FT1", 200_000, "NTTS 7K2Q ung ho", AT).send(client),
    )
    for place in order:
        steps[place]()
        notices.handle()
    assert stored(session) == (1, 200_000)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (sepay(7, 1_000, "x", AT, key="khac"), 401),
        (Made("sepay", b"{}", {}), 401),
        (Made("casso", b"{}", {"X-Casso-Signature": "t=1,v1=00"}), 401),
        (Made("payos", b"{}", {}), 400),
        (Made("sepay", b"[1]", {"Authorization": f"Apikey {KEY}"}), 400),
        (sepay(7, 1_000, "x", AT, id="7; DROP"), 400),
        (sepay(7, 1_000, "x", AT, transferAmount=1.5), 400),
        (sepay(7, 1_000, "x", AT, transferAmount=-5), 400),
        (sepay(7, 1_000, "x", AT, transferAmount=0), 400),
        (sepay(7, 1_000, "x", AT, transferAmount=10**30), 400),
        (sepay(7, 1_000, "x", AT, transferType="other"), 400),
        (sepay(7, 1_000, "x", "hom qua"), 400),
        (sepay(7, 1_000, "x", AT, accountNumber=None), 400),
        (Made("khong-co", b"{}", {}), 404),
        (Made("sepay", b"x" * (door.LARGEST + 1), {}), 413),
    ],
    ids=range(15),
)
def test_what_is_wrong_is_refused_and_nothing_kept(
    client: FlaskClient, session: Session, made: Made, status: int
) -> None:
    assert made.send(client).status_code == status
    assert session.scalar(select(func.count()).select_from(InboxItem)) == 0


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_too_far_away_is_refused(client: FlaskClient, minutes: int) -> None:
    then = service_clock.now() + timedelta(minutes=minutes)
    assert casso(casso_line(7, 1_000, "x", AT), then).send(client).status_code == 400


def test_what_cannot_be_booked_is_set_aside_with_its_reason(
    client: FlaskClient, session: Session
) -> None:
    with transaction() as writing:
        unit = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        writing.add(periods.closed(unit, date(2024, 8, 1)))
    sepay(1, 1_000, "ung ho nam", "2024-08-15 08:00:00").send(client)
    sepay(2, 2_000, "ung ho bac", AT, accountNumber="9990").send(client)
    sepay(3, 3_000, "ung ho sau", "2025-01-01 08:00:00").send(client)
    sepay(4, 4_000, "ung ho tot", AT).send(client)
    assert notices.handle() == {"handled": 1, "parked": 3}
    assert stored(session) == (1, 4_000)
    told = [why for why in session.scalars(select(InboxItem.why)) if why]
    assert any("08/2024" in why for why in told)
    assert any("số cuối 9990" in why for why in told)
    assert any("01/01/2025" in why for why in told)


def test_a_number_at_two_banks_waits_for_a_person(client: FlaskClient, session: Session) -> None:
    add("BIDV1", bank="BIDV", fund="dues")
    sepay(7, 200_000, "ung ho", AT).send(client)
    assert notices.handle() == {"parked": 1}
    assert stored(session) == (0, 0)


def test_hostile_texts_never_fail(client: FlaskClient, session: Session) -> None:
    faulty = []
    number = 0
    for value in corpus.TEXTS:
        for name in ("content", "referenceCode", "accountNumber", "transactionDate"):
            number += 1
            changed = {"content": "ung ho", "at": AT} | {name: value[:2_000]}
            made = sepay(number, 1_000, **changed)
            status = made.send(client).status_code
            if status >= 500:
                faulty.append((name, value[:40], status))
    assert faulty == []
    notices.handle()
    assert states(session)["waiting"] == 0
    count, money = stored(session)
    assert money == 1_000 * count
    assert not [*faults(session)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_notice SET gateway = 'x'",
        "DELETE FROM bank_notice",
        "UPDATE bank_twin SET row = 9",
        "DELETE FROM bank_twin",
    ],
)
def test_what_was_told_stays_as_it_came(client: FlaskClient, statement: str) -> None:
    sepay(7, 200_000, "NTTS 7K2Q ung ho", AT).send(client)
    notices.handle()
    run("VCB1", file(line("200.000", "VCB.NTTS 7K2Q ung ho.CT")))
    table = "bank_notice" if "notice" in statement else "bank_twin"
    with pytest.raises(DBAPIError, match=f"{table}.*append-only"), transaction() as session:
        session.connection().exec_driver_sql(statement)


def test_the_page_tells_what_waits_for_a_person(
    app: Flask, client: FlaskClient, signed_in: Callable[..., FlaskClient], session: Session
) -> None:
    sepay(2, 2_000, "ung ho <b>", AT, accountNumber="9990").send(client)
    notices.handle()
    browser = signed_in("treasurer")
    page = browser.get("/bank-accounts/notices").text
    assert "số cuối 9990" in page
    assert "ung ho &lt;b&gt;" in page
    with app.test_request_context():
        waiting = {item.text: item.count for item in push_views.waiting_notices(session)}
    assert waiting["tin báo ngân hàng chưa ghi sổ được"] == 1
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    item = session.scalars(select(InboxItem.id)).one()
    add("VCB2", number="9990")
    data = {"csrf_token": token, "act": "retry"}
    assert browser.post(f"/bank-accounts/notices/{item}", data=data).status_code == 303
    notices.handle()
    assert stored(session) == (1, 2_000)
    stranger = signed_in("unit-treasurer", units=["HT-44"])
    assert stranger.get("/bank-accounts/notices").status_code == 403


def test_evidence_holds_what_was_told(
    client: FlaskClient, session: Session, signed_in: Callable[..., FlaskClient]
) -> None:
    sepay(7, 200_000, "NTTS 7K2Q ung ho", AT).send(client)
    notices.handle()
    (kept,) = session.scalars(select(BankLine.file_sha256))
    told = json.loads(evidence.read(kept))
    assert (told["id"], told["credit"], told["memo"]) == ("7", 200_000, "NTTS 7K2Q ung ho")
    entry_id = session.scalars(select(BankLine.entry_id)).one()
    page = signed_in("auditor").get(f"/entries/{entry_id}").text
    assert "Tin báo của cổng sepay" in page
    assert kept in page
