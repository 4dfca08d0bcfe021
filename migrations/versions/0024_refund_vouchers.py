"""Payment vouchers that give donations back."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Moment
from migrations.guarding import run_guards

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None

MOST = 1_000_000_000_000_000


def upgrade() -> None:
    """Make the table and run its guards."""
    op.create_table(
        "donation_refund",
        sa.Column("voucher_id", Big, autoincrement=False, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donation_id", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_donation_refund_amount")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_donation_refund_reason")),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_donation_refund_donation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_donation_refund_unit_id")),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_donation_refund_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", name=op.f("pk_donation_refund")),
        sqlite_strict=True,
    )
    op.create_index("ix_donation_refund_donation_id", "donation_refund", ["donation_id"])
    run_guards("refund_vouchers")
