"""The table that ties a payment voucher to the donation it gives back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG


class DonationRefund(OfUnit, Base):
    """A payment voucher that gives a donation or a part of it back; never changed.

    It holds its amount of the donation until the voucher is discarded. Posted, the voucher's entry
    is a `DonationReturn`. `digest` is of all that was asked for, whatever became of the draft
    since; keyed, for it knows a person's name. Those asked for before it was kept have none.
    """

    __tablename__ = "donation_refund"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("length(reason) > 0", name="reason"),
        Index("ix_donation_refund_donation_id", "donation_id"),
    )

    voucher_id: Mapped[int] = mapped_column(
        ForeignKey("voucher.id"), primary_key=True, autoincrement=False
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    digest: Mapped[str | None] = mapped_column(default=None)
