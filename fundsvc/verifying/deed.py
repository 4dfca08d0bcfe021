"""Something that rows say somebody did, compared with the log of acts: who, when and what.

Row and act are written in one transaction. A row that names another person or moment than the log,
or that the log does not know, was changed behind the service's back; so was a row that is gone
while the log still tells what was done to it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, String, and_, cast, literal, select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books.verify import Fault

RULE: Final = "act"
NEAR: Final = timedelta(minutes=1)
"""Row and act take their moments one after the other."""
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that rows of a table say was done.

    `place` and `name`, as it is `called`, say of which thing. `acts` are the kinds of act that tell
    of it, found by their `subject` (None: by who did it). `only` are the rows of which it was done,
    `facts` what the act repeats of the row. Of a `final` deed there is no act without its row.
    """

    what: Callable[[], str]
    acts: tuple[str, ...]
    subject: Any
    place: Any
    name: Any
    key: Any
    by: Any
    at: Any = None
    only: ColumnElement[bool] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    joined: tuple[Any, ...] = ()
    final: bool = False
    called: Callable[[str], str] = str


def named_by(word: str, column: Any) -> Any:
    """Return what the log calls a thing by a column of it."""
    return literal(f"{word}:") + cast(column, String)


def compared(session: Session, deed: Deed) -> Iterator[Fault]:
    """Yield what rows and the log tell otherwise of a deed."""
    told: set[int] = set()
    for _key, found in groupby(_rows(session, deed), key=lambda row: row.key):
        rows = list(found)
        fitting = [row.act_id for row in rows if _fits(row, deed)]
        if fitting:
            told.update(fitting)
            continue
        why = _(
            "%(name)s: việc %(what)s không có trong nhật ký, hoặc nhật ký ghi người, thời điểm hay"
            " nội dung khác.",
            name=deed.called(rows[0].name),
            what=deed.what(),
        )
        yield Fault(RULE, rows[0].place, why)
    if deed.final:
        query = select(Act.id, Act.subject).where(Act.kind.in_(deed.acts)).order_by(Act.id)
        for number, subject in session.execute(query):
            if number not in told:
                why = _("Nhật ký ghi việc %(what)s (%(subject)s) mà nay không còn dấu vết.",
                        what=deed.what(), subject=subject)  # fmt: skip
                yield Fault(RULE, subject, why)


def _rows(session: Session, deed: Deed) -> Iterator[Any]:
    """Yield the rows of which something was done, each with every act that may be it."""
    query = select(
        deed.key.label("key"),
        deed.place.label("place"),
        deed.name.label("name"),
        deed.by.label("by"),
        (literal(None) if deed.at is None else deed.at).label("moment"),
        *(column.label(f"fact_{name}") for name, column in deed.facts.items()),
        Act.id.label("act_id"),
        Act.actor_id,
        Act.at.label("told_at"),
        Act.facts.label("told"),
    )
    if deed.joined:
        query = query.join(*deed.joined)
    its = Act.actor_id == deed.by if deed.subject is None else Act.subject == deed.subject
    query = query.outerjoin(Act, and_(its, Act.kind.in_(deed.acts)))
    if deed.only is not None:
        query = query.where(deed.only)
    yield from session.execute(query.order_by(deed.key).execution_options(yield_per=BATCH))


def _fits(row: Any, deed: Deed) -> bool:
    """Whether an act is the one that a row tells of."""
    if row.act_id is None or row.actor_id != row.by:
        return False
    if deed.at is not None and not _near(row.moment, row.told_at):
        return False
    return all(row.told.get(name) == getattr(row, f"fact_{name}") for name in deed.facts)


def _near(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= NEAR
