"""How files of a bank account are read whose layout is not known."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Flag, Json, Moment
from migrations.guarding import run_guards

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and run its guards."""
    op.create_table(
        "bank_profile",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("bank_account_id", Big, nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.Column("columns", Json(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("sign", sa.Text(), nullable=False),
        sa.Column("running", Flag(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.Column("removed_by", Big, nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_bank_profile_number")),
        sa.CheckConstraint(
            "days IN ('d/m/yyyy', 'yyyy-mm-dd', 'm/d/yyyy')", name=op.f("ck_bank_profile_days")
        ),
        sa.CheckConstraint(
            "sign IN ('columns', 'minus-debit', 'signed', 'marked')",
            name=op.f("ck_bank_profile_sign"),
        ),
        sa.CheckConstraint(
            "removed_by IS NULL OR removed_at IS NOT NULL", name=op.f("ck_bank_profile_removed")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_bank_profile_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_profile_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_profile")),
        sa.UniqueConstraint(
            "bank_account_id", "number", name=op.f("uq_bank_profile_bank_account_id_number")
        ),
        sqlite_strict=True,
    )
    run_guards("bank_profile")
