"""Taking back a donation, a payment or a total: once, with a reason, from money that is there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.audit.models import Act
from fundsvc.books import objections
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.books.reversing import Reversed
from fundsvc.db import set_scope, transaction
from fundsvc.donations import service as donations
from fundsvc.dues import service as dues
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.receipts import service as receipts
from fundsvc.spending import service as spending
from fundsvc.units import service as units
from tests.support import brought, gifts, periods

pytestmark = pytest.mark.usefixtures("clock", "money")

DAY, TODAY = date(2024, 9, 10), date(2024, 9, 30)
WHY = "Ghi nhầm số tiền"


@dataclass(frozen=True)
class Kind:
    """One kind of thing that can be taken back: how it is booked, and how it is taken back."""

    name: str
    fund: str
    book: Callable[[], Any]
    undo: Callable[..., Reversed]
    effect: int


def total(**other: Any) -> dues.Recorded:
    facts: dict[str, Any] = {
        "unit": "TW",
        "fund": "dues",
        "month": date(2024, 9, 1),
        "amount": 700,
        "paid_on": DAY,
    }
    with transaction() as session:
        return dues.record_total(session, dues.Total(**facts | other), additional=True)


def payment(**other: Any) -> spending.Recorded:
    facts: dict[str, Any] = {
        "unit": "TW",
        "fund": "base",
        "line": "gift",
        "amount": 700,
        "paid_on": DAY,
        "payee": "Trần Văn Thử",
        "purpose": "Quà",
    }
    with transaction() as session:
        return spending.record_payment(session, spending.Spent(**facts | other))


KINDS = (
    Kind("donation", "nghia-tinh", lambda: gifts.give(amount=700), donations.reverse, -700),
    Kind("dues", "dues", total, dues.reverse_total, -700),
    Kind("payment", "base", payment, spending.reverse_payment, 700),
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture
def money(app: Flask) -> None:
    """1,000 in the base fund's cash box, from which payments are made; receipts are looked at."""
    objections.watch("fundsvc.donations.objections:objections")
    bring("base", 1_000, date(2024, 9, 1))


def bring(fund: str, amount: int, on: date) -> None:
    brought.bring(amount, on, fund=fund)


def undo(kind: Kind, number: int, *, on: date | None = None, reason: str = WHY) -> Reversed:
    with transaction() as session:
        return kind.undo(session, number, on=on, reason=reason, by=None)


def cash(session: Session, fund: str) -> int:
    session.rollback()
    return books.balance(session, account="111", fund=fund, unit="TW")


@every_kind
def test_a_thing_is_taken_back_by_negative_amounts_today(session: Session, kind: Kind) -> None:
    done = kind.book()
    before = cash(session, kind.fund)
    gone = undo(kind, done.id)
    assert (gone.new, gone.on, gone.reason, gone.entry_id) == (True, TODAY, WHY, done.entry_id)
    assert cash(session, kind.fund) == before + kind.effect
    entry = books.read_entry(session, gone.reversal_id)
    assert (entry.kind, entry.date, entry.description) == ("reversal", TODAY, WHY)
    assert entry.turnover == -700
    (act,) = session.scalars(select(Act).where(Act.kind == f"{kind.name}.reverse"))
    assert act.subject == f"{kind.name}:{done.id}"
    assert act.facts == {
        "reason": WHY,
        "date": "2024-09-30",
        "entry": done.entry_id,
        "reversal": gone.reversal_id,
    }
    assert list(verify.faults(session)) == []


@every_kind
def test_twice_is_the_same_and_with_other_words_a_conflict(session: Session, kind: Kind) -> None:
    done = kind.book()
    first = undo(kind, done.id, on=date(2024, 9, 12))
    for again in (undo(kind, done.id), undo(kind, done.id, on=first.on, reason=f" {WHY} ")):
        assert (again.new, again.reversal_id, again.on) == (False, first.reversal_id, first.on)
    for other in ({"reason": "Vì việc khác"}, {"on": TODAY}):
        with pytest.raises(Conflict, match="12/09/2024"):
            undo(kind, done.id, **other)
    reversals = select(Act.kind).where(Act.kind.like("%.reverse"))
    assert session.scalars(reversals).all() == [f"{kind.name}.reverse"]


