"""Where the leaves of a seal lie, so that a check names the very entries that were touched."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big
from migrations.guarding import run_guards

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table beside the seals, whose rows stay as short as they are."""
    op.create_table(
        "seal_marks",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["seal.number"], name=op.f("fk_seal_marks_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal_marks")),
        sqlite_strict=True,
    )
    run_guards("seal_marks")
