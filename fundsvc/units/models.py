"""Tables of provinces and units."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args

KINDS = ("centre", "provincial", "traditional", "liaison", "branch")


class Province(Base):
    """A province of one scheme: `2004` (the 63) or `2025` (the 34).

    A two-digit code means one province before July 2025 and may mean another after, so a province
    is always named by scheme and code.
    """

    __tablename__ = "province"
    __table_args__ = table_args(
        UniqueConstraint("scheme", "code"),
        CheckConstraint("scheme IN ('2004', '2025')", name="scheme"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    scheme: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(default=None)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)

    @property
    def key(self) -> str:
        """The name that others call it by, as `2025:44`."""
        return f"{self.scheme}:{self.code}"


class Unit(Base):
    """A member organisation, the centre above it, or a branch below it."""

    __tablename__ = "unit"
    __table_args__ = table_args(
        CheckConstraint("kind IN ({})".format(", ".join(f"'{k}'" for k in KINDS)), name="kind"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="parent"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    folded: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    province_id: Mapped[int | None] = mapped_column(ForeignKey("province.id"), default=None)
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)
