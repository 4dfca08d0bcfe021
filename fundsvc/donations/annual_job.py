"""Issue receipts of a span of dates to all who gave in it, as a job, with a result for each."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.donations import annual, annual_printing
from fundsvc.donors import service as donors
from fundsvc.errors import Refusal
from fundsvc.jobs import service as jobs
from fundsvc.jobs.models import Job
from fundsvc.jobs.running import Task
from fundsvc.secrecy import UnreadableError

KIND: Final = "annual"
Span = tuple[date, date]


def put(
    session: Session,
    span: Span,
    donor_ids: Collection[int],
    *,
    mail: bool,
    key: str,
    locale: str,
    by: int,
    issuer: str,
) -> Job:
    """Have the papers of some donors issued; the same key again is the same job."""
    arguments = {
        "from": span[0].isoformat(),
        "to": span[1].isoformat(),
        "donors": list(donor_ids),
        "mail": mail,
        "by": by,
        "issuer": issuer,
    }
    total = len(donor_ids)
    named = f"annual:{by}:{key}"
    return jobs.put(session, KIND, arguments, key=named, total=total, locale=locale, by=by)


def run(task: Task) -> None:
    """Issue one paper after the other, each in a transaction of its own.

    Done again after a crash, the papers that are there already stay as they are.
    """
    given, results = task.arguments, []
    for done, donor_id in enumerate(given["donors"], start=1):
        results.append({"donor": donor_id, **_one(task, donor_id, given)})
        task.progress(done)
    with transaction() as session:
        task.finish(session, {"results": results})


def _one(task: Task, donor_id: int, given: dict[str, Any]) -> dict[str, Any]:
    first, last = date.fromisoformat(given["from"]), date.fromisoformat(given["to"])
    try:
        with transaction() as session:
            jobs.beat(session, task.claimed)
            issued = annual.issue(
                session, donor_id, first, last, by=given["by"], issuer=given["issuer"]
            )
            told = {"number": issued.receipt.number, "new": issued.new, "mailed": False}
            if given["mail"]:
                address = _email(session, donor_id)
                told["mailed"] = bool(address) and annual_printing.mail(
                    session, issued.receipt, address
                )
    except Refusal as refusal:
        return {"refused": "; ".join(str(reason.text) for reason in refusal.reasons)}
    return told


def _email(session: Session, donor_id: int) -> str:
    try:
        return donors.by_id(session, donor_id).email
    except UnreadableError:
        return ""
