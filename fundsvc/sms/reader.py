"""Read a file of messages as a stream.

A million rows take the memory of one chunk. On the fast path no row becomes an object: a chunk is
turned into columns, each column is checked by operations that run over the whole of it (`columns`),
and what a message comes to is looked up by its text (`resolver`). Only a chunk with a fault is
searched row by row for the place.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.sms.columns import FIELDS, OPTIONAL, Checker, Chunk
from fundsvc.sms.register import Register
from fundsvc.sms.resolver import Resolver

CHUNK = 500  # Small enough to stay in the processor's cache: twice as fast as 10,000.
FIRST_ROW = 2  # As a spreadsheet numbers them: the header is row 1.


class Reader:
    """Reads one file; `lines` and `refused` tell of what was read so far."""

    def __init__(self, register: Register, resolver: Resolver) -> None:
        """Take the campaigns and what decides about messages."""
        self.lines = 0
        self.refused = Refused()
        self._checker = Checker(register, resolver, self.refused)
        self._broken = False

    def chunks(self, stream: IO[bytes]) -> Iterator[Chunk]:
        """Yield the readable rows of a CSV file in chunks; note the others in `refused`.

        Raises:
            Refusal: the header row does not name the columns.
        """
        # Bytes that are not UTF-8 become surrogates, so that they are refused with their row.
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
        try:
            rows = csv.reader(text)
            order, width = _order(_header(rows))
            first = FIRST_ROW
            while not self._broken and (block := self._block(rows, first)):
                numbers, block_rows = self._whole(range(first, first + len(block)), block, width)
                first += len(block)
                if block_rows:
                    yield self._checker.check(numbers, block_rows, order)
        finally:
            text.detach()

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


def check_header(stream: IO[bytes]) -> None:
    """Hold that a file begins as files of messages do, without reading the rest of it.

    Raises:
        Refusal: the header row does not name the columns.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        _order(_header(csv.reader(text)))
    finally:
        text.detach()


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error:
        return []


def _order(header: list[str]) -> tuple[list[int | None], int]:
    """Return where each field stands in a row (None: not there), and how many fields a row has.

    Columns of other names are passed over.

    Raises:
        Refusal: a column is missing or named twice.
    """
    names = [name.strip().lower() for name in header]
    missing = [name for name in FIELDS if name not in names]
    if missing:
        why = _(
            "Dòng đầu phải ghi tên các cột, cách nhau bằng dấu phẩy; còn thiếu: %(missing)s.",
            missing=", ".join(missing),
        )
        raise Refusal(Reason(why, 1))
    wanted = (*FIELDS, OPTIONAL)
    for name in wanted:
        if names.count(name) > 1:
            raise Refusal(Reason(_("Cột %(name)s bị trùng.", name=name), 1, name))
    return [names.index(name) if name in names else None for name in wanted], len(names)
