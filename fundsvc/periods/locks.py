"""Who closes a month waits for all that is being booked into it, and lets nobody in meanwhile.

Posters hold the lock of each unit and month they book into, shared with each other, from the guard
of their postings to their COMMIT (`migrations/guards/periods.postgresql.sql`). Whoever closes takes
the locks alone, and only then reads: under READ COMMITTED that reading sees whatever was booked
before. A month without a row has nothing else to lock, and a row lock on the unit would make
today's gifts wait for the closing of last month. SQLite has one writer, from BEGIN IMMEDIATE on.
"""

from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fundsvc.errors import Conflict

OLDEST: Final = 2020 * 12
"""Months before 2020 share one lock, so that a closing takes some dozens and not hundreds."""
_ACTS: Final = 0
_WAIT: Final = "10s"
_NOT_AVAILABLE: Final = "55P03"

_ACT = text("SELECT pg_advisory_xact_lock(CAST(:unit_id AS integer), CAST(:acts AS integer))")
_MONTHS = text("""
SELECT pg_advisory_xact_lock(CAST(:unit_id AS integer), month)
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS month
""")


def number(month: date) -> int:
    """Return the number of a month's lock; the guard of postings reckons it alike."""
    return max(month.year * 12 + month.month, OLDEST)


def act(session: Session, unit_id: int) -> None:
    """Make acts on the periods of one unit come one after the other, until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_ACT, {"unit_id": unit_id, "acts": _ACTS})


def hold(session: Session, unit_id: int, month: date) -> None:
    """Let nobody book into a unit's months up to this one until the transaction ends.

    All of them, because a closed month closes the earlier ones with it.

    Raises:
        Conflict: something large is being booked there; nothing was changed.
    """
    act(session, unit_id)
    if session.get_bind().dialect.name != "postgresql":
        return
    try:
        session.execute(text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
        months = {"unit_id": unit_id, "first": OLDEST, "last": number(month)}
        session.execute(_MONTHS, months)
        session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_AVAILABLE:
            raise
        why = _("Đang có đợt ghi sổ lớn vào tháng này. Chưa khóa sổ; xin thử lại sau ít phút.")
        raise Conflict(why) from error
