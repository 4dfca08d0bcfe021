"""Money of payouts that is none of ours, and pulls of events."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Moment
from migrations.guarding import run_guards

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOST = 1_000_000_000_000_000


def upgrade() -> None:
    """Make the tables and run their guards."""
    op.create_table(
        "card_pull",
        sa.Column("id", Big, nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("seen", Big, nullable=False),
        sa.Column("new", Big, nullable=False),
        sa.CheckConstraint("seen >= 0 AND new BETWEEN 0 AND seen", name=op.f("ck_card_pull_new")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_pull")),
        sqlite_strict=True,
    )
    _card_stray()
    run_guards("online_closing")


def _card_stray() -> None:
    op.create_table(
        "card_stray",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("moved_on", Day(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("settled", Big, nullable=False),
        sa.Column("entry_id", Big, nullable=False),
        sa.Column("payout_id", Big, nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=True),
        sa.Column("seen_by", Big, nullable=True),
        sa.CheckConstraint(
            f"amount <> 0 AND amount BETWEEN -{MOST} AND {MOST}",
            name=op.f("ck_card_stray_amount"),
        ),
        sa.CheckConstraint(
            "currency <> 'vnd' OR amount = settled", name=op.f("ck_card_stray_dong")
        ),
        sa.CheckConstraint(
            "(seen_at IS NULL) = (seen_by IS NULL)", name=op.f("ck_card_stray_seen")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_card_stray_unit_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_card_stray_fund_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_card_stray_entry_id")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["card_payout.id"], name=op.f("fk_card_stray_payout_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_stray")),
        sa.UniqueConstraint("movement", name=op.f("uq_card_stray_movement")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_card_stray_entry_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_card_stray_payout_id", "card_stray", ["payout_id"], unique=False)
