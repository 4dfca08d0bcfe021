"""Table of reopenings; the periods themselves are the journal's (`fundsvc.books.models`)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args


class Reopening(OfUnit, Base):
    """A request to open a unit's closed months again from a month on, and what became of it.

    One person asks, another confirms or refuses; who asked may withdraw. `last_month` is the last
    month that a confirmed one opened.
    """

    __tablename__ = "reopening"
    __table_args__ = table_args(
        CheckConstraint("state IN ('asked', 'confirmed', 'refused', 'withdrawn')", name="state"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)",
            name="decided",
        ),
        CheckConstraint("state <> 'confirmed' OR decided_by <> asked_by", name="two_people"),
        CheckConstraint("(state = 'confirmed') = (last_month IS NOT NULL)", name="last_month"),
        CheckConstraint("length(reason) > 0", name="reason"),
        Index(
            "ix_reopening_pending",
            "unit_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    month: Mapped[date]
    reason: Mapped[str]
    asked_by: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="asked")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    last_month: Mapped[date | None] = mapped_column(default=None)
