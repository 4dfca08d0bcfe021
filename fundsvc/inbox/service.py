"""Keep what is pushed, once; hand it out to whoever handles it; note what became of it.

Whoever receives something checks its signature, calls `receive` in a transaction of its own, and
answers after the commit: what was answered is on disk. The unique key on source and id is what
makes a second delivery harmless, however many come at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Update,
    bindparam,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fundsvc import clock, secrecy
from fundsvc.inbox.models import CONFLICT, HANDLED, PARKED, WAITING, InboxItem

PAGE = 50
MANY = 500
_ITEM: Table = InboxItem.__table__  # type: ignore[assignment]  # A mapped class has a Table.
# As a literal, or PostgreSQL could not use the small indexes of what waits and what is shelved.
_WAITS = _ITEM.c.state == literal_column("'waiting'")
_SHELVED = _ITEM.c.state.in_((literal_column("'parked'"), literal_column("'conflict'")))
_KEY = (_ITEM.c.source, _ITEM.c.external_id, _ITEM.c.digest)
_INSERT = {
    "postgresql": postgresql_insert(_ITEM).on_conflict_do_nothing().returning(*_KEY),
    "sqlite": sqlite_insert(_ITEM).on_conflict_do_nothing().returning(*_KEY),
}
# It is stored, so it is not translated.
CONTRADICTS = "Cùng mã với lần nhận trước nhưng nội dung khác."


class Received(StrEnum):
    """What became of a delivery."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a sender brought.

    `source` is kind and gateway (`sms:vcom`), `external_id` the sender's own id. `alike` is what
    must be equal when the id comes again, the body when not given: a sender that signs each attempt
    anew sends other bytes for the same thing.
    """

    source: str
    external_id: str
    body: bytes
    alike: bytes | None = None


class Row(NamedTuple):
    """A delivery as it is kept: the digest of what must be equal when it comes again."""

    source: str
    external_id: str
    digest: str
    body: bytes
    received_at: datetime

    @property
    def key(self) -> tuple[str, str, str]:
        """What is kept once."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class Item:
    """An item to be handled; the body is open."""

    id: int
    source: str
    external_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Shelved:
    """An item that a person has to look at; `before` is the body that it contradicts."""

    id: int
    source: str
    external_id: str
    body: bytes
    before: bytes | None
    received_at: datetime
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: what it led to, or why it is set aside."""

    id: int
    state: str
    why: str | None = None
    led_to: str | None = None


def receive(
    session: Session, source: str, external_id: str, body: bytes, *, alike: bytes | None = None
) -> Received:
    """Keep a delivery that is not there yet; see `Delivery`.

    The sender may be answered once the transaction is committed.
    """
    (received,) = receive_all(session, [Delivery(source, external_id, body, alike)])
    return received


def receive_all(session: Session, deliveries: Sequence[Delivery]) -> list[Received]:
    """Keep deliveries that are not there yet, all new ones by one statement."""
    return keep(session, sealed(deliveries))


def sealed(deliveries: Sequence[Delivery]) -> list[Row]:
    """Return deliveries as they are kept: by their digest, the body sealed."""
    now = clock.now()
    return [
        Row(
            one.source,
            one.external_id,
            secrecy.fingerprint(one.body if one.alike is None else one.alike),
            secrecy.seal(one.body),
            now,
        )
        for one in deliveries
    ]


def keep(session: Session, rows: Sequence[Row]) -> list[Received]:
    """Keep rows that are not there yet, all new ones by one statement.

    It takes the ids in order, so that two who bring the same ones do not wait for each other.
    """
    facts = {
        row.key: row._asdict()
        | {"state": WAITING, "contradicts_id": None, "why": None, "handled_at": None}
        for row in rows
    }
    # Of two contents under one id, the first that came stays the first.
    in_order = [facts[key] for key in sorted(facts, key=lambda key: key[:2])]
    connection = session.connection()
    insert = _INSERT[connection.dialect.name]
    new = {tuple(row) for row in connection.execute(insert, in_order)}
    told = []
    for row in rows:
        told.append(Received.NEW if row.key in new else _keep_known(connection, facts[row.key]))
        new.discard(row.key)
    return told


def seen(session: Session, row: Row) -> Received:
    """Say what would become of a row, by what is kept already."""
    digests = set(session.scalars(_under_id(_ITEM.c.digest, row.source, row.external_id)))
    if row.digest in digests:
        return Received.DUPLICATE
    return Received.CONFLICT if digests else Received.NEW


def _under_id(column: Any, source: str, external_id: str) -> Any:
    return select(column).where(_ITEM.c.source == source, _ITEM.c.external_id == external_id)


def _keep_known(connection: Connection, facts: dict[str, Any]) -> Received:
    """Keep what has the id of something else; what is there already stays as it is."""
    before = connection.execute(
        select(_ITEM.c.id, _ITEM.c.digest)
        .where(_ITEM.c.source == facts["source"], _ITEM.c.external_id == facts["external_id"])
        .order_by(_ITEM.c.id)
    ).all()
    if any(row.digest == facts["digest"] for row in before):
        return Received.DUPLICATE
    contradicting = {
        "state": CONFLICT,
        "contradicts_id": before[0].id,
        "why": CONTRADICTS,
        "handled_at": facts["received_at"],
    }
    connection.execute(_INSERT[connection.dialect.name], facts | contradicting)
    return Received.CONFLICT


def known(session: Session, source: str, external_ids: Sequence[str]) -> set[str]:
    """Return those of a source's ids under which something is kept."""
    found: set[str] = set()
    for start in range(0, len(external_ids), MANY):
        some = external_ids[start : start + MANY]
        query = select(_ITEM.c.external_id).where(_ITEM.c.source == source)
        found.update(session.scalars(query.where(_ITEM.c.external_id.in_(some))))
    return found


