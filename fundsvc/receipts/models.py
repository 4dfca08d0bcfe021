"""Tables of receipts, and of the messages that one was issued for."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.columns import Small
from fundsvc.db import Base, OfUnit, table_args


class Receipt(OfUnit, Base):
    """A numbered receipt: its facts are frozen at issue; later it may be voided and replaced.

    It is for one donation, or for messages (`ReceiptSms`).
    `number` is `<series>-<year>-<serial>`, the serial gapless per series and year. `code` proves to
    a stranger that the holder has the paper. `pdf_sha256` names the stored original once printed.
    """

    __tablename__ = "receipt"
    __table_args__ = table_args(
        UniqueConstraint("series", "year", "serial"),
        CheckConstraint("serial > 0", name="serial"),
        CheckConstraint("length(code) = 16", name="code"),
        CheckConstraint("(voided_at IS NULL) = (void_reason IS NULL)", name="voided"),
        CheckConstraint("replaced_by_id IS NULL OR voided_at IS NOT NULL", name="replaced"),
        Index(
            "ix_receipt_valid_donation_id",
            "donation_id",
            unique=True,
            postgresql_where=text("voided_at IS NULL"),
            sqlite_where=text("voided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    series: Mapped[str]
    year: Mapped[int] = mapped_column(Small)
    serial: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donation_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"), index=True)
    facts: Mapped[dict[str, Any]]
    code: Mapped[str] = mapped_column(index=True)
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(default=None)
    voided_at: Mapped[datetime | None] = mapped_column(default=None)
    void_reason: Mapped[str | None] = mapped_column(default=None)
    voided_by: Mapped[int | None] = mapped_column(default=None)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"), default=None)
    pdf_sha256: Mapped[str | None] = mapped_column(default=None)


class ReceiptSms(Base):
    """A message that a receipt is for; voiding the receipt frees it for another one."""

    __tablename__ = "receipt_sms"
    __table_args__ = table_args(
        ForeignKeyConstraint(
            ["operator", "request_id"], ["sms_message.operator", "sms_message.request_id"]
        ),
        Index(
            "ix_receipt_sms_valid",
            "operator",
            "request_id",
            unique=True,
            postgresql_where=text("NOT voided"),
            sqlite_where=text("NOT voided"),
        ),
    )

    receipt_id: Mapped[int] = mapped_column(
        ForeignKey("receipt.id"), primary_key=True, autoincrement=False
    )
    operator: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    voided: Mapped[bool] = mapped_column(default=False)
