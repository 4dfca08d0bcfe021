"""Refunds asked and approved."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Moment
from migrations.guarding import run_guards

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOST = 1_000_000_000_000_000


def upgrade() -> None:
    """Make the table and run its guards."""
    _refund_request()
    run_guards("refunds")


def _refund_request() -> None:
    op.create_table(
        "refund_request",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("payment_id", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", Big, nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decided_by", Big, nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("refund", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_refund_request_amount")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_refund_request_decided"),
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_refund_request_reason")),
        sa.CheckConstraint(
            "(state = 'sent') = (refund IS NOT NULL)", name=op.f("ck_refund_request_sent")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'sent', 'failed')",
            name=op.f("ck_refund_request_state"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'refused') OR decided_by <> asked_by",
            name=op.f("ck_refund_request_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["card_payment.id"], name=op.f("fk_refund_request_payment_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_refund_request_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_request")),
        sa.UniqueConstraint("refund", name=op.f("uq_refund_request_refund")),
        sqlite_strict=True,
    )
    op.create_index("ix_refund_request_payment_id", "refund_request", ["payment_id"], unique=False)
