"""Do jobs: one after the other in this process, while a thread keeps their leases.

How far a job is stands in a small file and not in the database: on SQLite nobody else can write
while the job does.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from traceback import clear_frames
from typing import Any, Final

from flask import Flask, current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import is_busy, transaction
from fundsvc.errors import Reason, Refusal
from fundsvc.jobs import service
from fundsvc.jobs.models import DONE, FAILED, Job
from fundsvc.jobs.service import Claim, LostError

BEAT: Final = 5.0
"""Seconds between two renewals of a lease."""
_LOOK: Final = 0.5
_log = logging.getLogger(__name__)


class Task:
    """A job as the one who does it sees it.

    `finish` belongs to the end of the transaction that does the work.
    """

    def __init__(self, claimed: Claim) -> None:
        """Take the claim."""
        self.claimed = claimed
        self.arguments = claimed.arguments

    def progress(self, done: int) -> None:
        """Tell how much is done, of the job's total."""
        path = _path(self.claimed.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(done), encoding="ascii")

    def finish(self, session: Session, told: dict[str, Any]) -> None:
        """End the job, with what came of it.

        Raises:
            LostError: another took it up meanwhile.
        """
        service.finish(session, self.claimed, told)


Kinds = Mapping[str, Callable[[Task], None]]


def done(job_id: int) -> int:
    """Return how much of a running job is done."""
    try:
        return int(_path(job_id).read_text(encoding="ascii") or 0)
    except (OSError, ValueError):
        return 0


def so_far(job: Job) -> int:
    """Return how much of a job's total is done, whether it waits, runs or has ended."""
    return job.total if job.state in {DONE, FAILED} else min(done(job.id), job.total)


def progress_of(session: Session, job: Job) -> dict[str, Any]:
    """Return what the page of a job asks again and again."""
    return {
        "state": job.state,
        "done": so_far(job),
        "total": job.total,
        "late": service.is_late(session, job),
    }


def run_all(kinds: Kinds, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Do every free job; `stop` is asked all the time, and then the job waits for another."""
    while not stop():
        with transaction() as session:
            claimed = service.claim(session)
        if claimed is None:
            return
        try:
            with _watched(claimed, stop), force_locale(claimed.locale):
                _run(claimed, kinds)
        except LostError:
            _log.warning("job %s was taken up by another meanwhile", claimed.id)
        _path(claimed.id).unlink(missing_ok=True)


def _run(claimed: Claim, kinds: Kinds) -> None:
    task = Task(claimed)
    task.progress(0)
    try:
        kinds[claimed.kind](task)
    except Refusal as refusal:
        _fail(claimed, *refusal.reasons)
    except LostError:
        raise
    except (SystemExit, KeyboardInterrupt) as stopped:
        # Cursors that its frames still hold would keep SQLite's lock beyond the roll-back.
        clear_frames(stopped.__traceback__)
        with transaction() as session:
            service.put_back(session, claimed, untried=True)
        raise
    except Exception:  # noqa: BLE001 - told to the log, and tried again
        _log.exception("job %s failed, try %s", claimed.id, claimed.tries)
        if claimed.tries < service.MOST_TRIES:
            with transaction() as session:
                service.put_back(session, claimed)
            return
        why = _("Có lỗi khi làm việc này; lỗi đã ghi trong nhật ký máy chủ.")
        _fail(claimed, Reason(why))


def _fail(claimed: Claim, *reasons: Reason) -> None:
    with transaction() as session:
        service.finish(session, claimed, service.refused(*reasons), failed=True)


@contextmanager
def _watched(claimed: Claim, stop: Callable[[], bool]) -> Iterator[None]:
    """Keep the lease in a thread of its own, and end the process when it shall stop."""
    over = threading.Event()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way
    thread = threading.Thread(target=_watch, args=(app, claimed, stop, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(app: Flask, claimed: Claim, stop: Callable[[], bool], over: threading.Event) -> None:
    with app.app_context():
        waited = 0.0
        while not over.wait(_LOOK):
            if stop():
                os.kill(os.getpid(), signal.SIGTERM)
                return
            waited += _LOOK
            if waited >= BEAT:
                waited = 0.0
                _beat(claimed)


def _beat(claimed: Claim) -> None:
    try:
        with transaction(patience=_LOOK) as session:
            service.beat(session, claimed)
    except DBAPIError as error:
        # While the job itself writes to SQLite, nobody can claim it from under its hands.
        if not is_busy(error):
            _log.warning("the lease of job %s could not be renewed", claimed.id, exc_info=True)


def _path(job_id: int) -> Path:
    folder: Path = current_app.config["FUNDSVC"].instance_dir
    return folder / "jobs" / str(job_id)
