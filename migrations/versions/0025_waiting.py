"""Indexes for the figures of lines that wait: each sum is read from its index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(
        "ix_bank_line_amount", "bank_line", ["bank_account_id", "unit_id", "credit", "debit"]
    )
    stands = sa.text("undone_at IS NULL AND kind <> 'held'")
    op.create_index(
        "ix_bank_decision_amount",
        "bank_decision",
        ["bank_account_id", "unit_id", "amount", "bank_line_id"],
        postgresql_where=stands,
        sqlite_where=stands,
    )
    fee = sa.text("kind = 'bank-fee'")
    op.create_index("ix_entry_bank_fee", "entry", ["id"], postgresql_where=fee, sqlite_where=fee)
