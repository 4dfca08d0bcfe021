"""Tables of card payments and of all that moves money at Stripe because of them."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG

MOVEMENTS = ("payment", "refund", "refund-failed", "dispute", "dispute-won", "fee")
DISPUTES = ("open", "won", "lost")
PAYOUTS = ("sent", "arrived", "failed")
_RANGE = f"BETWEEN -{MAX_DONG} AND {MAX_DONG}"


class CardPayment(OfUnit, Base):
    """A payment by card that succeeded, and the donation it became; it never changes.

    A promise that is paid twice has two, and became two donations.
    """

    __tablename__ = "card_payment"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"), index=True)
    payment_intent: Mapped[str] = mapped_column(unique=True)
    charge: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    paid_on: Mapped[dt.date]
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), unique=True)
    noted_at: Mapped[dt.datetime]


class CardRefund(OfUnit, Base):
    """A refund of a card payment, made here or in Stripe's dashboard."""

    __tablename__ = "card_refund"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("state IN ('sent', 'failed')", name="state"),
        Index("ix_card_refund_payment_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("card_payment.id"))
    refund: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    made_on: Mapped[dt.date]
    state: Mapped[str]
    noted_at: Mapped[dt.datetime]


class CardDispute(OfUnit, Base):
    """A cardholder's bank takes a payment back; it is won or lost, by what Stripe says at last.

    `lost_entry_id` is the entry that takes the donation out of the income of its fund.
    """

    __tablename__ = "card_dispute"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint(
            "state IN ({})".format(", ".join(f"'{x}'" for x in DISPUTES)), name="state"
        ),
        CheckConstraint("lost_entry_id IS NULL OR state = 'lost'", name="lost"),
        Index("ix_card_dispute_payment_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("card_payment.id"))
    dispute: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    reason: Mapped[str]
    opened_on: Mapped[dt.date]
    state: Mapped[str]
    noted_at: Mapped[dt.datetime]
    answer_by: Mapped[dt.date | None] = mapped_column(default=None)
    lost_entry_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry.id"), unique=True, default=None
    )


class CardPayout(OfUnit, Base):
    """Money that Stripe sent to the bank: on its way, arrived as a line of the bank, or failed.

    `amount` is what it was worth in the books (đồng), `settled` what Stripe sent in the smallest
    unit of `currency`. `unit_id` is the unit of its largest part.
    """

    __tablename__ = "card_payout"
    __table_args__ = table_args(
        CheckConstraint(f"amount {_RANGE}", name="amount"),
        CheckConstraint("state IN ({})".format(", ".join(f"'{x}'" for x in PAYOUTS)), name="state"),
        CheckConstraint("(state = 'failed') = (back_entry_id IS NOT NULL)", name="failed"),
        CheckConstraint(
            "(state = 'arrived') = (bank_line_id IS NOT NULL)"
            " AND (bank_line_id IS NULL) = (arrival_entry_id IS NULL)",
            name="arrived",
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    payout: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    currency: Mapped[str]
    settled: Mapped[int]
    sent_on: Mapped[dt.date]
    arrives_on: Mapped[dt.date]
    state: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    noted_at: Mapped[dt.datetime]
    back_entry_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry.id"), unique=True, default=None
    )
    bank_line_id: Mapped[int | None] = mapped_column(
        ForeignKey("bank_line.id"), unique=True, default=None
    )
    arrival_entry_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry.id"), unique=True, default=None
    )
    matched_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    matched_by: Mapped[int | None] = mapped_column(default=None)


class CardMovement(OfUnit, Base):
    """What moved at Stripe, as its balance transactions tell, each booked once.

    `amount` and `fee` are đồng and signed as they change what Stripe holds for us; `settled` and
    `settled_fee` are the same in the smallest unit of `currency`, in which Stripe pays out. `rate`
    is Stripe's own exchange rate, empty in đồng.
    """

    __tablename__ = "card_movement"
    __table_args__ = table_args(
        CheckConstraint("kind IN ({})".format(", ".join(f"'{x}'" for x in MOVEMENTS)), name="kind"),
        CheckConstraint(f"amount {_RANGE} AND fee {_RANGE}", name="amount"),
        CheckConstraint(
            "CASE kind WHEN 'payment' THEN amount > 0 WHEN 'refund' THEN amount < 0"
            " WHEN 'refund-failed' THEN amount > 0 WHEN 'dispute' THEN amount < 0"
            " WHEN 'dispute-won' THEN amount > 0 ELSE amount = 0 END",
            name="sign",
        ),
        CheckConstraint("(amount = 0) = (entry_id IS NULL)", name="booked"),
        CheckConstraint("(fee = 0) = (fee_entry_id IS NULL)", name="fee_booked"),
        CheckConstraint("kind = 'fee' OR payment_id IS NOT NULL", name="of_payment"),
        CheckConstraint(
            "currency <> 'vnd' OR (amount = settled AND fee = settled_fee)", name="dong"
        ),
        Index("ix_card_movement_payment_id", "payment_id"),
        Index("ix_card_movement_payout_id", "payout_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    movement: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    moved_on: Mapped[dt.date]
    amount: Mapped[int]
    fee: Mapped[int]
    currency: Mapped[str]
    settled: Mapped[int]
    settled_fee: Mapped[int]
    rate: Mapped[str]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("card_payment.id"), default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), unique=True, default=None)
    fee_entry_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry.id"), unique=True, default=None
    )
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("card_payout.id"), default=None)


class RefundRequest(OfUnit, Base):
    """A refund that somebody asks for and another person approves; only then Stripe is asked."""

    __tablename__ = "refund_request"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'sent', 'failed')", name="state"
        ),
        CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "state IN ('asked', 'refused') OR decided_by <> asked_by", name="two_people"
        ),
        CheckConstraint("(state = 'sent') = (refund IS NOT NULL)", name="sent"),
        Index("ix_refund_request_payment_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("card_payment.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[int]
    asked_at: Mapped[dt.datetime]
    decided_by: Mapped[int | None] = mapped_column(default=None)
    decided_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    refund: Mapped[str | None] = mapped_column(unique=True, default=None)
    told: Mapped[str] = mapped_column(default="")


class CardStray(OfUnit, Base):
    """Money in a payout of which nothing is known here: it waits among the unidentified money.

    `amount` is what it added to the payout in đồng, less what Stripe took of it; `source` is what
    it came of at Stripe. Somebody decides it by a voucher and then says that it was seen to.
    """

    __tablename__ = "card_stray"
    __table_args__ = table_args(
        CheckConstraint(f"amount <> 0 AND amount {_RANGE}", name="amount"),
        CheckConstraint("currency <> 'vnd' OR amount = settled", name="dong"),
        CheckConstraint("(seen_at IS NULL) = (seen_by IS NULL)", name="seen"),
        Index("ix_card_stray_payout_id", "payout_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    movement: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    source: Mapped[str]
    moved_on: Mapped[dt.date]
    amount: Mapped[int]
    currency: Mapped[str]
    settled: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    payout_id: Mapped[int] = mapped_column(ForeignKey("card_payout.id"))
    noted_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    seen_by: Mapped[int | None] = mapped_column(default=None)


class CardPull(Base):
    """A pull of events that came to its end; the next one asks from before it began."""

    __tablename__ = "card_pull"
    __table_args__ = table_args(
        CheckConstraint("seen >= 0 AND new BETWEEN 0 AND seen", name="new"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    began_at: Mapped[dt.datetime]
    seen: Mapped[int]
    new: Mapped[int]
