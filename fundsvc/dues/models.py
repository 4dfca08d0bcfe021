"""Table of dues and base fund totals."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args


class DuesTotal(OfUnit, Base):
    """What a unit collected for one month, in one sum: dues of members, or base fund money.

    `month` is the month the money is for (its first day); `paid_on` is the day it was received and
    booked. `key` names the request, so that sending it again adds nothing.
    """

    __tablename__ = "dues_total"
    __table_args__ = table_args(
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_dues_total_unit_id_month", "unit_id", "month"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    month: Mapped[date]
    amount: Mapped[int]
    paid_on: Mapped[date]
    paid_into: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(default=None)
