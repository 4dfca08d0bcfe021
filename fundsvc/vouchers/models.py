"""Tables of vouchers, their lines and files, and of what comes every month."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.columns import Small
from fundsvc.db import Base, OfUnit, table_args
from fundsvc.vouchers.kinds import KINDS, STATES
from ledger.money import MAX_DONG

_KINDS = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in KINDS))
_STATES = "state IN ({})".format(", ".join(f"'{state}'" for state in STATES))
_POSTED = " AND ".join(
    f"{name} IS NOT NULL"
    for name in ("number", "series", "year", "serial", "entry_id", "posted_by", "posted_at")
)
_UNPOSTED = _POSTED.replace("IS NOT NULL", "IS NULL")


class Voucher(OfUnit, Base):
    """A document that becomes an entry when another person than its maker has approved it.

    `party` is who pays or is paid; it stays out of the entry, so that the books hold no names.
    `maker_id` is who made or last changed it, `submitted_by` who sent it for approval; neither may
    approve it, nor may whoever made, changed or sent an earlier version, as the acts tell.
    `version` grows with every change, so that a form that was open meanwhile is known to be old.
    `key` names the request that made it. `salt` hides in the seal what a posted one says on paper
    (`fundsvc.vouchers.paper`); one that was posted before this was sealed has none.
    """

    __tablename__ = "voucher"
    __table_args__ = table_args(
        UniqueConstraint("series", "year", "serial"),
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint(_STATES, name="state"),
        CheckConstraint(f"amount BETWEEN 0 AND {MAX_DONG}", name="amount"),
        CheckConstraint(
            "approver_id IS NULL OR (approver_id <> maker_id AND submitted_by IS NOT NULL"
            " AND approver_id <> submitted_by)",
            name="approver",
        ),
        CheckConstraint(
            "(state IN ('approved', 'posted')) = (approver_id IS NOT NULL)", name="approved"
        ),
        CheckConstraint(
            f"(state = 'posted' AND {_POSTED}) OR (state <> 'posted' AND {_UNPOSTED})",
            name="posted",
        ),
        Index("ix_voucher_date", "date", "id"),
        Index("ix_voucher_unit_id_date", "unit_id", "date"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    state: Mapped[str]
    date: Mapped[dt.date]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    amount: Mapped[int]
    party: Mapped[str]
    party_address: Mapped[str]
    description: Mapped[str]
    enclosed: Mapped[str]
    version: Mapped[int]
    maker_id: Mapped[int]
    made_at: Mapped[dt.datetime]
    key: Mapped[str] = mapped_column(unique=True)
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    till: Mapped[str | None] = mapped_column(default=None)
    resolution: Mapped[str | None] = mapped_column(default=None)
    resolution_on: Mapped[dt.date | None] = mapped_column(default=None)
    to_fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"), default=None)
    to_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    to_till: Mapped[str | None] = mapped_column(default=None)
    submitted_by: Mapped[int | None] = mapped_column(default=None)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    approver_id: Mapped[int | None] = mapped_column(default=None)
    approved_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    posted_by: Mapped[int | None] = mapped_column(default=None)
    posted_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    number: Mapped[str | None] = mapped_column(unique=True, default=None)
    series: Mapped[str | None] = mapped_column(default=None)
    year: Mapped[int | None] = mapped_column(default=None)
    serial: Mapped[int | None] = mapped_column(default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), unique=True, default=None)
    return_reason: Mapped[str | None] = mapped_column(default=None)
    template_id: Mapped[int | None] = mapped_column(ForeignKey("voucher_template.id"), default=None)
    salt: Mapped[str | None] = mapped_column(default=None)


class VoucherLine(OfUnit, Base):
    """A line of a voucher as it will be booked; those of a draft need not balance yet."""

    __tablename__ = "voucher_line"
    __table_args__ = table_args(
        CheckConstraint("line BETWEEN 1 AND 1000", name="line"),
        CheckConstraint("(debit = 0) <> (credit = 0)", name="one_side"),
        CheckConstraint(
            f"debit BETWEEN 0 AND {MAX_DONG} AND credit BETWEEN 0 AND {MAX_DONG}", name="range"
        ),
    )

    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"), primary_key=True)
    line: Mapped[int] = mapped_column(Small, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    debit: Mapped[int]
    credit: Mapped[int]


class VoucherFile(Base):
    """A file that proves what a voucher says: an invoice, a list of signatures, a photograph."""

    __tablename__ = "voucher_file"
    __table_args__ = table_args(
        CheckConstraint("size > 0", name="size"), Index("ix_voucher_file_sha256", "sha256")
    )

    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"), primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    added_at: Mapped[dt.datetime]
    added_by: Mapped[int]


class VoucherTemplate(OfUnit, Base):
    """What comes every month: the facts of a draft, and the day of the month it is dated.

    A day that a month does not have is its last.
    """

    __tablename__ = "voucher_template"
    __table_args__ = table_args(
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint("day BETWEEN 1 AND 31", name="day"),
        Index("ix_voucher_template_unit_id", "unit_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    kind: Mapped[str]
    day: Mapped[int]
    facts: Mapped[dict[str, Any]]
    made_by: Mapped[int]
    made_at: Mapped[dt.datetime]
    active: Mapped[bool] = mapped_column(default=True)
