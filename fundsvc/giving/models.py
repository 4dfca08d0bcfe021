"""Tables of campaign pages, of what is promised on them, and of what promises became."""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG

DRAFT, PUBLISHED, CLOSED = "draft", "published", "closed"
OPEN, GIVEN, FAILED, LAPSED = "open", "given", "failed", "lapsed"
METHODS: Final = ("bank", "card")


class CampaignPage(OfUnit, Base):
    """A page on which strangers give to one fund of one unit.

    `story` is plain text, an empty line parts its paragraphs. Money by bank comes to `bank_account`
    of the same fund and unit, at the bank with the number `bank_bin`. `amounts` are what the large
    buttons offer, in đồng.
    """

    __tablename__ = "campaign_page"
    __table_args__ = table_args(
        CheckConstraint("length(slug) BETWEEN 3 AND 60", name="slug"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("state IN ('draft', 'published', 'closed')", name="state"),
        CheckConstraint(f"target BETWEEN 1 AND {MAX_DONG}", name="target"),
        CheckConstraint("closes_on >= opens_on", name="days"),
        CheckConstraint("state = 'draft' OR published_at IS NOT NULL", name="published"),
        CheckConstraint(
            "state = 'draft' OR (bank_account_id IS NOT NULL AND length(bank_bin) = 6)",
            name="payable",
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    made_at: Mapped[datetime]
    title_en: Mapped[str] = mapped_column(default="")
    story: Mapped[str] = mapped_column(default="")
    story_en: Mapped[str] = mapped_column(default="")
    picture_sha256: Mapped[str | None] = mapped_column(
        ForeignKey("stored_file.sha256"), default=None
    )
    picture_text: Mapped[str] = mapped_column(default="")
    target: Mapped[int | None] = mapped_column(default=None)
    amounts: Mapped[dict[str, Any]] = mapped_column(default_factory=lambda: {"amounts": []})
    opens_on: Mapped[date | None] = mapped_column(default=None)
    closes_on: Mapped[date | None] = mapped_column(default=None)
    bank_account_id: Mapped[int | None] = mapped_column(ForeignKey("bank_account.id"), default=None)
    bank_bin: Mapped[str] = mapped_column(default="")
    account_holder: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[int | None] = mapped_column(default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    published_by: Mapped[int | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[int | None] = mapped_column(default=None)


class Pledge(OfUnit, Base):
    """What somebody promised on a page, before any money; what was promised never changes.

    `key` names the form that was sent, `token` the page on which it is paid, which nobody guesses,
    and `code` stands in the memo of the transfer. E-mail and phone are sealed. The names go when
    the donor is erased (`erased_at`). `donation_id` is the first donation it became.
    """

    __tablename__ = "pledge"
    __table_args__ = table_args(
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_DONG}", name="amount"),
        CheckConstraint("method IN ('bank', 'card')", name="method"),
        CheckConstraint("locale IN ('vi', 'en')", name="locale"),
        CheckConstraint("length(token) >= 22", name="token"),
        CheckConstraint("state IN ('open', 'given', 'failed', 'lapsed')", name="state"),
        CheckConstraint("(state = 'given') = (donation_id IS NOT NULL)", name="given"),
        CheckConstraint("NOT may_be_named OR name <> '' OR erased_at IS NOT NULL", name="named"),
        Index("ix_pledge_page_id", "page_id", "id"),
        Index("ix_pledge_state", "state", "made_at"),
        Index("ix_pledge_phone_hash", "phone_hash"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("campaign_page.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    key: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    amount: Mapped[int]
    method: Mapped[str]
    locale: Mapped[str]
    made_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(default="")
    on_behalf_of: Mapped[str] = mapped_column(default="")
    in_memory_of: Mapped[str] = mapped_column(default="")
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    may_be_named: Mapped[bool] = mapped_column(default=False)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    phone_hash: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(default=OPEN)
    donation_id: Mapped[int | None] = mapped_column(
        ForeignKey("donation.id"), unique=True, default=None
    )
    told: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    erased_at: Mapped[datetime | None] = mapped_column(default=None)


class PledgeDonation(Base):
    """A donation that a promise became; `origin` names the money, so that it counts once.

    Whoever sends money again with the same memo gives again: a second row of the same promise.
    Page and amount, which never change, are repeated, and what was agreed to when the money came,
    so that what came by a page is summed, and its newest found, without a look at each promise.
    """

    __tablename__ = "pledge_donation"
    __table_args__ = table_args(
        CheckConstraint("origin <> ''", name="origin"),
        Index("ix_pledge_donation_page_id", "page_id", "amount"),
        Index(
            "ix_pledge_donation_named",
            "page_id",
            "donation_id",
            postgresql_where=text("may_be_named"),
            sqlite_where=text("may_be_named"),
        ),
    )

    donation_id: Mapped[int] = mapped_column(
        ForeignKey("donation.id"), primary_key=True, autoincrement=False
    )
    pledge_id: Mapped[int] = mapped_column(ForeignKey("pledge.id"), index=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("campaign_page.id"))
    amount: Mapped[int]
    may_be_named: Mapped[bool]
    origin: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
