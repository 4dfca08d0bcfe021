"""What stands against taking a message, a bank line or a settlement's entry back, by any way."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.books.models import Entry
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.settlements import counting, details, remedies, service
from fundsvc.settlements.models import Claim, Settlement, SettlementEntry, SettlementPayment
from fundsvc.sms import donors
from fundsvc.sms.models import SmsMessage
from fundsvc.statements import entry
from tests.settlements.conftest import People, as_csv, bank_line, owed
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def with_list(settlement: int, people: People) -> int:
    """The settlement with the operator's own list, in which MO4 of Quảng Trị is missing."""
    rows = [{"request_id": name, "amount": "", "status": ""} for name in ("MO1", "MO2", "MO3")]
    data = as_csv(*rows, names=("request_id", "amount", "status"))
    with transaction() as session:
        details.take_list(session, settlement, data, name="ds.csv", by=people.treasurer)
    return settlement


def entry_of(request_id: str) -> int:
    session = read_session()
    session.rollback()
    query = select(Entry.id).filter_by(source="sms:mobifone", external_id=request_id)
    return session.scalars(query).one()


def by_entry(request_id: str) -> None:
    number = entry_of(request_id)
    with transaction() as session:
        entry.reverse_entry(session, number, on=None, reason="Gửi hai lần", by=None)


def by_settlement(settlement: int, request_id: str, by: int) -> None:
    with transaction() as session:
        remedies.reverse_message(session, settlement, request_id, reason="Gửi hai lần", by=by)


def ask(settlement: int, by: int, about: str = "missing-there", amount: int | None = None) -> int:
    with transaction() as session:
        return remedies.ask_loss(
            session, settlement, about=about, amount=amount, reason="Số lẻ", by=by
        )


def claim(settlement: int, by: int, about: str = "missing-there", amount: int | None = None) -> int:
    with transaction() as session:
        return remedies.make_claim(
            session, settlement, about=about, amount=amount, number="15/CV", by=by
        )


def close(claim_id: int, by: int) -> None:
    with transaction() as session:
        remedies.close_claim(session, claim_id, state="refused", outcome="", on=None, by=by)


def pay(settlement: int, by: int) -> None:
    line = bank_line()
    with transaction() as session:
        service.accept(session, settlement, by=by)
        service.confirm_money(session, settlement, line, by=by)


def left(settlement: int) -> dict[int | None, int]:
    session = read_session()
    session.rollback()
    row = session.get_one(Settlement, settlement)
    parts = select(SettlementEntry.province_id, func.sum(SettlementEntry.amount)).where(
        ~select(Entry.id).where(Entry.reverses_id == SettlementEntry.entry_id).exists()
    )
    booked = {at: int(sum_) for at, sum_ in session.execute(parts.group_by("province_id"))}
    counted = counting.by_province(session, counting.asked_of(row))
    return {at: counted.get(at, 0) - booked.get(at, 0) for at in counted.keys() | booked.keys()}


def test_a_message_in_a_loss_or_a_claim_is_taken_back_by_no_way(
    with_list: int, people: People
) -> None:
    loss = ask(with_list, people.treasurer)
    with pytest.raises(Refusal, match="đề nghị xóa nợ"):
        by_entry("MO4")
    with transaction() as session:
        remedies.decide_loss(session, loss, approve=False, by=people.approver)
    made = claim(with_list, people.treasurer)
    with pytest.raises(Refusal, match="công văn số 15/CV ngày 20/10/2026"):
        by_entry("MO4")
    with pytest.raises(Refusal, match="công văn số 15/CV"):
        by_settlement(with_list, "MO4", people.treasurer)
    close(made, people.treasurer)
    by_entry("MO4")
    assert owed() == 300_000


def test_a_claim_of_the_sums_holds_the_messages_that_may_be_meant(
    settlement: int, people: People
) -> None:
    made = claim(settlement, people.treasurer, "difference", 60_000)
    with pytest.raises(Refusal, match=r"Theo số tổng, 60\.000 đ"):
        by_entry("MO4")
    close(made, people.treasurer)
    by_entry("MO4")


def test_a_message_with_a_receipt_is_taken_back_by_no_way(settlement: int, people: People) -> None:
    with transaction() as session:
        hashed = session.scalars(select(SmsMessage.phone_hash).limit(1)).one()
        assert hashed is not None
        number = donors.issue_receipt(session, hashed, [("mobifone", "MO4")]).number
    why = f"{number}; hủy biên nhận trước"
    with pytest.raises(Refusal, match=why):
        by_entry("MO4")
    with pytest.raises(Refusal, match=why):
        by_settlement(settlement, "MO4", people.treasurer)


def test_the_entries_of_a_settlement_and_its_bank_line_are_taken_back_by_their_act(
    settlement: int, people: People
) -> None:
    pay(settlement, people.treasurer)
    session = read_session()
    session.rollback()
    own = session.scalars(select(SettlementEntry.entry_id)).all()
    line = session.scalars(select(Entry.id).where(Entry.source.startswith("bank"))).one()
    for number, why in ((own[0], "trang quyết toán"), (line, "tiền về")):
        with pytest.raises(Refusal, match=why), transaction() as writing:
            entry.reverse_entry(writing, number, on=None, reason="Nhầm", by=None)
    assert owed() == 60_000


def test_the_page_of_an_entry_says_what_stands_against_it(
    signed_in: SignIn, with_list: int, people: People
) -> None:
    claim(with_list, people.treasurer)
    here = f"/entries/{entry_of('MO4')}"
    refused = send(signed_in("treasurer"), here, f"{here}/reverse", reason="Nhầm")
    assert refused.status_code == 422
    assert "15/CV" in refused.text
    assert "Nhầm" in refused.text, "what was typed stays"


def test_shares_are_mended_when_a_settled_province_loses_a_message(
    session: Session, settlement: int, people: People
) -> None:
    pay(settlement, people.treasurer)
    assert sorted(left(settlement).values()) != [0, 0, 0]
    with pytest.raises(Refusal, match="chia lại theo tỉnh"):
        by_entry("MO4")
    by_settlement(settlement, "MO4", people.treasurer)
    assert set(left(settlement).values()) == {0}, "no province is below zero, none is left open"
    assert owed() == 0
    session.rollback()
    assert list(verify.faults(session)) == []
    paid = session.scalars(select(SettlementPayment)).one()
    assert paid.act == 3, "the same line of the bank, booked by the new shares"
    session.rollback()
    with transaction() as writing:
        service.undo(writing, settlement, 3, reason="Nhầm dòng", by=people.treasurer)
    assert owed() == 299_100


def test_what_is_claimed_is_not_given_up(session: Session, with_list: int, people: People) -> None:
    made = claim(with_list, people.treasurer)
    with pytest.raises(Conflict, match="15/CV"):
        ask(with_list, people.treasurer)
    with pytest.raises(Conflict, match="15/CV"):
        ask(with_list, people.treasurer, "difference", 60_000)
    close(made, people.treasurer)
    loss = ask(with_list, people.treasurer)
    by_sums = claim(with_list, people.treasurer, "difference", 60_000)
    with pytest.raises(Conflict, match="15/CV"), transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.approver)
    close(by_sums, people.treasurer)
    with transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.approver)
    session.rollback()
    assert not session.scalars(select(Claim).filter_by(state="open")).all()
