"""Tables of donors: who they are and were, what they agreed to, and requests to erase them."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, OfUnit, table_args
from fundsvc.secrecy import open_text

KINDS = ("person", "organisation")
PURPOSES: Final = ("named", "written", "kept")
"""What a donor agrees to: to be named in public, to be written to, to have the data kept."""
WAYS: Final = ("online", "form", "phone", "letter", "person")
STATES: Final = ("asked", "approved", "refused", "withdrawn")


class Donor(OfUnit, Base):
    """A person or organisation as one unit knows it.

    Names, phones and addresses are personal data, so a donor belongs to the unit that wrote it
    down; two units that know the same person keep a record each. `folded` is the name for search.
    Phone and e-mail are sealed, and found by their keyed hashes; empty when there is none.
    `salt` hides the donor in the seals of the books; without it, nothing there tells of the donor.
    A record that was `merged_into` another one is read as a part of it, and stays as it is.
    """

    __tablename__ = "donor"
    __table_args__ = table_args(
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("merged_into_id <> id", name="merged"),
        CheckConstraint(
            "erased_at IS NULL OR (salt IS NULL AND folded = '' AND address = ''"
            " AND phone_hash = '' AND phone_sealed = ''"
            " AND email_hash = '' AND email_sealed = '')",
            name="erased",
        ),
        Index("ix_donor_unit_id_folded", "unit_id", "folded"),
        Index(
            "ix_donor_phone_hash",
            "phone_hash",
            postgresql_where=text("phone_hash <> ''"),
            sqlite_where=text("phone_hash <> ''"),
        ),
        Index(
            "ix_donor_email_hash",
            "email_hash",
            postgresql_where=text("email_hash <> ''"),
            sqlite_where=text("email_hash <> ''"),
        ),
        Index(
            "ix_donor_merged_into_id",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    folded: Mapped[str]
    kind: Mapped[str] = mapped_column(default="person")
    address: Mapped[str] = mapped_column(default="")
    phone_hash: Mapped[str] = mapped_column(default="")
    phone_sealed: Mapped[str] = mapped_column(default="")
    email_hash: Mapped[str] = mapped_column(default="")
    email_sealed: Mapped[str] = mapped_column(default="")
    salt: Mapped[str | None] = mapped_column(default=None)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("donor.id"), default=None)
    erased_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def phone(self) -> str:
        """The phone number as it was typed, opened now; may raise `secrecy.UnreadableError`."""
        return open_text(self.phone_sealed)

    @property
    def email(self) -> str:
        """The e-mail as it was typed, opened now; may raise `secrecy.UnreadableError`."""
        return open_text(self.email_sealed)


class DonorVersion(OfUnit, Base):
    """What was written down about a donor until it was changed; gone when the donor is erased.

    The books are sealed with the name of their day, so a corrected name is proved by the old one.
    """

    __tablename__ = "donor_version"
    __table_args__ = table_args(CheckConstraint("name <> ''", name="name"))

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donor_id: Mapped[int] = mapped_column(ForeignKey("donor.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str]
    phone_hash: Mapped[str]
    phone_sealed: Mapped[str]
    email_hash: Mapped[str]
    email_sealed: Mapped[str]
    until: Mapped[datetime]
    reason: Mapped[str]
    changed_by: Mapped[int | None] = mapped_column(default=None)


class DonorConsent(OfUnit, Base):
    """That a donor agreed to something or took it back: when, by which way, to which words.

    What was said last holds. It is never changed, for the one who keeps data must prove it.
    """

    __tablename__ = "donor_consent"
    __table_args__ = table_args(
        CheckConstraint("purpose IN ('named', 'written', 'kept')", name="purpose"),
        CheckConstraint("way IN ('online', 'form', 'phone', 'letter', 'person')", name="way"),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donor_id: Mapped[int] = mapped_column(ForeignKey("donor.id"), index=True)
    purpose: Mapped[str]
    given: Mapped[bool]
    said_on: Mapped[date]
    way: Mapped[str]
    words: Mapped[str]
    noted_at: Mapped[datetime]
    noted_by: Mapped[int | None] = mapped_column(default=None)


class DonorErasure(OfUnit, Base):
    """A donor's wish to be forgotten: asked for by one person, approved by another."""

    __tablename__ = "donor_erasure"
    __table_args__ = table_args(
        CheckConstraint("state IN ('asked', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL) AND (state = 'asked') = (decided_by IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_by <> asked_by", name="two_people"
        ),
        Index(
            "ix_donor_erasure_open",
            "donor_id",
            unique=True,
            postgresql_where=text("state IN ('asked', 'approved')"),
            sqlite_where=text("state IN ('asked', 'approved')"),
        ),
    )

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    donor_id: Mapped[int] = mapped_column(ForeignKey("donor.id"))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int]
    state: Mapped[str] = mapped_column(default="asked")
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[int | None] = mapped_column(default=None)
