"""The guards of the first release: what the database refuses whoever asks."""

from migrations.guarding import run_guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the guards of the first tables."""
    run_guards("books", "ground", "dues", "receipts", "reconciliation", "sms", "spending")
