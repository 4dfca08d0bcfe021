"""The outbox: a letter is put once, claimed by one, tried again, and ends once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.outbox import addresses, service
from fundsvc.outbox.models import DEAD, SENT, WAITING, Letter
from fundsvc.outbox.service import LEASE, PAUSES, Attachment, Claim

pytestmark = pytest.mark.usefixtures("app", "clock")


def put(key: str = "receipt:NT-2024-000001", to: str = "binh@example.com") -> int:
    with transaction() as session:
        letter = service.put(
            session,
            key=key,
            to=to,
            subject="Biên nhận NT-2024-000001",
            text="Cảm ơn ông Bình.",
            html="<p>Cảm ơn ông Bình.</p>",
            locale="vi",
            attachments=[Attachment("receipt", "NT-2024-000001", "NT-2024-000001.pdf")],
        )
        return letter.id


def claim(later: timedelta = timedelta()) -> Claim | None:
    with clock.fixed(clock.now() + later), transaction() as session:
        return service.claim(session)


def state(session: Session, letter_id: int) -> Letter:
    session.rollback()
    return session.get_one(Letter, letter_id)


def test_the_same_key_is_the_same_letter() -> None:
    assert put() == put(to="other@example.com")
    assert put("receipt:NT-2024-000002") != put()


def test_a_letter_is_claimed_as_it_was_put_and_by_one_only() -> None:
    put()
    found = claim()
    assert found
    assert found.message.to == "binh@example.com"
    assert found.message.text == "Cảm ơn ông Bình."
    assert found.attachments == (Attachment("receipt", "NT-2024-000001", "NT-2024-000001.pdf"),)
    assert claim() is None
    again = claim(LEASE + timedelta(seconds=1))
    assert again
    assert again.tries == 2


def test_nobody_reads_in_the_database_whom_a_letter_goes_to(session: Session) -> None:
    put()
    row = session.execute(text("SELECT * FROM letter")).one()
    assert b"binh" not in b"".join(bytes(str(value), "utf-8") for value in row)
    assert b"binh" not in bytes(row.sealed)


def test_a_letter_is_sent_once(session: Session) -> None:
    letter_id = put()
    found = claim()
    assert found
    with transaction() as writing:
        service.sent(writing, found)
    assert state(session, letter_id).state == SENT
    assert put() == letter_id
    assert claim(timedelta(days=9)) is None
    with transaction() as writing, pytest.raises(Conflict):
        service.again(writing, letter_id)


def test_a_letter_waits_longer_after_each_try_and_is_given_up_at_last(session: Session) -> None:
    letter_id, moment = put(), clock.now()
    for pause in PAUSES:
        with clock.fixed(moment), transaction() as writing:
            found = service.claim(writing)
            assert found
            assert not service.failed(writing, found, "451 bận")
        assert state(session, letter_id).next_at == moment + pause
        with clock.fixed(moment + pause - timedelta(seconds=1)), transaction() as writing:
            assert service.claim(writing) is None
        moment += pause
    with clock.fixed(moment), transaction() as writing:
        found = service.claim(writing)
        assert found
        assert service.failed(writing, found, "451 bận")
    assert state(session, letter_id).state == DEAD
    assert service.dead(session) == 1
    with transaction() as writing:
        service.again(writing, letter_id)
    letter = state(session, letter_id)
    assert (letter.state, letter.tries, letter.told) == (WAITING, 0, "451 bận")
    assert claim()


def test_a_claim_that_came_too_late_ends_nothing(session: Session) -> None:
    letter_id = put()
    first, second = claim(), claim(LEASE + timedelta(seconds=1))
    assert first
    assert second
    with transaction() as writing:
        service.failed(writing, first, "quá hạn", for_good=True)
    assert state(session, letter_id).state == WAITING


def test_a_forgotten_letter_tells_nothing_and_is_not_sent(session: Session) -> None:
    letter_id = put()
    with transaction() as writing:
        service.forget(writing, "receipt:NT-2024-000001")
    letter = state(session, letter_id)
    assert (letter.state, letter.sealed, service.opened(letter)) == (DEAD, None, None)
    assert service.dead(session) == 0, "nobody needs to do anything about it"
    with transaction() as writing, pytest.raises(Conflict):
        service.again(writing, letter_id)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "binh",
        "binh@",
        "@example.com",
        "binh@example",
        "a b@example.com",
        "binh@example.com\r\nBcc: all@example.com",
        "binh@example.com,lan@example.com",
        "<binh@example.com>",
        ".binh@example.com",
        "binh@-example.com",
        "bình@example.com",
        "binh@exam\x00ple.com",
        "binh@" + "a" * 250 + ".com",
        "b" * 65 + "@example.com",
        "=?utf-8?q?victim=40example.com=2C?=@example.org",
    ],
)
def test_what_is_no_address_is_refused_by_its_field(raw: str) -> None:
    with pytest.raises(Refusal) as error:
        addresses.parse(raw)
    assert error.value.reasons[0].field == "email"


def test_addresses_are_kept_as_typed_but_for_the_domain() -> None:
    assert addresses.parse(" Binh.Nguyen+quy@Example.COM ") == "Binh.Nguyen+quy@example.com"
    assert addresses.masked("binh@example.com") == "b***@example.com"


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM letter", "append_only"),
        ("UPDATE letter SET key = 'x'", "letter_keeps"),
        ("UPDATE letter SET sealed = :other", "letter_keeps"),
        ("UPDATE letter SET state = 'dead'", "ck_letter_told"),
        ("UPDATE letter SET state = 'sent'", "ck_letter_sent"),
        ("UPDATE letter SET sealed = NULL", "ck_letter_sealed"),
    ],
)
def test_the_database_keeps_letters(statement: str, guard: str) -> None:
    put()
    facts = {"other": b"x"} if ":other" in statement else {}
    with pytest.raises(DBAPIError) as error, transaction() as session:
        session.execute(text(statement), facts)
    name = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{error.value.orig} {name}"


def test_the_database_keeps_what_was_sent(session: Session) -> None:
    put()
    found = claim()
    assert found
    with transaction() as writing:
        service.sent(writing, found)
    with pytest.raises(DBAPIError) as error, transaction() as writing:
        writing.execute(update(Letter).values(state=WAITING, sent_at=None))
    name = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert "letter_sent" in f"{error.value.orig} {name}"
    assert session.scalar(select(Letter.state)) == SENT
