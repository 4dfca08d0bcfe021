"""Refunds by staff: asked by one, approved by another, made by Stripe once, told by the receipt."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.donations import annual
from fundsvc.donors import consents, erasing
from fundsvc.donors.models import Donor
from fundsvc.dossier import erasure, facts, listing
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.giving import came
from fundsvc.giving.models import CampaignPage
from fundsvc.online import refunds
from fundsvc.online.gateway import DownError
from fundsvc.online.models import CardRefund, RefundRequest
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt
from fundsvc.staff.models import StaffUser, StaffUserRole
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, shelved, sound, valid_receipts
from tests.support.forms import send
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")
ASKER, OTHER = 1, 2
SPAN = (date(2024, 1, 1), date(2024, 9, 30))


def ask(amount: int, reason: str = "Ủng hộ nhầm") -> int:
    with transaction() as session:
        return refunds.ask(session, 1, amount, reason, by=ASKER).id


def decide(number: int, *, approve: bool = True, by: int = OTHER) -> None:
    with transaction() as session:
        refunds.decide(session, number, approve=approve, by=by)


def test_a_refund_is_made_once_when_another_person_approves(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    tell()
    number = ask(200_000)
    assert refunds.send_approved() == 0
    with pytest.raises(Refusal):
        decide(number, by=ASKER)
    decide(number)
    fake.down = True
    with pytest.raises(DownError):
        refunds.send_approved()
    fake.down = False
    assert refunds.send_approved() == 1
    assert refunds.send_approved() == 0
    tell()
    assert balances(session) == {"113.stripe": 279_000, "615": 21_000, "7112": -300_000}
    assert valid_receipts(session) == [300_000]
    (row,) = session.scalars(select(CardRefund))
    (request,) = session.scalars(select(RefundRequest))
    assert (request.state, request.refund) == ("sent", row.refund)
    with pytest.raises(Conflict):
        decide(number)
    sound(session)


def test_no_more_is_asked_for_than_is_left(fake: FakeStripe, begin: Give, tell: Tell) -> None:
    fake.pay(begin())
    tell()
    ask(400_000)
    for amount in (100_001, 0, -5):
        with pytest.raises(Refusal):
            ask(amount)
    with pytest.raises(Refusal):
        ask(100_000, " ")
    with pytest.raises(NotFound), transaction() as session:
        refunds.ask(session, 99, 1, "x", by=ASKER)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM refund_request",
        "UPDATE refund_request SET amount = 1",
        "UPDATE refund_request SET state = 'sent', refund = 're_1', decided_by = 2",
    ],
)
def test_guard_refund_request_kept(
    fake: FakeStripe, begin: Give, tell: Tell, statement: str
) -> None:
    fake.pay(begin())
    tell()
    ask(1_000)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_page_asks_and_another_approves(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    signed_in: Callable[..., FlaskClient],
    session: Session,
) -> None:
    fake.pay(begin())
    tell()
    page = "/card-payments/donations/1"
    treasurer, approver = signed_in("treasurer"), signed_in("approver")
    assert page in treasurer.get("/donations/1").text
    wrong = send(treasurer, page, f"{page}/refunds", amount="900.000", reason="Nhầm số")
    assert wrong.status_code == 422
    assert "Nhầm số" in wrong.text
    asked = send(treasurer, page, f"{page}/refunds", amount="500.000", reason="Nhầm số")
    assert asked.status_code == 303
    assert send(treasurer, page, f"{page}/refunds/1", act="approve").status_code == 403
    assert send(approver, page, f"{page}/refunds/9", act="approve").status_code == 404
    assert send(approver, page, f"{page}/refunds/1", act="approve").status_code == 303
    refunds.send_approved()
    tell()
    assert valid_receipts(session) == []
    assert "đã hoàn về thẻ" in treasurer.get(page).text
    assert treasurer.get("/card-payments/donations/9").status_code == 404


def test_what_went_back_counts_nowhere_as_given(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    first, _second = fake.pay(begin("k1")), fake.pay(begin("k2"))
    tell()
    fake.refund(first["id"], 200_000)
    tell()
    assert counted(session) == (800_000, 2, [500_000, 300_000], 800_000, 800_000)
    fake.refund(first["id"])
    tell()
    assert counted(session) == (500_000, 1, [500_000], 500_000, 500_000)
    with transaction() as writing:
        donor = writing.scalars(select(Donor)).one()
        paper = annual.issue(writing, donor.id, *SPAN, by=None).receipt
        assert [line[3] for line in annual.facts_of(paper).lines] == [500_000]


def counted(session: Session) -> tuple[int, int, list[int], int, int]:
    """Return what the page, the donor's records and the papers of a year count."""
    session.rollback()
    page = session.scalars(select(CampaignPage.id)).one()
    total = came.progress(session, page)
    named = [one.amount for one in came.recently_named(session, page, most=5)]
    dossier = facts.gather(session, session.scalars(select(Donor)).one())
    listed = listing.given(session, [dossier.donor])[dossier.donor.id]
    assert (listed.amount, listed.count) == (dossier.total, total.donations)
    (one,) = annual.candidates(session, *SPAN)
    assert one.gifts == total.donations
    return total.raised, total.donations, named, dossier.total, one.amount


