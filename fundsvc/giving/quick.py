"""Write promises down by one statement for all that come at once; the unusual goes a longer way.

The statement reads the pages itself, so that one that was closed a moment ago takes nothing. All it
needs to be told is the page's number: address and number of a page that was published once never
change, so they are kept in memory.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock, db
from fundsvc.columns import Day, Flag, Moment
from fundsvc.db import plain_transaction, read_session, transaction
from fundsvc.driver import run_plain
from fundsvc.errors import NotFound
from fundsvc.gathering import Gathering
from fundsvc.giving import pages, service
from fundsvc.giving.models import DRAFT
from fundsvc.giving.promises import Promise, cleaned

_known: Final[WeakKeyDictionary[Engine, dict[str, int]]] = WeakKeyDictionary()
_COLUMNS: Final = {
    "key": "text",
    "token": "text",
    "code": "text",
    "digest": "text",
    "amount": "bigint",
    "method": "text",
    "locale": "text",
    "made_at": "timestamptz",
    "name": "text",
    "on_behalf_of": "text",
    "in_memory_of": "text",
    "province_id": "bigint",
    "may_be_named": "boolean",
    "email_sealed": "bytea",
    "phone_sealed": "bytea",
    "phone_hash": "text",
    "state": "text",
    "told": "text",
}
"""The columns of a promise that its form tells, with their types on PostgreSQL."""
_KINDS: Final[dict[str, Any]] = {"made_at": Moment(), "may_be_named": Flag()}
_DAY: Final = Day()


class Row(NamedTuple):
    """A promise as it is kept, for the page of a number that has this address today."""

    told: dict[str, Any]
    page_id: int
    slug: str
    today: date


class Desk:
    """Where the threads of a process write promises down."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self._gathering = Gathering(keep)

    def promise(self, slug: str, told: Promise, key: str) -> str:
        """Write down what somebody promises on the page of an address; return its token.

        Once it returns, the promise is committed.

        Raises:
            NotFound: there is no such page, or it is a draft.
            Refusal: the page is not open, or with a reason for every word that cannot be.
            Conflict: the key was used for other words.
        """
        page_id = _known.get(db.db.engine, {}).get(slug)
        if page_id is not None and db.reach() is None:
            kept, province = cleaned(read_session, told)
            digest = service.digest_of(page_id, kept)
            row = service.row_of(kept, province, key=key, digest=digest)
            # Nobody reads while waiting for the others, nor goes on from what was there before.
            db.let_go()
            token = self._gathering.keep(Row(row, page_id, slug, clock.today()))
            if token is not None:
                return token
        with transaction() as writing:
            return promise(writing, slug, told, key)


def promise(session: Session, slug: str, told: Promise, key: str) -> str:
    """Write a promise down the longer way, which tells what stands against it (see `Desk`)."""
    page = pages.by_slug(session, slug)
    if page.state == DRAFT:
        raise NotFound
    _known.setdefault(db.db.engine, {})[slug] = page.id
    return service.pledge(session, page, told, key).token


def keep(rows: Sequence[Row]) -> list[str | None]:
    """Return the tokens of new promises; None for one that must go the longer way.

    That is one whose key was used or whose page is not open. If the database takes one of them not
    at all, none of them is kept: each goes by itself, so that nobody fails for another's words.
    """
    try:
        with plain_transaction() as connection:
            new = _insert(connection, sorted(rows, key=lambda row: row.told["key"]))
    except (DBAPIError, OverflowError, ValueError) as error:
        if isinstance(error, DBAPIError) and db.is_busy(error):
            raise
        return [None] * len(rows)
    return [token if (token := row.told["token"]) in new else None for row in rows]


def _insert(connection: Connection, rows: Sequence[Row]) -> set[str]:
    """Insert what is new on pages that are open; return its tokens.

    It is done in the order of the keys, so that two who bring the same do not block each other.
    """
    lite = connection.dialect.name == "sqlite"
    values = [value for row in rows for value in _values(connection, row)]
    return {token for (token,) in run_plain(connection, _statement(len(rows), lite=lite), values)}


def _values(connection: Connection, row: Row) -> list[Any]:
    dialect = connection.dialect
    told = [
        _KINDS[name].process_bind_param(row.told[name], dialect)
        if name in _KINDS
        else row.told[name]
        for name in _COLUMNS
    ]
    today = _DAY.process_bind_param(row.today, dialect)
    return [*told, row.page_id, row.slug, today]


_NAMES: Final = ", ".join(_COLUMNS)
# Promises of one statement go in by their keys, so that two who bring the same wait in one order.
_NEW: Final = f"""
WITH given ({_NAMES}, at_id, at_slug, today) AS (VALUES {{values}})
INSERT INTO pledge (page_id, unit_id, {_NAMES})
SELECT page.id, page.unit_id, {", ".join(f"given.{name}" for name in _COLUMNS)}
FROM given JOIN campaign_page AS page ON page.id = at_id
WHERE page.slug = at_slug AND page.state = 'published'
    AND (page.opens_on IS NULL OR page.opens_on <= today)
    AND (page.closes_on IS NULL OR page.closes_on >= today)
ORDER BY given.key
ON CONFLICT DO NOTHING RETURNING token
"""  # noqa: S608 - own names


@lru_cache(maxsize=64)
def _statement(rows: int, *, lite: bool) -> str:
    """Return the statement for so many promises, on SQLite or PostgreSQL."""
    kinds = (*_COLUMNS.values(), "bigint", "text", "date")
    row = ", ".join("?" if lite else f"%s::{kind}" for kind in kinds)
    return _NEW.format(values=", ".join([f"({row})"] * rows))