@every_kind
@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"reason": "x\x00"}, "reason"),
        ({"on": date(2024, 10, 1)}, "date"),
        ({"on": date(2024, 9, 9)}, "date"),
        ({"on": date(2024, 9, 29)}, "date"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    session: Session, kind: Kind, other: dict[str, Any], field: str
) -> None:
    done = kind.book()
    if other.get("on") == date(2024, 9, 29):
        with transaction() as writing:
            unit = units.by_code(writing, "TW")
            writing.add(periods.closed(unit.id, date(2024, 9, 1)))
    with pytest.raises(Refusal) as caught:
        undo(kind, done.id, **other)
    assert [reason.field for reason in caught.value.reasons] == [field]
    session.rollback()
    assert session.scalar(select(Entry.id).where(Entry.reverses_id == done.entry_id)) is None


@every_kind
def test_what_is_not_there_and_what_is_anothers_look_alike(app: Flask, kind: Kind) -> None:
    done = kind.book()
    told = []
    with transaction() as writing:
        for number, scope in ((done.id, [10**6]), (10**9, None)):
            set_scope(writing, scope)
            try:
                with pytest.raises(NotFound) as caught:
                    kind.undo(writing, number, on=None, reason=WHY, by=None)
            finally:
                set_scope(writing, None)
            told.append(caught.value.reasons)
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.name)
def test_money_that_was_spent_since_cannot_be_taken_back(session: Session, kind: Kind) -> None:
    done = kind.book()
    bring(kind.fund, 1_000, date(2024, 9, 15))
    spent = payment(fund=kind.fund, amount=1_300, paid_on=date(2024, 9, 20))
    for on in (None, date(2024, 9, 12), date(2024, 9, 16)):
        with pytest.raises(Refusal, match=r"còn 400 đ, thiếu 300 đ"):
            undo(kind, done.id, on=on)
    undo(KINDS[2], spent.id, on=date(2024, 9, 20))
    assert undo(kind, done.id, on=date(2024, 9, 12)).new
    assert cash(session, kind.fund) == 1_000


def test_a_donation_with_a_valid_receipt_is_not_taken_back(session: Session) -> None:
    given = gifts.give(amount=700)
    number = gifts.receipt(given.id)
    with pytest.raises(Refusal, match=f"Hủy biên nhận {number} trước"):
        undo(KINDS[0], given.id)
    with transaction() as writing:
        receipts.void(writing, number, "Ghi nhầm", by=None)
    assert undo(KINDS[0], given.id).new
    with pytest.raises(Refusal, match="không cấp được biên nhận"):
        gifts.receipt(given.id)
    assert list(verify.faults(session)) == []


@every_kind
def test_two_at_once_take_back_once(app: Flask, kind: Kind) -> None:
    number = kind.book().id
    done = at_once(app, lambda: undo(kind, number), lambda: undo(kind, number))
    assert sorted(found.new for found in done) == [False, True]
    assert len({found.reversal_id for found in done}) == 1


def test_a_receipt_and_a_reversal_at_once_are_one_of_the_two(app: Flask) -> None:
    number = gifts.give(amount=700).id
    done = at_once(app, lambda: undo(KINDS[0], number), lambda: gifts.receipt(number))
    assert sorted(isinstance(found, Refusal) for found in done) == [False, True]


def test_a_payment_and_a_reversal_at_once_never_leave_less_than_nothing(
    app: Flask, session: Session
) -> None:
    number = total().id
    done = at_once(app, lambda: undo(KINDS[1], number), lambda: payment(fund="dues"))
    assert sorted(isinstance(found, Refusal) for found in done) == [False, True]
    assert cash(session, "dues") == 0


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Do things at the same moment, and return what came of each: its answer or its refusal."""
    start, outcomes = threading.Barrier(len(acts)), []

    def one(act: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes.append(act())
            except Refusal as refusal:
                outcomes.append(refusal)

    threads = [threading.Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(acts)
    return outcomes
