"""Tables of the workbench: rules of proposing and their use, and months that were signed."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args


class MatchRule(OfUnit, Base):
    """A rule of a bank account by which its lines are proposed; only switching it off changes it.

    `facts` are conditions and the choice (`rule_facts`), `tested` what it would have done in the
    twelve months before. Without `off_by` it was switched off by itself.
    """

    __tablename__ = "match_rule"
    __table_args__ = table_args(
        CheckConstraint("(off_at IS NULL) = (off_why IS NULL)", name="off"),
        CheckConstraint("off_by IS NULL OR off_at IS NOT NULL", name="off_by"),
        Index("ix_match_rule_bank_account_id", "bank_account_id"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    key: Mapped[str] = mapped_column(unique=True)
    facts: Mapped[dict[str, Any]]
    tested: Mapped[dict[str, Any]]
    made_at: Mapped[dt.datetime]
    made_by: Mapped[int | None] = mapped_column(default=None)
    off_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    off_by: Mapped[int | None] = mapped_column(default=None)
    off_why: Mapped[str | None] = mapped_column(default=None)


class MatchRuleUse(OfUnit, Base):
    """That a decision was made of a line on which a rule had a say, and whether as it said."""

    __tablename__ = "match_rule_use"
    __table_args__ = table_args()

    rule_id: Mapped[int] = mapped_column(
        ForeignKey("match_rule.id"), primary_key=True, autoincrement=False
    )
    decision_id: Mapped[int] = mapped_column(
        ForeignKey("bank_decision.id"), primary_key=True, autoincrement=False
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    agreed: Mapped[bool]


_STANDS = text("state IN ('submitted', 'approved', 'reopening')")


class BankSignoff(OfUnit, Base):
    """The reconciliation of a bank account at the end of a month, submitted by one person.

    Another one approves it; from then on the account is frozen until that day, in the database,
    until two people open it again. `facts` are what stood when it was submitted.
    """

    __tablename__ = "bank_signoff"
    __table_args__ = table_args(
        Index(
            "ix_bank_signoff_standing",
            "bank_account_id",
            "month",
            unique=True,
            postgresql_where=_STANDS,
            sqlite_where=_STANDS,
        ),
        CheckConstraint(
            "state IN ('submitted', 'approved', 'reopening', 'reopened', 'refused', 'withdrawn')",
            name="state",
        ),
        CheckConstraint(
            "(state = 'submitted') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'reopening', 'reopened') OR decided_by <> submitted_by",
            name="two_people",
        ),
        CheckConstraint(
            "(reopen_by IS NULL) = (reopen_why IS NULL)"
            " AND (state IN ('reopening', 'reopened')) = (reopen_by IS NOT NULL)",
            name="reopening",
        ),
        CheckConstraint(
            "(state = 'reopened') = (reopened_by IS NOT NULL)"
            " AND (reopened_by IS NULL OR reopened_by <> reopen_by)",
            name="reopened",
        ),
        CheckConstraint("bank_balance = book_balance", name="difference"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    month: Mapped[dt.date]
    bank_balance: Mapped[int]
    book_balance: Mapped[int]
    facts: Mapped[dict[str, Any]]
    state: Mapped[str]
    submitted_by: Mapped[int]
    submitted_at: Mapped[dt.datetime]
    decided_by: Mapped[int | None] = mapped_column(default=None)
    decided_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    decided_why: Mapped[str] = mapped_column(default="")
    reopen_by: Mapped[int | None] = mapped_column(default=None)
    reopen_why: Mapped[str | None] = mapped_column(default=None)
    reopened_by: Mapped[int | None] = mapped_column(default=None)
    reopened_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    pdf_sha256: Mapped[str | None] = mapped_column(ForeignKey("stored_file.sha256"), default=None)
