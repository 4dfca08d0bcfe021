"""Money with a memo code that cannot be given at once waits with its reason, and is tried again."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.giving.models import CampaignPage
from fundsvc.periods import reopening
from fundsvc.reconciliation import background, gift_views, gifts, notices, waiting
from fundsvc.reconciliation.models import BankCoded, BankLine
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from tests.reconciliation.importing import add, file, run
from tests.reconciliation.test_gifts import AT, given, line, page, promise, unidentified
from tests.support import periods
from tests.support.notices import sepay
from tests.support.people import noted

pytestmark = pytest.mark.usefixtures("app", "clock", "page")
__all__ = ["page"]


NOW = datetime(2024, 9, 30, 9, tzinfo=service_clock.VN)


def try_again(clock: datetime, minutes: int) -> None:
    """Let the worker try what is due so many minutes after the beginning."""
    with service_clock.fixed(clock + timedelta(minutes=minutes)):
        background.run(lambda: False)


def waits(session: Session) -> list[tuple[str, str]]:
    """Return state and reason of the lines that wait or waited."""
    session.rollback()
    rows = session.execute(select(BankCoded.state, BankCoded.why).order_by(BankCoded.bank_line_id))
    return [(row.state, row.why) for row in rows]


@pytest.fixture
def refused(client: FlaskClient, page: CampaignPage) -> str:
    """The code of a promise whose line was told too short, then whole after its month closed."""
    del page
    code = promise()
    sepay(7, 200_000, "IBFT 0123 TS", AT, referenceCode="FT2409.77").send(client)
    notices.handle()
    with transaction() as session:
        unit_id = session.scalars(select(Unit.id).where(Unit.code == "TW")).one()
        session.add(periods.closed(unit_id, date(2024, 9, 1)))
    run("VCB1", file(line("200.000", f"IBFT 0123 {code} UNG HO", doc="FT2409.77")))
    return code


def open_month() -> None:
    """Open the month again, as two people do."""
    with transaction() as session:
        made = [
            StaffUser(username=name, name=name, key=name, password="-", created_at=NOW)
            for name in ("lan", "hoa")
        ]
        session.add_all(made)
        session.flush()
        one, two = (person.id for person in made)
        session.add_all(StaffUserRole(user_id=person, role="approver") for person in (one, two))
        for person in made:
            noted(session, person, {"approver"})
        session.flush()
        asked = reopening.ask(session, "TW", date(2024, 9, 1), "Sót khoản ủng hộ", by=one)
        reopening.confirm(session, asked.id, by=two)


def test_what_a_closed_month_refused_is_tried_again_until_it_is_given(
    refused: str, session: Session, clock: datetime
) -> None:
    del refused
    assert given(session) == []
    ((state, why),) = waits(session)
    assert (state, "09/2024" in why) == ("waiting", True)
    try_again(clock, 9)  # Too early: the second try is after ten minutes.
    assert session.scalar(select(BankCoded.tries)) == 1
    try_again(clock, 11)
    session.rollback()
    assert session.scalar(select(BankCoded.tries)) == 2
    assert given(session) == []
    open_month()
    try_again(clock, 40)
    assert given(session) == [("bank", 200_000)]
    assert unidentified(session) == 0
    assert waits(session)[0][0] == "given"
    try_again(clock, 2_880)
    assert given(session) == [("bank", 200_000)]
    # The month was closed straight in its table, so no act tells of it.
    assert {fault.rule for fault in faults(session)} <= {"period-act"}


def test_of_two_codes_a_person_chooses_one(
    app: Flask, client: FlaskClient, signed_in: Callable[..., FlaskClient], session: Session
) -> None:
    first, second = promise("k1"), promise("k2", amount=300_000)
    sepay(7, 200_000, f"{first} {second}", AT).send(client)
    notices.handle()
    with app.test_request_context():
        (item,) = gift_views.waiting_gifts(session)
    assert (item.count, item.amount) == (1, 200_000)
    browser = signed_in("treasurer")
    shown = browser.get("/bank-accounts/gifts").text
    assert f"Ghi cho mã {second}" in shown
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    line_id = session.scalars(select(BankLine.id)).one()
    address = f"/bank-accounts/gifts/{line_id}"
    foreign = browser.post(address, data={"csrf_token": token, "code": "TSAAAAAAAAA"})
    assert foreign.status_code == 404
    answer = browser.post(address, data={"csrf_token": token, "code": second})
    assert answer.status_code == 303
    assert given(session) == [("bank", 200_000)]
    assert waits(session)[0][0] == "given"
    assert "Không có khoản nào đang chờ" in browser.get("/bank-accounts/gifts").text
    # The page was still open in another window.
    browser.post(address, data={"csrf_token": token, "code": first})
    assert given(session) == [("bank", 200_000)]


def test_money_for_another_fund_is_left_by_a_person(
    client: FlaskClient, signed_in: Callable[..., FlaskClient], session: Session
) -> None:
    code = promise()
    add("DUES1", number="0099887766", fund="dues")
    sepay(7, 200_000, f"{code} UNG HO", AT, accountNumber="0099887766").send(client)
    notices.handle()
    assert "quỹ hoặc đơn vị khác" in waits(session)[0][1]
    browser = signed_in("treasurer")
    token = browser.get("/bank-accounts/gifts").text.split('name="csrf_token" value="')[1]
    line_id = session.scalars(select(BankLine.id)).one()
    data = {"csrf_token": token.split('"')[0], "act": "leave"}
    assert browser.post(f"/bank-accounts/gifts/{line_id}", data=data).status_code == 303
    assert waits(session)[0][0] == "left"
    assert given(session) == []
    outside = signed_in("unit-treasurer", units=["HT-44"])
    assert code not in outside.get("/bank-accounts/gifts").text
    token = outside.get("/donations/new").text.split('name="csrf_token" value="')[1]
    data = {"csrf_token": token.split('"')[0], "act": "leave"}
    assert outside.post(f"/bank-accounts/gifts/{line_id}", data=data).status_code == 404


def test_a_line_whose_entry_was_taken_back_is_not_given(
    refused: str, session: Session, clock: datetime
) -> None:
    code = refused
    open_month()
    with transaction() as writing:
        entry_id = writing.scalars(select(BankLine.entry_id)).one()
        take_back(writing, entry_id, subject="entry", on=None, reason="nhầm", by=None)
    try_again(clock, 11)
    assert given(session) == []
    assert session.scalar(select(BankCoded.tries)) == 1  # It is not even tried.
    assert waiting.count(session) == (0, 0)
    with transaction() as writing:
        line_id = writing.scalars(select(BankLine.id)).one()
        assert not gifts.again(writing, line_id, [code])
    assert "ghi đảo" in waits(session)[0][1]
    assert given(session) == []


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM bank_coded", "bank_coded_kept"),
        ("UPDATE bank_coded SET bank_line_id = bank_line_id + 1", "bank_coded_kept"),
        (
            "UPDATE bank_coded SET state = 'given', next_at = NULL, ended_at = tried_at",
            "bank_coded_given",
        ),
        ("UPDATE bank_coded SET state = 'left', next_at = NULL, ended_at = tried_at", "left"),
    ],
)
@pytest.mark.usefixtures("refused")
def test_what_waits_stays_noted(statement: str, guard: str) -> None:
    with pytest.raises(DBAPIError, match=guard), transaction() as session:
        session.connection().exec_driver_sql(statement)
