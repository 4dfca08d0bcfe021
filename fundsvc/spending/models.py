"""Table of payments."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args

LINES = ("house", "gift", "visit", "health", "activity", "admin", "fee", "other")
"""Lines of the fund statement that a payment may stand on; transfers have their own recipe."""


class Payment(OfUnit, Base):
    """Money that left a fund of a unit: on what, to whom, and what for.

    `province_id` is where the money went (a house paid by the centre in Quảng Trị). `key` names
    the request, so that sending it again adds nothing. `salt` hides in the seal what was recorded
    (`fundsvc.spending.paper`); what was recorded before this was sealed has none.
    """

    __tablename__ = "payment"
    __table_args__ = table_args(
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("line IN ({})".format(", ".join(f"'{x}'" for x in LINES)), name="line"),
        Index("ix_payment_unit_id_paid_on", "unit_id", "paid_on"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    line: Mapped[str]
    amount: Mapped[int]
    paid_on: Mapped[date]
    paid_from: Mapped[str]
    payee: Mapped[str]
    purpose: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    recorded_by: Mapped[int | None] = mapped_column(default=None)
    salt: Mapped[str | None] = mapped_column(default=None)
