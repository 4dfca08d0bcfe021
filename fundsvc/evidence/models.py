"""Table of kept files."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundsvc.db import Base, table_args


class StoredFile(Base):
    """A kept file: the hash of its bytes, which also is its name on disk."""

    __tablename__ = "stored_file"
    __table_args__ = table_args(
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("size >= 0", name="size"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    stored_at: Mapped[datetime]
    stored_by: Mapped[int | None] = mapped_column(default=None)
