"""When messages were received: whole columns of times read at once, each hour only once."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from fundsvc.clock import VN
from fundsvc.text import EARLIEST_YEAR, LATEST_YEAR

_FORM = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ])([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?"
    r"(Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"
)
_MINUTES = re.compile(r":[0-5][0-9]:[0-5][0-9]")
_HOUR, _SECOND = 13, 19
_MOST_HOURS = 20_000  # Two years; a file of nonsense must not fill the memory.
# Ends of the two usual forms; in both the hour alone decides the day and the hour in UTC.
_WHOLE_HOURS = frozenset(("", "+07:00", "Z", "+00:00"))


def read_moment(raw: str) -> datetime | None:
    """Return the moment a text states, in UTC, or None when it states none for certain.

    Forms are ISO 8601 with an offset, and `YYYY-MM-DD HH:MM:SS`, which is Vietnam time. A `T`
    without an offset is refused: it could be either.
    """
    found = _FORM.fullmatch(raw)
    if not found or (found[5] is None and found[2] == "T"):
        return None
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=VN)
    return moment.astimezone(UTC)


def stored(moment: datetime) -> str:
    """Return a moment as SQLite keeps it, and PostgreSQL reads it (`fundsvc.columns.Moment`)."""
    return moment.isoformat(timespec="microseconds")


class Moments:
    """Reads columns of times; remembers the hours and the minutes it has seen."""

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._hours: dict[str, _Hours] = {}
        self._rests: dict[str, dict[str, str]] = {}

    def read(self, column: Sequence[str]) -> tuple[Sequence[str | None], Sequence[date | None]]:
        """Return stored moments and accounting dates (Asia/Ho_Chi_Minh), None where unreadable."""
        end = column[0][_SECOND:]
        if end in _WHOLE_HOURS:
            rests = [raw[_HOUR:] for raw in column]
            known = self._rests.setdefault(end, {})
            if _know(known, set(rests), end):
                hours = self._hours.setdefault(end, _Hours(end))
                starts, days = zip(*[hours[raw[:_HOUR]] for raw in column], strict=True)
                if None not in days:
                    minutes = map(known.__getitem__, rests)
                    return [start + rest for start, rest in zip(starts, minutes, strict=True)], days
        moments = [read_moment(raw) for raw in column]
        return (
            [stored(moment) if moment else None for moment in moments],
            [moment.astimezone(VN).date() if moment else None for moment in moments],
        )


def _know(known: dict[str, str], rests: set[str], end: str) -> bool:
    """Learn new minutes and seconds with this end (`:30:00+07:00`); False when one is none."""
    unknown = rests.difference(known)
    for rest in unknown:
        if rest[_SECOND - _HOUR :] != end or not _MINUTES.fullmatch(rest[: _SECOND - _HOUR]):
            return False
        known[rest] = f"{rest[: _SECOND - _HOUR]}.000000+00:00"
    return True


class _Hours(dict[str, tuple[str, date | None]]):
    """Texts like `2026-07-01T09` (of one offset) to the hour in UTC and the day in Vietnam."""

    def __init__(self, end: str) -> None:
        super().__init__()
        self._end = end

    def __missing__(self, hour: str) -> tuple[str, date | None]:
        moment = read_moment(f"{hour}:00:00{self._end}")
        read = (moment.isoformat()[:_HOUR], moment.astimezone(VN).date()) if moment else ("", None)
        if len(self) >= _MOST_HOURS:
            self.clear()
        self[hour] = read
        return read
