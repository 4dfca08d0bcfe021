"""Numbers have no gap, whoever issues at the same time and whatever is rolled back."""

import threading
from contextlib import suppress
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.errors import Conflict
from fundsvc.receipts.models import Receipt
from tests.support.gifts import give

MOMENT = datetime(2024, 9, 30, 3, tzinfo=UTC)
THREADS, EACH = 8, 6


class ChangedMindError(Exception):
    """Somebody cancels after the number was drawn."""


def change_mind(donation_id: int) -> None:
    """Draw a number and roll back."""
    with suppress(ChangedMindError), transaction() as session:
        receipting.issue_receipt(session, donation_id, by=None)
        raise ChangedMindError


def test_eight_at_once_with_rollbacks_leave_no_gap(app: Flask, session: Session) -> None:
    with service_clock.fixed(MOMENT):
        ids = [give().id for _number in range(THREADS * EACH)]
    start, faults = threading.Barrier(THREADS), []

    def work(mine: list[int]) -> None:
        try:
            with app.app_context(), service_clock.fixed(MOMENT):
                start.wait()
                for place, donation_id in enumerate(mine):
                    if place % 2:
                        change_mind(donation_id)
                    with transaction() as writing:
                        receipting.issue_receipt(writing, donation_id, by=None)
        except BaseException as error:  # noqa: BLE001 - a thread's failure must fail the test
            faults.append(error)

    workers = [
        threading.Thread(target=work, args=(ids[place::THREADS],)) for place in range(THREADS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults
    session.rollback()
    serials = session.scalars(select(Receipt.serial).order_by(Receipt.serial)).all()
    assert serials == list(range(1, THREADS * EACH + 1))


def test_eight_at_once_for_one_donation_issue_one(app: Flask, session: Session) -> None:
    with service_clock.fixed(MOMENT):
        recorded = give()
    start = threading.Barrier(THREADS)
    outcomes: list[str | None] = []

    def work() -> None:
        with app.app_context(), service_clock.fixed(MOMENT):
            start.wait()
            try:
                with transaction() as writing:
                    outcomes.append(receipting.issue_receipt(writing, recorded.id, by=None).number)
            except Conflict:
                outcomes.append(None)

    workers = [threading.Thread(target=work) for _place in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(outcomes) == THREADS
    assert [number for number in outcomes if number] == ["NT-2024-000001"]
