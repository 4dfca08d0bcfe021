"""What the database itself refuses of card payments, whoever asks."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.online import handling, refunds
from fundsvc.online import verify as online
from fundsvc.online.models import CardPayment
from tests.online.conftest import Give, Tell
from tests.online.seen import bank_line
from tests.support.stripe import FakeStripe
from tests.support.tampering import unguarded

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def paid_out(fake: FakeStripe, begin: Give, tell: Tell) -> None:
    """A payment refunded in part, one in dispute, and a payout of both."""
    first, second = fake.pay(begin()), fake.pay(begin("k2", amount=2_000_000))
    fake.refund(first["id"], 100_000)
    fake.dispute(second["id"])
    stray = fake.move("charge", "ch_stray", 90_000)
    fake.objects["ch_stray"] = {"id": "ch_stray", "object": "charge", "payment_intent": None}
    fake.payout()
    tell()
    assert stray["payout"]
    handling.pull()


KEPT = [
    ("card_payment_append_only", "UPDATE card_payment SET amount = amount + 1"),
    ("card_payment_append_only", "DELETE FROM card_payment"),
    ("donation_return_append_only", "UPDATE donation_return SET amount = 1"),
    ("donation_return_append_only", "DELETE FROM donation_return"),
    ("card_refund_kept", "UPDATE card_refund SET amount = 1"),
    ("card_refund_kept", "DELETE FROM card_refund"),
    ("card_dispute_kept", "UPDATE card_dispute SET amount = 1"),
    ("card_dispute_kept", "DELETE FROM card_dispute"),
    ("card_movement_kept", "UPDATE card_movement SET payout_id = NULL"),
    ("card_movement_kept", "DELETE FROM card_movement"),
    ("card_stray_kept", "UPDATE card_stray SET amount = 1, settled = 1"),
    ("card_stray_kept", "DELETE FROM card_stray"),
    ("card_pull_append_only", "UPDATE card_pull SET seen = 9999"),
    ("card_pull_append_only", "DELETE FROM card_pull"),
    ("card_payout_kept", "UPDATE card_payout SET settled = 1"),
    ("card_payout_kept", "DELETE FROM card_payout"),
]


@pytest.mark.usefixtures("paid_out")
def test_what_stripe_told_stays_as_it_was(subtests: pytest.Subtests) -> None:
    for guard, statement in KEPT:
        with subtests.test(statement):
            refused(guard, statement)


def refused(guard: str, statement: str) -> None:
    with pytest.raises(DBAPIError) as error, transaction() as writing:
        writing.execute(text(statement))
    name = getattr(getattr(error.value.orig, "diag", None), "constraint_name", None)
    assert guard in (name or str(error.value.orig))


def test_guard_card_payout_line(fake: FakeStripe, begin: Give, tell: Tell) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    bank_line(479_000)
    assert handling.match_all() == 1
    taken = "SELECT bank_line_id FROM card_payout WHERE bank_line_id IS NOT NULL"
    refused("card_payout_line", f"INSERT INTO settlement_payment (bank_line_id) {taken}")


def test_guard_two_people(fake: FakeStripe, begin: Give, tell: Tell) -> None:
    fake.pay(begin())
    tell()
    with transaction() as writing:
        refunds.ask(writing, 1, 1_000, "Nhầm", by=1)
    alone = "state = 'approved', decided_by = asked_by, decided_at = asked_at"
    refused("two_people", f"UPDATE refund_request SET {alone}")


@pytest.mark.usefixtures("paid_out")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_verify_finds_a_movement_that_the_books_tell_otherwise(session: Session) -> None:
    assert list(online.faults(session)) == []
    with transaction() as writing:
        writing.execute(text("DROP TRIGGER card_movement_frozen"))
        writing.execute(
            text(
                "UPDATE card_movement SET amount = amount - 1, settled = settled - 1"
                " WHERE kind = 'refund'"
            )
        )
    places = [fault.place for fault in online.faults(session)]
    assert len(places) == 2
    assert places[-1] == "account:113.stripe"


@pytest.mark.usefixtures("paid_out")
def test_a_payment_that_is_not_its_donation_is_named(session: Session) -> None:
    charge = session.scalars(select(CardPayment.charge).order_by(CardPayment.id)).first()
    session.rollback()
    with unguarded("card_payment") as connection:
        connection.execute(text("UPDATE card_payment SET amount = amount + 1 WHERE id = 1"))
    assert [fault.place for fault in online.faults(session)] == [f"card_payment:{charge}"]