def test_a_refund_that_failed_makes_room_for_the_next_one(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    intent = fake.pay(begin())
    fake.refund_fails(fake.refund(intent["id"], 400_000)["id"])
    fake.refund(intent["id"])
    tell()
    assert shelved(session) == []
    assert balances(session) == {"113.stripe": -21_000, "615": 21_000}
    assert valid_receipts(session) == []
    sound(session)


def test_a_receipt_that_staff_voided_does_not_come_back(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    intent = fake.pay(begin())
    fake.refund(intent["id"], 200_000)
    tell()
    assert valid_receipts(session) == [300_000]
    number = session.scalars(select(Receipt.number).where(Receipt.voided_at.is_(None))).one()
    session.rollback()
    with transaction() as writing:
        receipts.void(writing, number, "Sai tên", by=None)
    fake.tell("charge.updated", fake.objects[intent["latest_charge"]])
    tell()
    assert valid_receipts(session) == []
    fake.refund(intent["id"], 100_000)
    tell()
    assert valid_receipts(session) == [200_000]


def test_the_receipt_of_what_is_left_reaches_the_donor_in_the_same_language(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    intent = fake.pay(begin(email="other@vidu.vn", locale="en"))
    tell()
    fake.refund(intent["id"], 200_000)
    tell()
    session.rollback()
    letters = session.scalars(select(Letter).order_by(Letter.id)).all()
    assert [letter.locale for letter in letters] == ["en", "en"]
    sent = outbox.opened(letters[-1])
    assert sent
    assert sent.to == "other@vidu.vn"
    assert "300.000" in sent.text


def test_a_donor_is_told_once_that_all_went_back_and_can_be_forgotten(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    signed_in: Callable[..., FlaskClient],
    session: Session,
) -> None:
    intent = fake.pay(begin(email="other@vidu.vn"))
    tell()
    with transaction() as writing:
        donor = writing.scalars(select(Donor)).one()
        donor_id = donor.id
        said = consents.ConsentFacts(
            purpose="written", given=False, said_on=date(2024, 9, 30), way="person", words="Không"
        )
        consents.note(writing, donor, said, by=None)
    fake.refund(intent["id"], 200_000)
    fake.refund(intent["id"])
    tell(times=2)
    session.rollback()
    letter = session.scalars(select(Letter).where(Letter.kind == "return")).one()
    sent = outbox.opened(letter)
    assert sent
    assert sent.to == "other@vidu.vn"
    assert "500.000 đ" in sent.text
    assert "Biên nhận số NT-2024-000001 đã hủy" in sent.text
    treasurer, approver = (staff(session, signed_in, role) for role in ("treasurer", "approver"))
    with transaction() as writing:
        wish = erasing.ask(writing, donor_id, "Theo yêu cầu", by=treasurer).id
    with transaction() as writing:
        erasure.approve(writing, wish, by=approver)
    session.rollback()
    told = session.scalars(select(Letter).where(Letter.kind == "return")).one()
    assert outbox.opened(told) is None


def staff(session: Session, signed_in: Callable[..., FlaskClient], role: str) -> int:
    """Return the id of somebody with a role."""
    signed_in(role)
    session.rollback()
    query = select(StaffUser.id).join(StaffUserRole).where(StaffUserRole.role == role)
    return session.scalars(query).one()
