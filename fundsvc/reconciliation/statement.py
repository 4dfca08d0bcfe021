"""A statement file that was read: what came of it before the database has its say."""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter

from fundsvc.imports import Refused
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.layouts import Layout
from fundsvc.reconciliation.reader import Line, Said

_AT_ONCE = 1_000
_FAST = 1
_NAMES = (
    "row", "at_time", "doc_no", "reference", "memo", "counterparty",
    "debit", "credit", "balance", "fingerprint",
)  # fmt: skip
_cells = attrgetter(*_NAMES)


class Lines:
    """Lines that were read, packed: they take far less memory than the file itself.

    So whoever holds a lock goes through them, as often as needed, without parsing anything.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        """Read and pack all lines."""
        rest = iter(lines)
        self._packs: list[bytes] = []
        while some := [
            (line.booked_on.isoformat(), *_cells(line)) for line in islice(rest, _AT_ONCE)
        ]:
            self._packs.append(zlib.compress(json.dumps(some).encode(), _FAST))

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines in the order of the file."""
        for pack in self._packs:
            for day, *cells in json.loads(zlib.decompress(pack)):
                yield Line(
                    booked_on=date.fromisoformat(day), **dict(zip(_NAMES, cells, strict=True))
                )


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of one account; `sha256` names the kept file of one that is to be booked.

    It is None when the statement is only looked at, and when a row of it was refused.
    """

    account: AccountFacts
    name: str
    layout: Layout
    lines: Lines
    refused: Refused
    said: Said
    media_type: str
    digest: str
    sha256: str | None
