"""Pages of campaigns and gifts promised on them."""

import sqlalchemy as sa
from alembic import op

from fundsvc.columns import Big, Day, Flag, Json, Moment
from migrations.guarding import run_guards
from migrations.redefining import redefine

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOST = 1_000_000_000_000_000


def upgrade() -> None:
    """Make the tables; donations may come by card."""
    _methods()
    _pages()
    _pledges()
    op.create_table(
        "pledge_donation",
        sa.Column("donation_id", Big, autoincrement=False, nullable=False),
        sa.Column("pledge_id", Big, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("origin <> ''", name=op.f("ck_pledge_donation_origin")),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_pledge_donation_donation_id")
        ),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_donation_pledge_id")
        ),
        sa.PrimaryKeyConstraint("donation_id", name=op.f("pk_pledge_donation")),
        sa.UniqueConstraint("origin", name=op.f("uq_pledge_donation_origin")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_pledge_donation_pledge_id"), "pledge_donation", ["pledge_id"], unique=False
    )
    run_guards("giving")


def _methods() -> None:
    was, becomes = "method IN ('cash', 'bank')", "method IN ('cash', 'bank', 'card')"
    if op.get_bind().dialect.name == "sqlite":
        redefine("donation", was, becomes)
        return
    op.drop_constraint(op.f("ck_donation_method"), "donation")
    op.create_check_constraint(op.f("ck_donation_method"), "donation", becomes)


def _pages() -> None:
    op.create_table(
        "campaign_page",
        sa.Column("id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("fund_id", Big, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("story_en", sa.Text(), nullable=False),
        sa.Column("picture_sha256", sa.Text(), nullable=True),
        sa.Column("picture_text", sa.Text(), nullable=False),
        sa.Column("target", Big, nullable=True),
        sa.Column("amounts", Json(), nullable=False),
        sa.Column("opens_on", Day(), nullable=True),
        sa.Column("closes_on", Day(), nullable=True),
        sa.Column("bank_account_id", Big, nullable=True),
        sa.Column("bank_bin", sa.Text(), nullable=False),
        sa.Column("account_holder", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", Big, nullable=False),
        sa.Column("made_by", Big, nullable=True),
        sa.Column("published_at", Moment(), nullable=True),
        sa.Column("published_by", Big, nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closed_by", Big, nullable=True),
        sa.CheckConstraint("length(slug) BETWEEN 3 AND 60", name=op.f("ck_campaign_page_slug")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_campaign_page_title")),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'closed')", name=op.f("ck_campaign_page_state")
        ),
        sa.CheckConstraint(f"target BETWEEN 1 AND {MOST}", name=op.f("ck_campaign_page_target")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_campaign_page_days")),
        sa.CheckConstraint(
            "state = 'draft' OR published_at IS NOT NULL", name=op.f("ck_campaign_page_published")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR (bank_account_id IS NOT NULL AND length(bank_bin) = 6)",
            name=op.f("ck_campaign_page_payable"),
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_campaign_page_closed")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_campaign_page_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_campaign_page_fund_id")),
        sa.ForeignKeyConstraint(
            ["picture_sha256"],
            ["stored_file.sha256"],
            name=op.f("fk_campaign_page_picture_sha256"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_campaign_page_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_page")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaign_page_slug")),
        sqlite_strict=True,
    )


def _pledges() -> None:
    op.create_table(
        "pledge",
        sa.Column("id", Big, nullable=False),
        sa.Column("page_id", Big, nullable=False),
        sa.Column("unit_id", Big, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("amount", Big, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=False),
        sa.Column("in_memory_of", sa.Text(), nullable=False),
        sa.Column("province_id", Big, nullable=True),
        sa.Column("may_be_named", Flag(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("donation_id", Big, nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("erased_at", Moment(), nullable=True),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST}", name=op.f("ck_pledge_amount")),
        sa.CheckConstraint("method IN ('bank', 'card')", name=op.f("ck_pledge_method")),
        sa.CheckConstraint("locale IN ('vi', 'en')", name=op.f("ck_pledge_locale")),
        sa.CheckConstraint("length(token) >= 22", name=op.f("ck_pledge_token")),
        sa.CheckConstraint(
            "state IN ('open', 'given', 'failed', 'lapsed')", name=op.f("ck_pledge_state")
        ),
        sa.CheckConstraint(
            "(state = 'given') = (donation_id IS NOT NULL)", name=op.f("ck_pledge_given")
        ),
        sa.CheckConstraint(
            "NOT may_be_named OR name <> '' OR erased_at IS NOT NULL",
            name=op.f("ck_pledge_named"),
        ),
        sa.ForeignKeyConstraint(
            ["donation_id"], ["donation.id"], name=op.f("fk_pledge_donation_id")
        ),
        sa.ForeignKeyConstraint(["page_id"], ["campaign_page.id"], name=op.f("fk_pledge_page_id")),
        sa.ForeignKeyConstraint(
            ["province_id"], ["province.id"], name=op.f("fk_pledge_province_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_pledge_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("code", name=op.f("uq_pledge_code")),
        sa.UniqueConstraint("donation_id", name=op.f("uq_pledge_donation_id")),
        sa.UniqueConstraint("key", name=op.f("uq_pledge_key")),
        sa.UniqueConstraint("token", name=op.f("uq_pledge_token")),
        sqlite_strict=True,
    )
    op.create_index("ix_pledge_page_id", "pledge", ["page_id", "id"], unique=False)
    op.create_index("ix_pledge_state", "pledge", ["state", "made_at"], unique=False)
    op.create_index("ix_pledge_phone_hash", "pledge", ["phone_hash"], unique=False)
