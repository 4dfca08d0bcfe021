"""The letters about refunds: in the language in which the donor gave, page and text alike."""

import re
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.donations.models import Donation
from fundsvc.giving import becoming, pages
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.outbox.service import Message
from fundsvc.receipts import service as receipts
from fundsvc.repayments import service
from fundsvc.repayments.service import Asked
from tests.support.gifts import DONOR, give
from tests.support.giving import DAY, FACTS, PROMISE, SLUG, bank_money
from tests.vouchers.conftest import Desk, desk, money, people

__all__ = ["desk", "money", "people"]

ALL = Asked(amount=500_000, reason="Ủng hộ nhầm quỹ", till="112.TWNT")
VIETNAMESE = re.compile("Khoản|khoản|Biên nhận|biên nhận|Kính gửi|Số tiền|Quỹ|Thư này")
"""Words of our letters that no letter in English may have."""


@dataclass(frozen=True)
class Sent:
    """A letter as it will be sent, with its language."""

    locale: str
    message: Message


def given_on_page(locale: str, name: str = "Lan Nguyen") -> int:
    """Let somebody give 500.000 đ on a page in a language; return the donation."""
    with transaction() as session:
        facts = replace(FACTS, bank_account_id=1, bank_bin="970405")
        page = pages.make(session, facts, by=None)
        pages.publish(session, SLUG, by=None)
        promise = replace(
            PROMISE, name=name, may_be_named=False, email="lan@vidu.vn", locale=locale
        )
        made = giving.pledge(session, page, promise, "k1")
        bank_money(session, 500_000)
        done = becoming.becomes(
            session, made, origin="bank-line:1", amount=500_000, received_on=DAY
        )
    return done.donation_id


def paid_back(desk: Desk, donation: int, amount: int) -> None:
    """Let money of a donation go back by a voucher."""
    asked = replace(ALL, amount=amount)
    with transaction() as session:
        voucher = service.ask(session, donation, asked, key="k" * 20, by=desk.people.maker)
    desk.act("submit", voucher)
    desk.act("approve", voucher, post=True)


def last_letter(session: Session, kind: str) -> Sent:
    session.rollback()
    query = select(Letter).where(Letter.kind == kind).order_by(Letter.id.desc())
    letter = session.scalars(query).first()
    assert letter
    message = outbox.opened(letter)
    assert message
    return Sent(letter.locale, message)


def test_who_gave_in_english_is_told_in_english_that_all_went_back(
    session: Session, desk: Desk
) -> None:
    donation = given_on_page("en")
    paid_back(desk, donation, 500_000)
    sent = last_letter(session, "return")
    assert (sent.locale, sent.message.to) == ("en", "lan@vidu.vn")
    assert sent.message.subject == "Your donation has been refunded"
    for told in (sent.message.text, sent.message.html):
        assert "Dear Lan Nguyen," in told
        assert "The whole of your donation of 30/09/2024 has been refunded." in told
        assert "Receipt NT-2024-000001 is void and no longer valid." in told
        assert "500.000 đ" in told
        assert "This letter was sent automatically" in told
        assert not VIETNAMESE.search(told)
    assert '<html lang="en">' in sent.message.html


def test_who_gave_in_english_gets_the_receipt_of_what_is_left_in_english(
    session: Session, desk: Desk
) -> None:
    donation = given_on_page("en")
    paid_back(desk, donation, 200_000)
    sent = last_letter(session, "receipt")
    assert sent.locale == "en"
    assert sent.message.subject.startswith("Receipt NT-2024-000002")
    for told in (sent.message.text, sent.message.html):
        assert "300.000 đ" in told
        assert "NT-2024-000001" in told
        assert not VIETNAMESE.search(told)


@pytest.mark.parametrize(("amount", "kind"), [(500_000, "return"), (200_000, "receipt")])
def test_who_gave_in_vietnamese_is_told_in_vietnamese(
    session: Session, desk: Desk, amount: int, kind: str
) -> None:
    donation = given_on_page("vi")
    paid_back(desk, donation, amount)
    sent = last_letter(session, kind)
    subjects = {
        "return": "Khoản ủng hộ của Anh/Chị đã được hoàn lại",
        "receipt": "Biên nhận NT-2024-000002: cảm ơn tấm lòng ủng hộ",
    }
    assert (sent.locale, sent.message.subject) == ("vi", subjects[kind])
    for told in (sent.message.text, sent.message.html):
        assert "Kính gửi Anh/Chị Lan Nguyen," in told
        assert "NT-2024-000001" in told


@pytest.mark.parametrize(("amount", "kind"), [(500_000, "return"), (200_000, "receipt")])
def test_who_gave_without_a_name_is_told_where_the_receipt_went(
    session: Session, desk: Desk, amount: int, kind: str
) -> None:
    donation = given_on_page("en", name="")
    assert session.get_one(Donation, donation).donor_id is None
    paid_back(desk, donation, amount)
    sent = last_letter(session, kind)
    assert (sent.locale, sent.message.to) == ("en", "lan@vidu.vn")
    assert "NT-2024-000001" in sent.message.text


def test_who_was_forgotten_is_not_written_to(session: Session, desk: Desk) -> None:
    donation = given_on_page("en", name="")
    with transaction() as writing:
        letter = writing.scalars(select(Letter)).one()
        letter.state, letter.sent_at, letter.sealed = "sent", clock.now(), None
    paid_back(desk, donation, 500_000)
    session.rollback()
    assert session.scalars(select(Letter.kind)).all() == ["receipt"]


def test_a_donation_nobody_was_written_about_is_told_of_in_vietnamese(
    session: Session, desk: Desk
) -> None:
    number = give(donor=replace(DONOR, email="huong@vidu.vn"), method="bank", amount=500_000).id
    paid_back(desk, number, 500_000)
    sent = last_letter(session, "return")
    assert sent.locale == "vi"
    assert "Toàn bộ khoản ủng hộ ngày 10/09/2024 đã được hoàn lại." in sent.message.text


def test_a_receipt_issued_anew_by_staff_keeps_the_language(session: Session, desk: Desk) -> None:
    donation = given_on_page("en")
    with transaction() as writing:
        receipts.void(writing, "NT-2024-000001", "In lại", by=desk.people.maker)
        receipting.issue_receipt(writing, donation, by=desk.people.maker)
    assert last_letter(session, "receipt").locale == "en"
    assert session.scalars(select(Pledge.locale)).one() == "en"
