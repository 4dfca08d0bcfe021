"""Which lines of the bank a payout may be matched with, and what one of them holds up."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.online import handling, payouts
from fundsvc.online.models import CardPayout
from ledger import recipes
from ledger.accounts import IN_TRANSIT
from tests.online.conftest import Give
from tests.online.test_cards import balances, bank_line, sound
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
Tell = Callable[..., None]
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
        payouts.match(writing, payout, line, by=None)
    assert balances(session) == before
    assert (before["3381"], before[IN_TRANSIT]) == (-379_000, 479_000)
    sound(session)
