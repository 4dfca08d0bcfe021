"""Card payments from the donor to the bank's line, and how each step stands in the books."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books.models import Account, Entry, Fund, Posting
from fundsvc.config import Settings
from fundsvc.db import read_session, transaction
from fundsvc.donations.models import Donation
from fundsvc.giving import codes
from fundsvc.giving.models import Pledge
from fundsvc.inbox import service as inbox
from fundsvc.online import arrivals, handling
from fundsvc.online.gateway import DownError
from fundsvc.online.models import CardDispute, CardMovement, CardPayment, CardPayout, CardRefund
from fundsvc.receipts.models import Receipt
from fundsvc.reconciliation import service as reconciliation
from fundsvc.reconciliation.models import BankLine
from fundsvc.units.models import Unit
from ledger.accounts import AT_STRIPE, DISPUTED, IN_TRANSIT
from ledger.words import grouped
from tests.online.conftest import Give, keep
from tests.support import apps
from tests.support.databases import Databases
from tests.support.giving import promised, published
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
Tell = Callable[..., None]


def balances(session: Session) -> dict[str, int]:
    """Return what stands on the accounts, debit less credit, without those at zero."""
    session.rollback()
    total = func.sum(Posting.debit - Posting.credit)
    rows = session.execute(
        select(Account.code, total).join(Account, Account.id == Posting.account_id)
        .group_by(Account.code)
    )  # fmt: skip
    return {code: int(amount) for code, amount in rows if amount}


def booked(session: Session) -> list[tuple[Any, ...]]:
    """Return all that the journal says, without the numbers that depend on the order."""
    session.rollback()
    rows = session.execute(
        select(
            Entry.source, Entry.date, Entry.kind, Entry.description, Account.code, Fund.code,
            Unit.code, Posting.debit, Posting.credit,
        )
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(Unit, Unit.id == Posting.unit_id)
    )  # fmt: skip
    return sorted(tuple(row) for row in rows)


def shelved(session: Session) -> list[str]:
    session.rollback()
    return sorted(item.why for item in inbox.shelved(session, handling.KIND))


def sound(session: Session) -> None:
    session.rollback()
    assert [fault.text for fault in verify.faults(session)] == []


def valid_receipts(session: Session) -> list[int]:
    session.rollback()
    query = select(Receipt).where(Receipt.voided_at.is_(None)).order_by(Receipt.id)
    return [receipt.facts["amount"] for receipt in session.scalars(query)]


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


def bank_line(amount: int, memo: str = "STRIPE PAYMENTS PAYOUT", on: str = "30/09/2024") -> int:
    """Read a statement with one line of money in, or out below 0; return the line."""
    sides = f",{grouped(amount)}" if amount > 0 else f"{grouped(-amount)},"
    head = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails"
    text = f"{head}\r\n1,{on},5213.1,{sides},,{memo}\r\n"
    statement = reconciliation.read(
        read_session(),
        text.encode(),
        name="a.csv",
        account_code="TWNT",
        layout="vietcombank",
        commit=True,
    )
    with transaction() as session:
        reconciliation.import_bank(session, statement, by=None)
        return session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0


def test_a_payout_is_on_its_way_and_then_a_line_of_the_bank(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.pay(begin("k2", amount=1_000_000))
    fake.payout()
    tell()
    moved = {IN_TRANSIT: 1_441_000, "615": 59_000, "7112": -1_500_000}
    assert balances(session) == moved
    bank_line(1_441_000)
    assert handling.match_all() == 1
    after = {"112.TWNT": 1_441_000, "615": 59_000, "7112": -1_500_000}
    assert balances(session) == after
    payout = session.scalars(select(CardPayout)).one()
    assert (payout.state, payout.amount, payout.sent_on) == (
        "arrived",
        1_441_000,
        date(2024, 9, 30),
    )
    sound(session)


def test_a_payout_brings_payments_that_no_event_told(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.events.clear()
    fake.payout()
    tell()
    assert balances(session) == {IN_TRANSIT: 479_000, "615": 21_000, "7112": -500_000}
    sound(session)


def test_a_payout_that_failed_is_in_the_next_one(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    payout = fake.payout()
    fake.payout_fails(payout["id"])
    tell()
    assert balances(session) == {AT_STRIPE: 479_000, "615": 21_000, "7112": -500_000}
    fake.payout()
    tell()
    assert balances(session) == {IN_TRANSIT: 479_000, "615": 21_000, "7112": -500_000}
    assert shelved(session) == []
    sound(session)


def test_dollars_keep_amount_and_rate_and_their_difference_is_booked(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.settles = ("usd", 0.0000394)
    fake.pay(begin(amount=5_000_000))
    fake.payout()
    tell()
    movement = session.scalars(select(CardMovement)).one()
    assert (movement.currency, movement.settled, movement.rate) == ("usd", 19_700, "3.94e-05")
    assert (movement.settled_fee, movement.fee) == (686, 174_112)
    assert balances(session)[IN_TRANSIT] == 4_825_888
    payout = session.scalars(select(CardPayout)).one()
    assert (payout.settled, payout.currency) == (19_014, "usd")
    line = bank_line(4_831_000)
    assert handling.match_all() == 0  # What a bank makes of dollars, a person confirms.
    with transaction() as writing:
        arrivals.match(writing, payout.id, line, by=None)
    assert balances(session) == {
        "112.TWNT": 4_831_000,
        "615": 174_112,
        "7112": -5_000_000,
        "7118": -5_112,
    }
    sound(session)


def test_a_payment_of_somebody_else_is_set_aside(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    checkout = begin()
    fake.objects[f"promised:{checkout}"]["metadata"] = {}
    fake.objects[checkout]["client_reference_id"] = None
    fake.pay(checkout)
    tell()
    assert balances(session) == {}
    assert set(shelved(session)) == {"Không rõ khoản thanh toán này của lời hứa ủng hộ nào."}
    assert session.scalars(select(CardPayment)).all() == []


def test_events_of_the_other_mode_are_set_aside(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.live = True
    fake.pay(begin())
    tell()
    assert balances(session) == {}
    assert all("chế độ khác" in why for why in shelved(session))


def test_the_daily_pull_finds_what_no_webhook_brought(
    fake: FakeStripe, begin: Give, session: Session
) -> None:
    intent = fake.pay(begin())
    fake.refund(intent["id"], 100_000)
    seen, new = handling.pull()
    assert (seen, new) == (len(fake.events), len(fake.events))
    handling.handle()
    assert balances(session) == {AT_STRIPE: 379_000, "615": 21_000, "7112": -400_000}
    assert handling.pull() == (seen, 0)
    sound(session)


def test_a_pull_asks_from_before_the_last_pull_however_new_the_last_webhook_is(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.now -= 20 * 86_400
    fake.pay(begin())
    lost, fake.events = fake.events, []
    fake.now += 20 * 86_400
    fake.pay(begin("k2"))
    tell()
    fake.events = lost + fake.events
    assert handling.pull() == (len(fake.events), len(lost))
    handling.handle()
    assert balances(session)[AT_STRIPE] == 2 * 479_000
    sound(session)


def test_while_stripe_is_down_events_wait(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.down = True
    with pytest.raises(DownError):
        tell()
    assert balances(session) == {}
    fake.down = False
    handling.handle()
    assert balances(session)[AT_STRIPE] == 479_000


PROMISED = {f"k{n}": 200_000 * n for n in range(1, 8)} | {
    "later": 500_000, "lost": 500_000, "evening": 300_000,
}  # fmt: skip


def day(fake: FakeStripe, begin: Give) -> None:
    """A day with everything in it; at its end all is paid out."""
    checkouts = {key: begin(key, amount=amount) for key, amount in PROMISED.items()}
    intents = [fake.pay(checkouts[f"k{n}"])["id"] for n in range(1, 8)]
    fake.refund(intents[0], 50_000)
    fake.refund(intents[1])
    fake.refund_fails(fake.refund(intents[2], 100_000)["id"])
    fake.dispute_ends(fake.dispute(intents[3], fee=15_000)["id"], won=True)
    fake.dispute_ends(fake.dispute(intents[4], fee=15_000)["id"], won=False)
    for key in ("later", "lost"):
        fake.pay(checkouts[key], later=True)
        fake.ends(checkouts[key], paid=key == "later")
    fake.move("stripe_fee", None, -5_000)
    fake.payout_fails(fake.payout()["id"])
    fake.pay(checkouts["evening"])
    fake.payout()


@contextmanager
def other_books(databases: Databases, settings: Settings, engine: str) -> Iterator[Flask]:
    """Give a service with books of its own, in which the same was promised."""
    with databases.fresh(engine) as url, apps.made(replace(settings, database_url=url)) as app:
        yield app


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_day_of_events_gives_the_same_books_in_any_order(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    settings: Settings,
    databases: Databases,
    engine_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes_of = [codes.draw() for _pledge in range(20)]
    monkeypatch.setattr(codes, "draw", iter(codes_of).__next__)
    day(fake, begin)
    tell(shuffled=99, times=5)
    expected = booked(session)
    assert shelved(session) == []
    for order in range(10):
        monkeypatch.setattr(codes, "draw", iter(codes_of).__next__)
        with other_books(databases, settings, engine_name):
            published()
            for key, amount in PROMISED.items():
                promised(key, method="card", amount=amount)
            keep(fake, shuffled=order, times=5)
            assert shelved(read_session()) == []
            assert booked(read_session()) == expected
    (payout,) = session.scalars(select(CardPayout).where(CardPayout.state == "sent"))
    assert balances(session)[IN_TRANSIT] == payout.amount == payout.settled
    assert AT_STRIPE not in balances(session)
    bank_line(payout.settled)
    assert handling.match_all() == 1
    left = balances(session)
    assert left["112.TWNT"] == payout.settled
    assert not {AT_STRIPE, IN_TRANSIT, DISPUTED, "3381"} & set(left)
    sound(session)
