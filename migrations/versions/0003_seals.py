"""Seals, roll-ups, and the mark of the reference data."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Moment, Small
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
    for span in ("day", "dekad", "month", "quarter", "year"):
        order = ("account_id", "date") if span == "year" else ("date", "account_id")
        _rollup(f"rollup_{span}", ("fund_id", "date", "province_id", "account_id"))
        named = f"ix_rollup_{span}_{'_'.join(order) if span == 'year' else 'date'}"
        op.create_index(named, f"rollup_{span}", list(order), unique=False)
        _rollup(f"rollup_{span}_whole", (*order, "fund_id"))
    op.add_column("donor", sa.Column("salt", sa.Text(), nullable=True))
    op.create_table(
        "reference_mark",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_reference_mark_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_mark")),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO reference_mark (id, mark) VALUES (1, '')")
    run_guards("seals", "reference")


def _rollup(name: str, keys: tuple[str, ...]) -> None:
    """Make a table of sums whose first keys are in the order that it is asked for."""
    key = (*keys, "unit_id", "carried")
    kinds: dict[str, Any] = {"date": Day(), "carried": Small}
    op.create_table(
        name,
        *(
            sa.Column(column, kinds.get(column, Big), autoincrement=False, nullable=False)
            for column in key
        ),
        *(sa.Column(column, Big, nullable=False) for column in ("debit", "credit", "entries")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        sqlite_strict=True,
        sqlite_with_rowid=False,  # Rows lie in the order they are asked for.
    )
