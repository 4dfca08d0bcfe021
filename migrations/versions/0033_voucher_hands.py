"""Guards of vouchers: who had a hand in one does not approve it, and what none books by hand."""

from migrations.guarding import run_guards

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the guards; vouchers that were posted before stay as they are, and verify names them."""
    run_guards("voucher_hands")
