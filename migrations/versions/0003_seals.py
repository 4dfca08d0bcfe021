"""Seals and roll-ups."""

import sqlalchemy as sa
from alembic import op

from fundsvc.db import Big, Day, Moment, Small
from migrations.guarding import run_guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and run their guards."""
    op.create_table(
        "seal",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("first_entry", Big, nullable=False),
        sa.Column("last_entry", Big, nullable=False),
        sa.Column("entries", Big, nullable=False),
        sa.Column("debit", Big, nullable=False),
        sa.Column("credit", Big, nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("sealed_at", Moment(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_seal_number")),
        sa.CheckConstraint(
            "first_entry <= last_entry AND entries >= 1", name=op.f("ck_seal_entries")
        ),
        sa.CheckConstraint("length(root) = 64 AND length(head) = 64", name=op.f("ck_seal_hashes")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
        sa.UniqueConstraint("head", name=op.f("uq_seal_head")),
        sqlite_strict=True,
    )
    op.create_table(
        "entry_evidence",
        sa.Column("entry_id", Big, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_entry_evidence_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_entry_evidence_sha256")
        ),
        sa.PrimaryKeyConstraint("entry_id", "sha256", name=op.f("pk_entry_evidence")),
        sqlite_strict=True,
    )
    op.create_table(
        "entry_donor",
        sa.Column("entry_id", Big, autoincrement=False, nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.CheckConstraint("length(commitment) = 64", name=op.f("ck_entry_donor_commitment")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_donor_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_entry_donor")),
        sqlite_strict=True,
    )
    # Spans within a year are asked for by their days, years by account or all together.
    for name in ("rollup_day", "rollup_month", "rollup_quarter"):
        _rollup(name)
        op.create_index(f"ix_{name}_date", name, ["date", "account_id"], unique=False)
    _rollup("rollup_year")
    op.create_index(
        "ix_rollup_year_account_id_date", "rollup_year", ["account_id", "date"], unique=False
    )
    op.add_column("donor", sa.Column("salt", sa.Text(), nullable=True))
    run_guards("seals")


def _rollup(name: str) -> None:
    op.create_table(
        name,
        sa.Column("fund_id", Big, autoincrement=False, nullable=False),
        sa.Column("province_id", Big, autoincrement=False, nullable=False),
        sa.Column("date", Day(), nullable=False),
        sa.Column("account_id", Big, autoincrement=False, nullable=False),
        sa.Column("unit_id", Big, autoincrement=False, nullable=False),
        sa.Column("carried", Small, autoincrement=False, nullable=False),
        sa.Column("debit", Big, nullable=False),
        sa.Column("credit", Big, nullable=False),
        sa.Column("entries", Big, nullable=False),
        sa.PrimaryKeyConstraint(
            "fund_id",
            "province_id",
            "date",
            "account_id",
            "unit_id",
            "carried",
            name=op.f(f"pk_{name}"),
        ),
        sqlite_strict=True,
    )
