"""What was recorded by hand before the bank's line came: counted once, and offered until then."""

from contextlib import suppress
from datetime import date
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.reconciliation.models import BankLine
from fundsvc.workbench import booking, choices
from fundsvc.workbench.booking import Place
from fundsvc.workbench.decisions import decide, would_undo
from fundsvc.workbench.proposals import propose
from ledger import recipes
from ledger.entries import Posting
from tests.workbench.deciding import book, money_in, say, stands, take, waiting

pytestmark = pytest.mark.usefixtures("app", "clock")


def by_hand(key: str) -> int:
    """Record 200.000 đ on the bank account by hand, and return the entry's number."""
    with transaction() as session:
        lines = (
            Posting("112.VCB1", "nghia-tinh", "TW", debit=200_000),
            Posting("7118", "nghia-tinh", "TW", credit=200_000),
        )
        entry = recipes.voucher_entry(
            "test", lines, on=date(2024, 9, 2), unit="TW", description="NGUYEN VAN A UNG HO"
        )
        return books.post(session, entry, source="test", external_id=key).id


def test_what_was_recorded_by_hand_is_offered_again_after_undoing(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    hand = by_hand("1")
    wanted = choices.Booked(hand)
    done = say(line, wanted)
    take(done.id)
    assert wanted in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    say(line, wanted, key="k2")
    assert stands(session, "112.VCB1") == 200_000


def test_what_was_booked_by_hand_counts_once_at_the_bank(session: Session) -> None:
    (line,) = book("VCB1", money_in("70.000", "LAI TIEN GUI"))
    with transaction() as writing:
        entry = recipes.interest(
            paid_into="112.VCB1",
            on=session.get_one(BankLine, line).booked_on,
            unit="TW",
            fund="nghia-tinh",
            amount=70_000,
            description="Lãi tháng 8",
        )
        hand = books.post(writing, entry, source="test", external_id="1").id
    assert stands(session, "112.VCB1") == 140_000, "counted twice until it is decided"
    done = say(line, choices.Booked(hand))
    assert stands(session, "112.VCB1") == 70_000
    assert stands(session, "3381") == 0
    assert "phần ghi trùng 70.000 đ" in would_undo(session, done.id)
    with pytest.raises(Refusal, match="bàn đối soát"), transaction() as writing:
        take_back(writing, hand, subject="x:1", on=None, reason="x", by=None)
    take(done.id)
    assert stands(session, "112.VCB1") == 140_000


def test_what_was_taken_back_is_no_hand_entry_any_more(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    hand = by_hand("1")
    with transaction() as writing:
        take_back(writing, hand, subject="x:1", on=None, reason="nhầm", by=None)
    assert choices.Booked(hand) not in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    with pytest.raises(NotFound, match="Không có bút toán"):
        say(line, choices.Booked(hand))
    assert waiting(session) == 1


def test_a_hand_entry_is_offered_until_its_own_line_is_decided(session: Session) -> None:
    other, first, second = book("VCB1", money_in("90.000"), money_in(), money_in(day=3))
    hand = by_hand("1")
    say(other, choices.Split(((40_000, choices.Given()), (50_000, choices.Given()))), key="k0")
    offered = {
        line: [one.choice for one in found]
        for line, found in propose(session, [first, second]).items()
    }
    session.rollback()
    assert choices.Booked(hand) in offered[first]
    assert choices.Booked(hand) in offered[second]
    say(first, choices.Booked(hand), key="k1")
    assert choices.Booked(hand) not in [one.choice for one in propose(session, [second])[second]]


def test_money_a_voucher_has_taken_is_not_booked_again(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as writing:
        entry = recipes.bank_donation(
            on=session.get_one(BankLine, line).booked_on,
            unit="TW",
            fund="nghia-tinh",
            amount=200_000,
            description="Chứng từ ghi sổ",
        )
        hand = books.post(writing, entry, source="voucher", external_id="1").id
    with pytest.raises(Refusal, match="chỉ còn 0 đ"):
        say(line, choices.Given())
    assert choices.Booked(hand) in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    say(line, choices.Booked(hand))
    assert waiting(session) == 0
    assert stands(session, "3381") == 0


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_two_lines_do_not_share_what_is_left(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people decide at once, and a voucher has taken the money of one of the lines."""
    lines = book("VCB1", money_in(), money_in(memo="TRAN THI B", day=3))
    with transaction() as writing:
        entry = recipes.bank_identified(
            account="3388",
            on=date(2024, 9, 3),
            unit="TW",
            fund="nghia-tinh",
            amount=200_000,
            description="Chứng từ",
        )
        books.post(writing, entry, source="voucher", external_id="1")
    both, look = Barrier(2), booking.hold_waiting

    def look_together(session: Session, at: Place) -> None:
        look(session, at)
        with suppress(BrokenBarrierError):
            both.wait(2)

    monkeypatch.setattr("fundsvc.workbench.incoming.hold_waiting", look_together)
    told: list[str] = []

    def decide_one(line_id: int) -> None:
        with app.app_context():
            try:
                with transaction() as own:
                    key = f"k{line_id}"
                    told.append(decide(own, line_id, choices.Given(), by=None, key=key).kind)
            except Refusal:
                told.append("refused")

    threads = [Thread(target=decide_one, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["given", "refused"]
    assert stands(session, "3381") == 0
