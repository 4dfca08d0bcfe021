"""Tables of the inbox: what was pushed, and the gateways that may push, with their secrets."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args

WAITING, HANDLED, PARKED, CONFLICT = "waiting", "handled", "parked", "conflict"
_FIRST, _WAITS, _SHELVED = (
    text("contradicts_id IS NULL"),
    text("state = 'waiting'"),
    text("state IN ('parked', 'conflict')"),
)


class InboxItem(Base):
    """Something that was pushed, as it came.

    `source` is the kind and the gateway (`sms:vcom`); with the sender's own id it is the identity.
    The same id with another content is kept as well: it `contradicts` the first. `led_to` names
    what the item became, in words of the slice that handled it.
    """

    __tablename__ = "inbox_item"
    __table_args__ = table_args(
        CheckConstraint("state IN ('waiting', 'handled', 'parked', 'conflict')", name="state"),
        CheckConstraint("(state = 'waiting') = (handled_at IS NULL)", name="handled"),
        CheckConstraint("state NOT IN ('parked', 'conflict') OR why IS NOT NULL", name="why"),
        UniqueConstraint("source", "external_id", "digest"),
        Index(
            "ix_inbox_item_first",
            "source",
            "external_id",
            unique=True,
            postgresql_where=_FIRST,
            sqlite_where=_FIRST,
        ),
        Index("ix_inbox_item_waiting", "id", postgresql_where=_WAITS, sqlite_where=_WAITS),
        Index("ix_inbox_item_shelved", "id", postgresql_where=_SHELVED, sqlite_where=_SHELVED),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    digest: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    state: Mapped[str]
    contradicts_id: Mapped[int | None] = mapped_column(ForeignKey("inbox_item.id"), default=None)
    why: Mapped[str | None] = mapped_column(default=None)
    led_to: Mapped[str | None] = mapped_column(default=None)
    handled_at: Mapped[datetime | None] = mapped_column(default=None)


class Gateway(Base):
    """Somebody who may push things of a kind, in a form of its own."""

    __tablename__ = "gateway"
    __table_args__ = table_args(UniqueConstraint("kind", "name"))

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    form: Mapped[str]
    settings: Mapped[dict[str, Any]]
    added_at: Mapped[datetime]


class GatewaySecret(Base):
    """A secret that a gateway signs with, sealed; several are good while one replaces another."""

    __tablename__ = "gateway_secret"
    __table_args__ = table_args()

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateway.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
