"""A receipt goes by letter to a donor with an e-mail, once, and with the original attached."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import worker
from fundsvc.config import MailServer, Settings
from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.donors.service import DonorFacts
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import DEAD, WAITING, Letter
from fundsvc.receipts import printing, service
from fundsvc.receipts.verify import faults
from tests.support import gifts
from tests.support.mail import Kept, serving
from tests.support.paper import flat

pytestmark = pytest.mark.usefixtures("app", "clock")

BINH = DonorFacts(name="Nguyễn <Văn> Bình", email="binh@example.com")


@pytest.fixture
def server(app: Flask, settings: Settings) -> Iterator[Kept]:
    """A mail server that the service uses."""
    with serving() as (kept, port):
        found = MailServer("127.0.0.1", port, "smtp", "quy@example.com")
        app.config["FUNDSVC"] = replace(settings, mail=found)
        yield kept


def letters(session: Session) -> list[Letter]:
    session.rollback()
    return list(session.scalars(select(Letter).order_by(Letter.id)))


def test_a_donor_with_an_email_gets_the_receipt(server: Kept, session: Session) -> None:
    number = gifts.give_with_receipt(donor=BINH, in_memory_of="Liệt sĩ Trần Hữu Sơn")
    worker.send_letters(worker._sender())
    (letter,) = server.letters
    assert server.to == ["binh@example.com"]
    receipt = service.by_number(session, number)
    text, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text
    assert page
    plain, drawn = text.get_content(), page.get_content()
    assert number in letter["Subject"]
    for told in (number, "1.200.000 đ", "Quỹ Nghĩa tình Trường Sơn", "10/09/2024", "Trần Hữu Sơn"):
        assert told in plain
        assert told in drawn
    assert f"http://localhost/v/{number}?c={receipt.code}" in plain
    assert "Kính gửi Anh/Chị Nguyễn <Văn> Bình," in plain
    assert "Nguyễn &lt;Văn&gt; Bình" in drawn
    (file,) = letter.iter_attachments()
    data = file.get_content()
    assert file.get_filename() == f"{number}.pdf"
    assert hashlib.sha256(data).hexdigest() == receipt.pdf_sha256, "the original that is kept"


def test_a_receipt_that_was_voided_does_not_go_out_any_more(server: Kept, session: Session) -> None:
    number = gifts.give_with_receipt(donor=BINH)
    with transaction() as writing:
        service.void(writing, number, "Sai tên", by=None)
    worker.send_letters(worker._sender())
    assert not server.letters
    (letter,) = letters(session)
    assert (letter.state, letter.sealed) == (DEAD, None)
    assert letter.told == "Không gửi nữa: biên nhận đã hủy."


def test_a_receipt_that_was_voided_while_it_went_out_carries_its_mark(session: Session) -> None:
    number = gifts.give_with_receipt(donor=BINH)
    printing.freeze_pdf(number)
    with transaction() as writing:
        assert outbox.claim(writing)
    with transaction() as writing:
        service.void(writing, number, "Sai tên", by=None)
    (letter,) = letters(session)
    assert letter.state == WAITING, "the void does not wait for a mail server"
    assert "ĐÃ HỦY" in flat(worker._fetch(worker.ATTACHED["receipt"], number))


def test_the_letter_speaks_the_language_of_the_donor(session: Session) -> None:
    donation = gifts.give(donor=BINH)
    with transaction() as writing:
        receipting.issue_receipt(
            writing, donation.id, by=None, to="abroad@example.com", locale="en"
        )
    (letter,) = letters(session)
    message = outbox.opened(letter)
    assert message
    assert (letter.locale, message.to) == ("en", "abroad@example.com")
    assert "đồng" not in message.text, "the amount in words is Vietnamese"


def test_a_replacement_says_what_it_replaces(session: Session) -> None:
    donation = gifts.give(donor=BINH)
    first = gifts.receipt(donation.id)
    with transaction() as writing:
        service.void(writing, first, "Sai tên", by=None)
    second = gifts.receipt(donation.id)
    messages = [outbox.opened(letter) for letter in letters(session)]
    assert len(messages) == 2
    assert messages[1]
    assert f"thay cho biên nhận số {first}" in messages[1].text
    assert second in messages[1].subject


@pytest.mark.parametrize(
    "donor", [None, replace(BINH, email=""), replace(BINH, email="không nhớ rõ")]
)
def test_no_letter_without_an_address_and_the_receipt_all_the_same(
    donor: DonorFacts | None, session: Session
) -> None:
    number = gifts.give_with_receipt(donor=donor)
    assert service.by_number(session, number).voided_at is None
    assert letters(session) == []


def test_a_letter_with_a_receipt_that_is_not_there_is_a_fault(session: Session) -> None:
    gifts.give_with_receipt(donor=BINH)
    assert list(faults(session)) == []
    with transaction() as writing:
        outbox.put(
            writing,
            key="receipt:NT-2024-000009",
            to="binh@example.com",
            subject="x",
            text="x",
            html="x",
            locale="vi",
            kind="receipt",
        )
    assert [fault.place for fault in faults(session)] == ["letter:receipt:NT-2024-000009"]
