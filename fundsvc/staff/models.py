"""Tables of staff, their roles and units, their sessions, and failed tries to sign in."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args

ROLES = ("treasurer", "approver", "unit-treasurer", "auditor", "admin")
"""The roles of `interface.md`; a role is a word, so no table lists them."""


class StaffUser(Base):
    """A person who may sign in.

    `key` is what sessions name the person by; a new key ends all of them. `totp_step` is the last
    time step of which a code was accepted, so that no code counts twice.
    """

    __tablename__ = "staff_user"
    __table_args__ = table_args()

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    created_at: Mapped[datetime]
    email: Mapped[str | None] = mapped_column(unique=True, default=None)
    active: Mapped[bool] = mapped_column(default=True)
    totp_secret: Mapped[str | None] = mapped_column(default=None)
    totp_step: Mapped[int | None] = mapped_column(default=None)
    recovery: Mapped[dict[str, Any] | None] = mapped_column(default=None)


class StaffUserRole(Base):
    """A role that a person has."""

    __tablename__ = "staff_user_role"
    __table_args__ = table_args(
        CheckConstraint("role IN ({})".format(", ".join(f"'{r}'" for r in ROLES)), name="role"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class StaffUserUnit(Base):
    """A unit that a unit-treasurer keeps, with all units below it."""

    __tablename__ = "staff_user_unit"
    __table_args__ = table_args()

    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)


class StaffSession(Base):
    """A session in a browser; the cookie holds the token, this table only its SHA-256."""

    __tablename__ = "staff_session"
    __table_args__ = table_args(
        Index("ix_staff_session_expires_at", "expires_at"),
        Index("ix_staff_session_user_id", "user_id"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"), default=None)


class StaffTry(Base):
    """Tries to sign in that failed, counted per user name and address, per name, per address.

    `key` is a keyed digest, for people sometimes type a password where the name belongs. `known`
    marks a pair of name and address that has signed in before.
    """

    __tablename__ = "staff_try"
    __table_args__ = table_args(Index("ix_staff_try_last_at", "last_at"))

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    free_at: Mapped[datetime]
    known: Mapped[bool] = mapped_column(default=False)
