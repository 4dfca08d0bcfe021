"""Tables of bank accounts, of the files read into them and of the bank's lines."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args


class BankAccount(OfUnit, Base):
    """An account at a bank: it holds money of one fund of one unit, in ledger account 112.CODE."""

    __tablename__ = "bank_account"
    __table_args__ = table_args(
        CheckConstraint("length(code) BETWEEN 2 AND 12", name="code"),
        UniqueConstraint("account_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    bank: Mapped[str]
    number: Mapped[str]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class BankFile(OfUnit, Base):
    """A statement file that was booked: what it said, and where its running balance broke."""

    __tablename__ = "bank_file"
    __table_args__ = table_args(
        Index("ix_bank_file_bank_account_id", "bank_account_id", "id"),
        CheckConstraint("lines >= 0 AND new >= 0 AND known >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    name: Mapped[str]
    layout: Mapped[str]
    lines: Mapped[int]
    new: Mapped[int]
    known: Mapped[int]
    sum_in: Mapped[int]
    sum_out: Mapped[int]
    breaks: Mapped[dict[str, Any]]
    imported_at: Mapped[dt.datetime]
    first: Mapped[dt.date | None] = mapped_column(default=None)
    last: Mapped[dt.date | None] = mapped_column(default=None)
    opening: Mapped[int | None] = mapped_column(default=None)
    closing: Mapped[int | None] = mapped_column(default=None)
    imported_by: Mapped[int | None] = mapped_column(default=None)


class BankLine(OfUnit, Base):
    """A line of the bank's statement, with the entry that booked it.

    `debit` and `credit` are the bank's own words: credit is money in. `fingerprint` is the same
    for lines that agree in all that the bank says; `occurrence` counts such equal lines.
    """

    __tablename__ = "bank_line"
    __table_args__ = table_args(
        UniqueConstraint("bank_account_id", "fingerprint", "occurrence"),
        Index("ix_bank_line_bank_account_id_booked_on", "bank_account_id", "booked_on", "id"),
        Index("ix_bank_line_entry_id", "entry_id", unique=True),
        CheckConstraint("debit >= 0 AND credit >= 0", name="sign"),
        CheckConstraint("(debit = 0) <> (credit = 0)", name="one_side"),
        CheckConstraint("occurrence >= 1", name="occurrence"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    file_sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    row: Mapped[int]
    booked_on: Mapped[dt.date]
    memo: Mapped[str]
    debit: Mapped[int]
    credit: Mapped[int]
    fingerprint: Mapped[str]
    occurrence: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    at_time: Mapped[str] = mapped_column(default="")
    doc_no: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    counterparty: Mapped[str] = mapped_column(default="")
    balance: Mapped[int | None] = mapped_column(default=None)


class BankNotice(OfUnit, Base):
    """A line that a gateway told of before or after the statement did.

    `bank_line_id` is the one line that both mean. `made_line` says that the notice booked it, for
    no statement had it yet.
    """

    __tablename__ = "bank_notice"
    __table_args__ = table_args(
        UniqueConstraint("gateway", "external_id"),
        UniqueConstraint("bank_line_id", "gateway"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    gateway: Mapped[str]
    external_id: Mapped[str]
    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"))
    made_line: Mapped[bool]
    noted_at: Mapped[dt.datetime]


class BankTwin(OfUnit, Base):
    """A statement's own words of a line that a gateway had told of: it is booked once.

    Day, fingerprint and occurrence are those by which the statement knows the line, so that the
    same file again adds nothing.
    """

    __tablename__ = "bank_twin"
    __table_args__ = table_args(
        UniqueConstraint("bank_line_id"),
        UniqueConstraint("bank_account_id", "fingerprint", "occurrence"),
        Index("ix_bank_twin_bank_account_id_booked_on", "bank_account_id", "booked_on"),
        CheckConstraint("occurrence >= 1", name="occurrence"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"))
    file_sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"))
    row: Mapped[int]
    booked_on: Mapped[dt.date]
    fingerprint: Mapped[str]
    occurrence: Mapped[int]


class BankGift(OfUnit, Base):
    """A line of money in that turned out to be a donation: each line at most one, and the reverse.

    The donation took the money out of what was unidentified.
    """

    __tablename__ = "bank_gift"
    __table_args__ = table_args(UniqueConstraint("donation_id"))

    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"), primary_key=True)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
