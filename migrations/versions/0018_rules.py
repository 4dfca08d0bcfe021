"""Rules by which treasurers let lines be proposed."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Flag, Json, Moment
from migrations.guarding import run_guards

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and run their guards."""
    op.create_table(
        "match_rule",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("bank_account_id", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("tested", Json(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.Column("off_at", Moment(), nullable=True),
        sa.Column("off_by", Big, nullable=True),
        sa.Column("off_why", sa.Text(), nullable=True),
        sa.CheckConstraint("(off_at IS NULL) = (off_why IS NULL)", name=op.f("ck_match_rule_off")),
        sa.CheckConstraint(
            "off_by IS NULL OR off_at IS NOT NULL", name=op.f("ck_match_rule_off_by")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_match_rule_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_match_rule_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_match_rule_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_match_rule_bank_account_id", "match_rule", ["bank_account_id"])
    op.create_table(
        "match_rule_use",
        sa.Column("rule_id", Big, autoincrement=False, nullable=False),
        sa.Column("decision_id", Big, autoincrement=False, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("agreed", Flag(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["match_rule.id"], name=op.f("fk_match_rule_use_rule_id")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["bank_decision.id"], name=op.f("fk_match_rule_use_decision_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_match_rule_use_unit_id")),
        sa.PrimaryKeyConstraint("rule_id", "decision_id", name=op.f("pk_match_rule_use")),
        sqlite_strict=True,
    )
    run_guards("rules")
