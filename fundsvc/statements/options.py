"""What is asked of a statement: plain values between schemas, service and pages."""

from dataclasses import dataclass
from datetime import date
from typing import Final

MAPS: Final = ("now", "then")
PARTS: Final = ("opening", "receipts", "payments", "closing")
FORMATS: Final = ("json", "csv", "xlsx", "pdf", "html")
DEFAULT_FUND: Final = "nghia-tinh"
"""The fund that receives every day; the page opens with it."""


@dataclass(frozen=True, slots=True)
class Options:
    """A statement as asked for, by codes that nobody has looked up yet.

    `provinces` is None when it was not said: then an old province means `then`.
    """

    fund: str
    first: date
    last: date
    province: str | None = None
    unit: str | None = None
    provinces: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a statement, to be shown as the entries it is made of."""

    part: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The entry after which a list goes on: lists run from the newest to the oldest."""

    on: date
    entry_id: int

    def __str__(self) -> str:
        """Return the mark as it stands in an address."""
        return f"{self.on.isoformat()}.{self.entry_id}"