def waits(session: Session, kind: str) -> bool:
    """Say whether anything of a kind waits to be handled."""
    found = session.execute(select(_ITEM.c.id).where(_WAITS, _of(kind)).limit(1))
    return found.first() is not None


def take(session: Session, kind: str, most: int) -> list[Item]:
    """Return what waits, the first that came first; the caller sees to it that nobody else does."""
    rows = session.execute(
        select(_ITEM.c.id, _ITEM.c.source, _ITEM.c.external_id, _ITEM.c.body)
        .where(_WAITS, _of(kind))
        .order_by(_ITEM.c.id)
        .limit(most)
    )
    return [Item(row.id, row.source, row.external_id, _opened(row.body)) for row in rows]


def settle(session: Session, outcomes: Sequence[Outcome]) -> None:
    """Note what became of items, in the transaction in which it did."""
    if not outcomes:
        return
    at = clock.now()
    session.connection().execute(
        update(_ITEM)
        .where(_ITEM.c.id == bindparam("item"))
        .values(
            state=bindparam("now"),
            why=bindparam("reason"),
            led_to=bindparam("result"),
            handled_at=bindparam("at"),
        ),
        [
            {
                "item": outcome.id,
                "now": outcome.state,
                "reason": outcome.why,
                "result": outcome.led_to,
                "at": at,
            }
            for outcome in outcomes
        ],
    )


def again(session: Session, kind: str, *which: ColumnElement[bool]) -> int:
    """Let items of a kind wait once more; return how many."""
    waiting = (
        update(_ITEM)
        .where(_of(kind), *which)
        .values(state=WAITING, why=null(), led_to=null(), handled_at=null())
    )
    return _changed(session, waiting)


def retry(session: Session, kind: str, item_id: int) -> bool:
    """Let an item that was set aside be handled once more; False when there is none."""
    return again(session, kind, _ITEM.c.id == item_id, _SHELVED) == 1


def dismiss(session: Session, kind: str, item_id: int) -> bool:
    """Leave an item as it is, for a person has looked at it; its reason stays with it."""
    done = update(_ITEM).where(_of(kind), _ITEM.c.id == item_id, _SHELVED)
    done = done.values(state=HANDLED, handled_at=clock.now())
    return _changed(session, done) == 1


def dispute(session: Session, kind: str, led_to: Sequence[str], why: str) -> None:
    """Tell a person that something else speaks against what items led to."""
    for result in led_to:
        against = update(_ITEM).where(_of(kind), _ITEM.c.led_to == result)
        session.execute(against.values(state=CONFLICT, why=why))


def latest(session: Session, source: str) -> datetime | None:
    """Return when something came last from a source."""
    newest = select(_ITEM.c.received_at).where(_ITEM.c.source == source)
    return session.scalar(newest.order_by(_ITEM.c.id.desc()).limit(1))


def counts(session: Session, kind: str) -> dict[str, int]:
    """Return how many items of a kind wait, are parked and are in conflict."""
    found = {WAITING: 0, PARKED: 0, CONFLICT: 0}
    for condition in (_WAITS, _SHELVED):
        rows = session.execute(
            select(_ITEM.c.state, func.count()).where(condition, _of(kind)).group_by(_ITEM.c.state)
        )
        found.update((state, count) for state, count in rows)
    return found


def shelved(session: Session, kind: str, before: int | None = None) -> list[Shelved]:
    """Return a page of what a person has to look at and one more, the newest first."""
    first = _ITEM.alias("first")
    query = (
        select(_ITEM, first.c.body.label("before"))
        .join(first, first.c.id == _ITEM.c.contradicts_id, isouter=True)
        .where(_SHELVED, _of(kind))
        .order_by(_ITEM.c.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(_ITEM.c.id < before)
    return [
        Shelved(
            id=row.id,
            source=row.source,
            external_id=row.external_id,
            body=_opened(row.body),
            before=None if row.before is None else _opened(row.before),
            received_at=row.received_at,
            state=row.state,
            why=row.why,
        )
        for row in session.execute(query)
    ]


def _opened(sealed: bytes) -> bytes:
    """Return a body; nothing when it does not open, so that one damaged item holds up no other."""
    try:
        return secrecy.unseal(sealed)
    except secrecy.UnreadableError:
        return b""


def _changed(session: Session, updating: Update) -> int:
    return int(session.execute(updating).rowcount)  # type: ignore[attr-defined]  # Updates count.


def _of(kind: str) -> ColumnElement[bool]:
    return _ITEM.c.source.startswith(f"{kind}:", autoescape=True)
