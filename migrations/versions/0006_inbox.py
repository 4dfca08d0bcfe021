"""Inbox of what gateways push."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Json, Moment
from migrations.guarding import run_guards

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIRST = sa.text("contradicts_id IS NULL")
WAITS = sa.text("state = 'waiting'")
SHELVED = sa.text("state IN ('parked', 'conflict')")


def upgrade() -> None:
    """Make the tables and run their guards."""
    _items()
    _gateways()
    run_guards("inbox")


def _items() -> None:
    op.create_table(
        "inbox_item",
        sa.Column("id", Big, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("contradicts_id", Big, nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("led_to", sa.Text(), nullable=True),
        sa.Column("handled_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'handled', 'parked', 'conflict')",
            name=op.f("ck_inbox_item_state"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (handled_at IS NULL)", name=op.f("ck_inbox_item_handled")
        ),
        sa.CheckConstraint(
            "state NOT IN ('parked', 'conflict') OR why IS NOT NULL",
            name=op.f("ck_inbox_item_why"),
        ),
        sa.ForeignKeyConstraint(
            ["contradicts_id"], ["inbox_item.id"], name=op.f("fk_inbox_item_contradicts_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_item")),
        sa.UniqueConstraint(
            "source", "external_id", "digest", name=op.f("uq_inbox_item_source_external_id_digest")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_inbox_item_first",
        "inbox_item",
        ["source", "external_id"],
        unique=True,
        postgresql_where=FIRST,
        sqlite_where=FIRST,
    )
    for name, which in (("waiting", WAITS), ("shelved", SHELVED)):
        op.create_index(
            f"ix_inbox_item_{name}",
            "inbox_item",
            ["id"],
            unique=False,
            postgresql_where=which,
            sqlite_where=which,
        )


def _gateways() -> None:
    op.create_table(
        "gateway",
        sa.Column("id", Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_gateway_kind_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "gateway_secret",
        sa.Column("id", Big, nullable=False),
        sa.Column("gateway_id", Big, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("retired_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateway.id"], name=op.f("fk_gateway_secret_gateway_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_secret")),
        sqlite_strict=True,
    )
    op.create_index("ix_gateway_secret_gateway_id", "gateway_secret", ["gateway_id"], unique=False)
