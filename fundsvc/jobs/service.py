"""Put jobs, claim them for a while, and end each exactly once.

A claim is a lease: whoever does the job renews it, and once it has run out another takes the job
up. What a job does and its end are one transaction, and only the claim that counts last can end
it; so a job that was done twice was done by one of the two only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import scope
from fundsvc.errors import NotFound, Reason
from fundsvc.jobs.models import DONE, FAILED, RUNNING, WAITING, Job

LEASE: Final = timedelta(seconds=20)
MOST_TRIES: Final = 3
PATIENCE: Final = timedelta(seconds=15)
"""So long a job may wait before its page asks whether there is a worker at all."""
KEPT: Final = timedelta(days=30)
"""So long the outcome of a job can be looked at."""
RECENT: Final = 5


class LostError(Exception):
    """Another took the job up meanwhile; whatever was done for it must be taken back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that was claimed, for the `tries`th time."""

    id: int
    kind: str
    arguments: dict[str, Any]
    locale: str
    tries: int
    total: int


def put(
    session: Session,
    kind: str,
    arguments: dict[str, Any],
    *,
    key: str,
    total: int,
    locale: str,
    by: int | None,
) -> Job:
    """Add a job and return it; the same key again is the same job."""
    now = clock.now()
    session.execute(delete(Job).where(Job.ended_at < now - KEPT))
    facts = {
        "kind": kind,
        "arguments": arguments,
        "key": key,
        "total": total,
        "locale": locale,
        "made_by": by,
        "made_at": now,
        "state": WAITING,
        "tries": 0,
    }
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql_insert if postgresql else sqlite_insert
    session.execute(insert(Job).values(facts).on_conflict_do_nothing())
    return session.scalars(select(Job).where(Job.key == key)).one()


def find(session: Session, job_id: int, kind: str, *, by: int) -> Job:
    """Return somebody's own job of a kind.

    Raises:
        NotFound: there is none, it is somebody else's, or of a unit beyond the session's scope.
    """
    mine = select(Job).where(Job.id == job_id, Job.kind == kind, Job.made_by == by)
    job = session.scalar(mine)
    if job is None or not _in_scope(session, job):
        raise NotFound
    return job


def recent(session: Session, kind: str, *, by: int) -> Sequence[Job]:
    """Return somebody's latest jobs of a kind within the session's scope, newest first."""
    mine = select(Job).where(Job.kind == kind, Job.made_by == by)
    found = session.scalars(mine.order_by(Job.id.desc()).limit(RECENT * RECENT))
    return list(islice((job for job in found if _in_scope(session, job)), RECENT))


def any_free(session: Session) -> bool:
    """Say whether a job waits, or was left by whoever did it."""
    return session.scalar(select(Job.id).where(_free()).limit(1)) is not None


def is_late(session: Session, job: Job) -> bool:
    """Say whether a job waits although nobody is busy with another: then nobody may be there."""
    if job.state != WAITING or clock.now() - job.made_at < PATIENCE:
        return False
    busy = select(Job.id).where(Job.state == RUNNING, Job.lease_until >= clock.now())
    return session.scalar(busy.limit(1)) is None


def claim(session: Session) -> Claim | None:
    """Take the oldest free job for the time of a lease; None when there is none.

    One that ended its worker again and again is given up.
    """
    free = select(Job).where(_free()).order_by(Job.id).with_for_update(skip_locked=True)
    while (job := session.scalar(free.limit(1))) is not None:
        if job.tries < MOST_TRIES:
            job.state, job.tries = RUNNING, job.tries + 1
            job.lease_until = clock.now() + LEASE
            return Claim(job.id, job.kind, job.arguments, job.locale, job.tries, job.total)
        why = _("Việc đã dừng giữa chừng %(tries)d lần nên không làm nữa.", tries=job.tries)
        _end(job, FAILED, refused(Reason(why)))
        session.flush()
    return None


def beat(session: Session, claimed: Claim) -> None:
    """Renew the lease of a claim."""
    session.execute(_held(claimed).values(lease_until=clock.now() + LEASE))


def finish(session: Session, claimed: Claim, told: dict[str, Any], *, failed: bool = False) -> None:
    """End a job within the transaction that did it.

    Raises:
        LostError: the claim no longer holds; the transaction must not be committed.
    """
    ended = _held(claimed).values(
        state=FAILED if failed else DONE, lease_until=None, told=told, ended_at=clock.now()
    )
    if not session.execute(ended).rowcount:  # type: ignore[attr-defined]  # An update tells its row count.
        raise LostError(claimed.id)


def put_back(session: Session, claimed: Claim, *, untried: bool = False) -> None:
    """Let a job wait again; one that was only interrupted counts as `untried`."""
    tries = claimed.tries - untried
    session.execute(_held(claimed).values(state=WAITING, lease_until=None, tries=tries))


def refused(*reasons: Reason) -> dict[str, Any]:
    """Return what a failed job tells."""
    return {"refused": [reason.as_json() for reason in reasons]}


def _in_scope(session: Session, job: Job) -> bool:
    """Say whether a job is within reach: one of a unit names it as `unit_id`, others are of all."""
    units = scope(session)
    return units is None or job.arguments.get("unit_id") in units


def _free() -> ColumnElement[bool]:
    left = and_(Job.state == RUNNING, Job.lease_until < clock.now())
    return or_(Job.state == WAITING, left)


def _held(claimed: Claim) -> Any:
    return update(Job).where(Job.id == claimed.id, Job.state == RUNNING, Job.tries == claimed.tries)


def _end(job: Job, state: str, told: dict[str, Any]) -> None:
    job.state, job.lease_until = state, None
    job.told, job.ended_at = told, clock.now()
