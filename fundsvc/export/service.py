"""Export the books: the whole journal, written as a stream by one of the formats."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.errors import Reason, Refusal
from fundsvc.export import beancount, hledger
from fundsvc.export.journal import Book, Event, Item, Journal
from fundsvc.text import parse_day

Format: TypeAlias = Callable[[Book, Iterable[Event]], Iterator[str]]
FORMATS: Final[dict[str, Format]] = {"hledger": hledger.lines, "beancount": beancount.lines}


@dataclass(slots=True)
class Exported:
    """How much was written, and of which days; None where the books are empty and none was said."""

    first: date | None
    last: date | None
    entries: int = 0
    postings: int = 0


def read_days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    """Read the days of an export; one that is not said is None.

    Raises:
        Refusal: one cannot be read, or the first lies after the last.
    """
    reasons: list[Reason] = []
    days: list[date | None] = []
    for raw, field in ((first, "from"), (last, "to")):
        try:
            days.append(None if raw is None else parse_day(raw, field))
        except Refusal as refusal:
            reasons.extend(refusal.reasons)
    if not reasons:
        begin, end = days
        if begin is None or end is None or begin <= end:
            return begin, end
        reasons.append(Reason(_("Ngày cuối phải bằng hoặc sau ngày đầu."), field="to"))
    raise Refusal(*reasons)


def export(
    session: Session,
    kind: str,
    first: date | None,
    last: date | None,
    write: Callable[[str], object],
) -> Exported:
    """Write the books in a format, piece by piece, and return what was written.

    The session should see one moment (`fundsvc.db.snapshot`).

    Raises:
        OutOfScopeError: the session sees only some units.
    """
    journal = Journal(session, first, last)
    span = journal.span
    told = Exported(span.first, span.last) if span else Exported(first, last)

    def events() -> Iterator[Event]:
        for event in journal.events():
            if isinstance(event, Item):
                told.entries += 1
                told.postings += len(event.lines)
            yield event

    for piece in FORMATS[kind](journal.book(), events()):
        write(piece)
    return told
