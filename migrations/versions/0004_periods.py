"""Closing, reopening and carrying forward."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Json, Moment
from migrations.guarding import run_guards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PENDING = sa.text("state = 'asked'")


def upgrade() -> None:
    """Let a period say who closed it and what stood then; make the table of reopenings."""
    op.add_column("period", sa.Column("closed_at", Moment(), nullable=True))
    op.add_column("period", sa.Column("closed_by", Big, nullable=True))
    op.add_column("period", sa.Column("closing", Json(), nullable=True))
    op.add_column("period", sa.Column("reopening_id", Big, nullable=True))
    op.create_table(
        "reopening",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("month", Day(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", Big, nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", Big, nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("last_month", Day(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'confirmed', 'refused', 'withdrawn')",
            name=op.f("ck_reopening_state"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)",
            name=op.f("ck_reopening_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR decided_by <> asked_by", name=op.f("ck_reopening_two_people")
        ),
        sa.CheckConstraint(
            "(state = 'confirmed') = (last_month IS NOT NULL)", name=op.f("ck_reopening_last_month")
        ),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_reopening_reason")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_reopening_unit_id")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["staff_user.id"], name=op.f("fk_reopening_asked_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_user.id"], name=op.f("fk_reopening_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_reopening_pending",
        "reopening",
        ["unit_id"],
        unique=True,
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    run_guards("periods")
