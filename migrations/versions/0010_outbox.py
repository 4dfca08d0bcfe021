"""Letters that wait to be sent, receipts found by their codes, and those of a span of dates."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Json, Moment, Small
from migrations.guarding import run_guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

VALID = sa.text("voided_at IS NULL")
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
    _annual_receipts()
    run_guards("outbox", "annual")
    # A receipt is found again by its code alone.
    op.create_index("ix_receipt_code", "receipt", ["code"], unique=False)


def _annual_receipts() -> None:
    op.create_table(
        "annual_receipt",
        sa.Column("id", Big, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("year", Small, nullable=False),
        sa.Column("serial", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("donor_id", Big, nullable=False),
        sa.Column("from_on", Day(), nullable=False),
        sa.Column("to_on", Day(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("issued_at", Moment(), nullable=False),
        sa.Column("issued_by", Big, nullable=True),
        sa.Column("voided_at", Moment(), nullable=True),
        sa.Column("replaced_by_id", Big, nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("serial > 0", name=op.f("ck_annual_receipt_serial")),
        sa.CheckConstraint("length(code) = 16", name=op.f("ck_annual_receipt_code")),
        sa.CheckConstraint("from_on <= to_on", name=op.f("ck_annual_receipt_span")),
        sa.CheckConstraint(
            "replaced_by_id IS NULL OR voided_at IS NOT NULL",
            name=op.f("ck_annual_receipt_replaced"),
        ),
        sa.ForeignKeyConstraint(
            ["donor_id"], ["donor.id"], name=op.f("fk_annual_receipt_donor_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"],
            ["annual_receipt.id"],
            name=op.f("fk_annual_receipt_replaced_by_id"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_annual_receipt_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_annual_receipt_number")),
        sa.UniqueConstraint("year", "serial", name=op.f("uq_annual_receipt_year_serial")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_annual_receipt_valid",
        "annual_receipt",
        ["donor_id", "from_on", "to_on"],
        unique=True,
        postgresql_where=VALID,
        sqlite_where=VALID,
    )
