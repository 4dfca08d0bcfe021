"""A book as every document draws it: letterhead, columns, and records that were put aside.

Records are read from the database in one go and kept in a file of their own, so that a book of
any length needs little memory and is drawn while no transaction is open.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from fundsvc.statements.report import Seal

Value = str | int | None
Kind = Literal["text", "day", "money"]
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_IN_MEMORY: Final = 1 << 20
LINE: Final = "line"
"""The kind of the records that a book consists of; `opening`, `turnover`, `closing` and `total`
stand around them."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a book: what it is, and its values in the order of the book's fields."""

    kind: str
    values: tuple[Value, ...]


class Records:
    """Records in their order, in memory while they are few and in a file of their own when not."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - `close` closes it
            max_size=_IN_MEMORY, mode="w+", encoding="utf-8"
        )
        self.count = 0

    def add(self, kind: str, *values: Value) -> None:
        """Put a record behind the others."""
        self._file.write(json.dumps((kind, values), ensure_ascii=False) + "\n")
        self.count += 1

    def __iter__(self) -> Iterator[Record]:
        self._file.seek(0)
        for line in self._file:
            kind, values = json.loads(line)
            yield Record(kind, tuple(values))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the printed book: its heading, what stands in it, its share of the width.

    Columns with one `group` have a heading in common. `carried` says what is carried over from
    page to page: the `sum` of the lines, or the `last` of them.
    """

    title: str
    kind: Kind
    share: float
    group: str = ""
    carried: Literal["", "sum", "last"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book with all that its documents say; `facts` stand below its title, the first in bold.

    `fields` name the values of records for programs; `printed` gives what a record shows in the
    columns. `head` is what JSON says before the rows. `bound` says that it is a book, which tells
    its pages and when it was opened and closed, and not a single table. `closed_on` is the day as
    of which it is closed, None while it may still change. `unsealed` is how many of its lines the
    newest seal does not cover, None where its rows are no lines but sums.
    """

    title: str
    name: str
    facts: tuple[str, ...]
    issuer_name: str
    issuer_address: str
    first: date
    last: date
    fields: tuple[str, ...]
    columns: tuple[Column, ...]
    text_column: int
    printed: Callable[[Record], tuple[Value, ...]]
    head: Mapping[str, Any]
    records: Records
    drawn_at: datetime
    bound: bool = True
    closed_on: date | None = None
    seal: Seal = field(default_factory=Seal)
    unsealed: int | None = None

    @property
    def span(self) -> str:
        """The days of the book, as its documents tell them."""
        return f"Từ ngày {self.first:%d/%m/%Y} đến ngày {self.last:%d/%m/%Y}"

    def close(self) -> None:
        """Let the records go."""
        self.records.close()


def file_name(*words: str | None) -> str:
    """Return the name that a download is kept under, without its ending."""
    return _UNSAFE.sub("-", "_".join(word for word in words if word))


def sides(amount: int) -> tuple[Value, Value]:
    """Return a balance in the columns Nợ and Có; debit is above zero."""
    return (amount, None) if amount > 0 else (None, -amount if amount else None)
