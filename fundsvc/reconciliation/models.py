"""Tables of bank accounts, of the files read into them and of the bank's lines."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
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


class BankProfile(OfUnit, Base):
    """How files of an account are read whose layout is not known: somebody mapped one on a page.

    `columns` holds the whole header, where our columns stand in it, and what they are called
    there; with `running` every line has its balance. It never changes, so that a preview and the
    import after it read alike; it is taken away once.
    """

    __tablename__ = "bank_profile"
    __table_args__ = table_args(
        UniqueConstraint("bank_account_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("days IN ('d/m/yyyy', 'yyyy-mm-dd', 'm/d/yyyy')", name="days"),
        CheckConstraint("sign IN ('columns', 'minus-debit', 'signed', 'marked')", name="sign"),
        CheckConstraint("removed_by IS NULL OR removed_at IS NOT NULL", name="removed"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    number: Mapped[int]
    columns: Mapped[dict[str, Any]]
    amounts: Mapped[str]
    days: Mapped[str]
    sign: Mapped[str]
    running: Mapped[bool]
    made_at: Mapped[dt.datetime]
    made_by: Mapped[int | None] = mapped_column(default=None)
    removed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    removed_by: Mapped[int | None] = mapped_column(default=None)


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
        # For the sums of an account, of all days or by day: they are read from here alone.
        Index("ix_bank_line_amount", "bank_account_id", "unit_id", "booked_on", "credit", "debit"),
        # For lists by size, and for other sides of the same amount.
        Index("ix_bank_line_size", "bank_account_id", text("(credit + debit)"), "id"),
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


class BankDecision(OfUnit, Base):
    """What a line was decided to be; it stands until it is undone, and then another may follow.

    `amount` is the line's: above 0 money in, below 0 money out. What is held back waits with its
    `note` and has no entry. `why` holds under `reasons` the sentences for which it was proposed.
    """

    __tablename__ = "bank_decision"
    __table_args__ = table_args(
        UniqueConstraint("key"),
        CheckConstraint(
            "kind IN ('promised', 'given', 'collected', 'settled', 'paid-out', 'mirrored',"
            " 'booked', 'spent', 'posted', 'split', 'held')",
            name="kind",
        ),
        CheckConstraint("(kind = 'held') = (entry_id IS NULL)", name="entry"),
        CheckConstraint("kind <> 'held' OR note <> ''", name="held"),
        CheckConstraint("(undone_at IS NULL) = (undone_why IS NULL)", name="undone"),
        Index(
            "ix_bank_decision_standing",
            "bank_line_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
            sqlite_where=text("undone_at IS NULL"),
        ),
        Index(
            "ix_bank_decision_booked",
            "entry_id",
            unique=True,
            postgresql_where=text("kind = 'booked' AND undone_at IS NULL"),
            sqlite_where=text("kind = 'booked' AND undone_at IS NULL"),
        ),
        Index(
            "ix_bank_decision_amount",
            "bank_account_id",
            "unit_id",
            "amount",
            "bank_line_id",
            postgresql_where=text("undone_at IS NULL AND kind <> 'held'"),
            sqlite_where=text("undone_at IS NULL AND kind <> 'held'"),
        ),
        Index("ix_bank_decision_bank_account_id", "bank_account_id", "decided_at", "id"),
        Index("ix_bank_decision_bank_line_id", "bank_line_id"),
        Index("ix_bank_decision_entry_id", "entry_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"))
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    amount: Mapped[int]
    key: Mapped[str]
    why: Mapped[dict[str, Any]]
    automatic: Mapped[bool]
    decided_at: Mapped[dt.datetime]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), default=None)
    score: Mapped[int | None] = mapped_column(default=None)
    rule_id: Mapped[int | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[int | None] = mapped_column(default=None)
    undone_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    undone_by: Mapped[int | None] = mapped_column(default=None)
    undone_why: Mapped[str | None] = mapped_column(default=None)


class BankDecisionPart(OfUnit, Base):
    """What a decision booked: each thing (`donation` 12, `payment` 7 …) with its entry."""

    __tablename__ = "bank_decision_part"
    __table_args__ = table_args(
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_bank_decision_part_decision_id", "decision_id"),
        Index("ix_bank_decision_part_entry_id", "entry_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("bank_decision.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    what: Mapped[str]
    amount: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    thing_id: Mapped[int | None] = mapped_column(default=None)


class BankNote(OfUnit, Base):
    """What somebody wrote beside a line, or a paper that proves what it is."""

    __tablename__ = "bank_note"
    __table_args__ = table_args(
        CheckConstraint("words <> '' OR sha256 IS NOT NULL", name="something"),
        Index("ix_bank_note_bank_line_id", "bank_line_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    words: Mapped[str]
    noted_at: Mapped[dt.datetime]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("stored_file.sha256"), default=None)
    noted_by: Mapped[int | None] = mapped_column(default=None)


class BankCoded(OfUnit, Base):
    """A line of money in that names a promise and could not become it: why, and when to try again.

    `codes` are the memo codes it names, parted by spaces. What waits without `next_at` waits for a
    person, who has it tried again or leaves it among the unidentified money.
    """

    __tablename__ = "bank_coded"
    __table_args__ = table_args(
        CheckConstraint("state IN ('waiting', 'given', 'left')", name="state"),
        CheckConstraint("length(codes) > 0", name="codes"),
        CheckConstraint("tries >= 1", name="tries"),
        CheckConstraint("state = 'waiting' OR next_at IS NULL", name="next"),
        CheckConstraint("state <> 'left' OR ended_by IS NOT NULL", name="left"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        Index("ix_bank_coded_state", "state", "next_at"),
    )

    bank_line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    codes: Mapped[str]
    why: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    tried_at: Mapped[dt.datetime]
    next_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    ended_by: Mapped[int | None] = mapped_column(default=None)
