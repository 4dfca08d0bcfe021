"""What every import tells: how much was read, what is new, and each refused row with its reason."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

KEPT_REASONS = 1_000


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be read: its number in the file, the field and the reason."""

    row: int
    field: str | None
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the row in the form that interface documents name."""
        return {"row": self.row, "field": self.field, "reason": str(self.reason)}


@dataclass(slots=True)
class Run:
    """Refused rows that follow each other for the same reason, as those of a closed month."""

    first: int
    last: int
    count: int
    field: str | None
    reason: str

    @property
    def rows(self) -> str:
        """The numbers of the first and the last of them."""
        return f"{self.first}–{self.last}" if self.last > self.first else str(self.first)

    @property
    def has_gaps(self) -> bool:
        """Whether rows that are not refused lie between them."""
        return self.count <= self.last - self.first


@dataclass(slots=True)
class Refused:
    """The refused rows of a file: the first thousand in words, all of them in number.

    `runs` are the same rows, those that follow each other for one reason together.
    """

    rows: list[RefusedRow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    count: int = 0

    def add(self, row: int, name: str | None, reason: str) -> None:
        """Note one more refused row."""
        self.count += 1
        if len(self.rows) < KEPT_REASONS:
            self.rows.append(RefusedRow(row, name, reason))
        run = self.runs[-1] if self.runs else None
        if run is not None and (run.field, run.reason) == (name, reason):
            run.last, run.count = row, run.count + 1
        elif len(self.runs) < KEPT_REASONS:
            self.runs.append(Run(row, row, 1, name, reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The outcome of reading a file; sums are whole đồng, money in and out of the unit."""

    lines: int
    new: int
    known: int
    refused: tuple[RefusedRow, ...]
    refused_count: int
    sum_in: int
    sum_out: int
    first: date | None
    last: date | None
    committed: bool

    def as_json(self) -> dict[str, Any]:
        """Return the report as interface documents print it."""
        return {
            "lines": self.lines,
            "new": self.new,
            "known": self.known,
            "refused": [row.as_json() for row in self.refused],
            "refused_count": self.refused_count,
            "sum_in": self.sum_in,
            "sum_out": self.sum_out,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "committed": self.committed,
        }
