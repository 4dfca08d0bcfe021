"""What Stripe tells of a month that is closed: booked on the first open day, with its true day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.closed import ClosedMonth
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.online import booking, closing, handling
from fundsvc.online.models import CardDispute, CardMovement, CardPayment, CardPayout
from fundsvc.periods import service as periods
from fundsvc.periods.checklist import Item, Span
from fundsvc.units.models import Unit
from ledger.accounts import AT_STRIPE, DISPUTED, IN_TRANSIT
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, bank_line, shelved, sound
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
MONTH = 31 * 86_400
AUGUST, LATE_AUGUST, OPEN_DAY = date(2024, 8, 1), date(2024, 8, 30), date(2024, 9, 1)


def close_august() -> None:
    with transaction() as session:
        periods.close(session, "TW", AUGUST, seen=periods.SEEN, by=None)


@contextmanager
def in_august(fake: FakeStripe) -> Iterator[None]:
    """Let it be the month before at Stripe."""
    fake.now -= MONTH
    yield
    fake.now += MONTH


def entries(session: Session) -> list[tuple[date, str]]:
    session.rollback()
    query = select(Entry.date, Entry.description).order_by(Entry.id)
    return [(on, text) for on, text in session.execute(query)]


def test_a_payment_of_a_closed_month_is_booked_on_the_first_open_day(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    checkout = begin()
    with in_august(fake):
        fake.pay(checkout)
    close_august()
    tell(times=2)
    assert shelved(session) == []
    assert balances(session) == {AT_STRIPE: 479_000, "615": 21_000, "7112": -500_000}
    assert entries(session) == [
        (OPEN_DAY, "Thu ủng hộ qua thẻ"),
        (OPEN_DAY, "Phí Stripe (ngày 30/08/2024)"),
    ]
    donation, payment = (
        session.scalars(select(Donation)).one(),
        session.scalars(select(CardPayment)).one(),
    )
    assert (donation.received_on, payment.paid_on) == (OPEN_DAY, LATE_AUGUST)
    assert donation.note == "Thanh toán thẻ ngày 30/08/2024; tháng đó đã khóa sổ."
    assert session.scalars(select(CardMovement.moved_on)).one() == LATE_AUGUST
    sound(session)


def test_a_refund_and_a_dispute_of_a_closed_month_are_booked_on_the_first_open_day(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    with in_august(fake):
        first, second = fake.pay(begin()), fake.pay(begin("k2"))
    tell()
    with in_august(fake):
        fake.refund(first["id"], 200_000)
        fake.dispute_ends(fake.dispute(second["id"])["id"], won=False)
    close_august()
    tell()
    assert shelved(session) == []
    assert DISPUTED not in balances(session)
    days = session.execute(select(DonationReturn.amount, DonationReturn.returned_on)).all()
    assert sorted(days) == [(200_000, OPEN_DAY), (500_000, OPEN_DAY)]
    assert (OPEN_DAY, "Hoàn tiền ủng hộ về thẻ (ngày 30/08/2024)") in entries(session)
    assert session.scalars(select(CardDispute.opened_on)).one() == LATE_AUGUST
    sound(session)


def test_a_payout_of_a_closed_month_is_booked_and_arrives_on_the_first_open_day(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    with in_august(fake):
        fake.pay(begin())
        fake.payout()
    bank_line(479_000, on="31/08/2024")
    close_august()
    tell()
    row = session.scalars(select(CardPayout)).one()
    assert (row.state, row.sent_on) == ("arrived", LATE_AUGUST)
    assert entries(session)[-2:] == [
        (OPEN_DAY, "Stripe chuyển tiền về ngân hàng (ngày 30/08/2024)"),
        (OPEN_DAY, "Tiền Stripe chuyển đã về ngân hàng (ngày 31/08/2024)"),
    ]
    assert balances(session) == {"112.TWNT": 479_000, "615": 21_000, "7112": -500_000}
    sound(session)


def test_a_line_of_a_month_closed_since_is_matched_on_the_first_open_day(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    with in_august(fake):
        fake.pay(begin())
        fake.payout()
    tell()
    bank_line(479_000, on="30/08/2024")
    close_august()
    assert handling.match_all() == 1
    assert IN_TRANSIT not in balances(session)
    assert entries(session)[-1][0] == OPEN_DAY
    sound(session)


def test_a_month_closed_at_the_very_moment_is_looked_at_again(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book, times = booking.book_donation, []

    def closing_meanwhile(*asked: object) -> object:
        times.append(1)
        if len(times) == 1:
            raise ClosedMonth
        return book(*asked)  # type: ignore[arg-type]  # As it was called.

    monkeypatch.setattr(booking, "book_donation", closing_meanwhile)
    fake.pay(begin())
    tell()
    assert shelved(session) == []
    assert balances(session)[AT_STRIPE] == 479_000


def shown(session: Session, last: date = date(2024, 9, 30)) -> list[tuple[str, int, int | None]]:
    session.rollback()
    unit_id = session.scalars(select(Unit.id).where(Unit.code == "TW")).one()
    found: list[Item] = list(closing.items(session, Span(unit_id, "TW", last.replace(day=1), last)))
    return [(item.code, item.count, item.amount) for item in found if item.count]


def test_before_a_month_is_closed_it_shows_what_cards_left_open(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    with in_august(fake):
        fake.pay(begin())
    tell()
    assert shown(session) == [("card-money", 1, 479_000)]
    with in_august(fake):
        fake.payout()
    tell()
    assert shown(session) == [("card-payouts", 1, 479_000)]
    assert shown(session, date(2024, 8, 31)) == []  # It is due on the first of September.
    fake.tell("charge.updated", {"id": "ch_x", "object": "charge", "payment_intent": "pi_x"})
    tell()
    assert shown(session, date(2024, 8, 31)) == [("card-events", 1, None)]
    bank_line(479_000, on="01/09/2024")
    handling.match_all()
    assert shown(session) == [("card-events", 1, None)]
