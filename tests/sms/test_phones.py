"""Numbers behind messages: masked, opened one by one on the record, proved by who calls."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.audit.models import Act
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.secrecy import phone_hash
from fundsvc.sms import phones
from fundsvc.sms.models import PhoneCode
from tests.sms.conftest import MOMENT, Import
from tests.support import messages
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]
PHONE = "0912 345 678"


@pytest.fixture
def known(bring: Import) -> None:
    """Books with two messages of one number and one of another."""
    rows = messages.several(
        messages.one(), messages.one(), messages.one(msisdn="84987654321", message="XX")
    )
    bring(list(rows))


def give(phone: str = PHONE) -> str:
    with transaction() as session:
        return phones.give_code(session, phone, by=None).code


def prove(secret: str, phone: str = PHONE) -> str | None:
    with transaction() as session:
        return phones.prove(session, phone, secret)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.mark.parametrize("phone", [PHONE, "0912345678", "+84 912.345.678", "84912345678"])
def test_the_reference_of_any_message_proves_a_number(known: None, phone: str) -> None:
    hashed = phone_hash("84912345678")
    assert prove(" VI2 ", phone) == hashed
    assert prove("VI3", phone) is None
    assert prove("", phone) is None


def test_a_reference_may_be_typed_in_letters_of_either_case(known: None) -> None:
    assert prove("vi2") == phone_hash("84912345678")
    assert prove("vi3") is None


def test_a_code_tells_what_is_in_the_books_and_what_is_not(
    known: None, bring: Import, signed_in: SignIn
) -> None:
    bring([messages.one(request_id="VI8", message="XX"), messages.one(request_id="VI9")])
    page = send(signed_in("treasurer"), "/sms/codes", phone=PHONE).text
    assert "Sổ đã ghi 3 tin nhắn từ số này." in page
    assert "1 tin khác không ghi sổ" in page
    with pytest.raises(Refusal, match="Có 1 tin nhắn từ số này nhưng chưa tin nào"):
        give("0987654321")


def test_a_code_is_good_once(known: None, session: Session) -> None:
    code = give()
    assert code.isdigit()
    assert len(code) == 6
    assert prove(wrong(code)) is None
    assert prove(f"{code[:3]} {code[3:]}") == phone_hash("84912345678")
    assert prove(code) is None
    kept = session.scalars(select(PhoneCode)).one()
    assert code not in repr(vars(kept))
    assert "912345678" not in repr(vars(kept))


def test_a_code_is_for_its_own_number(known: None) -> None:
    assert prove(give(), "0900000000") is None


def test_a_code_ends_after_a_day_a_few_tries_or_another_code(known: None) -> None:
    code = give()
    with service_clock.fixed(MOMENT + timedelta(hours=24, seconds=1)):
        assert prove(code) is None
    for _try in range(phones.MOST_TRIES):
        assert prove(wrong(code)) is None
    assert prove(code) is None
    first = give()
    second = give()
    assert first == second or prove(first) is None
    assert prove(second)


def test_only_numbers_that_gave_get_a_code(known: None) -> None:
    for phone in ("0900000000", "", "abc", "1", "9" * 40, "\ud800"):
        with pytest.raises(Refusal):
            give(phone)


def test_what_was_given_and_opened_is_on_record(
    known: None, signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    address = "/sms/message?operator=viettel&id=VI1"
    page = client.get(address).text
    assert "0912***678" in page
    assert "345" not in page
    opened = send(client, address, "/sms/message", operator="viettel", id="VI1")
    assert "0912 345 678" in opened.text
    shown = send(client, address, "/sms/codes", phone=PHONE).text
    assert "/receipts" in shown
    acts = session.scalars(select(Act).where(Act.kind.startswith("sms.")).order_by(Act.id)).all()
    told = {act.kind: (act.subject, act.actor_id is not None) for act in acts}
    assert told["sms.phone"] == ("sms:viettel:VI1", True)
    assert told["sms.code"][1]
    assert "912345678" not in repr([vars(act) for act in acts])


def test_a_number_is_opened_by_treasurers_only(known: None, signed_in: SignIn) -> None:
    for role, sees, opens in (
        ("auditor", 200, 403),
        ("approver", 200, 403),
        ("unit-treasurer", 403, 403),
    ):
        client = signed_in(role)
        address = "/sms/message?operator=viettel&id=VI1"
        assert client.get(address).status_code == sees
        assert client.get("/sms/codes").status_code == 403
        if sees == 200:
            assert (
                send(client, "/", "/sms/message", operator="viettel", id="VI1").status_code == opens
            )
            assert "Mở số đầy đủ" not in client.get(address).text


def test_what_is_no_message_or_number_is_refused(known: None, signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    assert client.get("/sms/message?operator=viettel&id=VI9").status_code == 404
    assert client.get("/sms/message").status_code == 404
    assert send(client, "/sms/codes", operator="x", id="y", to="/sms/message").status_code == 404
    refused = send(client, "/sms/codes", phone="0900000000")
    assert refused.status_code == 422
    assert "0900000000" in refused.text


def test_an_entry_of_a_message_leads_to_it(
    known: None, signed_in: SignIn, session: Session
) -> None:
    page = signed_in("treasurer").get("/sms").text
    assert "/sms/message?operator=viettel&amp;id=VI3" in page
