"""Indexes for lists of the bank's lines by size, their sums by day, and for entries by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.drop_index("ix_bank_line_amount", "bank_line")
    op.create_index(
        "ix_bank_line_amount",
        "bank_line",
        ["bank_account_id", "unit_id", "booked_on", "credit", "debit"],
    )
    size = sa.text("(credit + debit)")
    op.create_index("ix_bank_line_size", "bank_line", ["bank_account_id", size, "id"])
    by_hand = sa.text(
        "kind NOT IN ('bank-in', 'bank-out', 'bank-fee', 'opening', 'reversal', 'sms')"
    )
    op.create_index(
        "ix_entry_by_hand", "entry", ["date", "id"], postgresql_where=by_hand, sqlite_where=by_hand
    )
