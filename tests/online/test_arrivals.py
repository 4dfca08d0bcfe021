"""Which lines of the bank a payout may be matched with, and what one of them holds up."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.online import arrivals, handling, listing
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation.models import BankLine
from ledger import recipes
from ledger.accounts import AT_STRIPE, IN_TRANSIT
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, bank_line, shelved, sound
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
DAY = date(2024, 9, 30)


def decided(amount: int) -> None:
    """Book by hand that money of the bank is a donation, as a voucher does."""
    with transaction() as session:
        entry = recipes.bank_donation(
            on=DAY, unit="TW", fund="nghia-tinh", amount=amount, description="Phiếu tay"
        )
        books.post(session, entry, source="test", external_id=str(amount))


def test_a_line_whose_money_was_decided_by_hand_is_no_payout(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    decided(100_000)
    before = balances(session)
    assert handling.match_all() == 0
    payout = session.scalars(select(CardPayout)).one().id
    with pytest.raises(Refusal, match=r"chỉ còn 379\.000 đ"), transaction() as writing:
        arrivals.match(writing, payout, line, by=None)
    assert balances(session) == before
    assert (before["3381"], before[IN_TRANSIT]) == (-379_000, 479_000)
    sound(session)


@pytest.mark.parametrize("foreign", [False, True])
def test_what_stripe_takes_from_the_bank_is_a_line_of_money_out(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session, foreign: bool
) -> None:
    intent = fake.pay(begin())
    fake.payout()
    tell()
    bank_line(479_000)
    if foreign:
        fake.settles = ("usd", 0.00004)
        fake.pay(begin("k2"))
        fake.payout()
    fake.dispute_ends(fake.dispute(intent["id"])["id"], won=False)
    fake.payout()
    tell()
    assert shelved(session) == []
    row = session.scalars(select(CardPayout).where(CardPayout.settled < 0)).one()
    assert row.amount == -875_000
    line = bank_line(-880_000 if foreign else -875_000)
    assert handling.match_all() == (0 if foreign else 1)
    if foreign:
        assert [offer.id for offer, _account in arrivals.offers(session, row)] == [line]
        with transaction() as writing:
            arrivals.match(writing, row.id, line, by=None)
    left = balances(session)
    assert left.get("811", 0) == (5_000 if foreign else 0)
    assert (left.get(AT_STRIPE), left.get("1388")) == (None, None)
    assert left["112.TWNT"] == 479_000 - (880_000 if foreign else 875_000)
    sound(session)


def test_money_in_a_payout_that_is_none_of_ours_waits_alone(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    foreign = begin("k2", amount=1_000_000)
    fake.objects[f"promised:{foreign}"]["metadata"] = {}
    fake.objects[foreign]["client_reference_id"] = None
    charge = fake.pay(foreign)["latest_charge"]
    fake.objects["ch_x"] = {"id": "ch_x", "object": "charge", "payment_intent": None}
    fake.move("charge", "ch_x", -50_000)
    fake.payout()
    tell(times=2)
    assert balances(session) == {
        IN_TRANSIT: 1_391_000, "615": 21_000, "7112": -500_000, "3381": -962_000, "1388": 50_000,
    }  # fmt: skip
    found = [(row.source, row.amount) for row in listing.strays(session)]
    assert sorted(found) == sorted([(charge, 962_000), ("ch_x", -50_000)])
    assert set(shelved(session)) == {"Không rõ khoản thanh toán này của lời hứa ủng hộ nào."}
    bank_line(1_391_000)
    assert handling.match_all() == 1
    sound(session)
    with transaction() as writing:
        for row in listing.strays(writing):
            listing.see_stray(writing, row.id, by=1)
    session.rollback()
    assert listing.strays(session) == []


def test_many_other_lines_hide_no_payout(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    *_others, line = [bank_line(amount) for amount in (10_000, 20_000, 479_000)]
    monkeypatch.setattr(arrivals, "MOST", 2)
    payout = session.scalars(select(CardPayout)).one()
    (offer, _account), *others = arrivals.offers(session, payout)
    assert (offer.id, others, handling.match_all()) == (line, [], 1)
    other = session.scalars(select(BankLine.id).where(BankLine.credit == 20_000)).one()
    with pytest.raises(Refusal), transaction() as writing:
        arrivals.match(writing, payout.id, other, by=None)
    fake.pay(begin("k2"))
    fake.payout()
    tell()
    second = session.scalars(select(CardPayout.id).order_by(CardPayout.id.desc())).first()
    with pytest.raises(Conflict), transaction() as writing:
        arrivals.match(writing, second or 0, line, by=None)
