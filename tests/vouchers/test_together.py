"""Two people at the same voucher at once: one wins, the other is told why; numbers have no gaps."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc import verify
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.vouchers import service
from fundsvc.vouchers.drafting import DraftLine
from fundsvc.vouchers.models import Voucher
from tests.conftest import MOMENT
from tests.vouchers.conftest import GIVEN, MOVED, PAID, Desk

postgresql = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
Act = Callable[[], Any]


def at_once(app: Flask, *acts: Act) -> list[Any]:
    """Do things at the same moment; return what came of each, in order: answer or refusal."""
    start = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def one(place: int, act: Act) -> None:
        with app.app_context(), service_clock.fixed(MOMENT):
            start.wait()
            try:
                outcomes[place] = act() or "done"
            except Refusal as refusal:
                outcomes[place] = refusal

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def one_of(outcomes: list[Any]) -> Refusal:
    """Hold that exactly one act was refused, as a conflict, and return it."""
    refused = [each for each in outcomes if isinstance(each, Refusal)]
    assert len(refused) == len(outcomes) - 1, outcomes
    assert all(isinstance(each, Conflict) for each in refused)
    return refused[0]


def state(session: Session, number: int) -> str:
    session.rollback()
    return session.get_one(Voucher, number).state


def test_two_approvals_at_once(app: Flask, session: Session, desk: Desk) -> None:
    number = desk.submitted()
    seen, people = desk.version(number), desk.people
    told = one_of(
        at_once(
            app,
            lambda: desk.act("approve", number, by=people.approver, version=seen),
            lambda: desk.act("approve", number, by=people.approver2, version=seen),
        )
    )
    assert "duyệt lúc" in str(told)
    assert state(session, number) == "approved"
    assert session.get_one(Voucher, number).version == seen + 1


def test_an_approval_while_it_is_sent_back(app: Flask, session: Session, desk: Desk) -> None:
    number = desk.submitted()
    seen = desk.version(number)
    one_of(
        at_once(
            app,
            lambda: desk.act("approve", number, version=seen),
            lambda: desk.act("return_", number, "Sai", version=seen),
        )
    )
    assert state(session, number) in {"approved", "draft"}


def test_a_submission_while_it_is_edited(app: Flask, session: Session, desk: Desk) -> None:
    number = desk.draft()
    changed = replace(PAID, enclosed="09 hóa đơn")
    told = one_of(
        at_once(
            app,
            lambda: desk.act("edit", number, changed, version=1, by=desk.people.maker2),
            lambda: desk.act("submit", number, version=1),
        )
    )
    assert "vừa thay đổi" in str(told) or "trình duyệt lúc" in str(told)
    session.rollback()
    row = session.get_one(Voucher, number)
    # Either the old text was sent for approval, or the new one is still a draft; never a mixture.
    assert (row.state, row.enclosed) in {("submitted", "02 hóa đơn"), ("draft", "09 hóa đơn")}


def test_two_posts_at_once_book_once(app: Flask, session: Session, desk: Desk) -> None:
    number = desk.approved()
    seen, people = desk.version(number), desk.people
    told = one_of(
        at_once(
            app,
            lambda: desk.act("post", number, by=people.maker, version=seen),
            lambda: desk.act("post", number, by=people.approver, version=seen),
        )
    )
    assert "đã ghi sổ với số PC-2024-000001" in str(told)
    assert list(verify.faults(session)) == []


def test_two_vouchers_cannot_both_spend_the_last_of_it(
    app: Flask, session: Session, desk: Desk
) -> None:
    big = (DraftLine(account="6112", amount=60_000_000),)
    first, second = desk.approved(lines=big), desk.approved(lines=big)
    done = at_once(app, lambda: desk.act("post", first), lambda: desk.act("post", second))
    (refused,) = [each for each in done if isinstance(each, Refusal)]
    assert "thiếu 20.000.000 đ" in str(refused)
    assert sorted((state(session, first), state(session, second))) == ["approved", "posted"]


def test_two_transfers_cannot_both_empty_a_restricted_fund(
    app: Flask, session: Session, desk: Desk
) -> None:
    # 150 million belong to the fund at the centre; without tills only the fund itself holds back.
    first, second = desk.approved(MOVED, amount=80_000_000), desk.approved(MOVED, amount=80_000_000)
    done = at_once(app, lambda: desk.act("post", first), lambda: desk.act("post", second))
    (refused,) = [each for each in done if isinstance(each, Refusal)]
    assert "thiếu 10.000.000 đ" in str(refused)


def test_transfers_in_both_directions_do_not_wait_in_a_circle(
    app: Flask, session: Session, desk: Desk
) -> None:
    there = desk.approved(MOVED, amount=1_000)
    back = desk.approved(MOVED, amount=1_000, unit="HUE", to_unit="TW")
    assert all(
        isinstance(each, service.Posted)
        for each in at_once(app, lambda: desk.act("post", there), lambda: desk.act("post", back))
    )


def test_the_same_key_at_once_makes_one_voucher(app: Flask, session: Session, desk: Desk) -> None:
    def create() -> int:
        with transaction() as writing:
            return service.create(writing, PAID, key="k", by=desk.people.maker)

    first, second = at_once(app, create, create)
    assert first == second
    assert len(session.scalars(select(Voucher.id)).all()) == 1


@postgresql
def test_whoever_comes_second_waits_and_then_reads_what_the_first_wrote(
    app: Flask, session: Session, desk: Desk
) -> None:
    """Step two connections by hand: the second asks while the first has not committed."""
    number = desk.submitted()
    seen = desk.version(number)
    asked, outcome = threading.Event(), []

    def second() -> None:
        with app.app_context(), service_clock.fixed(MOMENT):
            asked.set()
            try:
                desk.act("approve", number, by=desk.people.approver2, version=seen)
            except Conflict as refusal:
                outcome.append(refusal)

    thread = threading.Thread(target=second)
    with transaction() as first:
        service.approve(first, number, seen, by=desk.people.approver)
        thread.start()
        asked.wait()
        thread.join(0.5)
        assert thread.is_alive(), "the second waits for the lock of the voucher"
    thread.join()
    assert "đã được Hung duyệt" in str(outcome[0])


class ChangedMindError(Exception):
    """Somebody cancels after the number was drawn."""


def change_mind(number: int, version: int, by: int) -> None:
    """Post, draw a number, and roll back."""
    with suppress(ChangedMindError), transaction() as session:
        service.post(session, number, version, by=by)
        raise ChangedMindError


def test_numbers_have_no_gaps_with_refused_and_cancelled_postings_in_between(
    app: Flask, session: Session, desk: Desk
) -> None:
    small = (DraftLine(account="6112", amount=1_000),)
    good = [desk.approved(lines=small) for _number in range(6)]
    good += [desk.approved(GIVEN) for _number in range(2)]
    # Each of these alone could be paid, but no two of them.
    large = [
        desk.approved(lines=(DraftLine(account="6112", amount=90_000_000),)) for _number in range(3)
    ]
    people, acts = desk.people, []
    for place, number in enumerate((*good, *large)):
        version = desk.version(number)

        def work(number: int = number, version: int = version, place: int = place) -> Any:
            if place % 3 == 0:
                change_mind(number, version, people.maker)
            return desk.act("post", number, version=version)

        acts.append(work)
    done = at_once(app, *acts)
    assert sum(isinstance(each, Refusal) for each in done) == len(large) - 1
    assert all("Không đủ tiền" in str(each) for each in done if isinstance(each, Refusal))
    session.rollback()
    rows = session.scalars(select(Voucher).where(Voucher.state == "posted"))
    numbers = sorted(row.number for row in rows if row.number)
    assert numbers == [
        *(f"PC-2024-{serial:06}" for serial in range(1, 8)),
        *(f"PT-2024-{serial:06}" for serial in range(1, 3)),
    ]
    assert list(verify.faults(session)) == []


KINDS = st.sampled_from(["cash-in", "cash-out"])
ENDS = st.sampled_from(["post", "cancel", "stale", "return", "reverse"])


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(ENDS, KINDS, st.sampled_from(["TW", "HUE"])), min_size=1, max_size=5))
def test_whatever_becomes_of_vouchers_the_numbers_of_each_book_are_one_to_n(
    session: Session, desk: Desk, ways: list[tuple[str, str, str]]
) -> None:
    maker = desk.people.maker
    for end, kind, unit in ways:
        lines = (DraftLine(account="138", amount=10),)
        number = desk.approved(PAID, kind=kind, unit=unit, lines=lines)
        match end:
            case "cancel":
                change_mind(number, desk.version(number), maker)
            case "stale":
                with pytest.raises(Conflict):
                    desk.act("post", number, version=1)
            case "return":
                desk.act("return_", number, "Sai")
            case _other:
                desk.act("post", number)
        if end == "reverse":
            with transaction() as writing:
                service.reverse(writing, number, on=None, reason="Nhầm", by=maker)
    session.rollback()
    books: dict[str, list[int]] = {}
    for row in session.scalars(select(Voucher).where(Voucher.state == "posted")):
        books.setdefault(row.series or "", []).append(row.serial or 0)
    for serials in books.values():
        assert sorted(serials) == list(range(1, len(serials) + 1))
