"""Pages of large files of messages, read as jobs, and of files whose columns must be named."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_login import current_user

from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.jobs import service as jobs
from fundsvc.jobs.models import DONE, Job
from fundsvc.jobs.running import progress_of, so_far
from fundsvc.sms import background, layouts, lists, mapping, profiles, told
from fundsvc.sms.forms import BETWEEN
from fundsvc.sms.labels import LABELS, heading
from fundsvc.sms.layouts import COMPACT, DAY_FIRST, ISO, MONTH_FIRST, Table
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.uploads import Upload
from ledger.accounts import OPERATOR_NAMES

bp = Blueprint("sms_files", __name__)

IMPORTERS = ("treasurer",)
PURPOSE = "sms"
SHOWN = 100
PHONE = re.compile(r"(?:84|0)[0-9]{8,11}")
DAYS = {
    DAY_FIRST: lazy_gettext("Ngày trước: 31/07/2026 08:30:00"),
    MONTH_FIRST: lazy_gettext("Tháng trước: 07/31/2026 08:30:00"),
    ISO: lazy_gettext("Năm trước: 2026-07-31 08:30:00"),
    COMPACT: lazy_gettext("Viết liền: 20260731083000"),
}


def go_on(promised: Upload) -> ResponseReturnValue:
    """Go on from a file that can be read to its preview: at once, or as a job if it is large."""
    profile = profiles.named(read_session(), promised.chosen.get("format"))
    with evidence.opened(promised.sha256) as stream:
        lines = layouts.count_rows(stream, layouts.find(stream, profile))
    if lines <= background.LARGE:
        return redirect(url_for("sms.preview", token=promised.sign(PURPOSE)), 303)
    with transaction() as session:
        key = secrets.token_hex(16)
        put = background.look_at(session, promised, key=key, lines=lines, by=current_user.id)
        address = url_for("sms_files.job", job_id=put.id)
    return redirect(address, 303)


@bp.get("/imports/sms/jobs/<int:job_id>")
@allow(*IMPORTERS)
def job(job_id: int) -> ResponseReturnValue:
    """Show how far a large file is, and then what came of it."""
    return _job_page(_find(job_id))


@bp.get("/imports/sms/jobs/<int:job_id>/progress")
@allow(*IMPORTERS)
def progress(job_id: int) -> ResponseReturnValue:
    """Tell a page how far its job is."""
    return progress_of(read_session(), _find(job_id))


@bp.post("/imports/sms/jobs/<int:job_id>")
@allow(*IMPORTERS)
def book(job_id: int) -> ResponseReturnValue:
    """Have a large file booked that was looked at; sending it twice books it once."""
    found = _find(job_id)
    if found.arguments["commit"] or found.state != DONE or not found.told:
        raise NotFound
    if found.told["refused_count"]:
        return _job_page(found), 422
    with transaction() as session:
        put = background.book(session, _find(job_id), by=current_user.id)
        address = url_for("sms_files.job", job_id=put.id)
    return redirect(address, 303)


@bp.get("/imports/sms/columns/<token>")
@allow(*IMPORTERS)
def columns(token: str) -> str:
    """Show the first rows of a file that nobody recognised, and ask what its columns are."""
    promised = Upload.read(token, PURPOSE)
    table = _table(promised)
    return _columns_page(promised, table, Form(mapping.guess(table)))


@bp.post("/imports/sms/columns/<token>")
@allow(*IMPORTERS)
def name_columns(token: str) -> ResponseReturnValue:
    """Keep what the columns are as a profile, or take one that is kept, and read the file so."""
    promised = Upload.read(token, PURPOSE)
    table = _table(promised)
    typed = request.form.to_dict()
    try:
        if "use" in typed:
            profile = profiles.named(read_session(), typed["use"])
        else:
            profile = mapping.read(typed, table)
            with transaction() as session:
                profiles.keep(session, profile, by=current_user.id)
    except Refusal as refusal:
        return _columns_page(promised, table, Form(typed, refusal.reasons)), refusal.status
    if profile is None:
        raise NotFound
    return go_on(Upload(promised.sha256, promised.name, {"format": profile.name}))


@bp.post("/imports/sms/columns/<token>/forget")
@allow(*IMPORTERS)
def forget(token: str) -> ResponseReturnValue:
    """Drop a kept profile and show the form again."""
    Upload.read(token, PURPOSE)
    with transaction() as session:
        profiles.forget(session, request.form.get("profile", ""), by=current_user.id)
    return redirect(url_for("sms_files.columns", token=token), 303)


def _find(job_id: int) -> Job:
    return jobs.find(read_session(), job_id, background.KIND, by=current_user.id)


def _job_page(found: Job) -> str:
    """Show progress, the preview, or the outcome."""
    name, outcome = found.arguments["name"], found.told or {}
    refused = outcome.get("refused_count")
    if found.state == DONE and (refused or not found.arguments["commit"]):
        return preview_page(name, outcome)
    return render_template(
        "sms/job.html",
        job=found,
        name=name,
        booking=found.arguments["commit"],
        done=so_far(found),
        late=jobs.is_late(read_session(), found),
        outcome=told.booked(outcome["new"], outcome["known"]) if found.state == DONE else "",
        reasons=outcome.get("refused", ()),
    )


def preview_page(name: str, report: Mapping[str, Any]) -> str:
    """Show what a file says; `report` is the one of `background.facts`."""
    headings = report.get("headings", {})
    return render_template(
        "sms/preview.html",
        name=name,
        report=report,
        refused=[
            row | {"field": heading(row["field"], headings)} for row in report["refused"][:SHOWN]
        ],
        reason=told.reason,
        operator=told.operator,
    )


def _table(promised: Upload) -> Table:
    with evidence.opened(promised.sha256) as stream:
        table = layouts.look(stream)
    if table is None:
        raise NotFound
    return table


def _masked(cell: str) -> str:
    """Return a cell of a file whose columns nobody knows yet; what may be a phone is masked."""
    figures = cell.translate(BETWEEN).lstrip("'+")
    return lists.shown_phone(figures) if PHONE.fullmatch(figures) else cell


def _columns_page(promised: Upload, table: Table, form: Form) -> str:
    with evidence.opened(promised.sha256) as stream:
        fitting = profiles.fitting(read_session(), stream)
    return render_template(
        "sms/columns.html",
        token=promised.sign(PURPOSE),
        name=promised.name,
        table=table,
        rows=[list(map(_masked, row)) for row in table.rows],
        form=form,
        fitting=fitting,
        labels={name: LABELS[name] for name in layouts.FIELDS},
        choices=mapping.choices(table),
        operators=[(code, told.operator(code)) for code in OPERATOR_NAMES],
        days=list(DAYS.items()),
    )
