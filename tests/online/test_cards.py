"""Card payments, their refunds and disputes, and how each step stands in the books."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donations.models import Donation
from fundsvc.giving.models import Pledge
from fundsvc.online.models import CardDispute, CardRefund
from ledger.accounts import AT_STRIPE, DISPUTED
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, shelved, sound, valid_receipts
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")


def test_a_payment_becomes_a_donation_with_its_fee_apart(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    tell()
    assert balances(session) == {AT_STRIPE: 479_000, "615": 21_000, "7112": -500_000}
    (donation,) = session.scalars(select(Donation))
    assert (donation.amount, donation.method) == (500_000, "card")
    assert valid_receipts(session) == [500_000]
    (pledge,) = session.scalars(select(Pledge))
    assert (pledge.state, pledge.donation_id) == ("given", donation.id)
    sound(session)


def test_money_that_is_certain_later_is_a_donation_only_then(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    checkout = begin()
    fake.pay(checkout, later=True)
    tell()
    assert balances(session) == {}
    fake.ends(checkout, paid=True)
    tell()
    assert balances(session)[AT_STRIPE] == 479_000
    sound(session)


def test_money_that_does_not_come_leaves_the_promise_failed(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    checkout = begin()
    fake.pay(checkout, later=True)
    fake.ends(checkout, paid=False)
    tell()
    (pledge,) = session.scalars(select(Pledge))
    assert (pledge.state, balances(session)) == ("failed", {})
    assert "chưa có tiền nào bị trừ" in pledge.told


def test_a_refund_in_the_dashboard_lowers_income_and_renews_the_receipt(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    intent = fake.pay(begin())
    fake.refund(intent["id"], 200_000)
    tell()
    assert balances(session) == {AT_STRIPE: 279_000, "615": 21_000, "7112": -300_000}
    assert valid_receipts(session) == [300_000]
    fake.refund(intent["id"])
    tell()
    assert balances(session) == {AT_STRIPE: -21_000, "615": 21_000}
    assert valid_receipts(session) == []
    assert [row.amount for row in session.scalars(select(CardRefund))] == [200_000, 300_000]
    sound(session)


def test_a_refund_that_the_bank_sends_back_is_income_again(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    intent = fake.pay(begin())
    refund = fake.refund(intent["id"], 200_000)
    tell()
    fake.refund_fails(refund["id"])
    tell()
    assert balances(session) == {AT_STRIPE: 479_000, "615": 21_000, "7112": -500_000}
    assert valid_receipts(session) == [500_000]
    (row,) = session.scalars(select(CardRefund))
    assert row.state == "failed"
    sound(session)


@pytest.mark.parametrize(
    ("won", "left", "receipts"),
    [
        (True, {AT_STRIPE: 104_000, "615": 396_000, "7112": -500_000}, [500_000]),
        (False, {AT_STRIPE: -396_000, "615": 396_000}, []),
    ],
)
def test_a_dispute_holds_the_money_until_it_is_decided(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    won: bool,
    left: dict[str, int],
    receipts: list[int],
) -> None:
    intent = fake.pay(begin())
    dispute = fake.dispute(intent["id"])
    tell()
    held = {AT_STRIPE: -396_000, "615": 396_000, DISPUTED: 500_000, "7112": -500_000}
    assert balances(session) == held
    fake.dispute_ends(dispute["id"], won=won)
    tell()
    assert balances(session) == left
    assert valid_receipts(session) == receipts
    (row,) = session.scalars(select(CardDispute))
    assert row.state == ("won" if won else "lost")
    sound(session)


def test_a_dispute_lost_after_a_part_went_back_loses_what_was_left(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    first, second = fake.pay(begin()), fake.pay(begin("k2"))
    fake.refund(first["id"], 200_000)
    fake.refund(second["id"], 200_000)
    whole, part = (
        fake.dispute(first["id"], fee=0),
        fake.dispute(second["id"], fee=0, amount=300_000),
    )
    for dispute in (whole, part):
        fake.dispute_ends(dispute["id"], won=False)
    tell()
    assert shelved(session) == []
    # Of the first one the bank took the part that was refunded too: a loss, and no donation's.
    assert balances(session) == {AT_STRIPE: -242_000, "615": 42_000, "811": 200_000}
    assert valid_receipts(session) == []
    sound(session)


def test_a_dispute_told_in_the_cardholders_currency_is_booked_in_dong(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.dispute(fake.pay(begin())["id"], fee=0, said=(1_970, "usd"))
    fake.settles = ("usd", 0.00004)
    intent = fake.pay(begin("k2", amount=1_000_000))
    lost = fake.dispute(intent["id"], fee=0, said=(3_700, "eur"))
    tell()
    assert shelved(session) == []
    assert balances(session)[DISPUTED] == 1_500_000
    assert session.scalars(select(CardDispute.amount).order_by(CardDispute.id)).all() == [
        500_000,
        1_000_000,
    ]
    fake.dispute_ends(lost["id"], won=False)
    tell()
    assert balances(session)[DISPUTED] == 500_000
    assert valid_receipts(session) == [500_000]
    sound(session)
