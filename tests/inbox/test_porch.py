"""What is pushed while somebody writes to SQLite for long: kept on the porch, then brought in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import db, transaction
from fundsvc.inbox import porch, service
from fundsvc.inbox.models import InboxItem
from fundsvc.inbox.service import Received
from fundsvc.inbox.together import Together

pytestmark = pytest.mark.usefixtures("app")
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def delivery(external_id: str, body: bytes = b"one") -> service.Delivery:
    return service.Delivery("sms:vcom", external_id, body)


@contextmanager
def writing_for_long() -> Iterator[None]:
    """Somebody else writes, as an import of another process does."""
    with db.engine.connect() as other:
        begun = other.execution_options(fundsvc_writes=True)
        with begun.begin():
            yield


def inbox(session: Session) -> list[tuple[str, str]]:
    """Return id and state of what is in the inbox, in the order it came."""
    session.rollback()
    found = session.execute(select(InboxItem.external_id, InboxItem.state).order_by(InboxItem.id))
    return [(external_id, state) for external_id, state in found]


@on_sqlite
def test_a_push_is_kept_while_a_file_is_booked(session: Session) -> None:
    queue = Together()
    assert queue.keep(delivery("A")) is Received.NEW
    with writing_for_long():
        start = time.monotonic()
        assert queue.keep(delivery("B")) is Received.NEW
        assert time.monotonic() - start < 4 * porch.PATIENCE, "it did not wait for the writer"
        assert queue.keep(delivery("B")) is Received.DUPLICATE
        assert queue.keep(delivery("B", b"other")) is Received.CONFLICT
        assert queue.keep(delivery("A")) is Received.DUPLICATE, "the inbox has it"
        assert queue.keep(delivery("A", b"other")) is Received.CONFLICT
        assert porch.bring_in() == 0, "it waits for the writer"
    assert queue.keep(delivery("C")) is Received.NEW
    assert inbox(session) == [("A", "waiting")], "C waits behind the others"
    assert porch.bring_in() == 4
    assert inbox(session) == [
        ("A", "waiting"),
        ("B", "waiting"),
        ("C", "waiting"),
        *[("B", "conflict"), ("A", "conflict")],
    ]
    assert queue.keep(delivery("D")) is Received.NEW
    assert inbox(session)[-1] == ("D", "waiting"), "the way in is free again"
    assert porch.bring_in() == 0


@on_sqlite
def test_what_was_brought_in_before_a_crash_is_not_doubled(session: Session) -> None:
    queue = Together()
    with writing_for_long():
        for name in ("A", "B"):
            queue.keep(delivery(name))
    lying = porch.Porch.of(db.engine)
    assert lying
    with transaction() as writing:  # The inbox has it for good, and then the power fails.
        service.keep(writing, list(lying.first(1).values()))
    assert porch.bring_in() == 2
    assert inbox(session) == [("A", "waiting"), ("B", "waiting")]
    assert not lying.waits()


@on_sqlite
def test_what_lies_outside_is_sealed_and_outlives_the_process(session: Session) -> None:
    with writing_for_long():
        Together().keep(delivery("A", b"who gave what"))
    lying = porch.Porch.of(db.engine)
    assert lying
    (row,) = lying.first(9).values()
    assert b"who gave what" not in row.body
    porch.bring_in()
    (item,) = service.take(session, "sms", 9)
    assert item.body == b"who gave what"


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_where_all_write_at_once_nothing_lies_outside(app: Flask, session: Session) -> None:
    assert porch.Porch.of(db.engine) is None
    assert porch.bring_in() == 0
    with writing_for_long():
        assert Together().keep(delivery("A")) is Received.NEW
    assert inbox(session) == [("A", "waiting")]
