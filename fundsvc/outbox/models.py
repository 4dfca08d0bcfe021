"""Table of letters."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args

WAITING, SENT, DEAD = "waiting", "sent", "dead"
_WAITS, _IS_DEAD = text("state = 'waiting'"), text("state = 'dead'")


class Letter(Base):
    """An e-mail that waits, was sent, or could not be.

    `key` names what it tells, so that nobody is told twice. `sealed` holds whom it goes to and
    what it says; it is emptied when the person is forgotten. `attachments` says by kind and
    reference what goes with it: their bytes are fetched when it is sent. While it is being sent
    there is a lease. `told` is what went wrong the last time.
    """

    __tablename__ = "letter"
    __table_args__ = table_args(
        UniqueConstraint("key"),
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("state <> 'dead' OR told IS NOT NULL", name="told"),
        CheckConstraint("lease_until IS NULL OR state = 'waiting'", name="lease"),
        CheckConstraint("sealed IS NOT NULL OR state <> 'waiting'", name="sealed"),
        CheckConstraint("tries >= 0", name="tries"),
        Index("ix_letter_waiting", "next_at", "id", postgresql_where=_WAITS, sqlite_where=_WAITS),
        Index("ix_letter_dead", "id", postgresql_where=_IS_DEAD, sqlite_where=_IS_DEAD),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    key: Mapped[str]
    kind: Mapped[str]
    locale: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    attachments: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    told: Mapped[str | None] = mapped_column(default=None)
