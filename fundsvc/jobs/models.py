"""Table of jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class Job(Base):
    """Work that waits, is being done, or has ended; `told` is then what came of it.

    Whoever does it holds a lease and is the `tries`th to try. `total` is how much there is to do.
    """

    __tablename__ = "job"
    __table_args__ = table_args(
        UniqueConstraint("key"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (told IS NOT NULL)"
            " AND (told IS NULL) = (ended_at IS NULL)",
            name="told",
        ),
        CheckConstraint("tries >= 0 AND total >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    kind: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    total: Mapped[int]
    made_by: Mapped[int | None]
    made_at: Mapped[datetime]
    locale: Mapped[str]
    key: Mapped[str]
    state: Mapped[str] = mapped_column(default=WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    told: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
