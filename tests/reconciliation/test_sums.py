"""What all lines of an account come to is counted on from where it was, and is always right."""

from contextlib import suppress
from datetime import date
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import db, read_session, set_scope, snapshot, transaction
from fundsvc.reconciliation import service, sums
from fundsvc.reconciliation.models import BankAccount
from fundsvc.reconciliation.statement import Statement
from fundsvc.reconciliation.sums import Sum
from tests.reconciliation.importing import add, file, run
from tests.support.heard import heard
from tests.workbench.deciding import book, hue, money_in, money_out

pytestmark = pytest.mark.usefixtures("app", "clock")

FIRST = Sum(1, 1, 200_000, 150_000, date(2024, 9, 3))
MORE = Sum(2, 1, 500_000, 150_000, date(2024, 9, 7))


def account(session: Session, code: str = "VCB1") -> int:
    session.rollback()
    return session.scalars(select(BankAccount.id).where(BankAccount.code == code)).one()


def more(code: str = "VCB1", day: int = 7) -> None:
    run(code, file(money_in("300.000", "UNG HO THEM", day)), name=f"{code}-{day}.csv")


def test_only_what_came_since_is_read(session: Session) -> None:
    book("VCB1", money_in(), money_out())
    here = account(session)
    assert sums.of_account(session, here) == FIRST
    more()
    session.rollback()
    assert sums.of_account(session, here) == MORE
    assert sums.of_account(session, here) == MORE
    assert MORE.of("in") == (2, 500_000)
    assert MORE.of("out") == (1, 150_000)
    assert MORE.of("") == (3, 650_000)


def test_each_account_is_counted_for_itself(session: Session) -> None:
    book("VCB1", money_in(), money_out())
    book("VCB2", money_in("9.000"))
    add("VCB3", number="00117777")
    one, two, none = (account(session, code) for code in ("VCB1", "VCB2", "VCB3"))
    more()
    session.rollback()
    assert sums.of_accounts(session, [one, two, none]) == {
        one: MORE,
        two: Sum(1, 0, 9_000, 0, date(2024, 9, 2)),
        none: Sum(),
    }
    more("VCB3")
    session.rollback()
    assert sums.of_account(session, none) == Sum(1, 0, 300_000, 0, date(2024, 9, 7))


def statement(*lines: str) -> Statement:
    """Return a file of VCB1 that was read to be booked."""
    source = file(*lines).encode()
    found = service.read(read_session(), source, name="x.csv", account_code="VCB1", commit=True)
    read_session().rollback()
    return found


def test_what_is_taken_back_was_never_counted(session: Session) -> None:
    book("VCB1", money_in(), money_out())
    here, read = account(session), statement(money_in("7.000", "SE HUY", 5))
    with suppress(ZeroDivisionError), transaction() as writing:
        service.import_bank(writing, read, by=None)
        assert sums.of_account(writing, here).money_in == 207_000
        raise ZeroDivisionError
    assert sums.of_account(session, here) == FIRST
    more()  # On SQLite its line has the number that was given back.
    session.rollback()
    assert sums.of_account(session, here) == MORE


def test_who_began_to_read_before_sees_what_was_then(app: Flask) -> None:
    book("VCB1", money_in(), money_out())
    old = snapshot()
    here = old.scalars(select(BankAccount.id)).one()

    def meanwhile() -> None:
        with app.app_context():
            more()
            assert sums.of_account(read_session(), here) == MORE

    elsewhere = Thread(target=meanwhile)
    elsewhere.start()
    elsewhere.join()
    assert sums.of_account(old, here) == FIRST
    old.rollback()
    assert sums.of_account(old, here) == MORE


def test_lines_of_an_account_come_one_import_after_the_other(app: Flask) -> None:
    """A later number is never seen before an earlier one, or that would not be counted."""
    book("VCB1", money_in(), money_out())
    here = account(read_session())
    booked, go_on, both_done = Event(), Event(), Event()

    def first() -> None:
        with app.app_context():
            read = statement(money_in("1.000", "MOT", 5))
            with transaction() as writing:
                service.import_bank(writing, read, by=None)
                booked.set()
                go_on.wait(20)

    def second() -> None:
        with app.app_context():
            more()
            both_done.set()

    threads = [Thread(target=one) for one in (first, second)]
    threads[0].start()
    assert booked.wait(20)
    threads[1].start()
    assert not both_done.wait(0.5)
    assert sums.of_account(read_session(), here) == FIRST
    go_on.set()
    for thread in threads:
        thread.join()
    read_session().rollback()
    assert sums.of_account(read_session(), here) == Sum(3, 1, 501_000, 150_000, date(2024, 9, 7))


def test_a_unit_sees_only_its_own(session: Session) -> None:
    hue()
    book("VCB1", money_in(), money_out())
    here = account(session)
    assert sums.of_account(session, here) == FIRST
    set_scope(session, {-1})
    assert sums.of_account(session, here) == Sum()
    set_scope(session, None)
    assert sums.of_account(session, here) == FIRST


def test_an_account_that_went_quiet_is_counted_for_itself(session: Session) -> None:
    """Where more came on other accounts than it has itself, its own lines are read again."""
    book("VCB1", money_in(), money_out())
    here = account(session)
    assert sums.of_account(session, here) == FIRST
    book("VCB2", *(money_in(f"{n}.000", f"MON {n}") for n in range(1, 6)))
    session.rollback()
    with heard(db.engine) as said:
        assert sums.of_account(session, here) == FIRST
    assert any(f"id >= 0 AND bank_account_id = {here}" in text for text, _values in said)
    more()
    session.rollback()
    assert sums.of_account(session, here) == MORE


def test_however_many_accounts_there_are(session: Session) -> None:
    book("VCB1", money_in(), money_out())
    here = account(session)
    many = sums.of_accounts(session, range(here, here + 501))
    assert many[here] == FIRST
    assert len(many) == 501
    assert sums.of_accounts(session, []) == {}
