"""What somebody changed of periods with the guards off, `verify` names by unit and month."""

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import db, transaction
from fundsvc.periods import acts_verify, carrying, reopening, service, verify
from tests.books.test_verify import guards_off
from tests.periods.conftest import SEPTEMBER, Give
from tests.support import gifts
from tests.support.tampering import unguarded


@pytest.fixture
def closed(app: Flask, give: Give, people: dict[str, int]) -> None:
    """July and September of the centre are closed; August of the other unit was reopened."""
    give(date(2024, 7, 2), 1_000)
    give(date(2024, 9, 2), 2_000)
    gifts.give(received_on=date(2024, 9, 3), amount=3_000, province="2004:45")
    give(date(2024, 8, 2), 5_000, unit="HT-44")
    with transaction() as session:
        service.close(session, "TW", SEPTEMBER, through=True, seen=service.SEEN, by=people["lan"])
        service.close(session, "HT-44", date(2024, 8, 1), seen=service.SEEN, by=people["lan"])
        asked = reopening.ask(session, "HT-44", date(2024, 8, 1), "Sót phiếu", by=people["lan"])
    with transaction() as session:
        reopening.confirm(session, asked.id, by=people["hoa"])


def found(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [(fault.rule, fault.place) for fault in verify.faults(session)]


@pytest.mark.usefixtures("closed")
def test_nothing_is_wrong_with_what_was_closed(session: Session) -> None:
    assert found(session) == []


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            "UPDATE posting SET debit = debit * 2, credit = credit * 2 WHERE date = '2024-09-02'",
            ("closed-period", "period:TW:2024-09"),
        ),
        (
            "UPDATE posting SET account_id = 1 + account_id WHERE date = '2024-07-02' AND line = 1",
            ("closed-period", "period:TW:2024-07"),
        ),
        (
            "UPDATE posting SET fund_id = 1 WHERE date = '2024-07-02'",
            ("closed-period", "period:TW:2024-07"),
        ),
        (
            "UPDATE entry SET province_id = NULL WHERE date = '2024-09-03'",
            ("closed-period", "period:TW:2024-09"),
        ),
        (
            "DELETE FROM posting WHERE date = '2024-09-03'",
            ("closed-period", "period:TW:2024-09"),
        ),
        (
            "UPDATE posting SET date = '2024-08-02' WHERE date = '2024-07-02'",
            ("period-order", "period:TW:2024-08"),
        ),
        (
            "UPDATE period SET closing = '{}' WHERE month = '2024-07-01'",
            ("closed-period", "period:TW:2024-07"),
        ),
        ("DELETE FROM period WHERE month = '2024-07-01'", ("period-order", "period:TW:2024-07")),
        (
            "UPDATE period SET state = 'open' WHERE month = '2024-09-01'",
            ("period-state", "period:TW:2024-09"),
        ),
        (
            "UPDATE reopening SET decided_by = asked_by",
            ("period-state", "period:HT-44:2024-08"),
        ),
        (
            "UPDATE reopening SET state = 'refused', last_month = NULL",
            ("period-state", "period:HT-44:2024-08"),
        ),
    ],
)
def test_every_change_is_named(session: Session, spoil: str, fault: tuple[str, str]) -> None:
    with guards_off("entry", "posting", "period", "reopening"), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.rollback()
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
            raw.execute(spoil)
        else:
            connection.execute(text(spoil))
    assert fault in found(session)


def test_a_year_that_was_carried_and_closed_stands_at_zero(session: Session, give: Give) -> None:
    give(date(2023, 5, 5), 70_000)
    with transaction() as writing:
        carrying.carry(writing, "TW", 2023, by=None)
    give(date(2023, 12, 5), 10_000)
    assert found(session) == [], "December is open, so it can still be carried"
    with transaction() as writing:
        service.close(writing, "TW", date(2023, 12, 1), through=True, seen=service.SEEN, by=None)
    assert found(session) == [("carry-forward", "period:TW:2023-12")]


def test_closing_a_month_twice_and_reopening_in_between_is_no_fault(
    session: Session, closed: None, people: dict[str, int], give: Give
) -> None:
    with clock.fixed(datetime(2024, 10, 6, 9, 0, tzinfo=clock.VN)):
        give(date(2024, 8, 3), 7_000, unit="HT-44")
        with transaction() as writing:
            service.close(writing, "HT-44", date(2024, 8, 1), seen=service.SEEN, by=people["hoa"])
    assert found(session) == []


FORGED = (
    "INSERT INTO reopening (unit_id, month, last_month, reason, asked_by, asked_at, state,"
    " decided_by, decided_at) SELECT unit.id, '2024-07-01', '2024-09-01', 'Sót', asked_by,"
    " asked_at, 'confirmed', decided_by, decided_at FROM reopening, unit WHERE code = 'TW'"
)
ACTS = {
    "all months": ("DELETE FROM period", "period:TW:2024-09"),
    "the last month": ("DELETE FROM period WHERE month = '2024-09-01'", "period:TW:2024-09"),
    "who": ("UPDATE period SET closed_by = 1 + closed_by", "period:TW:2024-09"),
    "when": (
        "UPDATE period SET closed_at = '2024-08-01T00:00:00.000000+00:00'",
        "period:TW:2024-07",
    ),
    "what stood": ("UPDATE period SET closing = '{}'", "period:TW:2024-09"),
    "opened": ("UPDATE period SET state = 'open', reopening_id = 1", "period:TW:2024-07"),
    "closed again": ("UPDATE period SET state = 'closed'", "period:HT-44:2024-08"),
    "forged": (FORGED, "period:TW:2024-07"),
    "who asked": ("UPDATE reopening SET asked_by = decided_by", "period:HT-44:2024-08"),
    "how long": ("UPDATE reopening SET last_month = '2024-10-01'", "period:HT-44:2024-08"),
    "no request": ("DELETE FROM reopening", "period:HT-44:2024-08"),
    "no act": (
        "DELETE FROM act WHERE kind = 'period.close' AND subject = 'period:TW:2024-07'",
        "period:TW:2024-07",
    ),
    "another actor": (
        "UPDATE act SET actor_id = 1 + actor_id WHERE kind = 'period.reopen.confirm'",
        "period:HT-44:2024-08",
    ),
}


@pytest.mark.usefixtures("closed", "clock")
@pytest.mark.parametrize("what", ACTS)
def test_what_the_log_of_acts_tells_otherwise_is_named(session: Session, what: str) -> None:
    def told() -> set[str]:
        session.rollback()
        return {fault.place for fault in acts_verify.faults(session)}

    assert told() == set()
    session.rollback()
    spoil, place = ACTS[what]
    with unguarded("period", "reopening", "act") as connection:
        connection.execute(text(spoil))
    assert place in told()
