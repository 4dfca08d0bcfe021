"""Where the books stand: the newest seal, the mark of the reference data, and closed months."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from fundsvc.driver import as_day, read_plain

if TYPE_CHECKING:
    from fundsvc.driver import Reader

_STANDING: Final = """
SELECT reference_mark.mark, seal.number, seal.head, seal.last_entry
FROM reference_mark LEFT JOIN seal ON seal.number = (SELECT max(number) FROM seal)
"""
_CLOSED: Final = "SELECT unit_id, max(month) FROM period WHERE state = 'closed' GROUP BY unit_id"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed last: number 0 and no head while nothing is."""

    number: int = 0
    head: str = ""
    last_entry: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the books stand: the newest seal, and the mark of the reference data."""

    sealed: Sealed
    mark: str


def standing(session: "Reader") -> Standing:
    """Return where the books stand, by one statement."""
    mark, *seal = read_plain(session, _STANDING)[0]
    return Standing(Sealed(*seal) if seal[0] else Sealed(), mark)


def closed_through(session: "Reader") -> Mapping[int, date]:
    """Return the last closed month of each unit that has one; all months until then are closed."""
    return {unit_id: as_day(month) for unit_id, month in read_plain(session, _CLOSED)}
