"""Lines of the bank that name a promise and wait."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Moment
from migrations.guarding import run_guards

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and run its guards."""
    op.create_table(
        "bank_coded",
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", Big, nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", Big, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'given', 'left')", name=op.f("ck_bank_coded_state")
        ),
        sa.CheckConstraint("length(codes) > 0", name=op.f("ck_bank_coded_codes")),
        sa.CheckConstraint("tries >= 1", name=op.f("ck_bank_coded_tries")),
        sa.CheckConstraint("state = 'waiting' OR next_at IS NULL", name=op.f("ck_bank_coded_next")),
        sa.CheckConstraint(
            "state <> 'left' OR ended_by IS NOT NULL", name=op.f("ck_bank_coded_left")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_bank_coded_ended")
        ),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_coded_bank_line_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_coded_unit_id")),
        sa.PrimaryKeyConstraint("bank_line_id", name=op.f("pk_bank_coded")),
        sqlite_strict=True,
    )
    op.create_index("ix_bank_coded_state", "bank_coded", ["state", "next_at"])
    run_guards("coded")
