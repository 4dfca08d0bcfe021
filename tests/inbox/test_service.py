"""The inbox keeps each delivery once, as it came, and says what became of it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound
from fundsvc.inbox import gateways, service, together
from fundsvc.inbox.models import HANDLED, PARKED, GatewaySecret, InboxItem
from fundsvc.inbox.service import Outcome, Received
from fundsvc.inbox.together import Together

pytestmark = pytest.mark.usefixtures("app", "clock")

BODY = b'{"phone": "84912345678"}'


def receive(external_id: str = "A1", body: bytes = BODY, source: str = "sms:vcom") -> Received:
    """Receive a delivery in a transaction of its own."""
    with transaction() as session:
        return service.receive(session, source, external_id, body)


def states(session: Session) -> dict[str, str]:
    """Return the states of all items by id and state, the first that came first."""
    session.rollback()
    rows = session.execute(select(InboxItem.id, InboxItem.state).order_by(InboxItem.id))
    return {f"{number}": state for number, state in rows}


def test_a_delivery_is_new_once(session: Session) -> None:
    assert receive() is Received.NEW
    assert receive() is Received.DUPLICATE
    assert receive(source="sms:other") is Received.NEW
    assert receive("A2") is Received.NEW
    assert list(states(session).values()) == ["waiting"] * 3


def test_another_content_under_the_same_id_is_kept_apart(session: Session) -> None:
    receive()
    for _ in range(2):
        assert receive(body=b"other") in {Received.CONFLICT, Received.DUPLICATE}
    assert receive() is Received.DUPLICATE
    assert list(states(session).values()) == ["waiting", "conflict"]
    shown = service.shelved(session, "sms")
    assert [(item.body, item.before, item.why) for item in shown] == [
        (b"other", BODY, service.CONTRADICTS)
    ]
    assert service.counts(session, "sms") == {"waiting": 1, "parked": 0, "conflict": 1}
    assert service.counts(session, "stripe") == {"waiting": 0, "parked": 0, "conflict": 0}


def test_what_must_be_alike_can_be_told_apart_from_the_bytes() -> None:
    with transaction() as session:
        assert service.receive(session, "sms:x", "1", b"a", alike=b"same") is Received.NEW
        assert service.receive(session, "sms:x", "1", b"b", alike=b"same") is Received.DUPLICATE
        assert service.receive(session, "sms:x", "1", b"a", alike=b"other") is Received.CONFLICT


def test_many_deliveries_at_once_are_one(app: Flask, session: Session) -> None:
    told: list[Received] = []
    start = threading.Barrier(8)

    def run() -> None:
        with app.app_context():
            start.wait()
            told.append(receive())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [Received.DUPLICATE] * 7 + [Received.NEW]
    assert list(states(session).values()) == ["waiting"]


def test_a_body_does_not_lie_open_in_the_database(session: Session) -> None:
    receive()
    row = session.execute(select(InboxItem)).scalar_one()
    assert b"84912345678" not in row.body
    assert "84912345678" not in row.digest
    with transaction() as writing:
        (item,) = service.take(writing, "sms", 10)
    assert (item.source, item.external_id, item.body) == ("sms:vcom", "A1", BODY)


def test_items_are_handed_out_in_order_and_settled(session: Session) -> None:
    for number in range(5):
        receive(f"A{number}")
    receive("B", source="stripe:main")
    with transaction() as writing:
        items = service.take(writing, "sms", 3)
        assert [item.external_id for item in items] == ["A0", "A1", "A2"]
        outcomes = [
            Outcome(items[0].id, HANDLED, led_to="viettel:A0"),
            Outcome(items[1].id, PARKED, "tháng đã khóa"),
        ]
        service.settle(writing, outcomes)
        assert [item.external_id for item in service.take(writing, "sms", 9)] == ["A2", "A3", "A4"]
    assert list(states(session).values())[:3] == ["handled", "parked", "waiting"]
    assert service.waits(session, "stripe")
    assert not service.waits(session, "str")


def test_a_person_tries_again_or_leaves_what_is_set_aside(session: Session) -> None:
    receive()
    with transaction() as writing:
        (item,) = service.take(writing, "sms", 1)
        assert not service.retry(writing, "sms", item.id)
        service.settle(writing, [Outcome(item.id, PARKED, "tháng đã khóa")])
        assert not service.retry(writing, "stripe", item.id)
        assert service.retry(writing, "sms", item.id)
        assert [again.id for again in service.take(writing, "sms", 1)] == [item.id]
        service.settle(writing, [Outcome(item.id, PARKED, "tháng đã khóa")])
        assert service.dismiss(writing, "sms", item.id)
        assert not service.dismiss(writing, "sms", item.id)
    assert list(states(session).values()) == ["handled"]
    assert session.scalar(select(InboxItem.why)) == "tháng đã khóa"


REFUSED = {
    "inbox_item_append_only": ("DELETE FROM inbox_item",),
    "inbox_item_keeps": tuple(
        f"UPDATE inbox_item SET {change}"
        for change in (
            "source = 'sms:other'",
            "external_id = 'B'",
            "digest = 'd'",
            "body = digest_as_bytes",
            "received_at = '2020-01-01 00:00:00+00:00'",
            "contradicts_id = id",
            "id = 99",
        )
    ),
    "gateway_secret_retired": ("UPDATE gateway_secret SET retired_at = NULL",),
}


@pytest.mark.parametrize("guard", REFUSED)
def test_the_database_itself_refuses(guard: str, engine_name: str) -> None:
    receive()
    with transaction() as session:
        gateways.add(session, "sms", "vcom", "vcom", {}, "secret")
        number = session.scalars(select(GatewaySecret.id)).one()
        gateways.retire_secret(session, "sms", "vcom", number)
    body = "decode('00', 'hex')" if engine_name == "postgresql" else "x'00'"
    for statement in REFUSED[guard]:
        with pytest.raises(DBAPIError) as caught, transaction() as session:
            session.execute(text(statement.replace("digest_as_bytes", body)))
        name = getattr(getattr(caught.value.orig, "diag", None), "constraint_name", None)
        assert guard in (name or str(caught.value.orig)), statement


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_the_inbox_cannot_be_emptied_at_once() -> None:
    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text("TRUNCATE inbox_item CASCADE"))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_an_item_cannot_be_replaced(session: Session) -> None:
    receive()
    with pytest.raises(DBAPIError, match="inbox_item_append_only"), transaction() as writing:
        writing.execute(
            text(
                "INSERT OR REPLACE INTO inbox_item (id, source, external_id, digest, body,"
                " received_at, state) SELECT id, source, 'B', digest, body, received_at, state"
                " FROM inbox_item"
            )
        )


@pytest.mark.parametrize(
    "change",
    ["state = 'gone'", "state = 'handled'", "state = 'parked', handled_at = received_at"],
)
def test_a_state_that_makes_no_sense_is_refused(change: str) -> None:
    receive()
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(f"UPDATE inbox_item SET {change}"))


def test_secrets_are_replaced_one_by_one(session: Session) -> None:
    with transaction() as writing:
        assert gateways.add(writing, "sms", "cong", "vcom", {}, "cũ")
        assert not gateways.add(writing, "sms", "cong", "vcom", {}, "mới")
        assert gateways.known(writing, "sms")["cong"].secrets == ("mới", "cũ")
        old, new = gateways.secrets_of(writing, "sms")["cong"]
        gateways.retire_secret(writing, "sms", "cong", old.number)
        assert gateways.known(writing, "sms")["cong"].secrets == ("mới",)
        assert new.retired_at is None
        for number in (old.number, new.number + 1, 10**18):
            with pytest.raises(NotFound):
                gateways.retire_secret(writing, "sms", "cong", number)
        with pytest.raises(NotFound):
            gateways.retire_secret(writing, "sms", "khac", new.number)
        with pytest.raises(Conflict):
            gateways.add(writing, "sms", "cong", "esms", {}, "x")
    assert gateways.known(session, "bank") == {}
    assert all(
        b"m\xe1\xbb\x9bi" not in sealed for sealed in session.scalars(select(GatewaySecret.sealed))
    )
    assert session.scalar(select(func.count(GatewaySecret.id))) == 2


def test_what_threads_bring_at_once_is_kept_together(app: Flask, session: Session) -> None:
    queue = Together()
    told: list[tuple[str, Received]] = []
    start = threading.Barrier(9)

    def run(external_id: str, body: bytes) -> None:
        with app.app_context():
            start.wait()
            found = queue.keep(service.Delivery("sms:vcom", external_id, body))
            told.append((external_id, found))

    threads = [
        threading.Thread(target=run, args=(external_id, body))
        for external_id, body in [*((f"T{n}", BODY) for n in range(4))] * 2 + [("T0", b"other")]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found for name, found in told if name != "T0") == (
        [Received.DUPLICATE] * 3 + [Received.NEW] * 3
    )
    # Whichever of the two contents came first is the one that the other contradicts.
    assert Received.CONFLICT in {found for name, found in told if name == "T0"}
    assert sorted(states(session).values()) == ["conflict"] + ["waiting"] * 4


def test_all_are_told_when_what_they_brought_could_not_be_kept(
    app: Flask, session: Session
) -> None:
    queue = Together()
    with transaction(), pytest.raises(RuntimeError, match="within"):
        queue.keep(service.Delivery("sms:vcom", "A0", BODY))
    assert queue.keep(service.Delivery("sms:vcom", "A1", BODY)) is Received.NEW
    assert list(states(session).values()) == ["waiting"]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_two_who_bring_the_same_in_another_order_do_not_block_each_other(app: Flask) -> None:
    first, second = (service.Delivery("sms:vcom", name, BODY) for name in ("A", "B"))

    def bring() -> list[Received]:
        with app.app_context(), transaction() as session:
            return service.receive_all(session, [second, first])

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            service.receive_all(session, [first])
            other = pool.submit(bring)
            time.sleep(0.5)  # Until it waits for A.
            assert service.receive_all(session, [second]) == [Received.NEW]
        assert other.result() == [Received.DUPLICATE] * 2


def test_what_stood_in_the_way_once_is_tried_once_more(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    faults = [OperationalError("INSERT", {}, Exception("deadlock"))] * 3

    def receive_all(*args: Any) -> list[Received]:
        if faults:
            raise faults.pop()
        return service.receive_all(*args)

    monkeypatch.setattr(together, "receive_all", receive_all)
    queue, delivery = Together(), service.Delivery("sms:vcom", "A1", BODY)
    with pytest.raises(OperationalError):
        queue.keep(delivery)
    assert queue.keep(delivery) is Received.NEW
    assert list(states(session).values()) == ["waiting"]


def test_a_gateway_gets_settings_that_it_did_not_have() -> None:
    with transaction() as writing:
        gateways.add(writing, "sms", "cong", "vcom", {}, "s")
        assert not gateways.add(writing, "sms", "cong", "vcom", {"client_id": "a"}, "t")
        assert gateways.known(writing, "sms")["cong"].settings == {"client_id": "a"}
        for settings in ({}, {"client_id": "b"}):
            with pytest.raises(Conflict):
                gateways.add(writing, "sms", "cong", "vcom", settings, "u")
