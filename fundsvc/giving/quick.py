"""Write a promise down by one statement; only what is out of the usual goes the longer way.

The statement reads the page itself, so that one that was closed a moment ago takes nothing. All it
needs to be told is the page's number: address and number of a page that was published once never
change, so they are kept in memory.
"""

from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock, db
from fundsvc.errors import NotFound
from fundsvc.giving import pages, service
from fundsvc.giving.models import DRAFT, PUBLISHED, CampaignPage, Pledge
from fundsvc.giving.promises import Promise, cleaned

_known: Final[WeakKeyDictionary[Engine | Connection, dict[str, int]]] = WeakKeyDictionary()


def promise(session: Session, slug: str, told: Promise, key: str) -> str:
    """Write down what somebody promises on the page of an address; return the promise's token.

    Raises:
        NotFound: there is no such page, or it is a draft.
        Refusal: the page is not open, or with a reason for every word that cannot be.
        Conflict: the key was used for other words.
    """
    page_id = _known.get(session.get_bind(), {}).get(slug)
    if page_id is not None and db.scope(session) is None:
        token = _at_once(session, slug, page_id, told, key)
        if token is not None:
            return token
    page = pages.by_slug(session, slug)
    if page.state == DRAFT:
        raise NotFound
    _known.setdefault(session.get_bind(), {})[slug] = page.id
    return service.pledge(session, page, told, key).token


def _at_once(session: Session, slug: str, page_id: int, told: Promise, key: str) -> str | None:
    """Return the token of a new promise; None if the key was used, or the page is not open."""
    told, province = cleaned(session, told)
    digest = service.digest_of(page_id, told)
    row = service.row_of(told, province, key=key, digest=digest)
    where = {"at_id": page_id, "at_slug": slug, "today": clock.today()}
    connection = session.connection()
    statement = _STATEMENTS[connection.dialect.name]
    try:
        found: str | None = connection.execute(statement, {**row, **where}).scalar()
    except IntegrityError as error:
        if not service.is_drawn_alike(error):
            raise
        return None
    return found


def _statement(insert: Any) -> Any:
    table, page = Pledge.__table__, CampaignPage.__table__
    own = (
        "key", "token", "code", "digest", "amount", "method", "locale", "made_at", "name",
        "on_behalf_of", "in_memory_of", "province_id", "may_be_named", "email_sealed",
        "phone_sealed", "phone_hash", "state", "told",
    )  # fmt: skip
    today = bindparam("today", type_=page.c.opens_on.type)
    row = select(
        page.c.id, page.c.unit_id, *(bindparam(name, type_=table.c[name].type) for name in own)
    ).where(
        page.c.id == bindparam("at_id"),
        page.c.slug == bindparam("at_slug"),
        page.c.state == PUBLISHED,
        or_(page.c.opens_on.is_(None), page.c.opens_on <= today),
        or_(page.c.closes_on.is_(None), page.c.closes_on >= today),
    )
    return (
        insert(table)
        .from_select(["page_id", "unit_id", *own], row, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(table.c.token)
    )


_STATEMENTS: Final = {
    "postgresql": _statement(postgresql_insert),
    "sqlite": _statement(sqlite_insert),
}
