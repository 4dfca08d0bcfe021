"""What was asked for of a refund is known again, and its voucher keeps the donation's province."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import run_guards

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and run the guards."""
    op.add_column("donation_refund", sa.Column("digest", sa.Text(), nullable=True))
    run_guards("refund_province")
