"""A statement file that was read: what came of it before the database has its say."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from fundsvc.imports import Refused
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.layouts import Layout
from fundsvc.reconciliation.reader import Line, Said

_AT_ONCE = 1_000
_FAST = 1


class Lines:
    """Lines that were read, packed: they take far less memory than the file itself.

    So whoever holds a lock goes through them, as often as needed, without parsing anything.
    """

    def __init__(
        self, lines: Iterable[Line], progress: Callable[[int], None] | None = None
    ) -> None:
        """Read and pack all lines; `progress` is told now and then how many were read."""
        rest = iter(lines)
        self._packs: list[bytes] = []
        self._count = 0
        while some := [
            (row, booked_on.isoformat(), *cells)
            for row, booked_on, *cells in islice(rest, _AT_ONCE)
        ]:
            self._packs.append(zlib.compress(json.dumps(some).encode(), _FAST))
            self._count += len(some)
            if progress:
                progress(self._count)

    def __len__(self) -> int:
        """Return how many lines there are."""
        return self._count

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines in the order of the file."""
        days: dict[str, date] = {}
        for pack in self._packs:
            for row, said, *cells in json.loads(zlib.decompress(pack)):
                day = days.get(said)
                if day is None:
                    day = days[said] = date.fromisoformat(said)
                yield Line(row, day, *cells)


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
