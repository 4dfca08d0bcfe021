"""Settlements of operators."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Json, Moment
from migrations.guarding import run_guards

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOST = 1000000000000000


def upgrade() -> None:
    """Make the tables and run their guards."""
    _settlement()
    _booked()
    _remedies()
    run_guards("settlements")


def _settlement() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("period_from", Day(), nullable=False),
        sa.Column("period_to", Day(), nullable=False),
        sa.Column("messages", Big, nullable=False),
        sa.Column("gross", Big, nullable=False),
        sa.Column("fee", Big, nullable=False),
        sa.Column("net", Big, nullable=False),
        sa.Column("paid_on", Day(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("row", Big, nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("imported_by", Big, nullable=True),
        sa.Column("detail_sha256", sa.Text(), nullable=True),
        sa.Column("accepted_at", Moment(), nullable=True),
        sa.Column("accepted_by", Big, nullable=True),
        sa.CheckConstraint("period_from <= period_to", name=op.f("ck_settlement_period")),
        sa.CheckConstraint(
            f"messages BETWEEN 0 AND {MOST} AND gross BETWEEN 0 AND {MOST}"
            f" AND fee BETWEEN 0 AND {MOST} AND net BETWEEN 0 AND {MOST}",
            name=op.f("ck_settlement_range"),
        ),
        sa.CheckConstraint("gross - fee = net", name=op.f("ck_settlement_net")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_settlement_unit_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_settlement_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_settlement_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["detail_sha256"], ["stored_file.sha256"], name=op.f("fk_settlement_detail_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint(
            "operator", "campaign_id", "period_from", "period_to",
            name=op.f("uq_settlement_operator_campaign_id_period_from_period_to"),
        ),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "settlement_message",
        sa.Column("settlement_id", Big, autoincrement=False, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("row", Big, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=True),
        sa.CheckConstraint(
            "status IN ('ok', 'failed', 'reversed')", name=op.f("ck_settlement_message_status")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlement.id"],
            name=op.f("fk_settlement_message_settlement_id"),
        ),
        sa.PrimaryKeyConstraint("settlement_id", "request_id", name=op.f("pk_settlement_message")),
        sqlite_strict=True,
    )


def _booked() -> None:
    op.create_table(
        "settlement_entry",
        sa.Column("id", Big, nullable=False),
        sa.Column("settlement_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("act", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("booked_on", Day(), nullable=False),
        sa.Column("entry_id", Big, nullable=False),
        sa.Column("province_id", Big, nullable=True),
        sa.CheckConstraint(
            "kind IN ('fee', 'money', 'loss')", name=op.f("ck_settlement_entry_kind")
        ),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_settlement_entry_amount")),
        sa.CheckConstraint("act >= 1", name=op.f("ck_settlement_entry_act")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_entry_settlement_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_settlement_entry_unit_id")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_settlement_entry_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["province_id"], ["province.id"], name=op.f("fk_settlement_entry_province_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_settlement_entry_entry_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_settlement_entry_settlement_id", "settlement_entry", ["settlement_id", "act"]
    )
    op.create_table(
        "settlement_payment",
        sa.Column("bank_line_id", Big, autoincrement=False, nullable=False),
        sa.Column("settlement_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("act", Big, nullable=False),
        sa.Column("confirmed_at", Moment(), nullable=False),
        sa.Column("confirmed_by", Big, nullable=True),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_settlement_payment_bank_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlement.id"],
            name=op.f("fk_settlement_payment_settlement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_settlement_payment_unit_id")
        ),
        sa.PrimaryKeyConstraint("bank_line_id", name=op.f("pk_settlement_payment")),
        sqlite_strict=True,
    )
    op.create_index("ix_settlement_payment_settlement_id", "settlement_payment", ["settlement_id"])


def _remedies() -> None:
    op.create_table(
        "settlement_loss",
        sa.Column("id", Big, nullable=False),
        sa.Column("settlement_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("messages", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("items", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", Big, nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decided_by", Big, nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("act", Big, nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'reversed')",
            name=op.f("ck_settlement_loss_state"),
        ),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_settlement_loss_amount")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_settlement_loss_reason")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_settlement_loss_decided"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'reversed') OR decided_by <> asked_by",
            name=op.f("ck_settlement_loss_two_people"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'reversed')) = (act IS NOT NULL)",
            name=op.f("ck_settlement_loss_booked"),
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_loss_settlement_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_settlement_loss_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_loss")),
        sqlite_strict=True,
    )
    op.create_index("ix_settlement_loss_settlement_id", "settlement_loss", ["settlement_id"])
    op.create_table(
        "claim",
        sa.Column("id", Big, nullable=False),
        sa.Column("settlement_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("made_on", Day(), nullable=False),
        sa.Column("messages", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", Big, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("closed_on", Day(), nullable=True),
        sa.Column("closed_by", Big, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'met', 'refused', 'withdrawn')", name=op.f("ck_claim_state")
        ),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_claim_amount")),
        sa.CheckConstraint("(state = 'open') = (closed_on IS NULL)", name=op.f("ck_claim_closed")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_claim_settlement_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_claim_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sqlite_strict=True,
    )
    op.create_index("ix_claim_settlement_id", "claim", ["settlement_id"])
