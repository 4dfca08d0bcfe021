"""Vouchers, their files and templates."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Json, Moment, Small
from migrations.guarding import run_guards

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = "kind IN ('cash-in', 'cash-out', 'bank-in', 'bank-out', 'journal', 'transfer')"
UNPOSTED = (
    "number IS NULL AND series IS NULL AND year IS NULL AND serial IS NULL"
    " AND entry_id IS NULL AND posted_by IS NULL AND posted_at IS NULL"
)
POSTED = UNPOSTED.replace("IS NULL", "IS NOT NULL")


def upgrade() -> None:
    """Make the tables and run their guards."""
    _templates()
    _vouchers()
    _lines_and_files()
    run_guards("vouchers")


def _templates() -> None:
    op.create_table(
        "voucher_template",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", Big, nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("made_by", Big, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("active", Flag(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_voucher_template_kind")),
        sa.CheckConstraint("day BETWEEN 1 AND 31", name=op.f("ck_voucher_template_day")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_voucher_template_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_template")),
        sqlite_strict=True,
    )
    op.create_index("ix_voucher_template_unit_id", "voucher_template", ["unit_id"], unique=False)


def _vouchers() -> None:
    op.create_table(
        "voucher",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("date", Day(), nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("party_address", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("enclosed", sa.Text(), nullable=False),
        sa.Column("version", Big, nullable=False),
        sa.Column("maker_id", Big, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("province_id", Big, nullable=True),
        sa.Column("till", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolution_on", Day(), nullable=True),
        sa.Column("to_fund_id", Big, nullable=True),
        sa.Column("to_unit_id", Big, nullable=True),
        sa.Column("to_till", sa.Text(), nullable=True),
        sa.Column("submitted_by", Big, nullable=True),
        sa.Column("submitted_at", Moment(), nullable=True),
        sa.Column("approver_id", Big, nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.Column("posted_by", Big, nullable=True),
        sa.Column("posted_at", Moment(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("year", Big, nullable=True),
        sa.Column("serial", Big, nullable=True),
        sa.Column("entry_id", Big, nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("template_id", Big, nullable=True),
        sa.CheckConstraint(
            f"(state = 'posted' AND {POSTED}) OR (state <> 'posted' AND {UNPOSTED})",
            name=op.f("ck_voucher_posted"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'posted')) = (approver_id IS NOT NULL)",
            name=op.f("ck_voucher_approved"),
        ),
        sa.CheckConstraint(KINDS, name=op.f("ck_voucher_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'posted', 'discarded')",
            name=op.f("ck_voucher_state"),
        ),
        sa.CheckConstraint("amount BETWEEN 0 AND 1000000000000000", name=op.f("ck_voucher_amount")),
        sa.CheckConstraint(
            "approver_id IS NULL OR (approver_id <> maker_id AND submitted_by IS NOT NULL"
            " AND approver_id <> submitted_by)",
            name=op.f("ck_voucher_approver"),
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_voucher_entry_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_voucher_fund_id")),
        sa.ForeignKeyConstraint(
            ["province_id"], ["province.id"], name=op.f("fk_voucher_province_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["voucher_template.id"], name=op.f("fk_voucher_template_id")
        ),
        sa.ForeignKeyConstraint(["to_fund_id"], ["fund.id"], name=op.f("fk_voucher_to_fund_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_voucher_to_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_voucher_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_voucher_entry_id")),
        sa.UniqueConstraint("key", name=op.f("uq_voucher_key")),
        sa.UniqueConstraint("number", name=op.f("uq_voucher_number")),
        sa.UniqueConstraint("series", "year", "serial", name=op.f("uq_voucher_series_year_serial")),
        sqlite_strict=True,
    )
    op.create_index("ix_voucher_date", "voucher", ["date", "id"], unique=False)
    op.create_index("ix_voucher_unit_id_date", "voucher", ["unit_id", "date"], unique=False)


def _lines_and_files() -> None:
    op.create_table(
        "voucher_line",
        sa.Column("voucher_id", Big, nullable=False),
        sa.Column("line", Small, autoincrement=False, nullable=False),
        sa.Column("account_id", Big, nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("debit", Big, nullable=False),
        sa.Column("credit", Big, nullable=False),
        sa.CheckConstraint("(debit = 0) <> (credit = 0)", name=op.f("ck_voucher_line_one_side")),
        sa.CheckConstraint(
            "debit BETWEEN 0 AND 1000000000000000 AND credit BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_voucher_line_range"),
        ),
        sa.CheckConstraint("line BETWEEN 1 AND 1000", name=op.f("ck_voucher_line_line")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_voucher_line_account_id")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_voucher_line_fund_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_voucher_line_unit_id")),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_voucher_line_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", "line", name=op.f("pk_voucher_line")),
        sqlite_strict=True,
    )
    op.create_table(
        "voucher_file",
        sa.Column("voucher_id", Big, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", Big, nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("added_by", Big, nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_voucher_file_size")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_voucher_file_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["voucher.id"], name=op.f("fk_voucher_file_voucher_id")
        ),
        sa.PrimaryKeyConstraint("voucher_id", "sha256", name=op.f("pk_voucher_file")),
        sqlite_strict=True,
    )
    op.create_index("ix_voucher_file_sha256", "voucher_file", ["sha256"], unique=False)
