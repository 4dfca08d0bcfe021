"""Letters that wait to be sent, and receipts found by their codes."""

import sqlalchemy as sa
from alembic import op

from fundsvc.db import Big, Json, Moment
from migrations.guarding import run_guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WAITS, IS_DEAD = sa.text("state = 'waiting'"), sa.text("state = 'dead'")


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        "letter",
        sa.Column("id", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attachments", Json(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", Big, nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name=op.f("ck_letter_state")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_letter_sent")),
        sa.CheckConstraint("state <> 'dead' OR told IS NOT NULL", name=op.f("ck_letter_told")),
        sa.CheckConstraint(
            "lease_until IS NULL OR state = 'waiting'", name=op.f("ck_letter_lease")
        ),
        sa.CheckConstraint(
            "sealed IS NOT NULL OR state <> 'waiting'", name=op.f("ck_letter_sealed")
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_letter_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("key", name=op.f("uq_letter_key")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_letter_waiting",
        "letter",
        ["next_at", "id"],
        unique=False,
        postgresql_where=WAITS,
        sqlite_where=WAITS,
    )
    op.create_index(
        "ix_letter_dead",
        "letter",
        ["id"],
        unique=False,
        postgresql_where=IS_DEAD,
        sqlite_where=IS_DEAD,
    )
    run_guards("outbox")
    # A receipt is found again by its code alone.
    op.create_index("ix_receipt_code", "receipt", ["code"], unique=False)
