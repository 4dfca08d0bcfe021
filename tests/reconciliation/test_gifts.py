"""Money with a memo code becomes the donation that was promised, told by gateway or statement."""

from collections.abc import Callable
from datetime import date
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.db import db, transaction
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.errors import Refusal
from fundsvc.giving import pages
from fundsvc.giving import service as giving
from fundsvc.giving.models import CampaignPage, Pledge
from fundsvc.giving.page_facts import PageFacts
from fundsvc.giving.promises import Promise
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation import decided, gifts, lists, notices, senders
from fundsvc.reconciliation.models import BankCoded, BankGift, BankLine
from fundsvc.secrecy import UnreadableError
from fundsvc.units.models import Unit
from fundsvc.verify import faults
from fundsvc.workbench.choices import Posted
from fundsvc.workbench.decisions import decide
from tests.reconciliation.importing import add, file, run
from tests.support import periods
from tests.support.forms import hidden
from tests.support.notices import KEY, sepay
from tests.support.signing import sign

pytestmark = pytest.mark.usefixtures("app", "clock", "page")

AT = "2024-09-02 09:15:30"


@pytest.fixture
def page(app: Flask, clock: object) -> CampaignPage:
    """An open page that takes money by the account VCB1, of which SePay tells."""
    del app, clock
    account = add("VCB1")
    with transaction() as session:
        senders.add(session, "sepay", "sepay", [KEY], by=None)
        facts = PageFacts(
            slug="nha-tinh-nghia",
            fund="nghia-tinh",
            unit="TW",
            title="Nhà tình nghĩa",
            story="Dựng nhà cho cựu chiến binh.",
            bank_account_id=account.id,
            bank_bin="970436",
            account_holder="HOI TRUYEN THONG",
        )
        pages.make(session, facts, by=None)
        return pages.publish(session, "nha-tinh-nghia", by=None)


def promise(key: str = "k1", amount: int = 200_000, **facts: str) -> str:
    """Promise a donation and return its memo code."""
    with transaction() as session:
        page = pages.by_slug(session, "nha-tinh-nghia")
        promised = Promise(amount=amount, name="Nguyễn Thị Thử", **facts)  # type: ignore[arg-type]
        return giving.pledge(session, page, promised, key).code


def given(session: Session) -> list[tuple[str, int]]:
    """Return the donations: how each came, and how much."""
    session.rollback()
    rows = session.execute(select(Donation.method, Donation.amount).order_by(Donation.id))
    return [(row.method, row.amount) for row in rows]


def unidentified(session: Session) -> int:
    """Return the money that nobody has decided."""
    session.rollback()
    return -books.balance(session, account="3381", fund="nghia-tinh", unit="TW")


def line(credit: str, memo: str, doc: str = "5213.7") -> str:
    """Return a line of money in as the bank's statement has it."""
    return f"1,02/09/2024,{doc},,{credit},,{memo}"


def test_a_gift_told_by_the_gateway_has_its_receipt_at_once(
    client: FlaskClient, session: Session
) -> None:
    code = promise()
    sepay(7, 200_000, f"{code} UNG HO", AT).send(client)
    notices.handle()
    assert given(session) == [("bank", 200_000)]
    assert unidentified(session) == 0
    assert session.scalar(select(Pledge.state)) == "given"
    assert session.scalar(select(func.count()).select_from(Receipt)) == 1
    assert run("VCB1", file(line("200.000", f"MBVCB.1.{code} UNG HO.CT tu 01"))).known == 1
    assert given(session) == [("bank", 200_000)]
    assert not [*faults(session)]


def test_a_gift_in_the_statement_is_found_through_spaces_and_other_words(session: Session) -> None:
    code = promise()
    broken = f"IBFT {code[:5]} {code[5:]}ungho.CT tu 0123"
    assert run("VCB1", file(line("150.000", broken), line("1.000", "ung ho", doc="9.9"))).new == 2
    # What came counts, not what was promised.
    assert given(session) == [("bank", 150_000)]
    assert unidentified(session) == 1_000
    assert not [*faults(session)]


def test_money_sent_twice_is_two_gifts(client: FlaskClient, session: Session) -> None:
    code = promise()
    for number in (7, 8):
        sepay(number, 200_000, f"{code} UNG HO", f"2024-09-0{number} 09:00:00").send(client)
    notices.handle()
    assert given(session) == [("bank", 200_000)] * 2
    assert not [*faults(session)]


