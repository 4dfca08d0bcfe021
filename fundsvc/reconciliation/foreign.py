"""Tables of no known layout: how one begins, and how somebody said once that it is read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from csv import Error as CsvError
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.errors import Refusal
from fundsvc.reconciliation.cells import looks_like_amount, looks_like_day
from fundsvc.reconciliation.header import WITHIN
from fundsvc.reconciliation.layouts import Layout
from fundsvc.reconciliation.source import Source
from fundsvc.reconciliation.tables import Table, column_letter
from fundsvc.text import fold

ROWS: Final = 2_000
"""So many rows are read to find out how a table is written."""
SHOWN: Final = 3
_FEWEST, _MOST, _LONGEST = 3, 60, 200
_NEAR: Final = 10
_DAY_FIGURES: Final = 6
"""A day has at least so many figures: 1/9/2024."""


@dataclass(frozen=True, slots=True)
class Profile(Layout):
    """How somebody said that files of an account are read: by the whole header and its places.

    A bank that changes its header, even by one column, has another layout, which is asked anew.
    """

    header: tuple[str, ...] = ()
    at: Mapping[str, int] = field(default_factory=dict)

    def places(self, header: list[str]) -> dict[str, int] | None:
        """Return where our columns stand, if it is the header that was mapped."""
        return dict(self.at) if heading(header) == self.header else None


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be chosen: its key in forms, its name and what stands in it."""

    key: str
    name: str
    samples: tuple[str, ...]


class Beginning(Table):
    """The first rows of a table that nobody recognised, from one part of it: delimiter or sheet.

    `header` is the row that names the columns, `whole` says whether there is nothing more.
    """

    def __init__(self, table: Table, part: str, rows: list[list[str]], at: int) -> None:
        """Take the rows, and where the header is among them."""
        self.source, self.is_workbook, self.parts = table.source, table.is_workbook, (part,)
        self.at, self.header = at, _stripped(rows[at])
        self.whole = len(rows) < ROWS and (not table.is_workbook or len(table.parts) == 1)
        self.found = rows
        below = [cells for cells in rows[at + 1 :] if _is_line(cells)]
        self._below = (below or [cells for cells in rows[at + 1 :] if any(cells)])[:SHOWN]

    def rows(self, part: str) -> Iterator[list[str]]:
        """Yield the rows again."""
        del part
        return iter(self.found)

    def columns(self) -> list[Column]:
        """Return the columns that can be chosen; one without a name is known by its letter."""
        names = Counter(fold(cell) for cell in self.header)
        found = []
        for place, cell in enumerate(self.header):
            samples = tuple(
                _shown(cells[place]) if place < len(cells) else "" for cells in self._below
            )
            name = _shown(cell)
            if not name and not any(samples):
                continue
            if names[fold(cell)] > 1 or not name:
                letter = _("cột %(letter)s", letter=column_letter(place))
                name = f"{name} ({letter})" if name else f"{letter[0].upper()}{letter[1:]}"
            found.append(Column(f"c{place}", name, samples))
        return found


def heading(cells: Sequence[str]) -> tuple[str, ...]:
    """Return a header as it is compared: plainly, without blank cells at its end."""
    return tuple(fold(cell[:_LONGEST]) for cell in _stripped(cells))


def look(data: bytes | Source) -> Beginning | None:
    """Return how a table begins, or None where no header is seen above anything."""
    try:
        table = Table(data)
        found = [one for part in table.parts if (one := _part(table, part))]
    except Refusal:
        return None
    if table.is_workbook:
        return found[0] if found else None
    return max(found, key=lambda one: len(one.header), default=None)


def _part(table: Table, part: str) -> Beginning | None:
    rows: list[list[str]] = []
    try:
        rows.extend(islice(table.rows(part), ROWS))
    except (CsvError, UnicodeDecodeError):
        return None
    at = _header(rows)
    return None if at is None else Beginning(table, part, rows, at)


def _header(rows: Sequence[Sequence[str]]) -> int | None:
    """Return where the header is: names, with as many lines as possible right below it."""
    able = [at for at, cells in enumerate(rows[:WITHIN]) if _names(cells)]
    below = {at: sum(map(_is_line, rows[at + 1 : at + 1 + _NEAR])) for at in able}
    best = max(below.values(), default=0)
    if best:
        return max(at for at, count in below.items() if count == best)
    return next((at for at in able if any(map(_may_be_line, rows[at + 1 : at + 4]))), None)


def _names(cells: Sequence[str]) -> bool:
    """Say whether a row may name columns: several words, and nothing that a line has."""
    named = sum(any(mark.isalpha() for mark in cell) for cell in cells)
    return (
        named >= _FEWEST
        and len(_stripped(cells)) <= _MOST
        and all(len(cell) <= _LONGEST for cell in cells)
        and not any(looks_like_amount(cell) or looks_like_day(cell) for cell in cells)
        and all(mark.isprintable() or mark.isspace() for cell in cells for mark in cell)
    )


def _is_line(cells: Sequence[str]) -> bool:
    return any(map(looks_like_day, cells)) and any(map(looks_like_amount, cells))


def _may_be_line(cells: Sequence[str]) -> bool:
    filled = sum(bool(cell.strip()) for cell in cells)
    return filled >= _FEWEST and any(
        isinstance(cell, workbook.Moment) or sum(map(str.isdigit, cell)) >= _DAY_FIGURES
        for cell in cells
    )


def _stripped(cells: Sequence[str]) -> tuple[str, ...]:
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def _shown(cell: str) -> str:
    """Return a cell as a page shows it, however long it is."""
    text = "".join(mark if mark.isprintable() else " " for mark in cell[:_LONGEST])
    return " ".join(text.split())
