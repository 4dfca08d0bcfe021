"""Check the columns of a chunk: whole columns at once, row by row only where one is at fault."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _

from fundsvc import clock
from fundsvc.imports import Refused
from fundsvc.secrecy import normal_phones
from fundsvc.sms.forms import turned
from fundsvc.sms.layouts import Layout
from fundsvc.sms.moments import Moments
from fundsvc.sms.register import Register
from fundsvc.sms.resolver import Resolver

_REQUEST_ID = re.compile(r"[!-~]{1,100}")
_MSISDN = re.compile(r"[0-9]{8,15}")
_LONGEST_ID, _LONGEST_AMOUNT = 100, 16
_SHORTEST_PHONE, _LONGEST_PHONE = 8, 15

Column = Sequence[str]
Rows = Sequence[Sequence[str]]
Faults = dict[int, tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Readable rows, column by column; `outcome` holds numbers of the resolver's outcomes."""

    row: Sequence[int]
    request_id: Column
    msisdn: Column
    short_code: Column
    message: Column
    received_at: Column
    received_on: Sequence[date]
    stated: Column
    outcome: Sequence[int]

    def without(self, places: Iterable[int]) -> "Chunk":
        """Return the chunk without the rows at some places."""
        left_out = set(places)
        kept = [at for at in range(len(self.row)) if at not in left_out]
        return Chunk(
            row=[self.row[at] for at in kept],
            request_id=[self.request_id[at] for at in kept],
            msisdn=[self.msisdn[at] for at in kept],
            short_code=[self.short_code[at] for at in kept],
            message=[self.message[at] for at in kept],
            received_at=[self.received_at[at] for at in kept],
            received_on=[self.received_on[at] for at in kept],
            stated=[self.stated[at] for at in kept],
            outcome=[self.outcome[at] for at in kept],
        )


@dataclass(slots=True)
class Checker:
    """Turns rows into checked columns and notes the rows at fault."""

    register: Register
    resolver: Resolver
    refused: Refused
    _moments: Moments = field(default_factory=Moments)
    _today: date = field(default_factory=clock.today)

    def check(self, numbers: Sequence[int], rows: Rows, layout: Layout) -> Chunk:
        """Return the readable ones of some rows, all as wide as the header.

        `numbers` are the rows' places in the file.
        """
        by_place: list[Column] = list(zip(*rows, strict=True))
        absent = ("",) * len(rows)
        columns = [absent if at is None else by_place[at] for at in layout.order]
        if layout.days:
            columns = turned(columns, layout)
        (
            operator,
            request_id,
            msisdn,
            short_code,
            message,
            received,
            amount,
            status,
            province,
        ) = columns
        faults: Faults = {}
        received_at, received_on = self._when(received, faults)
        if not _all_digits(msisdn, _SHORTEST_PHONE, _LONGEST_PHONE):
            msisdn = [phone.removeprefix("+") for phone in msisdn]
            why = _("Số điện thoại phải là 8 đến 15 chữ số.")
            faults.update(_misfits(msisdn, _MSISDN, "msisdn", why))
        if not _all_plain(request_id, _LONGEST_ID):
            why = _("Mã tin phải có 1 đến 100 ký tự ASCII, không có dấu cách.")
            faults.update(_misfits(request_id, _REQUEST_ID, "request_id", why))
        epochs = {day: self.register.epoch(day) for day in set(received_on)}
        spoken = map(epochs.__getitem__, received_on)
        keys = zip(operator, short_code, message, amount, status, province, spoken, strict=True)
        outcome = self._decide(keys, faults)
        if not _all_digits([text for text in amount if text], 1, _LONGEST_AMOUNT):
            amount = [text.strip() for text in amount]
        chunk = Chunk(
            row=numbers,
            request_id=request_id,
            msisdn=normal_phones(msisdn),
            short_code=short_code,
            message=message,
            received_at=received_at,
            received_on=received_on,
            stated=amount,
            outcome=outcome,
        )
        if not faults:
            return chunk
        for at in sorted(faults):
            self.refused.add(numbers[at], *faults[at])
        return chunk.without(faults)

    def _when(self, received: Column, faults: Faults) -> tuple[Column, Sequence[date]]:
        moments, days = self._moments.read(received)
        known = [day for day in days if day is not None]
        if known and max(known) > self._today:
            why = _("Ngày không được sau hôm nay.")
            late = (at for at, day in enumerate(days) if day is not None and day > self._today)
            faults.update(dict.fromkeys(late, ("received_at", why)))
        if len(known) == len(days):
            return moments, known  # type: ignore[return-value]  # Where there is a day, there is a moment.
        why = _("Thời điểm phải như 2026-07-01T08:30:00+07:00 hoặc 2026-07-01 08:30:00.")
        faults.update({at: ("received_at", why) for at, day in enumerate(days) if day is None})
        return [moment or "" for moment in moments], [day or date.min for day in days]

    def _decide(
        self, keys: Iterable[tuple[str, str, str, str, str, str, int]], faults: Faults
    ) -> list[int]:
        outcome = list(map(self.resolver.__getitem__, keys))
        if min(outcome) < 0:
            reasons = self.resolver.take_reasons()
            for at, number in enumerate(outcome):
                if number < 0:
                    reason = reasons[-number - 1]
                    faults.setdefault(at, (reason.field, reason.text))
        return outcome


def _all_digits(column: Column, shortest: int, longest: int) -> bool:
    """Say whether each text is made of so many ASCII digits."""
    together = "".join(column)
    return not column or (
        together.isascii()
        and together.isdigit()
        and min(map(len, column)) >= shortest
        and max(map(len, column)) <= longest
    )


def _all_plain(column: Column, longest: int) -> bool:
    """Say whether no text is empty or too long, and all are printable ASCII without blanks."""
    together = "".join(column)
    return (
        together.isascii()
        and together.isprintable()
        and " " not in together
        and min(map(len, column)) >= 1
        and max(map(len, column)) <= longest
    )


def _misfits(column: Column, form: re.Pattern[str], name: str, why: str) -> Faults:
    """Return the places of the texts that have not the form, with field and reason."""
    return {at: (name, why) for at, text in enumerate(column) if not form.fullmatch(text)}
