"""Read large statements as jobs: first to look at, then to book."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from flask_babel import get_locale
from sqlalchemy.orm import Session

from fundsvc.db import read_session, scope, set_scope, transaction
from fundsvc.evidence import service as evidence
from fundsvc.jobs import service as jobs
from fundsvc.jobs.models import Job
from fundsvc.jobs.running import Task
from fundsvc.reconciliation import lists, service
from fundsvc.reconciliation.facts import BankImportReport
from fundsvc.reconciliation.source import Source
from fundsvc.uploads import Upload

KIND: Final = "bank"
LARGE: Final = 20_000
"""A file of more lines is not read within a request."""


def look_at(session: Session, promised: Upload, *, key: str, lines: int, by: int) -> Job:
    """Have a file read without booking anything; the same key again is the same job.

    Raises:
        NotFound: there is no such account within the session's scope.
    """
    units = scope(session)
    account = lists.account(session, promised.chosen["account"] or "")
    arguments = {
        "sha256": promised.sha256,
        "name": promised.name,
        "account": account.code,
        "unit_id": account.unit_id,
        "layout": promised.chosen["layout"],
        # Done later, by a worker that sees all units: as much is in reach then as it is now.
        "units": None if units is None else sorted(units),
        "commit": False,
        "as_new": None,
        "by": by,
    }
    return _put(session, arguments, key=f"bank:{key}", lines=lines, by=by)


def book(
    session: Session, looked_at: Job, *, as_new: Collection[int] | None = None, by: int
) -> Job:
    """Have a file booked that was looked at; asking twice books it once.

    `as_new` are the rows of which the person said that they are new (see `service.import_bank`).
    """
    told = looked_at.told or {}
    answer = None if as_new is None else sorted(as_new)
    arguments = looked_at.arguments | {"commit": True, "as_new": answer}
    key = f"{looked_at.key}:commit"
    return _put(session, arguments, key=key, lines=told["new"] + told["known"], by=by)


def run(task: Task) -> None:
    """Read a file, and book it if that is the job: all of it or nothing."""
    given = task.arguments
    with _reach(given["units"]) as session:
        with evidence.opened(given["sha256"]) as file:
            statement = service.read(
                session,
                Source(file),
                name=given["name"],
                account_code=given["account"],
                layout=given["layout"],
                commit=given["commit"],
                # Progress of what is booked begins when all of it is read.
                progress=None if given["commit"] else task.progress,
            )
        report = None
        if not given["commit"]:
            # On SQLite nobody waits for this.
            report = service.import_bank(session, statement, by=given["by"])
        with transaction() as writing:
            if report is None:
                report = service.import_bank(
                    writing,
                    statement,
                    by=given["by"],
                    as_new=given["as_new"],
                    progress=task.progress,
                )
            task.finish(writing, facts(report))


def facts(report: BankImportReport) -> dict[str, Any]:
    """Return a report as it is kept and shown."""
    sample = [
        {
            "row": line.row,
            "booked_on": line.booked_on.isoformat(),
            "credit": line.credit,
            "debit": line.debit,
            "memo": line.memo,
        }
        for line in report.sample
    ]
    asked = [asdict(one) | {"booked_on": one.booked_on.isoformat()} for one in report.asked]
    return {
        **report.as_json(),
        "layout": report.layout,
        "fees": report.fees,
        "debits": report.debits,
        "closed": report.closed,
        "before": report.before.name if report.before else "",
        "gap": service.ahead(report.before) if report.before and report.before.ahead else "",
        "runs": [asdict(run) for run in report.runs],
        "sample": sample,
        "asked": asked,
        "outcome": service.told(report)[-1],
    }


@contextmanager
def _reach(units: Collection[int] | None) -> Iterator[Session]:
    """Give a session for reading that is limited to some units, until the block ends."""
    session = read_session()
    session.rollback()
    before = scope(session)
    set_scope(session, units)
    try:
        yield session
    finally:
        session.rollback()
        set_scope(session, before)


def _put(session: Session, arguments: dict[str, Any], *, key: str, lines: int, by: int) -> Job:
    locale = str(get_locale() or "vi")
    return jobs.put(session, KIND, arguments, key=key, total=lines, locale=locale, by=by)
