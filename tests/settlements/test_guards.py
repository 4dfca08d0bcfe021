"""What settlements rest on stays, when the service is not asked."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import db, transaction
from fundsvc.settlements import remedies, service
from tests.books.test_verify import guards_off
from tests.settlements.conftest import People, bank_line

pytestmark = pytest.mark.usefixtures("app")
_OTHER = (
    "INSERT INTO settlement (unit_id, operator, campaign_id, period_from, period_to, messages,"
    " gross, fee, net, paid_on, bank_reference, sha256, row, imported_at) SELECT unit_id, operator,"
    " campaign_id, '{first}', '{last}', messages, gross, fee, net, paid_on, bank_reference, sha256,"
    " row, imported_at FROM settlement"
)


@pytest.fixture
def settled(settlement: int, people: People) -> int:
    """A settlement with a fee, money, a loss that was approved and one asked for, and a claim."""
    line = bank_line()
    by = people.treasurer
    with transaction() as session:
        service.accept(session, settlement, by=by)
        service.confirm_money(session, settlement, line, by=by)
        facts = {"about": "difference", "amount": 20_000}
        loss = remedies.ask_loss(session, settlement, **facts, reason="Lẻ", by=by)  # type: ignore[arg-type]  # one of each
        remedies.decide_loss(session, loss, approve=True, by=people.approver)
        remedies.ask_loss(session, settlement, **facts, reason="Lẻ", by=by)  # type: ignore[arg-type]  # as above
        remedies.make_claim(session, settlement, **facts, number="", by=by)  # type: ignore[arg-type]  # as above
    return settlement


REFUSED = [
    ("DELETE FROM settlement", "settlement_kept"),
    ("UPDATE settlement SET gross = gross + 1, net = net + 1", "settlement_frozen"),
    ("UPDATE settlement SET period_to = '2026-09-01'", "settlement_frozen"),
    (_OTHER.format(first="2026-08-31", last="2026-09-30"), "settlement_overlap"),
    ("UPDATE settlement_entry SET amount = amount + 1", "settlement_entry is append-only"),
    ("DELETE FROM settlement_entry", "settlement_entry is append-only"),
    ("DELETE FROM settlement_payment", "settlement_payment_kept"),
    ("UPDATE settlement_payment SET act = 9", "settlement_payment_kept"),
    ("DELETE FROM settlement_loss", "settlement_loss_kept"),
    ("UPDATE settlement_loss SET amount = 1 WHERE state = 'asked'", "settlement_loss_"),
    (("UPDATE settlement_loss SET state = 'asked', act = NULL, decided_by = NULL,"
     " decided_at = NULL WHERE state = 'approved'"), "settlement_loss_"),
    (("UPDATE settlement_loss SET state = 'refused', decided_by = 1, decided_at = asked_at,"
     " amount = 1 WHERE state = 'asked'"), "settlement_loss_frozen"),
    ("DELETE FROM claim", "claim_kept"),
    ("UPDATE claim SET amount = 1", "claim_frozen"),
]  # fmt: skip


def test_the_database_refuses(settled: int, subtests: pytest.Subtests) -> None:
    for statement, guard in REFUSED:
        with (
            subtests.test(statement),
            pytest.raises(DBAPIError, match=guard),
            transaction() as session,
        ):
            session.execute(text(statement))


def test_who_asked_does_not_approve(settled: int) -> None:
    statement = (
        "UPDATE settlement_loss SET state = 'approved', act = 9, decided_by = asked_by,"
        " decided_at = asked_at WHERE state = 'asked'"
    )
    with pytest.raises(DBAPIError, match="two_people"), transaction() as session:
        session.execute(text(statement))


def test_a_closed_claim_stays_closed(settled: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE claim SET state = 'met', closed_on = made_on"))
    with pytest.raises(DBAPIError, match="claim_frozen"), transaction() as session:
        session.execute(text("UPDATE claim SET state = 'refused'"))


def test_numbers_on_which_nothing_rests_can_be_replaced(settlement: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE settlement SET gross = gross + 1, net = net + 1"))
        session.execute(text(_OTHER.format(first="2026-09-01", last="2026-09-30")))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replacing_does_not_walk_past_the_guards(
    settled: int, recursive: str, subtests: pytest.Subtests
) -> None:
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA recursive_triggers = {recursive}")
        for table in (
            "settlement",
            "settlement_entry",
            "settlement_payment",
            "settlement_loss",
            "claim",
        ):
            with subtests.test(table), pytest.raises(DBAPIError, match="guard: "):
                connection.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_every_guard_holds_always(session: Session) -> None:
    query = text(
        "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN"
        " ('settlement'::regclass, 'settlement_entry'::regclass, 'settlement_payment'::regclass,"
        " 'settlement_loss'::regclass, 'claim'::regclass)"
    )
    found: dict[str, str | bytes] = {row.tgname: row.tgenabled for row in session.execute(query)}
    assert len(found) == 11
    assert set(found.values()) <= {"A", b"A"}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE settlement_entry SET amount = amount + 1 WHERE kind = 'fee'", "settlement"),
        ("UPDATE settlement_entry SET province_id = 5 WHERE kind = 'money'", "settlement"),
        ("DELETE FROM settlement_entry WHERE kind = 'loss'", "settlement"),
        ("UPDATE settlement SET accepted_at = NULL, accepted_by = NULL", "settlement-sum"),
        ("DELETE FROM settlement_payment", "settlement-sum"),
        ("UPDATE settlement SET fee = 901, net = 299099", "settlement-sum"),
    ],
)
def test_what_was_changed_all_the_same_is_named(
    app: Flask, session: Session, settled: int, statement: str, rule: str
) -> None:
    assert list(verify.faults(session)) == []
    session.rollback()
    with guards_off("settlement", "settlement_entry", "settlement_payment"):
        with db.engine.begin() as connection:
            connection.execute(text(statement))
        assert rule in {fault.rule for fault in verify.faults(session)}
