"""What lines of the bank were decided to be."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Flag, Json, Moment
from migrations.guarding import run_guards

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_KINDS = (
    "kind IN ('promised', 'given', 'collected', 'settled', 'paid-out', 'mirrored',"
    " 'booked', 'spent', 'posted', 'split', 'held')"
)


def upgrade() -> None:
    """Make the tables and run their guards."""
    op.create_table(
        "bank_decision",
        sa.Column("id", Big, nullable=False),
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("bank_account_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("why", Json(), nullable=False),
        sa.Column("automatic", Flag(), nullable=False),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.Column("entry_id", Big, nullable=True),
        sa.Column("score", Big, nullable=True),
        sa.Column("rule_id", Big, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", Big, nullable=True),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.Column("undone_by", Big, nullable=True),
        sa.Column("undone_why", sa.Text(), nullable=True),
        sa.CheckConstraint(_KINDS, name=op.f("ck_bank_decision_kind")),
        sa.CheckConstraint(
            "(kind = 'held') = (entry_id IS NULL)", name=op.f("ck_bank_decision_entry")
        ),
        sa.CheckConstraint("kind <> 'held' OR note <> ''", name=op.f("ck_bank_decision_held")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_why IS NULL)", name=op.f("ck_bank_decision_undone")
        ),
        *_foreign("bank_decision", "bank_line", "bank_account", "unit", "entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_decision")),
        sa.UniqueConstraint("key", name=op.f("uq_bank_decision_key")),
        sqlite_strict=True,
    )
    for name, column, only in (
        ("standing", "bank_line_id", sa.text("undone_at IS NULL")),
        ("booked", "entry_id", sa.text("kind = 'booked' AND undone_at IS NULL")),
    ):
        op.create_index(
            f"ix_bank_decision_{name}",
            "bank_decision",
            [column],
            unique=True,
            postgresql_where=only,
            sqlite_where=only,
        )
    op.create_index(
        "ix_bank_decision_bank_account_id",
        "bank_decision",
        ["bank_account_id", "decided_at", "id"],
    )
    op.create_index("ix_bank_decision_bank_line_id", "bank_decision", ["bank_line_id"])
    op.create_index("ix_bank_decision_entry_id", "bank_decision", ["entry_id"])
    _make_parts()
    _make_notes()
    run_guards("decisions")


def _make_parts() -> None:
    op.create_table(
        "bank_decision_part",
        sa.Column("id", Big, nullable=False),
        sa.Column("decision_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("entry_id", Big, nullable=False),
        sa.Column("thing_id", Big, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_decision_part_amount")),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["bank_decision.id"],
            name=op.f("fk_bank_decision_part_decision_id"),
        ),
        *_foreign("bank_decision_part", "unit", "entry"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_decision_part")),
        sqlite_strict=True,
    )
    op.create_index("ix_bank_decision_part_decision_id", "bank_decision_part", ["decision_id"])
    op.create_index("ix_bank_decision_part_entry_id", "bank_decision_part", ["entry_id"])


def _make_notes() -> None:
    op.create_table(
        "bank_note",
        sa.Column("id", Big, nullable=False),
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("noted_by", Big, nullable=True),
        sa.CheckConstraint(
            "words <> '' OR sha256 IS NOT NULL", name=op.f("ck_bank_note_something")
        ),
        *_foreign("bank_note", "bank_line", "unit"),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_bank_note_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_note")),
        sqlite_strict=True,
    )
    op.create_index("ix_bank_note_bank_line_id", "bank_note", ["bank_line_id"])


def _foreign(table: str, *others: str) -> list[sa.ForeignKeyConstraint]:
    """Return the keys of a table to others, each by the column of its name."""
    return [
        sa.ForeignKeyConstraint(
            [f"{other}_id"], [f"{other}.id"], name=op.f(f"fk_{table}_{other}_id")
        )
        for other in others
    ]
