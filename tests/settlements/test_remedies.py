"""Differences made good: given up by two people, claimed by letter, a message taken back."""

import threading
import time
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.settlements import counting, details, document, listing, remedies, service
from fundsvc.settlements.models import Claim, Settlement, SettlementEntry, SettlementLoss
from fundsvc.sms.models import SmsMessage
from tests.settlements.conftest import (
    People,
    as_csv,
    balance,
    bank_line,
    last_id,
    owed,
    reported,
    take,
)
from tests.support.paper import assert_nothing_overlaps, flat

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def with_list(settlement: int, people: People) -> int:
    """The settlement with the operator's own list, in which MO4 of Quảng Trị is missing."""
    rows = [{"request_id": name, "amount": "", "status": ""} for name in ("MO1", "MO2", "MO3")]
    data = as_csv(*rows, names=("request_id", "amount", "status"))
    with transaction() as session:
        details.take_list(session, settlement, data, name="ds.csv", by=people.treasurer)
    return settlement


def ask(settlement: int, by: int, about: str = "missing-there", amount: int | None = None) -> int:
    with transaction() as session:
        return remedies.ask_loss(
            session, settlement, about=about, amount=amount, reason="Số lẻ, không đòi", by=by
        )


def test_a_loss_is_booked_when_another_person_approves(
    session: Session, with_list: int, people: People
) -> None:
    loss = ask(with_list, people.treasurer)
    assert owed() == 360_000
    with pytest.raises(Forbidden), transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.treasurer)
    with transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.approver)
    assert (owed(), balance("811")) == (300_000, 60_000)
    session.rollback()
    kept = session.get_one(SettlementLoss, loss)
    assert (kept.amount, kept.messages, kept.state) == (60_000, 1, "approved")
    assert [line["request_id"] for line in kept.items["lines"]] == ["MO4"]
    parts = session.scalars(select(SettlementEntry).filter_by(kind="loss")).all()
    assert len(parts) == 1, "all of it came from Quảng Trị"
    assert parts[0].province_id is not None
    assert list(verify.faults(session)) == []
    with pytest.raises(Conflict), transaction() as writing:
        remedies.decide_loss(writing, loss, approve=False, by=people.approver2)
    with pytest.raises(Conflict):
        ask(with_list, people.treasurer)


def test_a_settlement_is_done_when_nothing_is_owed(
    session: Session, with_list: int, people: People
) -> None:
    line = bank_line()
    with transaction() as writing:
        service.accept(writing, with_list, by=people.treasurer)
        service.confirm_money(writing, with_list, line, by=people.treasurer)
    loss = ask(with_list, people.treasurer, "difference", 60_000)
    with transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.approver)
    session.rollback()
    facts = listing.one(session, with_list)[1]
    assert (facts.remaining, facts.state, owed()) == (0, listing.DONE, 0)
    with transaction() as writing:
        service.undo(writing, with_list, 3, reason="Nhà mạng trả rồi", by=people.treasurer)
    assert owed() == 60_000
    session.rollback()
    assert session.get_one(SettlementLoss, loss).state == "reversed"
    assert list(verify.faults(session)) == []


def test_a_refused_loss_books_nothing(session: Session, with_list: int, people: People) -> None:
    loss = ask(with_list, people.treasurer)
    with transaction() as writing:
        remedies.decide_loss(writing, loss, approve=False, by=people.approver)
    assert owed() == 360_000
    again = ask(with_list, people.treasurer)
    with transaction() as writing:
        remedies.decide_loss(writing, again, approve=False, by=people.treasurer)
    session.rollback()
    assert session.get_one(SettlementLoss, again).state == "refused"


