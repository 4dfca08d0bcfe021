"""What is sure is accepted without a person, and a person has the last word."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.clock import fixed, now
from fundsvc.db import transaction
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.giving import codes
from fundsvc.receipts import service as receipts
from fundsvc.reconciliation import background, waiting
from fundsvc.reconciliation.models import BankDecision, BankLine
from fundsvc.workbench import automatic
from fundsvc.workbench.choices import Held, Posted
from fundsvc.workbench.commands import auto
from fundsvc.workbench.decisions import decide, undo
from fundsvc.workbench.proposals import propose
from tests.reconciliation.test_gifts import given, line, page
from tests.workbench.test_proposals import imported, promise_of

__all__ = ["page"]
pytestmark = pytest.mark.usefixtures("app", "clock", "page")


def coded() -> None:
    """Bring one line whose promise becomes known later, and one without a code."""
    code = codes.draw()
    imported(line("200.000", code), line("200.000", "ung ho", doc="8.8"))
    promise_of(code)


def test_only_the_coded_line_is_decided_and_only_once(session: Session) -> None:
    coded()
    assert automatic.accept(commit=False).sure == 1
    assert given(session) == []
    done = automatic.accept(commit=True)
    assert (done.decided, done.amount) == (1, 200_000)
    assert given(session) == [("bank", 200_000)]
    assert automatic.accept(commit=True).sure == 0
    decision = session.scalars(select(BankDecision)).one()
    assert decision.automatic
    assert "chữ kiểm tra đúng" in str(decision.why)


def test_what_somebody_undid_or_holds_is_left_to_a_person(session: Session) -> None:
    coded()
    automatic.accept(commit=True)
    with transaction() as writing:
        number = writing.scalars(select(BankDecision.id)).one()
        undo(writing, number, by=1, why="nhầm người")
    assert automatic.accept(commit=True).sure == 0
    session.rollback()


def test_a_line_that_is_held_back_stays_so(session: Session) -> None:
    coded()
    with transaction() as writing:
        [line_id] = [number for number, made in propose(writing, [1, 2]).items() if made[0].sure]
        decide(writing, line_id, Held("chờ hỏi người gửi"), by=1, key="h1")
    assert automatic.accept(commit=True).sure == 0
    assert given(session) == []


def test_the_command_counts_first_and_books_when_told(app: Flask, session: Session) -> None:
    coded()
    with app.app_context():
        told = CliRunner().invoke(auto, ["--json"])
        assert json.loads(told.stdout) == {
            "sure": 1, "decided": 0, "amount": 200_000, "committed": False,
        }  # fmt: skip
        told = CliRunner().invoke(auto, ["--account", "vcb1", "--commit"])
        assert told.stdout == "Đã ghi sổ 1 trên 1 dòng chắc chắn, 200.000 đ.\n"
    assert given(session) == [("bank", 200_000)]


def test_a_gift_that_was_taken_back_is_not_given_again(session: Session) -> None:
    code = codes.draw()
    promise_of(code)
    imported(line("200.000", code))
    with transaction() as writing:
        donation = writing.scalars(select(Donation)).one()
        for receipt in receipts.of_donation(writing, donation.id):
            receipts.void(writing, receipt.number, "nhầm", by=1)
        donations.reverse(writing, donation.id, on=None, reason="không phải ủng hộ", by=1)
    assert automatic.accept(commit=True).sure == 0
    assert len(given(session)) == 1


def test_what_a_person_left_among_the_unidentified_stays_there(session: Session) -> None:
    coded()
    with transaction() as writing:
        [line_id] = [number for number, made in propose(writing, [1, 2]).items() if made[0].sure]
        waiting.note(writing, writing.get_one(BankLine, line_id), ["X"], "chờ", heals=True)
    assert automatic.accept(commit=True).sure == 0, "it is tried again where it was noted"
    with transaction() as writing:
        waiting.leave(writing, line_id, by=1)
    assert automatic.accept(commit=True).sure == 0
    assert given(session) == []


@pytest.mark.parametrize("undone", [False, True])
def test_the_second_try_leaves_to_a_person_too(session: Session, undone: bool) -> None:
    coded()
    with transaction() as writing:
        [line_id] = [number for number, made in propose(writing, [1, 2]).items() if made[0].sure]
        row = writing.get_one(BankLine, line_id)
        waiting.note(writing, row, codes.find(row.memo), "tháng đã khóa", heals=True)
        choice = Posted("3388", "chuyển nhầm") if undone else Held("chờ trả lại")
        decision = decide(writing, line_id, choice, by=1, key="h1").id
    if undone:
        with transaction() as writing:
            undo(writing, decision, by=1, why="nhầm tài khoản")
    with fixed(now() + timedelta(hours=1)):
        background.run(lambda: False)
    assert given(session) == []
