"""Tables of the books: chart, funds, entries, postings, periods, number series, seals, roll-ups."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.books.grains import FIGURES, ROLLUPS, Grain, Rollup
from fundsvc.columns import Big, Day, Small
from fundsvc.db import Base, OfUnit, table_args
from ledger.money import MAX_DONG


class Account(Base):
    """A ledger account of the chart; a treasurer may add to it, nobody takes away."""

    __tablename__ = "account"
    __table_args__ = table_args(
        CheckConstraint(
            "type IN ('asset', 'liability', 'equity', 'income', 'expense')", name="type"
        ),
        CheckConstraint(
            "(type IN ('equity', 'income', 'expense')) = (line IS NOT NULL)", name="line"
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    type: Mapped[str]
    line: Mapped[str | None] = mapped_column(default=None)


class Fund(Base):
    """A fund: base, dues, nghia-tinh; the prefix numbers its receipts."""

    __tablename__ = "fund"
    __table_args__ = table_args(
        CheckConstraint(
            "restriction IN ('none', 'board', 'purpose', 'perpetual')", name="restriction"
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    restriction: Mapped[str]


BY_HAND: Final = "kind NOT IN ('bank-in', 'bank-out', 'bank-fee', 'opening', 'reversal', 'sms')"
"""Whether an entry is neither a line of a file nor an opening or a reversal, as SQL of `entry`."""


class Entry(OfUnit, Base):
    """What happened, booked once and never changed; see `ledger.entries` for the rule."""

    __tablename__ = "entry"
    __table_args__ = table_args(
        UniqueConstraint("source", "external_id"),
        # The postings repeat date and number of lines; this key lets the database compare them.
        UniqueConstraint("id", "lines", "date"),
        CheckConstraint("lines BETWEEN 2 AND 1000", name="lines"),
        Index(
            "ix_entry_reverses_id",
            "reverses_id",
            unique=True,
            sqlite_where=text("reverses_id IS NOT NULL"),
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        # Fees are few beside all entries, and are told apart from lines of the bank that wait.
        Index(
            "ix_entry_bank_fee",
            "id",
            sqlite_where=text("kind = 'bank-fee'"),
            postgresql_where=text("kind = 'bank-fee'"),
        ),
        # What people and other slices booked by day, few beside what comes in files.
        Index(
            "ix_entry_by_hand",
            "date",
            "id",
            sqlite_where=text(BY_HAND),
            postgresql_where=text(BY_HAND),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    date: Mapped[dt.date]
    kind: Mapped[str]
    description: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    source: Mapped[str]
    external_id: Mapped[str]
    lines: Mapped[int] = mapped_column(Small)
    posted_at: Mapped[dt.datetime]
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), default=None)
    voucher: Mapped[str | None] = mapped_column(default=None)
    maker_id: Mapped[int | None] = mapped_column(default=None)
    approver_id: Mapped[int | None] = mapped_column(default=None)


class Posting(OfUnit, Base):
    """A line of an entry: account, fund and unit, debit or credit in whole đồng."""

    __tablename__ = "posting"
    __table_args__ = table_args(
        # RESTRICT is what stops INSERT OR REPLACE of an entry on SQLite.
        ForeignKeyConstraint(
            ["entry_id", "lines", "date"],
            ["entry.id", "entry.lines", "entry.date"],
            ondelete="RESTRICT",
        ),
        CheckConstraint("line BETWEEN 1 AND lines", name="line"),
        CheckConstraint("(debit = 0) <> (credit = 0)", name="one_side"),
        CheckConstraint(
            f"debit BETWEEN -{MAX_DONG} AND {MAX_DONG}"
            f" AND credit BETWEEN -{MAX_DONG} AND {MAX_DONG}",
            name="range",
        ),
        Index("ix_posting_account_id_date", "account_id", "date", "entry_id", "line"),
    )

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Small, primary_key=True, autoincrement=False)
    lines: Mapped[int] = mapped_column(Small)
    date: Mapped[dt.date]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    debit: Mapped[int]
    credit: Mapped[int]


class Period(OfUnit, Base):
    """A month of a unit that was closed; one without a row is open unless a later one is closed.

    `closing` is what stood when it was closed (`fundsvc.periods.facts`), kept after a reopening
    until it is closed again. `reopening_id` is the reopening that opened it last.
    """

    __tablename__ = "period"
    __table_args__ = table_args(
        UniqueConstraint("unit_id", "month"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    month: Mapped[dt.date]
    state: Mapped[str]
    closed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    closed_by: Mapped[int | None] = mapped_column(default=None)
    closing: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    reopening_id: Mapped[int | None] = mapped_column(default=None)


class Series(Base):
    """A book of numbers without gaps: the last number given out, per book and year."""

    __tablename__ = "series"
    __table_args__ = table_args(CheckConstraint("last >= 0", name="last"))

    book: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class EntryEvidence(Base):
    """A kept file that an entry stands on, named when the entry was posted."""

    __tablename__ = "entry_evidence"
    __table_args__ = table_args()

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id"), primary_key=True, autoincrement=False
    )
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_file.sha256"), primary_key=True)


class EntryDonor(Base):
    """The commitment of an entry to its donor or, of one that has none, to a paper beside it.

    It tells nothing without the salt, which is kept elsewhere; see `fundsvc.books.papers`.
    """

    __tablename__ = "entry_donor"
    __table_args__ = table_args(CheckConstraint("length(commitment) = 64", name="commitment"))

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id"), primary_key=True, autoincrement=False
    )
    commitment: Mapped[str]


class Seal(Base):
    """A sealed batch of entries, and the head it adds to the chain; see `ledger.seals`."""

    __tablename__ = "seal"
    __table_args__ = table_args(
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("first_entry <= last_entry AND entries >= 1", name="entries"),
        CheckConstraint("length(root) = 64 AND length(head) = 64", name="hashes"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_entry: Mapped[int]
    last_entry: Mapped[int]
    entries: Mapped[int]
    debit: Mapped[int]
    credit: Mapped[int]
    root: Mapped[str]
    head: Mapped[str] = mapped_column(unique=True)
    sealed_at: Mapped[dt.datetime]


class SealMarks(Base):
    """The first four bytes of each leaf of a seal, in order.

    They prove nothing: the root says whether an entry is not what was sealed, they tell which one.
    Seals made before there were marks have none. They stand apart because every statement reads
    the seals, and only a check reads these.
    """

    __tablename__ = "seal_marks"
    __table_args__ = table_args()

    number: Mapped[int] = mapped_column(
        ForeignKey("seal.number"), primary_key=True, autoincrement=False
    )
    marks: Mapped[bytes]


class ReferenceMark(Base):
    """The mark of accounts, funds, units and provinces; every change of them draws another one."""

    __tablename__ = "reference_mark"
    __table_args__ = table_args(CheckConstraint("id = 1", name="id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]


def _rollup(rollup: Rollup) -> Table:
    """Declare a table of sums of the sealed entries of `fundsvc.books.grains`.

    They are added to and summed by SQL alone, so no class stands for them: a class takes time when
    a command starts, and with each statement within a unit scope. `date` is the first day of the
    span, `province_id` 0 where there is none, `carried` 1 for entries that carry a year's result
    forward. `entries` counts each entry once per key and day.
    """
    name, year = rollup.table, rollup.grain is Grain.YEAR
    kinds: dict[str, Any] = {"date": Day(), "carried": Small}
    found = Table(
        name,
        Base.metadata,
        *(
            Column(key, kinds.get(key, Big), primary_key=True, autoincrement=False)
            for key in rollup.keys
        ),
        *(Column(figure, Big, nullable=False) for figure in FIGURES),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    if not rollup.whole and year:
        Index(f"ix_{name}_account_id_date", found.c.account_id, found.c.date)
    elif not rollup.whole:
        Index(f"ix_{name}_date", found.c.date, found.c.account_id)
    return found


ROLLUP_TABLES = tuple(_rollup(rollup) for rollup in ROLLUPS)
