"""Tables of settlements: what operators report, what was booked for it, how it is made good."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG

KINDS = ("fee", "money", "loss")
OK, FAILED, REVERSED = "ok", "failed", "reversed"


class Settlement(OfUnit, Base):
    """What an operator says it took and pays for a campaign and some days; amounts in đồng.

    The operator, the campaign and the days are its identity; no two of one operator and campaign
    share a day. `accepted_at` says that its fee was accepted and booked. `detail_sha256` names the
    operator's own list of messages, if it sent one.
    """

    __tablename__ = "settlement"
    __table_args__ = table_args(
        UniqueConstraint("operator", "campaign_id", "period_from", "period_to"),
        CheckConstraint("period_from <= period_to", name="period"),
        CheckConstraint(
            f"messages BETWEEN 0 AND {MAX_DONG} AND gross BETWEEN 0 AND {MAX_DONG}"
            f" AND fee BETWEEN 0 AND {MAX_DONG} AND net BETWEEN 0 AND {MAX_DONG}",
            name="range",
        ),
        CheckConstraint("gross - fee = net", name="net"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    operator: Mapped[str]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    period_from: Mapped[dt.date]
    period_to: Mapped[dt.date]
    messages: Mapped[int]
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    paid_on: Mapped[dt.date]
    bank_reference: Mapped[str]
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    row: Mapped[int]
    imported_at: Mapped[dt.datetime]
    imported_by: Mapped[int | None] = mapped_column(default=None)
    detail_sha256: Mapped[str | None] = mapped_column(
        ForeignKey("stored_file.sha256"), default=None
    )
    accepted_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    accepted_by: Mapped[int | None] = mapped_column(default=None)


class SettlementEntry(OfUnit, Base):
    """One province's part of what was booked for a settlement: a fee, the bank's money, a loss.

    The parts of one act have its number; what was taken back is told by the entry's reversal.
    """

    __tablename__ = "settlement_entry"
    __table_args__ = table_args(
        CheckConstraint("kind IN ({})".format(", ".join(f"'{x}'" for x in KINDS)), name="kind"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("act >= 1", name="act"),
        Index("ix_settlement_entry_settlement_id", "settlement_id", "act"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    act: Mapped[int]
    kind: Mapped[str]
    amount: Mapped[int]
    booked_on: Mapped[dt.date]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)


class SettlementPayment(OfUnit, Base):
    """A line of the bank that a person confirmed to be money of a settlement; it serves one only.

    It goes away when the entries of its act are taken back, and the line is free again.
    """

    __tablename__ = "settlement_payment"
    __table_args__ = table_args(Index("ix_settlement_payment_settlement_id", "settlement_id"))

    bank_line_id: Mapped[int] = mapped_column(
        ForeignKey("bank_line.id"), primary_key=True, autoincrement=False
    )
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    act: Mapped[int]
    confirmed_at: Mapped[dt.datetime]
    confirmed_by: Mapped[int | None] = mapped_column(default=None)


class SettlementMessage(Base):
    """A message on the operator's own list for a settlement; the newest list replaces the others.

    `amount` is None where the list tells none and the text gives none either.
    """

    __tablename__ = "settlement_message"
    __table_args__ = table_args(
        CheckConstraint("status IN ('ok', 'failed', 'reversed')", name="status"),
    )

    settlement_id: Mapped[int] = mapped_column(
        ForeignKey("settlement.id"), primary_key=True, autoincrement=False
    )
    request_id: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int]
    status: Mapped[str]
    amount: Mapped[int | None] = mapped_column(default=None)


class SettlementLoss(OfUnit, Base):
    """A part of the receivable given up, once another person than who asked has approved it.

    `about` names the list of differences it stands for; `items` are its messages as they were.
    """

    __tablename__ = "settlement_loss"
    __table_args__ = table_args(
        CheckConstraint("state IN ('asked', 'approved', 'refused', 'reversed')", name="state"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'reversed') OR decided_by <> asked_by", name="two_people"
        ),
        CheckConstraint("(state IN ('approved', 'reversed')) = (act IS NOT NULL)", name="booked"),
        Index("ix_settlement_loss_settlement_id", "settlement_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    about: Mapped[str]
    messages: Mapped[int]
    amount: Mapped[int]
    reason: Mapped[str]
    items: Mapped[dict[str, Any]]
    state: Mapped[str]
    asked_by: Mapped[int]
    asked_at: Mapped[dt.datetime]
    decided_by: Mapped[int | None] = mapped_column(default=None)
    decided_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    act: Mapped[int | None] = mapped_column(default=None)


class Claim(OfUnit, Base):
    """A letter that asks an operator for what it has not reported or paid; its facts are frozen."""

    __tablename__ = "claim"
    __table_args__ = table_args(
        CheckConstraint("state IN ('open', 'met', 'refused', 'withdrawn')", name="state"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("(state = 'open') = (closed_on IS NULL)", name="closed"),
        Index("ix_claim_settlement_id", "settlement_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    about: Mapped[str]
    number: Mapped[str]
    made_on: Mapped[dt.date]
    messages: Mapped[int]
    amount: Mapped[int]
    facts: Mapped[dict[str, Any]]
    state: Mapped[str]
    made_by: Mapped[int]
    made_at: Mapped[dt.datetime]
    closed_on: Mapped[dt.date | None] = mapped_column(default=None)
    closed_by: Mapped[int | None] = mapped_column(default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
