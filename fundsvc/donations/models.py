"""Table of donations."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG

METHODS = ("cash", "bank", "card")


class Donation(OfUnit, Base):
    """What somebody gave, as it was recorded; never changed, corrected only by a reversal.

    `donor_id` is empty for an anonymous donation. `key` names the request that recorded it, so
    that sending it twice gives one donation.
    """

    __tablename__ = "donation"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("method IN ('cash', 'bank', 'card')", name="method"),
        Index("ix_donation_received_on_id", "received_on", "id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    amount: Mapped[int]
    received_on: Mapped[date]
    method: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    donor_id: Mapped[int | None] = mapped_column(ForeignKey("donor.id"), default=None)
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    earmark: Mapped[str] = mapped_column(default="")
    on_behalf_of: Mapped[str] = mapped_column(default="")
    in_memory_of: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[int | None] = mapped_column(default=None)
