"""Read a file of messages as a stream.

A million rows take the memory of one chunk. On the fast path no row becomes an object: a chunk is
turned into columns, each column is checked by operations that run over the whole of it (`columns`),
and what a message comes to is looked up by its text (`resolver`). Only a chunk with a fault is
searched row by row for the place.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import IO

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.imports import Refused
from fundsvc.sms import layouts
from fundsvc.sms.columns import Checker, Chunk
from fundsvc.sms.register import Register
from fundsvc.sms.resolver import Resolver

CHUNK = 500  # Small enough to stay in the processor's cache: twice as fast as 10,000.


class Reader:
    """Reads one file; `lines` and `refused` tell of what was read so far.

    `headings` are what the file calls each field.

    Rows are numbered as a spreadsheet shows them: the first of the file is row 1.
    """

    def __init__(
        self, register: Register, resolver: Resolver, profile: layouts.Profile | None = None
    ) -> None:
        """Take the campaigns, what decides about messages, and how the file is to be read."""
        self.lines = 0
        self.headings: dict[str, str] = {}
        self.refused = Refused()
        self._checker = Checker(register, resolver, self.refused)
        self._profile = profile
        self._broken = False

    def chunks(self, stream: IO[bytes]) -> Iterator[Chunk]:
        """Yield the readable rows of a CSV file or workbook in chunks; note the others.

        Raises:
            Refusal: the header row does not name the columns.
        """
        layout = layouts.find(stream, self._profile)
        self.headings = layout.headings
        if workbook.is_workbook(stream):
            # Excel drops zeros before a number and has days of its own, whatever the header says.
            known = replace(layout, days=layout.days or layouts.ISO)
            yield from self._chunks(_as_wide(workbook.rows(stream), layout.width), known)
            return
        # Bytes that are not UTF-8 become surrogates, so that they are refused with their row.
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
        try:
            yield from self._chunks(csv.reader(text, delimiter=layout.delimiter), layout)
        finally:
            if not stream.closed:
                text.detach()

    def _chunks(self, rows: Iterator[list[str]], layout: layouts.Layout) -> Iterator[Chunk]:
        for _above in islice(rows, layout.header):
            pass
        first = layout.header + 1
        while not self._broken and (block := self._block(rows, first)):
            numbers = range(first, first + len(block))
            kept, block_rows = self._whole(numbers, block, layout.width)
            first += len(block)
            if block_rows:
                yield self._checker.check(kept, block_rows, layout)

    def _block(self, rows: Iterator[list[str]], first: int) -> list[list[str]]:
        """Take the next rows; stop for good where the file cannot be taken apart."""
        block: list[list[str]] = []
        try:
            block.extend(islice(rows, CHUNK))
        except csv.Error:
            self._broken = True
            self.lines += 1
            why = _(
                "Từ dòng này không tách được các cột (dấu nháy kép không đóng, hoặc ô quá dài)."
            )
            self.refused.add(first + len(block), None, why)
        return block

    def _whole(
        self, numbers: Sequence[int], block: list[list[str]], width: int
    ) -> tuple[Sequence[int], list[list[str]]]:
        """Leave out blank rows, refuse those with too few or too many fields."""
        self.lines += len(block)
        if set(map(len, block)) == {width}:
            return numbers, block
        kept: list[tuple[int, list[str]]] = []
        for number, row in zip(numbers, block, strict=True):
            if len(row) == width:
                kept.append((number, row))
            elif not row:
                self.lines -= 1
            else:
                found = len(row)
                why = _("Dòng có %(found)d cột, cần %(width)d cột.", found=found, width=width)
                self.refused.add(number, None, why)
        return [number for number, _row in kept], [row for _number, row in kept]


def _as_wide(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Yield the rows of a workbook, which ends each with its last cell, as wide as the header."""
    return (row + [""] * (width - len(row)) if row else row for row in rows)
