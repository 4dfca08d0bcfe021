"""What promises became with page, amount and consent, so that pages are summed by an index."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Flag, Moment
from migrations.guarding import run_guards

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table anew with what it held, for its guards let nothing be added to its rows."""
    op.execute("CREATE TEMPORARY TABLE pledge_donation_kept AS SELECT * FROM pledge_donation")
    op.drop_table("pledge_donation")
    _table()
    op.execute(
        """INSERT INTO pledge_donation
        (donation_id, pledge_id, page_id, amount, may_be_named, origin, made_at)
        SELECT kept.donation_id, kept.pledge_id, pledge.page_id, donation.amount,
            pledge.may_be_named, kept.origin, kept.made_at
        FROM pledge_donation_kept AS kept
        JOIN pledge ON pledge.id = kept.pledge_id JOIN donation ON donation.id = kept.donation_id
        ORDER BY kept.donation_id"""
    )
    op.execute("DROP TABLE pledge_donation_kept")
    op.create_index("ix_pledge_donation_pledge_id", "pledge_donation", ["pledge_id"])
    op.create_index("ix_pledge_donation_page_id", "pledge_donation", ["page_id", "amount"])
    named = sa.text("may_be_named")
    op.create_index(
        "ix_pledge_donation_named",
        "pledge_donation",
        ["page_id", "donation_id"],
        postgresql_where=named,
        sqlite_where=named,
    )
    run_guards("given")
    if op.get_bind().dialect.name == "postgresql":
        # Until it has looked at the new table it would expect few rows, and sort all of a page.
        op.execute("ANALYZE pledge_donation")


def _table() -> None:
    op.create_table(
        "pledge_donation",
        sa.Column("donation_id", Big, autoincrement=False, nullable=False),
        sa.Column("pledge_id", Big, nullable=False),
        sa.Column("page_id", Big, nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("may_be_named", Flag(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("origin <> ''", name=op.f("ck_pledge_donation_origin")),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_pledge_donation_donation_id")
        ),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_donation_pledge_id")
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["campaign_page.id"], name=op.f("fk_pledge_donation_page_id")
        ),
        sa.PrimaryKeyConstraint("donation_id", name=op.f("pk_pledge_donation")),
        sa.UniqueConstraint("origin", name=op.f("uq_pledge_donation_origin")),
        sqlite_strict=True,
    )
