"""Tables of SMS donations: campaigns, imported files, their messages, totals and codes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG

GRAMMARS = ("single", "units", "thousands")


class Campaign(OfUnit, Base):
    """A keyword of a short code for some days: its grammar, its price, whose books it enters.

    `most_units` is the largest number of units that one message may give, `most_daily` how many
    messages of one phone a day may be booked; nothing means that the campaign has no such limit.
    """

    __tablename__ = "campaign"
    __table_args__ = table_args(
        UniqueConstraint("short_code", "keyword", "starts"),
        CheckConstraint(
            "grammar IN ({})".format(", ".join(f"'{name}'" for name in GRAMMARS)), name="grammar"
        ),
        CheckConstraint(f"unit_value BETWEEN 1 AND {MAX_DONG}", name="unit_value"),
        CheckConstraint("starts <= ends", name="dates"),
        CheckConstraint("most_units > 0", name="most_units"),
        CheckConstraint("most_daily > 0", name="most_daily"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    short_code: Mapped[str]
    keyword: Mapped[str]
    grammar: Mapped[str]
    unit_value: Mapped[int]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    starts: Mapped[date]
    ends: Mapped[date]
    most_units: Mapped[int | None] = mapped_column(default=None)
    most_daily: Mapped[int | None] = mapped_column(default=None)


class CampaignFee(Base):
    """What an operator keeps of a campaign's money from a day on, in hundredths of a percent.

    The rate of a day is the one that started last; none is ever changed.
    """

    __tablename__ = "campaign_fee"
    __table_args__ = table_args(CheckConstraint("rate BETWEEN 0 AND 10000", name="rate"))

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id"), primary_key=True, autoincrement=False
    )
    operator: Mapped[str] = mapped_column(primary_key=True)
    starts: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(default=None)


class SmsFile(Base):
    """An imported file of messages; the bytes are kept as evidence."""

    __tablename__ = "sms_file"
    __table_args__ = table_args()

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    name: Mapped[str]
    imported_at: Mapped[datetime]
    imported_by: Mapped[int | None] = mapped_column(default=None)


class SmsMessage(Base):
    """A message as the operator reported it, and what became of it.

    The number it came from is kept as a keyed hash and sealed (`fundsvc.secrecy`). Operator and
    request id are the operator's own identity of the message. A booked message's entry is the one
    with source `sms:<operator>` and the request id as external id.
    """

    __tablename__ = "sms_message"
    __table_args__ = table_args(
        CheckConstraint(
            "(status = 'booked' AND amount > 0 AND campaign_id IS NOT NULL)"
            " OR (status IN ('failed', 'unknown') AND amount IS NULL)",
            name="status",
        ),
        Index(
            "ix_sms_message_parked",
            "received_at",
            "operator",
            "request_id",
            postgresql_where=text("status <> 'booked'"),
            sqlite_where=text("status <> 'booked'"),
        ),
        Index("ix_sms_message_phone_hash", "phone_hash"),
    )

    operator: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    phone_hash: Mapped[str]
    phone_sealed: Mapped[str]
    short_code: Mapped[str]
    message: Mapped[str]
    received_at: Mapped[datetime]
    received_on: Mapped[date]
    status: Mapped[str]
    file_id: Mapped[int]
    row: Mapped[int]
    amount: Mapped[int | None] = mapped_column(default=None)
    stated: Mapped[int | None] = mapped_column(default=None)
    why: Mapped[str | None] = mapped_column(default=None)
    campaign_id: Mapped[int | None] = mapped_column(default=None)
    province_id: Mapped[int | None] = mapped_column(default=None)


class SmsTotal(Base):
    """What one file added to the messages of an operator, by campaign and status.

    The sums over all files are the counts of `sms_message`, so pages need not count a million rows.
    """

    __tablename__ = "sms_total"
    __table_args__ = table_args(
        CheckConstraint("status IN ('booked', 'failed', 'unknown')", name="status"),
        CheckConstraint("(status = 'booked') = (campaign_id IS NOT NULL)", name="campaign"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("sms_file.id"), index=True)
    operator: Mapped[str]
    status: Mapped[str]
    messages: Mapped[int]
    gross: Mapped[int]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), default=None)


class SmsProfile(Base):
    """How files of an operator are read: header words by field, what is the same for all rows.

    It is never changed, so a preview and the import after it read alike.
    """

    __tablename__ = "sms_profile"
    __table_args__ = table_args(
        UniqueConstraint("name"),
        CheckConstraint("days IN ('iso', 'dmy', 'mdy', 'compact')", name="days"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    columns: Mapped[dict[str, Any]]
    fixed: Mapped[dict[str, Any]]
    days: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(default=None)


class SmsDay(Base):
    """What the booked messages of a day come to, by operator, campaign and province (0: none).

    Kept by every import in its own transaction, so that counting a year takes no longer than a day.
    """

    __tablename__ = "sms_day"
    __table_args__ = table_args()

    operator: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign.id"), primary_key=True, autoincrement=False
    )
    received_on: Mapped[date] = mapped_column(primary_key=True)
    province_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    messages: Mapped[int]
    gross: Mapped[int]


class PhoneCode(Base):
    """A code that a treasurer gave to somebody on the phone: used once, soon, within a few tries.

    Neither the number nor the code stands here, only their keyed hashes.
    """

    __tablename__ = "phone_code"
    __table_args__ = table_args(CheckConstraint("tries >= 0", name="tries"))

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    phone_hash: Mapped[str] = mapped_column(index=True)
    code_hash: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
