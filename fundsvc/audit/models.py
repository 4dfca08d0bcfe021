"""Table of acts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args


class Act(Base):
    """One act of a person or of the command line (`actor` empty)."""

    __tablename__ = "act"
    __table_args__ = table_args(Index("ix_act_subject", "subject"))

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]
    actor_id: Mapped[int | None] = mapped_column(default=None)
