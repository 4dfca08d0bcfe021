"""Read large files of messages as jobs: first to look at, then to book."""

from collections.abc import Callable
from typing import IO, Any, Final

from flask_babel import get_locale
from sqlalchemy.orm import Session

from fundsvc.db import read_session, transaction
from fundsvc.evidence import service as evidence
from fundsvc.jobs import service as jobs
from fundsvc.jobs.models import Job
from fundsvc.jobs.running import Task
from fundsvc.sms import lists, service
from fundsvc.uploads import Upload

KIND: Final = "sms"
LARGE: Final = 5_000
"""A file of more lines is not read within a request."""


def look_at(session: Session, promised: Upload, *, key: str, lines: int, by: int) -> Job:
    """Have a file read without booking anything; the same key again is the same job."""
    return _put(session, promised, commit=False, key=f"sms:{key}", lines=lines, by=by)


def book(session: Session, looked_at: Job, *, by: int) -> Job:
    """Have a file booked that was looked at; asking twice books it once."""
    given = looked_at.arguments
    promised = Upload(given["sha256"], given["name"], {"format": given["format"]})
    key = f"{looked_at.key}:commit"
    return _put(session, promised, commit=True, key=key, lines=looked_at.total, by=by)


def run(task: Task) -> None:
    """Read a file, and book it if that is the job: all of it or nothing."""
    given = task.arguments
    with evidence.opened(given["sha256"]) as stream:
        # What is booked was looked at before. On SQLite nobody waits for this reading.
        faulty = None if given["commit"] else _faulty(task, stream)
        with transaction() as session:
            report = faulty or service.import_sms(
                session,
                stream,
                name=given["name"],
                format=given["format"],
                commit=given["commit"],
                by=given["by"],
                progress=task.progress if given["commit"] else _half(task, task.claimed.total),
            )
            task.finish(session, facts(report))


def _half(task: Task, before: int) -> Callable[[int], None]:
    """Return what tells the progress of one of two readings."""
    return lambda lines: task.progress((before + lines) // 2)


def _faulty(task: Task, stream: IO[bytes]) -> service.SmsImportReport | None:
    session = read_session()
    session.rollback()
    try:
        format_ = task.arguments["format"]
        return service.look_for_faults(session, stream, format=format_, progress=_half(task, 0))
    finally:
        session.rollback()


def facts(report: service.SmsImportReport) -> dict[str, Any]:
    """Return a report as it is kept and shown; who sent a message only as `0912***678`."""
    sample = [
        {
            "row": line.row,
            "received_on": line.received_on.isoformat(),
            "phone": lists.shown_phone(line.msisdn),
            "short_code": line.short_code,
            "message": line.message,
            "status": line.outcome.status,
            "amount": line.outcome.amount,
            "why": line.outcome.why and line.outcome.why.value,
        }
        for line in report.sample
    ]
    return {**report.as_json(), "headings": dict(report.headings), "sample": sample}


def _put(session: Session, promised: Upload, *, commit: bool, key: str, lines: int, by: int) -> Job:
    arguments = {
        "sha256": promised.sha256,
        "name": promised.name,
        "format": promised.chosen.get("format"),
        "commit": commit,
        "by": by,
    }
    locale = str(get_locale() or "vi")
    return jobs.put(session, KIND, arguments, key=key, total=lines, locale=locale, by=by)
