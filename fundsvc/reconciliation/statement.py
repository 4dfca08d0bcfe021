"""A statement file that was read: what came of it before the database has its say."""

import json
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise
from weakref import finalize

from fundsvc.imports import Refused
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.layouts import Layout
from fundsvc.reconciliation.reader import Line, Said

_AT_ONCE = 1_000
_FAST = 1


class Lines:
    """Lines that were read, packed in a file without a name: their number takes no memory.

    So whoever holds a lock goes through them, as often as needed, without parsing anything.
    """

    def __init__(
        self, lines: Iterable[Line], progress: Callable[[int], None] | None = None
    ) -> None:
        """Read and pack all lines; `progress` is told now and then how many were read."""
        rest = iter(lines)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this is
        finalize(self, self._file.close)
        self._packs: list[int] = []
        self._count = 0
        shortened = array("Q")
        while batch := list(islice(rest, _AT_ONCE)):
            some = [(row, booked_on.isoformat(), *cells) for row, booked_on, *cells in batch]
            self._packs.append(self._file.write(zlib.compress(json.dumps(some).encode(), _FAST)))
            self._count += len(some)
            shortened.extend(_shortened(line.fingerprint) for line in batch)
            if progress:
                progress(self._count)
        self._repeated = _repeated(shortened)

    def alone(self, fingerprint: str) -> bool:
        """Say of a fingerprint whether surely no two lines have it."""
        return _shortened(fingerprint) not in self._repeated

    def __len__(self) -> int:
        """Return how many lines there are."""
        return self._count

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines in the order of the file."""
        days: dict[str, date] = {}
        start = 0
        for size in self._packs:
            self._file.seek(start)
            start += size
            for row, said, *cells in json.loads(zlib.decompress(self._file.read(size))):
                day = days.get(said)
                if day is None:
                    day = days[said] = date.fromisoformat(said)
                yield Line(row, day, *cells)


def _shortened(fingerprint: str) -> int:
    """Return the first half of a fingerprint: 8 bytes, where the text takes ten times as many."""
    return int(fingerprint[:16], 16)


def _repeated(numbers: Iterable[int]) -> frozenset[int]:
    """Return those that are there more than once."""
    return frozenset(one for one, next_ in pairwise(sorted(numbers)) if one == next_)


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
