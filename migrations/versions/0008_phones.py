"""Phone numbers, terms of campaigns, sums by day, receipts of messages."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Moment
from fundsvc.secrecy import normal_phones, seal_phones
from migrations.guarding import run_guards
from migrations.redefining import redefine

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SEALED: Final = "phone_sealed TEXT NOT NULL"


def upgrade() -> None:
    """Make the tables, seal the numbers that are there, and run the guards."""
    _phones()
    _terms()
    _days()
    _codes()
    _receipts()
    run_guards("phones")


def _phones() -> None:
    """Put a keyed hash and a sealed number in the place of each number."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    guard = "sms_message_update"
    op.execute(
        f"DROP TRIGGER {guard}" if on_sqlite else f"ALTER TABLE sms_message DISABLE TRIGGER {guard}"
    )
    op.execute("ALTER TABLE sms_message RENAME COLUMN msisdn TO phone_hash")
    op.execute(f"ALTER TABLE sms_message ADD COLUMN {SEALED} DEFAULT ''")
    _seal()
    if on_sqlite:
        redefine("sms_message", f"{SEALED} DEFAULT ''", SEALED)
    else:
        op.execute("ALTER TABLE sms_message ALTER COLUMN phone_sealed DROP DEFAULT")
        op.execute(f"ALTER TABLE sms_message ENABLE ALWAYS TRIGGER {guard}")
    op.create_index("ix_sms_message_phone_hash", "sms_message", ["phone_hash"], unique=False)


def _seal() -> None:
    connection = op.get_bind()
    taking = sa.text(
        "SELECT operator, request_id, phone_hash FROM sms_message"
        " WHERE (operator, request_id) > (:operator, :request_id)"
        " ORDER BY operator, request_id LIMIT 10000"
    )
    sealing = sa.text(
        "UPDATE sms_message SET phone_hash = :hash, phone_sealed = :sealed"
        " WHERE operator = :operator AND request_id = :request_id"
    )
    last = {"operator": "", "request_id": ""}
    while rows := connection.execute(taking, last).all():
        phones = normal_phones([row.phone_hash for row in rows])
        changes = [
            {"operator": row.operator, "request_id": row.request_id, "hash": one, "sealed": other}
            for row, one, other in zip(rows, *seal_phones(phones), strict=True)
        ]
        connection.execute(sealing, changes)
        last = {name: changes[-1][name] for name in last}


def _terms() -> None:
    """Let a campaign have limits, and each operator its fee."""
    big = Big.compile(op.get_bind().dialect)
    for name in ("most_units", "most_daily"):
        check = f"CONSTRAINT ck_campaign_{name} CHECK ({name} > 0)"
        op.execute(f"ALTER TABLE campaign ADD COLUMN {name} {big} {check}")
    op.create_table(
        "campaign_fee",
        sa.Column("campaign_id", Big, autoincrement=False, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("starts", Day(), nullable=False),
        sa.Column("rate", Big, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.CheckConstraint("rate BETWEEN 0 AND 10000", name=op.f("ck_campaign_fee_rate")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_fee_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "operator", "starts", name=op.f("pk_campaign_fee")),
        sqlite_strict=True,
    )


def _days() -> None:
    op.create_table(
        "sms_day",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("campaign_id", Big, autoincrement=False, nullable=False),
        sa.Column("received_on", Day(), nullable=False),
        sa.Column("province_id", Big, autoincrement=False, nullable=False),
        sa.Column("messages", Big, nullable=False),
        sa.Column("gross", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_sms_day_campaign_id")
        ),
        sa.PrimaryKeyConstraint(
            "operator", "campaign_id", "received_on", "province_id", name=op.f("pk_sms_day")
        ),
        sqlite_strict=True,
    )
    op.execute(
        "INSERT INTO sms_day SELECT operator, campaign_id, received_on, coalesce(province_id, 0),"
        " count(*), sum(amount) FROM sms_message WHERE status = 'booked'"
        " GROUP BY operator, campaign_id, received_on, province_id"
    )


def _codes() -> None:
    op.create_table(
        "phone_code",
        sa.Column("id", Big, nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.Column("tries", Big, nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_phone_code_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_code")),
        sqlite_strict=True,
    )
    op.create_index("ix_phone_code_phone_hash", "phone_code", ["phone_hash"], unique=False)


def _receipts() -> None:
    """Let a receipt be for messages instead of a donation."""
    if op.get_bind().dialect.name == "sqlite":
        redefine("receipt", "donation_id INTEGER NOT NULL", "donation_id INTEGER")
    else:
        op.alter_column("receipt", "donation_id", nullable=True)
    op.create_table(
        "receipt_sms",
        sa.Column("receipt_id", Big, autoincrement=False, nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("voided", Flag(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator", "request_id"],
            ["sms_message.operator", "sms_message.request_id"],
            name=op.f("fk_receipt_sms_operator_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_sms_receipt_id")
        ),
        sa.PrimaryKeyConstraint(
            "receipt_id", "operator", "request_id", name=op.f("pk_receipt_sms")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_receipt_sms_valid",
        "receipt_sms",
        ["operator", "request_id"],
        unique=True,
        postgresql_where=sa.text("NOT voided"),
        sqlite_where=sa.text("NOT voided"),
    )
