"""Background jobs and mapping profiles."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Json, Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job",
        sa.Column("id", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arguments", Json(), nullable=False),
        sa.Column("total", Big, nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", Big, nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("told", Json(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_job_state")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)", name=op.f("ck_job_lease")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (told IS NOT NULL)"
            " AND (told IS NULL) = (ended_at IS NULL)",
            name=op.f("ck_job_told"),
        ),
        sa.CheckConstraint("tries >= 0 AND total >= 0", name=op.f("ck_job_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "sms_profile",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("columns", Json(), nullable=False),
        sa.Column("fixed", Json(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.CheckConstraint(
            "days IN ('iso', 'dmy', 'mdy', 'compact')", name=op.f("ck_sms_profile_days")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_profile")),
        sa.UniqueConstraint("name", name=op.f("uq_sms_profile_name")),
        sqlite_strict=True,
    )
