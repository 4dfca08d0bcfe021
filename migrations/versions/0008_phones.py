"""Phone numbers, terms of campaigns, sums by day, receipts of messages."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and run their guards."""
