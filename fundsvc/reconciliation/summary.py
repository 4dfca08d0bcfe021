"""What a statement file says in all: counts, sums, dates, and whether its balance runs on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from fundsvc.reconciliation.reader import Line, Said
from fundsvc.templating.filters import dong

KEPT_BREAKS = 1_000
REMEMBERED_DAYS = 3


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
class _Backwards:
    """The same for a file whose newest line stands first; only where each line has its balance."""

    whole: bool = True
    opening: int | None = None
    closing: int | None = None
    breaks: list[Break] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.whole = self.whole and line.balance is not None
        if not self.whole or line.balance is None:
            return
        if self.closing is None:
            self.closing = line.balance
        elif self.opening != line.balance and len(self.breaks) < KEPT_BREAKS:
            self.breaks.append(Break(line.row, self.opening or 0, line.balance))
        self.opening = line.balance - line.credit + line.debit


@dataclass(slots=True)
class Summary:
    """The running totals of a statement; give it every line in the order of the file.

    `opening` is the balance before the first line, worked back from the first printed balance;
    `closing` the last printed one and what came after it. Both are None if the bank prints none.
    After a break the count goes on from what the bank printed. A file whose newest line stands
    first is read from its end: whichever way has fewer breaks is the bank's.
    """

    lines: int = 0
    sum_in: int = 0
    sum_out: int = 0
    first: date | None = None
    last: date | None = None
    opening: int | None = None
    closing: int | None = None
    breaks: list[Break] = field(default_factory=list)
    _back: _Backwards = field(default_factory=_Backwards, compare=False)

    def add(self, line: Line) -> None:
        """Count one more line."""
        self._back.add(line)
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

    def turn(self) -> None:
        """Take the file as one whose newest line stands first, if its balances say so."""
        back = self._back
        if back.whole and len(back.breaks) < len(self.breaks):
            self.opening, self.closing, self.breaks = back.opening, back.closing, back.breaks


@dataclass(frozen=True, slots=True)
class Told:
    """The balances of a whole file, and why it cannot be whole: what it says does not add up."""

    opening: int | None
    closing: int | None
    faults: tuple[str, ...]


def compare(summary: Summary, said: Said) -> Told:
    """Compare what the lines come to with what the file says they come to."""
    opening, closing = summary.opening, summary.closing
    moved = summary.sum_in - summary.sum_out
    if closing is None:
        opening, closing = said.opening, said.closing
        if opening is None and closing is not None:
            opening = closing - moved
        elif closing is None and opening is not None:
            closing = opening + moved
    faults = []
    if opening is not None and said.closing is not None:
        # Through its breaks a running balance still leads to the last one that is printed.
        leads_to = opening + moved if summary.closing is None else summary.closing
        if leads_to != said.closing:
            faults.append(
                _(
                    "Các dòng dẫn đến số dư cuối %(expected)s, tệp ghi số dư cuối kỳ %(found)s.",
                    expected=dong(leads_to),
                    found=dong(said.closing),
                )
            )
    for found, expected, told in (
        (summary.sum_in, said.sum_in, _("tiền vào")),
        (summary.sum_out, said.sum_out, _("tiền ra")),
    ):
        if expected is not None and expected != found:
            why = _(
                "Các dòng cộng ra %(found)s %(what)s, dòng tổng của tệp ghi %(expected)s.",
                found=dong(found),
                what=told,
                expected=dong(expected),
            )
            faults.append(why)
    return Told(opening, closing, tuple(faults))


class Counting:
    """The counting rule: of k equal lines in a file, of which m are stored, k - m are new.

    Two gifts that agree in all the bank says stay two; the same file again adds nothing; two
    files that overlap give every line once.
    """

    def __init__(
        self,
        stored: Callable[[date], Mapping[str, int]],
        alone: Callable[[str], bool] = lambda _fingerprint: False,
    ) -> None:
        """Take who knows how many lines of each fingerprint are stored for a day.

        `alone` says of a fingerprint that the file surely has it once, so that it need not be
        remembered.
        """
        self._stored = _Days(stored)
        self._alone = alone
        self._seen: dict[str, int] = {}
        self._more: dict[str, int] = {}

    def occurrence(self, line: Line) -> int:
        """Return the number of a line among its equals when it is new, 0 when it is known."""
        stored = self._stored.of(line.booked_on).get(line.fingerprint, 0)
        if self._alone(line.fingerprint):
            return 0 if stored else 1
        seen = self._seen[line.fingerprint] = self._seen.get(line.fingerprint, 0) + 1
        return seen + self._more.get(line.fingerprint, 0) if seen > stored else 0

    def one_more(self, line: Line) -> int:
        """Return the number among its equals of a line that was taken for known and is new."""
        more = self._more[line.fingerprint] = self._more.get(line.fingerprint, 0) + 1
        return self._stored.of(line.booked_on).get(line.fingerprint, 0) + more


class _Days:
    """What is stored for the days that a file is at.

    Files go by days, so only the last few are remembered, however many lines they have; where one
    comes back to a day that was let go, all are.
    """

    def __init__(self, ask: Callable[[date], Mapping[str, int]]) -> None:
        self._ask = ask
        self._known: dict[date, Mapping[str, int]] = {}
        self._asked: set[date] = set()
        self._jumps = False

    def of(self, day: date) -> Mapping[str, int]:
        known = self._known.get(day)
        if known is None:
            self._jumps = self._jumps or day in self._asked
            if not self._jumps and len(self._known) == REMEMBERED_DAYS:
                del self._known[next(iter(self._known))]
            self._asked.add(day)
            known = self._known[day] = self._ask(day)
        return known


def breaks_as_json(breaks: Iterable[Break]) -> dict[str, Any]:
    """Return breaks in the form in which they are kept with the file."""
    return {"breaks": [found.as_json() for found in breaks]}
