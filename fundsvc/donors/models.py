"""Table of donors."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args

KINDS = ("person", "organisation")


class Donor(OfUnit, Base):
    """A person or organisation as one unit knows it.

    Names, phones and addresses are personal data, so a donor belongs to the unit that wrote it
    down; two units that know the same person keep a record each. `folded` is the name for search.
    `salt` hides the donor in the seals of the books; without it, nothing there tells of the donor.
    """

    __tablename__ = "donor"
    __table_args__ = table_args(
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_donor_unit_id_folded", "unit_id", "folded"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    folded: Mapped[str]
    kind: Mapped[str] = mapped_column(default="person")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    salt: Mapped[str | None] = mapped_column(default=None)
