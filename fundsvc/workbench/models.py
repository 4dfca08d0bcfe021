"""Tables of the workbench: the rules by which treasurers let lines be proposed, and their use."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
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
