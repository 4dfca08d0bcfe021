"""Pages of receipts of a span of dates: who would get one, issuing them, and what came of it."""

import re
import secrets
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.donations import annual, annual_job, annual_printing
from fundsvc.donations.models import AnnualReceipt
from fundsvc.donors.models import Donor
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import parse_key, parse_span
from fundsvc.jobs import service as jobs
from fundsvc.jobs.running import progress_of, so_far
from fundsvc.receipts.document import in_fours
from fundsvc.receipts.printing import MEDIA_TYPE
from fundsvc.staff.access import allow
from fundsvc.templating import Form

bp = Blueprint("annual", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS: Final = ("treasurer", "unit-treasurer")
BULK: Final = ("treasurer",)
"""Jobs belong to those who see all units."""
SHOWN: Final = 200
LATEST: Final = 20
_KEY: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


@bp.get("/annual-receipts")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Show who would get a paper for a span of dates, and the latest ones; nothing is changed."""
    last_year = clock.today().year - 1
    typed = {
        "from": request.args.get("from") or f"{last_year}-01-01",
        "to": request.args.get("to") or f"{last_year}-12-31",
    }
    try:
        first, last = annual.check_span(*parse_span(typed))
    except Refusal as refusal:
        return _index(Form(typed, refusal.reasons), None), refusal.status
    found = annual.candidates(read_session(), first, last)
    return _index(Form(typed), found)


@bp.post("/annual-receipts")
@allow(*BULK)
def issue_all() -> ResponseReturnValue:
    """Have the papers of all who gave in a span issued; the same form again is the same job."""
    typed = request.form.to_dict()
    try:
        first, last = annual.check_span(*parse_span(typed))
        key = parse_key(typed.get("key", ""))
    except Refusal as refusal:
        return _index(Form(typed, refusal.reasons), None), refusal.status
    found = annual.candidates(read_session(), first, last)
    if not found:
        why = Reason(_("Không có ai ủng hộ trong khoảng ngày này."), field="from")
        return _index(Form(typed, (why,)), None), Refusal.status
    with transaction() as session:
        put = annual_job.put(
            session,
            (first, last),
            [one.donor_id for one in found],
            mail="mail" in typed,
            key=key,
            locale=str(get_locale() or "vi"),
            by=current_user.id,
            issuer=current_user.name,
        )
        address = url_for(".job", job_id=put.id)
    return redirect(address, 303)


@bp.post("/annual-receipts/one")
@allow(*WRITERS)
def issue_one() -> ResponseReturnValue:
    """Issue the paper of one donor."""
    typed = request.form.to_dict()
    try:
        first, last = annual.check_span(*parse_span(typed))
        donor = typed.get("donor", "")
        donor_id = int(donor) if _KEY.fullmatch(donor) else 0
        with transaction() as session:
            issued = annual.issue(
                session, donor_id, first, last, by=current_user.id, issuer=current_user.name
            )
            number, new = issued.receipt.number, issued.new
    except Refusal as refusal:
        return _index(Form(typed, refusal.reasons), None), refusal.status
    told = _("Đã cấp giấy xác nhận %(number)s.", number=number)
    same = _("Giấy xác nhận %(number)s đã cấp trước đây và không có gì thay đổi.", number=number)
    flash(told if new else same, "ok")
    return redirect(url_for(".show", number=number), 303)


@bp.get("/annual-receipts/<number>")
@allow(*READERS)
def show(number: str) -> ResponseReturnValue:
    """Show a paper."""
    session = read_session()
    found = annual.by_number(session, number)
    newer = session.get(AnnualReceipt, found.replaced_by_id) if found.replaced_by_id else None
    facts = annual.facts_of(found)
    return render_template(
        "annual/show.html",
        paper=facts,
        rows=[(date.fromisoformat(day), *rest) for day, *rest in facts.lines],
        code=in_fours(found.code),
        raw_code=found.code,
        replaced_by=newer.number if newer else None,
    )


@bp.get("/annual-receipts/<number>.pdf")
@allow(*READERS)
def pdf(number: str) -> ResponseReturnValue:
    """Give the paper to print; a voided one carries its mark."""
    found = annual.by_number(read_session(), number).number
    head = {"Content-Disposition": f'inline; filename="{found}.pdf"'}
    return Response(annual_printing.freeze_pdf(found), content_type=MEDIA_TYPE, headers=head)


@bp.get("/annual-receipts/jobs/<int:job_id>")
@allow(*BULK)
def job(job_id: int) -> ResponseReturnValue:
    """Show how far the papers are, and then what came of each."""
    session = read_session()
    found = jobs.find(session, job_id, annual_job.KIND, by=current_user.id)
    results = (found.told or {}).get("results", [])
    names = dict(
        session.execute(
            select(Donor.id, Donor.name).where(Donor.id.in_([one["donor"] for one in results]))
        ).all()
    )
    return render_template(
        "annual/job.html",
        job=found,
        done=so_far(found),
        late=jobs.is_late(session, found),
        results=[{**one, "name": names.get(one["donor"], "")} for one in results],
        reasons=(found.told or {}).get("refused", ()),
        first=date.fromisoformat(found.arguments["from"]),
        last=date.fromisoformat(found.arguments["to"]),
    )


@bp.get("/annual-receipts/jobs/<int:job_id>/progress")
@allow(*BULK)
def progress(job_id: int) -> ResponseReturnValue:
    """Tell a page how far its job is."""
    session = read_session()
    found = jobs.find(session, job_id, annual_job.KIND, by=current_user.id)
    return progress_of(session, found)


def _index(form: Form, found: list[annual.Candidate] | None) -> str:
    session = read_session()
    latest = session.scalars(select(AnnualReceipt).order_by(AnnualReceipt.id.desc()).limit(LATEST))
    papers: list[dict[str, Any]] = [
        {"number": one.number, "voided": one.voided_at is not None, "facts": annual.facts_of(one)}
        for one in latest
    ]
    return render_template(
        "annual/index.html",
        form=form,
        found=found,
        shown=(found or [])[:SHOWN],
        papers=papers,
        key=secrets.token_hex(16),
        may_issue=any(map(current_user.has_role, WRITERS)),
        may_bulk=any(map(current_user.has_role, BULK)),
    )
