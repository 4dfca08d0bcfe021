"""What a posted voucher says on paper is sealed with its entry, under a salt kept with it."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import run_guards

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty for what was posted and sealed before, and run its guards."""
    op.add_column("voucher", sa.Column("salt", sa.Text(), nullable=True))
    run_guards("papers")
