"""Pages of what comes every month: what is due, the templates, and a template made of a voucher."""

import re
from datetime import date
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.fields import parse_month
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.vouchers import listing, templates
from fundsvc.vouchers.facts import VoucherFacts

bp = Blueprint("voucher_templates", __name__)

WRITERS = ("treasurer", "unit-treasurer")
LARGEST_KEY: Final = 2**63 - 1
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


@bp.get("/voucher-templates")
@allow(*WRITERS)
def index() -> ResponseReturnValue:
    """List what is due, and the templates."""
    return _list(Form({}))


@bp.get("/voucher-templates/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the form that makes a template of a voucher; without one, say where to find one."""
    asked = request.args.get("voucher", "")
    if not asked:
        flash(_("Mở một chứng từ rồi chọn “Dùng làm mẫu hằng tháng”."), "warning")
        return redirect("/vouchers", 303)
    facts = _facts(asked)
    return _new_page(facts, Form({"name": facts.row.description, "day": str(facts.row.date.day)}))


@bp.post("/voucher-templates/new")
@allow(*WRITERS)
def add() -> ResponseReturnValue:
    """Make a template of a voucher."""
    values = request.form.to_dict()
    facts = _facts(values.get("voucher") or request.args.get("voucher", ""))
    try:
        with transaction() as session:
            name, day = values.get("name", ""), values.get("day", "")
            templates.add(session, name, day, facts.draft, by=current_user.id)
    except Refusal as error:
        return _new_page(facts, Form(values, error.reasons)), error.status
    flash(_("Đã thêm mẫu hằng tháng."), "ok")
    return redirect("/voucher-templates", 303)


@bp.post("/voucher-templates/<int:template_id>/draft")
@allow(*WRITERS)
def draft(template_id: int) -> ResponseReturnValue:
    """Make the draft of a month, once, and go on to it."""
    try:
        month = _month(request.form.get("month", ""))
        with transaction() as session:
            made = templates.draft_from(session, template_id, month, by=current_user.id)
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return _list(Form(request.form.to_dict(), error.reasons)), error.status
    flash(_("Nháp của tháng %(month)s đây; xem lại rồi trình duyệt.", month=f"{month:%m/%Y}"), "ok")
    return redirect(f"/vouchers/{made}", 303)


@bp.post("/voucher-templates/<int:template_id>/switch")
@allow(*WRITERS)
def switch(template_id: int) -> ResponseReturnValue:
    """Switch a template on or off."""
    active = request.form.get("active") == "1"
    with transaction() as session:
        templates.switch(session, template_id, active=active, by=current_user.id)
    flash(_("Đã dùng lại mẫu này.") if active else _("Đã ngừng mẫu này."), "ok")
    return redirect("/voucher-templates", 303)


def _facts(number: str) -> VoucherFacts:
    """Return the voucher that an address or form names, if there is one for this person."""
    found = _NUMBER.fullmatch(number)
    if not found or int(number) > LARGEST_KEY:
        raise NotFound
    facts = listing.one(read_session(), int(number))
    if facts is None:
        raise NotFound
    return facts


def _month(raw: str) -> date:
    return parse_month(raw) if raw.strip() else clock.today().replace(day=1)


def _list(form: Form) -> str:
    session = read_session()
    session.rollback()
    return render_template(
        "vouchers/templates.html",
        form=form,
        due=templates.due(session, clock.today()),
        rows=templates.listed(session),
    )


def _new_page(facts: VoucherFacts, form: Form) -> str:
    return render_template("vouchers/template.html", row=facts.row, form=form)
