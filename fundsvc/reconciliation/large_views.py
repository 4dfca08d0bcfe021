"""Pages of large statements, which are read as jobs, and the preview of any statement."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound
from fundsvc.imports import Run
from fundsvc.jobs import service as jobs
from fundsvc.jobs.models import DONE, Job
from fundsvc.jobs.running import progress_of, so_far
from fundsvc.reconciliation import large, lists
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.uploads import Upload

bp = Blueprint("bank_jobs", __name__)

IMPORTERS = ("treasurer", "unit-treasurer")
PURPOSE = "bank"
SHOWN = 100


def have_read(promised: Upload, lines: int) -> str:
    """Have a large file read in the background; return the address of the page that tells of it."""
    with transaction() as session:
        key = secrets.token_hex(16)
        put = large.look_at(session, promised, key=key, lines=lines, by=current_user.id)
        return url_for("bank_jobs.job", job_id=put.id)


@bp.get("/imports/bank/jobs/<int:job_id>")
@allow(*IMPORTERS)
def job(job_id: int) -> ResponseReturnValue:
    """Show how far a large file is, and then what came of it."""
    return _job_page(_find(job_id))


@bp.get("/imports/bank/jobs/<int:job_id>/progress")
@allow(*IMPORTERS)
def progress(job_id: int) -> ResponseReturnValue:
    """Tell a page how far its job is."""
    return progress_of(read_session(), _find(job_id))


@bp.post("/imports/bank/jobs/<int:job_id>")
@allow(*IMPORTERS)
def book(job_id: int) -> ResponseReturnValue:
    """Have a large file booked that was looked at; sending it twice books it once."""
    found = _find(job_id)
    if found.state != DONE or not found.told or found.told["committed"]:
        raise NotFound
    answer = answer_given()
    if found.told["refused_count"] or (found.told["asked"] and answer is None):
        return _job_page(found), 422
    with transaction() as session:
        put = large.book(session, _find(job_id), as_new=answer, by=current_user.id)
        address = url_for("bank_jobs.job", job_id=put.id)
    return redirect(address, 303)


def answer_given() -> frozenset[int] | None:
    """Return the rows that the person says are new; None when the question was not answered."""
    answer = request.form.get("answer")
    if answer not in {"new", "known", "some"}:
        return None
    if answer == "known":
        return frozenset()
    told = request.form.getlist("row" if answer == "some" else "asked")
    return frozenset(int(one) for one in told if one.isascii() and one.isdigit() and len(one) < 10)  # noqa: PLR2004 - rows have fewer figures


def preview_page(promised: Upload, report: Mapping[str, Any]) -> str:
    """Show what a file says; `report` is the one of `large.facts`."""
    runs = [Run(**run) for run in report["runs"][:SHOWN]]
    return render_template(
        "reconciliation/preview.html",
        # A bank's own heading stands for each field; only the books call it a date.
        refused=[replace(run, field=_("Ngày")) if run.field == "date" else run for run in runs],
        more=report["refused_count"] - sum(run.count for run in runs),
        account=lists.account(read_session(), promised.chosen["account"] or ""),
        name=promised.name,
        report=report,
        mapped=None if report["layout"] in BY_NAME else promised.sign(PURPOSE),
        form=Form(request.form.to_dict()),
    )


def _find(job_id: int) -> Job:
    return jobs.find(read_session(), job_id, large.KIND, by=current_user.id)


def _job_page(found: Job) -> str:
    """Show progress, the preview, or the outcome."""
    given, told = found.arguments, found.told or {}
    if found.state == DONE and not told["committed"]:
        chosen = {"account": given["account"], "layout": given["layout"]}
        return preview_page(Upload(given["sha256"], given["name"], chosen), told)
    return render_template(
        "reconciliation/job.html",
        job=found,
        name=given["name"],
        account=given["account"],
        booking=given["commit"],
        done=so_far(found),
        late=jobs.is_late(read_session(), found),
        outcome=told.get("outcome", ""),
        reasons=told.get("refused", ()),
    )
