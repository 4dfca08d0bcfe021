"""What a statement file says in all: counts, sums, dates, and whether its balance runs on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fundsvc.reconciliation.reader import Line

KEPT_BREAKS = 1_000


@dataclass(frozen=True, slots=True)
class Break:
    """A row whose printed balance is not what the rows before it come to, in đồng."""

    row: int
    expected: int
    found: int

    def as_json(self) -> dict[str, int]:
        """Return the break as interface documents print it."""
        return {"row": self.row, "expected": self.expected, "found": self.found}


@dataclass(slots=True)
class Summary:
    """The running totals of a statement; give it every line in the order of the file.

    `opening` is the balance before the first line, worked back from the first printed balance;
    `closing` the last printed one and what came after it. Both are None when the bank prints none.
    After a break the count goes on from what the bank printed.
    """

    lines: int = 0
    sum_in: int = 0
    sum_out: int = 0
    first: date | None = None
    last: date | None = None
    opening: int | None = None
    closing: int | None = None
    breaks: list[Break] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Count one more line."""
        self.lines += 1
        self.sum_in += line.credit
        self.sum_out += line.debit
        self.first = min(self.first or line.booked_on, line.booked_on)
        self.last = max(self.last or line.booked_on, line.booked_on)
        if self.closing is not None:
            self.closing += line.credit - line.debit
        if line.balance is None:
            return
        if self.closing is None:
            self.opening = line.balance - self.sum_in + self.sum_out
        elif self.closing != line.balance and len(self.breaks) < KEPT_BREAKS:
            self.breaks.append(Break(line.row, self.closing, line.balance))
        self.closing = line.balance


class Counting:
    """The counting rule: of k equal lines in a file, of which m are stored, k - m are new.

    Two gifts that agree in all the bank says stay two; the same file again adds nothing; two
    files that overlap give every line once.
    """

    def __init__(self, stored: Callable[[date], Mapping[str, int]]) -> None:
        """Take how many lines of each fingerprint are stored for a day; asked once for each day."""
        self._ask = stored
        self._stored: dict[date, Mapping[str, int]] = {}
        self._seen: dict[str, int] = {}

    def occurrence(self, line: Line) -> int:
        """Return the number of a line among its equals when it is new, 0 when it is known."""
        stored = self._stored.get(line.booked_on)
        if stored is None:
            stored = self._stored[line.booked_on] = self._ask(line.booked_on)
        seen = self._seen[line.fingerprint] = self._seen.get(line.fingerprint, 0) + 1
        return seen if seen > stored.get(line.fingerprint, 0) else 0


def breaks_as_json(breaks: Iterable[Break]) -> dict[str, Any]:
    """Return breaks in the form in which they are kept with the file."""
    return {"breaks": [found.as_json() for found in breaks]}
