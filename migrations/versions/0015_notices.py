"""Lines of the bank that gateways told of, their twins in statements, and the gifts they were."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Moment
from migrations.guarding import run_guards

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and run their guards."""
    op.create_table(
        "bank_notice",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("made_line", Flag(), nullable=False),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_notice_bank_line_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_notice_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_notice")),
        sa.UniqueConstraint(
            "bank_line_id", "gateway", name=op.f("uq_bank_notice_bank_line_id_gateway")
        ),
        sa.UniqueConstraint(
            "gateway", "external_id", name=op.f("uq_bank_notice_gateway_external_id")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "bank_twin",
        sa.Column("id", Big, nullable=False),
        sa.Column("bank_account_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("row", Big, nullable=False),
        sa.Column("booked_on", Day(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("occurrence", Big, nullable=False),
        sa.CheckConstraint("occurrence >= 1", name=op.f("ck_bank_twin_occurrence")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_bank_twin_bank_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_twin_bank_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_bank_twin_file_sha256")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_twin_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_twin")),
        sa.UniqueConstraint(
            "bank_account_id",
            "fingerprint",
            "occurrence",
            name=op.f("uq_bank_twin_bank_account_id_fingerprint_occurrence"),
        ),
        sa.UniqueConstraint("bank_line_id", name=op.f("uq_bank_twin_bank_line_id")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_bank_twin_bank_account_id_booked_on", "bank_twin", ["bank_account_id", "booked_on"]
    )
    op.create_table(
        "bank_gift",
        sa.Column("bank_line_id", Big, nullable=False),
        sa.Column("donation_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_line_id"], ["bank_line.id"], name=op.f("fk_bank_gift_bank_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_bank_gift_donation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_gift_unit_id")),
        sa.PrimaryKeyConstraint("bank_line_id", name=op.f("pk_bank_gift")),
        sa.UniqueConstraint("donation_id", name=op.f("uq_bank_gift_donation_id")),
        sqlite_strict=True,
    )
    run_guards("notices")
