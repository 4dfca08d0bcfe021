"""Card payments, their fees, refunds, disputes and payouts."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Moment
from migrations.guarding import run_guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOST = 1_000_000_000_000_000


def upgrade() -> None:
    """Make the tables and run their guards."""
    _donation_return()
    _card_payment()
    _card_refund()
    _card_dispute()
    _card_payout()
    _card_movement()
    run_guards("cards")


def _donation_return() -> None:
    op.create_table(
        "donation_return",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donation_id", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("returned_on", Day(), nullable=False),
        sa.Column("entry_id", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.CheckConstraint(
            f"amount BETWEEN -{MOST} AND {MOST} AND amount <> 0",
            name=op.f("ck_donation_return_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_donation_return_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_donation_return_donation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_donation_return_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_donation_return")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_donation_return_entry_id")),
        sa.UniqueConstraint("key", name=op.f("uq_donation_return_key")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_donation_return_donation_id", "donation_return", ["donation_id"], unique=False
    )


def _card_payment() -> None:
    op.create_table(
        "card_payment",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("pledge_id", Big, nullable=False),
        sa.Column("payment_intent", sa.Text(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("paid_on", Day(), nullable=False),
        sa.Column("donation_id", Big, nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_card_payment_amount")),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["pledge.id"], name=op.f("fk_card_payment_pledge_id")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_card_payment_fund_id")),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_card_payment_donation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_payment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_payment")),
        sa.UniqueConstraint("payment_intent", name=op.f("uq_card_payment_payment_intent")),
        sa.UniqueConstraint("donation_id", name=op.f("uq_card_payment_donation_id")),
        sa.UniqueConstraint("charge", name=op.f("uq_card_payment_charge")),
        sqlite_strict=True,
    )
    op.create_index("ix_card_payment_pledge_id", "card_payment", ["pledge_id"], unique=False)


def _card_refund() -> None:
    op.create_table(
        "card_refund",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("payment_id", Big, nullable=False),
        sa.Column("refund", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("made_on", Day(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_card_refund_amount")),
        sa.CheckConstraint("state IN ('sent', 'failed')", name=op.f("ck_card_refund_state")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["card_payment.id"], name=op.f("fk_card_refund_payment_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_refund_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_refund")),
        sa.UniqueConstraint("refund", name=op.f("uq_card_refund_refund")),
        sqlite_strict=True,
    )
    op.create_index("ix_card_refund_payment_id", "card_refund", ["payment_id"], unique=False)


def _card_dispute() -> None:
    op.create_table(
        "card_dispute",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("payment_id", Big, nullable=False),
        sa.Column("dispute", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_on", Day(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("answer_by", Day(), nullable=True),
        sa.Column("lost_entry_id", Big, nullable=True),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_card_dispute_amount")),
        sa.CheckConstraint(
            "lost_entry_id IS NULL OR state = 'lost'", name=op.f("ck_card_dispute_lost")
        ),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_card_dispute_state")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_dispute_unit_id")),
        sa.ForeignKeyConstraint(
            ["lost_entry_id"], ["entry.id"], name=op.f("fk_card_dispute_lost_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["card_payment.id"], name=op.f("fk_card_dispute_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_dispute")),
        sa.UniqueConstraint("dispute", name=op.f("uq_card_dispute_dispute")),
        sa.UniqueConstraint("lost_entry_id", name=op.f("uq_card_dispute_lost_entry_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_card_dispute_payment_id", "card_dispute", ["payment_id"], unique=False)


def _card_payout() -> None:
    op.create_table(
        "card_payout",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("payout", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("settled", Big, nullable=False),
        sa.Column("sent_on", Day(), nullable=False),
        sa.Column("arrives_on", Day(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entry_id", Big, nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("back_entry_id", Big, nullable=True),
        sa.Column("bank_line_id", Big, nullable=True),
        sa.Column("arrival_entry_id", Big, nullable=True),
        sa.Column("matched_at", Moment(), nullable=True),
        sa.Column("matched_by", Big, nullable=True),
        sa.CheckConstraint(
            f"amount BETWEEN -{MOST} AND {MOST}",
            name=op.f("ck_card_payout_amount"),
        ),
        sa.CheckConstraint(
            "(state = 'arrived') = (bank_line_id IS NOT NULL)"
            " AND (bank_line_id IS NULL) = (arrival_entry_id IS NULL)",
            name=op.f("ck_card_payout_arrived"),
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (back_entry_id IS NOT NULL)", name=op.f("ck_card_payout_failed")
        ),
        sa.CheckConstraint(
            "state IN ('sent', 'arrived', 'failed')", name=op.f("ck_card_payout_state")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_payout_unit_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_card_payout_entry_id")),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_card_payout_bank_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["arrival_entry_id"], ["entry.id"], name=op.f("fk_card_payout_arrival_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["back_entry_id"], ["entry.id"], name=op.f("fk_card_payout_back_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_payout")),
        sa.UniqueConstraint("payout", name=op.f("uq_card_payout_payout")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_card_payout_entry_id")),
        sa.UniqueConstraint("bank_line_id", name=op.f("uq_card_payout_bank_line_id")),
        sa.UniqueConstraint("back_entry_id", name=op.f("uq_card_payout_back_entry_id")),
        sa.UniqueConstraint("arrival_entry_id", name=op.f("uq_card_payout_arrival_entry_id")),
        sqlite_strict=True,
    )


def _card_movement() -> None:
    op.create_table(
        "card_movement",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("moved_on", Day(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("fee", Big, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("settled", Big, nullable=False),
        sa.Column("settled_fee", Big, nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("payment_id", Big, nullable=True),
        sa.Column("entry_id", Big, nullable=True),
        sa.Column("fee_entry_id", Big, nullable=True),
        sa.Column("payout_id", Big, nullable=True),
        sa.CheckConstraint(
            f"amount BETWEEN -{MOST} AND {MOST} AND fee BETWEEN -{MOST} AND {MOST}",
            name=op.f("ck_card_movement_amount"),
        ),
        sa.CheckConstraint(
            "(amount = 0) = (entry_id IS NULL)", name=op.f("ck_card_movement_booked")
        ),
        sa.CheckConstraint(
            "currency <> 'vnd' OR (amount = settled AND fee = settled_fee)",
            name=op.f("ck_card_movement_dong"),
        ),
        sa.CheckConstraint(
            "(fee = 0) = (fee_entry_id IS NULL)", name=op.f("ck_card_movement_fee_booked")
        ),
        sa.CheckConstraint(
            "kind IN ('payment', 'refund', 'refund-failed', 'dispute', 'dispute-won', 'fee')",
            name=op.f("ck_card_movement_kind"),
        ),
        sa.CheckConstraint(
            "kind = 'fee' OR payment_id IS NOT NULL", name=op.f("ck_card_movement_of_payment")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'payment' THEN amount > 0 WHEN 'refund' THEN amount < 0"
            " WHEN 'refund-failed' THEN amount > 0 WHEN 'dispute' THEN amount < 0"
            " WHEN 'dispute-won' THEN amount > 0 ELSE amount = 0 END",
            name=op.f("ck_card_movement_sign"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["card_payment.id"], name=op.f("fk_card_movement_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["card_payout.id"], name=op.f("fk_card_movement_payout_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_movement_unit_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_card_movement_entry_id")),
        sa.ForeignKeyConstraint(
            ["fee_entry_id"], ["entry.id"], name=op.f("fk_card_movement_fee_entry_id")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_card_movement_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_movement")),
        sa.UniqueConstraint("fee_entry_id", name=op.f("uq_card_movement_fee_entry_id")),
        sa.UniqueConstraint("movement", name=op.f("uq_card_movement_movement")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_card_movement_entry_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_card_movement_payment_id", "card_movement", ["payment_id"], unique=False)
    op.create_index("ix_card_movement_payout_id", "card_movement", ["payout_id"], unique=False)
