"""What a payment says, its payee too, is sealed with its entry, under a salt kept with it."""

import sqlalchemy as sa
from alembic import op

from migrations.guarding import run_guards

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty for what was recorded and sealed before, and run its guards."""
    op.add_column("payment", sa.Column("salt", sa.Text(), nullable=True))
    run_guards("payees")