def test_a_line_told_of_thrice_at_once_is_one_gift(session: Session) -> None:
    code, other = promise(), promise("k2")
    run("VCB1", file(line("200.000", "ung ho")))
    with transaction() as writing:
        (account,) = lists.accounts(writing)
        line_id = writing.scalars(select(BankLine.id)).one()
        # The first memo leaves it in doubt, so that it waits; the second ends that.
        memos = [(line_id, f"{code} {other}"), (line_id, code), (line_id, code)]
        assert gifts.of_memos(writing, account, memos) == 1
    assert given(session) == [("bank", 200_000)]
    assert session.scalars(select(BankCoded.state)).one() == "given"
    assert session.scalars(select(Pledge.state).order_by(Pledge.id)).all() == ["given", "open"]
    assert not [*faults(session)]


def test_a_gift_among_many_takes_few_statements(client: FlaskClient, session: Session) -> None:
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    def cost(first: int, count: int) -> int:
        for number in range(first, first + count):
            memo = promise(f"k{number}", email=f"thu{number}@example.org")
            sepay(number, 200_000, memo, AT).send(client)
        session.rollback()
        said.clear()
        event.listen(db.engine, "before_cursor_execute", hear)
        try:
            notices.handle()
        finally:
            event.remove(db.engine, "before_cursor_execute", hear)
        return len(said)

    cost(1, 1)
    assert cost(20, 8) - cost(10, 2) <= 6 * 16
    assert len(given(session)) == 11
    numbers = session.scalars(select(Receipt.serial).order_by(Receipt.serial)).all()
    assert numbers == list(range(1, 12))
    assert not [*faults(session)]


@pytest.mark.parametrize("wrong", ["two-codes", "bad-check", "other-fund", "money-out"])
def test_what_is_in_doubt_is_left_to_a_person(
    client: FlaskClient, session: Session, wrong: str
) -> None:
    code = promise()
    memo, amount, number = f"{code} UNG HO", 200_000, "0011004455"
    if wrong == "two-codes":
        memo = f"{code} {promise('k2')}"
    elif wrong == "bad-check":
        memo = code[:-1] + ("A" if code[-1] != "A" else "B")
    elif wrong == "other-fund":
        number = "0099887766"
        add("DUES1", number=number, fund="dues")
    else:
        amount = -200_000
    sepay(7, amount, memo, AT, accountNumber=number).send(client)
    notices.handle()
    assert given(session) == []
    assert session.scalar(select(func.count()).select_from(BankLine)) == 1
    assert not [*faults(session)]


def test_a_line_is_not_taken_back_while_its_donation_stands(
    client: FlaskClient, session: Session
) -> None:
    sepay(7, 200_000, f"{promise()} UNG HO", AT).send(client)
    notices.handle()
    entry_id = session.scalars(select(BankLine.entry_id)).one()
    with pytest.raises(Refusal, match="ghi đảo khoản đó trước"), transaction() as writing:
        take_back(writing, entry_id, subject="entry", on=None, reason="nhầm", by=None)


@pytest.mark.parametrize("told_first", [True, False])
def test_the_code_is_found_in_whichever_memo_has_it(
    client: FlaskClient, session: Session, *, told_first: bool
) -> None:
    code = promise()
    short, whole = "IBFT 0123 TS", f"IBFT 0123 {code} UNG HO"
    told, printed = (short, whole) if told_first else (whole, short)
    if not told_first:
        run("VCB1", file(line("200.000", printed, doc="FT2409.77")))
    sepay(7, 200_000, told, AT, referenceCode="FT2409.77").send(client)
    notices.handle()
    if told_first:
        assert given(session) == []
        run("VCB1", file(line("200.000", printed, doc="FT2409.77")))
    assert given(session) == [("bank", 200_000)]
    assert session.scalar(select(func.count()).select_from(BankLine)) == 1
    assert not [*faults(session)]


