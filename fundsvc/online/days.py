"""On which day is booked what happened on another: the first open one, if its month is closed."""

from collections.abc import Collection
from datetime import date
from typing import TypedDict

from sqlalchemy.orm import Session

from fundsvc.books.closed import open_day


class Dated(TypedDict):
    """What an entry says of its day."""

    on: date
    description: str


def dated(
    session: Session,
    unit_ids: Collection[int],
    day: date,
    text: str,
    *,
    happened: date | None = None,
) -> Dated:
    """Return the day on which something is booked, and its text, which names the true day if other.

    Stripe tells of a day when it likes, and nobody could change what it tells: so it is booked when
    the books of all these units can take it. `happened` is the true day, if it is not `day`.
    """
    on = open_day(session, unit_ids, day)
    true = happened or day
    return {"on": on, "description": text if on == true else f"{text} (ngày {true:%d/%m/%Y})"}