def test_no_more_is_given_up_than_is_owed(with_list: int, people: People) -> None:
    with pytest.raises(Refusal, match="chỉ còn nợ"):
        ask(with_list, people.treasurer, "difference", 360_001)
    ask(with_list, people.treasurer, "difference", 360_000)
    with pytest.raises(Refusal, match="chỉ còn nợ"):
        ask(with_list, people.treasurer, "difference", 1)
    with pytest.raises(Refusal):
        ask(with_list, people.treasurer, "late")
    with pytest.raises(Refusal):
        ask(with_list, people.treasurer, "difference")
    with pytest.raises(NotFound):
        ask(with_list + 1, people.treasurer)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_claim_is_a_letter_with_its_list(
    session: Session, with_list: int, people: People
) -> None:
    with transaction() as writing:
        claim = remedies.make_claim(
            writing, with_list, about="missing-there", amount=None, number="15/CV-TWH",
            by=people.treasurer,
        )  # fmt: skip
    with pytest.raises(Conflict), transaction() as writing:
        remedies.make_claim(
            writing, with_list, about="missing-there", amount=None, number="",
            by=people.treasurer,
        )  # fmt: skip
    name, data = document.letter_of(claim)
    assert name.startswith("cong-van-mobifone-20261020")
    text = flat(data)
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: 15/CV-TWH",
        "Kính gửi: Nhà mạng MobiFone",
        "60.000 đồng",
        "Sáu mươi nghìn đồng",
        "MO4",
        "0912***678",
        "Nơi nhận",
    ):
        assert said in text, said
    assert "84912345678" not in text
    assert_nothing_overlaps(data)
    with transaction() as writing:
        closing = {"state": "met", "outcome": "Trả kỳ sau", "on": None, "by": people.treasurer}
        assert remedies.close_claim(writing, claim, **closing) == with_list  # type: ignore[arg-type]  # one of each
    session.rollback()
    kept = session.get_one(Claim, claim)
    assert (kept.state, kept.closed_on) == ("met", date(2026, 10, 20))
    with pytest.raises(Conflict), transaction() as writing:
        remedies.close_claim(writing, claim, **closing)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotFound):
        document.letter_of(claim + 1)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_claim_of_the_sums_asks_for_the_list(settlement: int, people: People) -> None:
    with transaction() as session:
        claim = remedies.make_claim(
            session, settlement, about="difference", amount=60_000, number="",
            by=people.treasurer,
        )  # fmt: skip
    text = flat(document.letter_of(claim)[1])
    assert "gửi danh sách tin nhắn chi tiết" in text
    assert "1 tin nhắn" in text


def test_a_message_counted_by_mistake_is_taken_back(
    session: Session, settlement: int, people: People
) -> None:
    with transaction() as writing:
        remedies.reverse_message(
            writing, settlement, "MO4", reason="Nhà mạng gửi hai lần", by=people.treasurer
        )
    assert (owed(), balance("7111")) == (300_000, -300_000)
    facts = listing.one(session, settlement)[1]
    assert (facts.difference.messages, facts.difference.gross) == (0, 0)
    assert listing.every(session, counting.by_day(session))[0].counted == facts.counted
    with pytest.raises(NotFound), transaction() as writing:
        remedies.reverse_message(writing, settlement, "MO9", reason="x", by=people.treasurer)
    assert list(verify.faults(session)) == []


def test_every_province_is_closed_in_the_end(
    session: Session, with_list: int, people: People
) -> None:
    line = bank_line()
    with transaction() as writing:
        service.accept(writing, with_list, by=people.treasurer)
        service.confirm_money(writing, with_list, line, by=people.treasurer)
    loss = ask(with_list, people.treasurer)
    with transaction() as writing:
        remedies.decide_loss(writing, loss, approve=True, by=people.approver)
    session.rollback()
    row = session.get_one(Settlement, with_list)
    parts = select(SettlementEntry.province_id, func.sum(SettlementEntry.amount))
    settled = {at: int(sum_) for at, sum_ in session.execute(parts.group_by("province_id"))}
    assert settled == counting.by_province(session, counting.asked_of(row))


def test_a_small_loss_does_not_hide_the_difference(
    session: Session, with_list: int, people: People
) -> None:
    for amount, state in ((1, listing.DIFFERS), (59_999, listing.TO_ACCEPT)):
        loss = ask(with_list, people.treasurer, "difference", amount)
        with transaction() as writing:
            remedies.decide_loss(writing, loss, approve=True, by=people.approver)
        session.rollback()
        assert listing.one(session, with_list)[1].state == state