def test_a_contact_that_does_not_open_keeps_no_money_back(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = promise(email="an@example.org")
    sepay(7, 200_000, f"{code} UNG HO", AT).send(client)

    def damaged(sealed: bytes) -> bytes:
        raise UnreadableError(sealed)

    monkeypatch.setattr(giving, "unseal", damaged)
    notices.handle()
    assert given(session) == [("bank", 200_000)]


@pytest.mark.parametrize("act", ["UPDATE bank_gift SET unit_id = 2", "DELETE FROM bank_gift"])
def test_what_a_line_became_stays(client: FlaskClient, session: Session, act: str) -> None:
    sepay(7, 200_000, f"{promise()} UNG HO", AT).send(client)
    notices.handle()
    assert session.scalar(select(func.count()).select_from(BankGift)) == 1
    with pytest.raises(DBAPIError, match=r"bank_gift.*append-only"), transaction() as writing:
        writing.connection().exec_driver_sql(act)


def test_a_gift_of_a_signed_month_is_not_taken_back(client: FlaskClient, session: Session) -> None:
    sepay(7, 200_000, f"{promise()} UNG HO", AT).send(client)
    notices.handle()
    booked_on = session.scalars(select(BankLine.booked_on)).one()
    number = session.scalars(select(BankGift.donation_id)).one()
    session.rollback()
    sign("VCB1", booked_on.replace(day=1))
    with pytest.raises(Refusal, match="mở lại biên bản"), transaction() as writing:
        donations.reverse(writing, number, on=None, reason="nhầm", by=None)
    assert given(session) == [("bank", 200_000)]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_line_that_is_being_decided_does_not_become_a_gift_too(
    app: Flask, session: Session
) -> None:
    code = promise()
    run("VCB1", file(line("200.000", "khong co ma")))
    line_id = session.scalars(select(BankLine.id)).one()
    session.rollback()
    begun, told = Event(), list[int]()

    def other_words() -> None:
        with app.app_context():
            begun.wait()
            with transaction() as own:
                account = lists.account(own, "VCB1")
                told.append(gifts.of_memos(own, account, [(line_id, code)]))

    teller = Thread(target=other_words)
    teller.start()
    with transaction() as writing:
        decide(writing, line_id, Posted("3388", "khác"), by=1, key="k1")
        begun.set()
        sleep(0.5)
    teller.join()
    assert told == [0]
    assert (given(session), unidentified(session)) == ([], 0)


def test_a_gift_by_its_code_is_undone_at_the_workbench(
    client: FlaskClient, session: Session, signed_in: Callable[..., FlaskClient]
) -> None:
    """Its receipt is voided, the donation reversed, and the line is a person's from then on."""
    sepay(7, 200_000, f"{promise()} UNG HO", AT).send(client)
    notices.handle()
    number = session.scalars(select(BankLine.id)).one()
    receipt = session.scalars(select(Receipt.number)).one()
    session.rollback()
    browser = signed_in("treasurer")
    address = f"/workbench/VCB1/lines/{number}/undo"
    assert f'href="{address}"' in browser.get(f"/workbench/VCB1?line={number}").text
    log = browser.get("/workbench/log?of=all").text
    assert f'href="{address}"' in log
    assert "tự động" in log
    assert address not in browser.get("/workbench/log").text
    told = f"Hủy biên nhận {receipt} và ghi đảo khoản ủng hộ 200.000 đ; dòng sao kê lại chờ"
    assert told in browser.get(address).text
    data = hidden(browser, "/workbench")
    assert browser.post(address, data=data | {"why": " "}).status_code == 422
    assert unidentified(session) == 0
    done = browser.post(address, data=data | {"why": "Người chuyển nhầm"})
    assert done.location == f"/workbench/VCB1?line={number}"
    assert unidentified(session) == 200_000
    session.rollback()
    assert session.scalars(select(Receipt.void_reason)).one() == "Người chuyển nhầm"
    assert session.scalars(select(BankLine.id).where(decided.waiting())).all() == [number]
    assert not [*faults(session)]
    session.rollback()
    again = browser.post(address, data=data | {"why": "Nhầm"}, follow_redirects=True).text
    assert "không còn gắn với việc đó" in again
    assert unidentified(session) == 200_000
    run("VCB1", file(line("200.000", f"{promise('k2')} UNG HO")))
    assert unidentified(session) == 200_000, "a person had a say of the line"


@pytest.mark.parametrize("state", ["closed", "signed"])
def test_a_gift_of_a_closed_month_is_undone_today_and_of_a_signed_one_not(
    client: FlaskClient, session: Session, signed_in: Callable[..., FlaskClient], state: str
) -> None:
    sepay(7, 200_000, f"{promise()} UNG HO", "2024-08-02 09:15:30").send(client)
    notices.handle()
    number = session.scalars(select(BankLine.id)).one()
    session.rollback()
    if state == "signed":
        sign("VCB1", date(2024, 8, 1))
    else:
        with transaction() as writing:
            unit = writing.scalars(select(Unit.id).where(Unit.code == "TW")).one()
            writing.add(periods.closed(unit, date(2024, 8, 1)))
    browser = signed_in("treasurer")
    address = f"/workbench/VCB1/lines/{number}/undo"
    done = browser.post(address, data=hidden(browser, "/workbench") | {"why": "Nhầm"})
    if state == "signed":
        assert (done.status_code, "mở lại biên bản" in done.text) == (409, True)
        assert given(session) == [("bank", 200_000)]
        assert unidentified(session) == 0
    else:
        assert done.status_code == 303
        reversal = session.scalars(select(Entry).where(Entry.reverses_id.is_not(None))).one()
        assert reversal.date == date(2024, 9, 30)
        assert unidentified(session) == 200_000
