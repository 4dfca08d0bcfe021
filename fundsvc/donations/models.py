"""Tables of donations, and of papers that list those of a donor."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.columns import Small
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


class AnnualReceipt(OfUnit, Base):
    """A paper that lists what a donor gave in a span of dates, each gift by its own receipt.

    It adds nothing to what was receipted. Its facts are frozen; drawn up anew after something has
    changed, it voids the earlier one of the same donor and span and replaces it.
    """

    __tablename__ = "annual_receipt"
    __table_args__ = table_args(
        CheckConstraint("serial > 0", name="serial"),
        CheckConstraint("length(code) = 16", name="code"),
        CheckConstraint("from_on <= to_on", name="span"),
        CheckConstraint("replaced_by_id IS NULL OR voided_at IS NOT NULL", name="replaced"),
        UniqueConstraint("year", "serial"),
        Index(
            "ix_annual_receipt_valid",
            "donor_id",
            "from_on",
            "to_on",
            unique=True,
            postgresql_where=text("voided_at IS NULL"),
            sqlite_where=text("voided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    year: Mapped[int] = mapped_column(Small)
    serial: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donor_id: Mapped[int] = mapped_column(ForeignKey("donor.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    facts: Mapped[dict[str, Any]]
    code: Mapped[str]
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(default=None)
    voided_at: Mapped[datetime | None] = mapped_column(default=None)
    replaced_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("annual_receipt.id"), default=None
    )
    pdf_sha256: Mapped[str | None] = mapped_column(default=None)


class DonationReturn(OfUnit, Base):
    """What went back to the donor of a donation, in part or whole; it stands beside the donation.

    A negative amount takes an earlier one back: the money could not be sent and is here again.
    `key` names the event, so that hearing of it twice changes nothing.
    """

    __tablename__ = "donation_return"
    __table_args__ = table_args(
        CheckConstraint(
            f"amount BETWEEN -{MAX_DONG} AND {MAX_DONG} AND amount <> 0", name="amount"
        ),
        Index("ix_donation_return_donation_id", "donation_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    amount: Mapped[int]
    returned_on: Mapped[date]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    noted_at: Mapped[datetime]