def take_back(settlement: int, request_id: str, by: int) -> None:
    with transaction() as session:
        remedies.reverse_message(session, settlement, request_id, reason="Gửi hai lần", by=by)


def claim(settlement: int, by: int, about: str, amount: int | None = None) -> None:
    with transaction() as session:
        remedies.make_claim(session, settlement, about=about, amount=amount, number="", by=by)


def test_a_message_to_be_given_up_is_not_taken_back(with_list: int, people: People) -> None:
    loss = ask(with_list, people.treasurer)
    with pytest.raises(Refusal, match="đề nghị xóa nợ"):
        take_back(with_list, "MO4", people.treasurer)
    with transaction() as session:
        remedies.decide_loss(session, loss, approve=True, by=people.approver)
    with pytest.raises(Refusal, match="đề nghị xóa nợ"):
        take_back(with_list, "MO4", people.treasurer)
    take_back(with_list, "MO3", people.treasurer)
    assert owed() == 200_000


def test_a_message_that_was_paid_is_not_taken_back(with_list: int, people: People) -> None:
    line = bank_line()
    with transaction() as session:
        service.accept(session, with_list, by=people.treasurer)
        service.confirm_money(session, with_list, line, by=people.treasurer)
    with pytest.raises(Refusal, match="phải thu"):
        take_back(with_list, "MO1", people.treasurer)
    take_back(with_list, "MO4", people.treasurer)
    assert owed() == 0


def test_no_more_is_approved_than_is_owed_by_then(with_list: int, people: People) -> None:
    line = bank_line()
    loss = ask(with_list, people.treasurer, "difference", 60_901)
    with transaction() as session:
        service.confirm_money(session, with_list, line, by=people.treasurer)
    with pytest.raises(Conflict, match="không còn nợ đủ"), transaction() as session:
        remedies.decide_loss(session, loss, approve=True, by=people.approver)
    assert (owed(), balance("811")) == (60_900, 0)


def test_what_was_given_up_is_not_claimed(with_list: int, people: People) -> None:
    loss = ask(with_list, people.treasurer)
    with pytest.raises(Conflict):
        claim(with_list, people.treasurer, "missing-there")
    with transaction() as session:
        remedies.decide_loss(session, loss, approve=True, by=people.approver)
    with pytest.raises(Refusal, match="chỉ còn nợ"):
        claim(with_list, people.treasurer, "difference", 300_001)
    claim(with_list, people.treasurer, "difference", 300_000)


def test_only_messages_of_the_days_are_taken_back(
    session: Session, given: None, people: People
) -> None:
    take(reported(period_to="2026-07-31"), reported(period_from="2026-08-01"))
    day = session.scalars(select(SmsMessage.received_on).filter_by(request_id="MO1")).one()
    july, august = last_id() - 1, last_id()
    other, own = (august, july) if day.month == 7 else (july, august)
    with pytest.raises(NotFound):
        take_back(other, "MO1", people.treasurer)
    take_back(own, "MO1", people.treasurer)
    assert owed() == 260_000


def test_a_message_is_not_taken_back_while_a_receipt_is_made(
    app: Flask, settlement: int, people: People
) -> None:
    ended: list[str] = []

    def give() -> None:
        with app.app_context(), transaction() as session:
            session.execute(
                select(SmsMessage.request_id).filter_by(request_id="MO4").with_for_update()
            )
            locked.set()
            ended.append("receipt")
            time.sleep(0.3)
            ended.append("receipt kept")

    def reverse() -> None:
        locked.wait(5)
        with app.app_context():
            take_back(settlement, "MO4", people.treasurer)
            ended.append("taken back")

    locked = threading.Event()
    threads = [threading.Thread(target=act) for act in (give, reverse)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == ["receipt", "receipt kept", "taken back"]
