"""Reconciliations of a month, signed and frozen."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Json, Moment
from migrations.guarding import run_guards

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STANDS = sa.text("state IN ('submitted', 'approved', 'reopening')")


def upgrade() -> None:
    """Make the table and run its guards."""
    op.create_table(
        "bank_signoff",
        sa.Column("id", Big, nullable=False),
        sa.Column("bank_account_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("month", Day(), nullable=False),
        sa.Column("bank_balance", Big, nullable=False),
        sa.Column("book_balance", Big, nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_by", Big, nullable=False),
        sa.Column("submitted_at", Moment(), nullable=False),
        sa.Column("decided_by", Big, nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("decided_why", sa.Text(), nullable=False),
        sa.Column("reopen_by", Big, nullable=True),
        sa.Column("reopen_why", sa.Text(), nullable=True),
        sa.Column("reopened_by", Big, nullable=True),
        sa.Column("reopened_at", Moment(), nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'reopening', 'reopened', 'refused', 'withdrawn')",
            name=op.f("ck_bank_signoff_state"),
        ),
        sa.CheckConstraint(
            "(state = 'submitted') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_bank_signoff_decided"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'reopening', 'reopened') OR decided_by <> submitted_by",
            name=op.f("ck_bank_signoff_two_people"),
        ),
        sa.CheckConstraint(
            "(reopen_by IS NULL) = (reopen_why IS NULL)"
            " AND (state IN ('reopening', 'reopened')) = (reopen_by IS NOT NULL)",
            name=op.f("ck_bank_signoff_reopening"),
        ),
        sa.CheckConstraint(
            "(state = 'reopened') = (reopened_by IS NOT NULL)"
            " AND (reopened_by IS NULL OR reopened_by <> reopen_by)",
            name=op.f("ck_bank_signoff_reopened"),
        ),
        sa.CheckConstraint("bank_balance = book_balance", name=op.f("ck_bank_signoff_difference")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_bank_signoff_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_signoff_unit_id")),
        sa.ForeignKeyConstraint(
            ["pdf_sha256"], ["stored_file.sha256"], name=op.f("fk_bank_signoff_pdf_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_signoff")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_bank_signoff_standing",
        "bank_signoff",
        ["bank_account_id", "month"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    run_guards("signoff")
