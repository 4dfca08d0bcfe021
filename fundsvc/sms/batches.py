"""Make batches of a file's rows, ready for the stage, in a thread that reads ahead.

While the database books one batch, the next is read and encoded; so reading costs hardly any time
where there is a second processor. Nothing here touches the database.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import IO, Generic, TypeVar

from flask_babel import gettext as _

from fundsvc.books.bulk import Encoded
from fundsvc.imports import Refused
from fundsvc.secrecy import seal_phones
from fundsvc.sms.columns import Chunk
from fundsvc.sms.reader import Reader
from fundsvc.sms.resolver import BOOKED, Outcome, Resolver

SAMPLE = 10
SWITCH_SECONDS = 0.000_5
# The database has nothing to do until the first batch is there, so that one is small; the next is
# read while it is booked, which takes longer than reading three times as much.
FIRST_CHUNKS, GROWTH = 4, 3
CHUNKS = 60  # 30,000 rows: a batch's rows then fit in the memory that the database sorts in.

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the first rows, as it was understood."""

    row: int
    received_on: date
    msisdn: str
    short_code: str
    message: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows ready for the stage, their count by outcome, and the lines of the file read so far."""

    parts: list[Encoded]
    outcomes: Counter[int]
    lines: int


class StageColumns:
    """Turns chunks into the columns of the stage: those of `books.bulk`, then those of `inbox`."""

    def __init__(
        self,
        resolver: Resolver,
        encode: Callable[[Mapping[str, Sequence[str]]], Encoded],
        templates: Mapping[tuple[str, int], int],
        provinces: Mapping[str, int],
    ) -> None:
        """Take the templates by operator and campaign, and the ids of provinces."""
        self._resolver = resolver
        self._encode = encode
        self._templates = templates
        self._provinces = provinces
        self._facts: list[tuple[str, str, str, str]] = []

    def encode(self, chunk: Chunk) -> Encoded:
        """Return a chunk as the stage takes it."""
        for outcome in self._resolver.outcomes[len(self._facts) :]:
            self._facts.append(self._texts(len(self._facts), outcome))
        facts = map(self._facts.__getitem__, chunk.outcome)
        template, amount, province, number = zip(*facts, strict=True)
        days = {day: day.isoformat() for day in set(chunk.received_on)}
        phone_hash, phone_sealed = seal_phones(chunk.msisdn)
        return self._encode(
            {
                "n": list(map(str, chunk.row)),
                "template": template,
                "date": [days[day] for day in chunk.received_on],
                "external_id": chunk.request_id,
                "amount": amount,
                "province_id": province,
                "phone_hash": phone_hash,
                "phone_sealed": phone_sealed,
                "short_code": chunk.short_code,
                "message": chunk.message,
                "received_at": chunk.received_at,
                "stated": chunk.stated,
                "outcome": number,
            }
        )

    def _texts(self, number: int, outcome: Outcome) -> tuple[str, str, str, str]:
        """Return what all rows of an outcome say: template, amount, province and its number."""
        booked = outcome.status == BOOKED and outcome.campaign_id is not None
        kind = (outcome.operator, outcome.campaign_id or 0)
        template = str(self._templates[kind]) if booked else ""
        province = str(self._provinces[outcome.province]) if outcome.province else ""
        return template, str(outcome.amount or ""), province, str(number)


@dataclass(slots=True)
class Batches:
    """Makes batches without repetitions.

    A message that comes twice in a batch with the same content is kept once; with another content
    its second row is refused.
    """

    resolver: Resolver
    refused: Refused
    first: date | None = None
    last: date | None = None
    sample: list[Sample] = field(default_factory=list)

    def make(self, reader: Reader, stream: IO[bytes], columns: StageColumns) -> Iterator[Batch]:
        """Yield batches until the file ends."""
        chunks = reader.chunks(stream)
        size = FIRST_CHUNKS
        while group := list(islice(chunks, min(size, CHUNKS))):
            size *= GROWTH
            group = [chunk for chunk in self._without_repetitions(group) if chunk.row]
            for chunk in group:
                self.note(chunk)
            yield Batch(
                parts=[columns.encode(chunk) for chunk in group],
                outcomes=Counter(chain.from_iterable(chunk.outcome for chunk in group)),
                lines=reader.lines,
            )

    def note(self, chunk: Chunk) -> None:
        """Note the first and last days of the file, and its first rows."""
        days = {*chunk.received_on, *(day for day in (self.first, self.last) if day)}
        self.first, self.last = min(days, default=None), max(days, default=None)
        for at in range(min(len(chunk.row), SAMPLE - len(self.sample))):
            self.sample.append(
                Sample(
                    row=chunk.row[at],
                    received_on=chunk.received_on[at],
                    msisdn=chunk.msisdn[at],
                    short_code=chunk.short_code[at],
                    message=chunk.message[at],
                    outcome=self.resolver.outcomes[chunk.outcome[at]],
                )
            )

    def _without_repetitions(self, group: list[Chunk]) -> list[Chunk]:
        """Leave out what a batch holds twice."""
        ids = list(chain.from_iterable(chunk.request_id for chunk in group))
        if len(set(ids)) == len(ids):
            return group
        twice = {request_id for request_id, count in Counter(ids).items() if count > 1}
        seen: dict[tuple[str, str], tuple[int, object]] = {}
        return [chunk.without(self._repeated_in(chunk, twice, seen)) for chunk in group]

    def _repeated_in(
        self, chunk: Chunk, twice: set[str], seen: dict[tuple[str, str], tuple[int, object]]
    ) -> Iterator[int]:
        """Yield the places of rows that came before; refuse those with another content."""
        for at, request_id in enumerate(chunk.request_id):
            if request_id not in twice:
                continue
            outcome = self.resolver.outcomes[chunk.outcome[at]]
            content = (
                chunk.msisdn[at],
                chunk.short_code[at],
                chunk.message[at],
                chunk.received_at[at],
                chunk.stated[at] and int(chunk.stated[at]),
                outcome,
            )
            row, before = seen.setdefault((outcome.operator, request_id), (chunk.row[at], content))
            if row == chunk.row[at]:
                continue
            if content != before:
                why = _("Cùng nhà mạng và mã tin với dòng %(row)d nhưng nội dung khác.", row=row)
                self.refused.add(chunk.row[at], "request_id", why)
            yield at


class Ahead(Generic[Item]):
    """Takes items from an iterator, the next one being made in another thread meanwhile.

    The maker runs from `go_on` until it has one item, so that its owner decides what it runs
    beside: the two would only wait for each other while both run Python.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        """Begin with the first item."""
        self._items = items
        # The reasons for refusals are in the language of the caller.
        self._context = copy_context()
        # A thread that comes back from the database waits this long for the one that reads.
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sms-reader")
        self.go_on()

    def go_on(self) -> None:
        """Let the next item be made."""
        self._coming = self._pool.submit(self._context.run, self._make)

    def _make(self) -> Item | None:
        return next(self._items, None)

    def take(self) -> Item | None:
        """Wait for the item that is being made; None after the last."""
        return self._coming.result()

    def close(self) -> None:
        """Wait for the thread to end."""
        self._pool.shutdown()
        sys.setswitchinterval(self._switch_interval)
