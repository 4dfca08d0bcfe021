"""Pages of donations: the list with its total and export, the form at the counter, one donation."""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry, Fund
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.reversal_form import sent
from fundsvc.db import read_session, transaction
from fundsvc.donations import export, listing, receipting, service
from fundsvc.donations.models import Donation
from fundsvc.donations.schemas import DonationForm, donation_facts, read_filter, read_mark
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.receipts import printing
from fundsvc.receipts import service as receipts
from fundsvc.staff.access import allow
from fundsvc.templating import Form, dong, in_language, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("donations", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")
_FILTERS = ("fund", "unit", "from", "to", "q", "receipt")


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a donation which it is; it is taken back there, with its receipt."""
    found = session.scalar(select(Donation).where(Donation.entry_id == entry.id))
    if found is None:
        return None
    page = url_for("donations.show", donation_id=found.id)
    return Origin(_("Khoản ủng hộ %(sum)s", sum=dong(found.amount)), page, reverse_href=page)


bp.record_once(lambda state: tell_origin(state.app, service.SOURCE, origin_of))


@bp.get("/donations")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Show the donations that a filter wants, newest first, and what all of them come to."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    common = {"choices": _choices(session), "may_record": _may_record()}
    try:
        wanted = read_filter(asked)
    except (ValidationError, Refusal) as error:
        page = render_template(
            "donations/index.html", form=_refused(asked, error), rows=None, **common
        )
        return page, 422
    found = listing.page(session, wanted, read_mark(request.args.get("after", "")))
    query = urlencode({name: text for name, text in asked.items() if text})
    return render_template(
        "donations/index.html",
        form=Form(asked),
        rows=[(row, export.state(row)) for row in found.rows],
        total=listing.total(session, wanted),
        filtered=bool(query),
        next=f"/donations?{query}&after={found.after}" if found.after else None,
        first=f"/donations?{query}" if request.args.get("after") else None,
        csv=f"/donations.csv?{query}",
        **common,
    )


@bp.get("/donations.csv")
@allow(*READERS)
def csv() -> ResponseReturnValue:
    """Give all donations that the filter wants as CSV."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    try:
        wanted = read_filter(asked)
    except ValidationError as error:
        raise Refusal(*reasons_of(error)) from error
    funds = dict(_choices(session)["funds"])
    text = "".join(export.lines(listing.every(session, wanted), funds))
    name = f"khoan-ung-ho-{clock.today():%Y%m%d}.csv"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=head)


@bp.get("/donations/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the empty form, with a key of its own."""
    today = clock.today().isoformat()
    typed = {"key": secrets.token_hex(16), "received_on": today, "receipt": "1"}
    return _form(Form(typed))


@bp.post("/donations/new")
@allow(*WRITERS)
def create() -> ResponseReturnValue:
    """Record what the form tells, and its receipt if wanted; sent twice it is one donation."""
    typed = request.form.to_dict()
    try:
        form: dict[str, Any] = DonationForm().load(typed)
    except ValidationError as error:
        return _form(_refused(typed, error)), 422
    number = None
    try:
        with transaction() as session:
            facts = donation_facts(form)
            recorded = service.record(session, facts, form["key"], current_user.id)
            if form["receipt"]:
                number = _number(session, recorded)
    except Conflict as error:
        # The form was sent before with other facts; a new key lets a second donation be recorded.
        fresh = {**typed, "key": secrets.token_hex(16)}
        return _form(_refused(fresh, error), again=True), error.status
    except Refusal as error:
        return _form(_refused(typed, error)), error.status
    if number is None:
        flash(_("Đã ghi sổ khoản ủng hộ."), "ok")
        return redirect(url_for(".show", donation_id=recorded.id), 303)
    printing.freeze_soon(number)
    flash(_("Đã ghi sổ và cấp biên nhận %(number)s.", number=number), "ok")
    return redirect(url_for("receipts.show", number=number), 303)


@bp.get("/donations/<int(max=9223372036854775807):donation_id>")
@allow(*READERS)
def show(donation_id: int) -> ResponseReturnValue:
    """Show one donation and its receipts."""
    return _page(donation_id, Form({}))


@bp.post("/donations/<int(max=9223372036854775807):donation_id>/reverse")
@allow(*WRITERS)
def reverse(donation_id: int) -> ResponseReturnValue:
    """Take a donation back, with a reason."""
    wrong = sent(partial(service.reverse, donation_id=donation_id))
    if wrong is not None:
        return _page(donation_id, wrong), 422
    return redirect(url_for(".show", donation_id=donation_id), 303)


def _page(donation_id: int, form: Form) -> str:
    session = read_session()
    row = listing.one(session, donation_id)
    if row is None:
        raise NotFound
    issued = [
        {"number": receipt.number, "voided": receipt.voided_at is not None}
        for receipt in receipts.of_donation(session, donation_id)
    ]
    funds = dict(_choices(session)["funds"])
    may_write = _may_record() and not row.reversed
    method = session.scalar(select(Donation.method).where(Donation.id == donation_id))
    return render_template(
        "donations/show.html",
        row=row,
        fund=funds[row.fund],
        receipts=issued,
        undone=service.undoing(session, donation_id),
        may_issue=may_write and all(r["voided"] for r in issued),
        may_reverse=may_write and method != "card",
        by_card=method == "card",
        returned=service.returned(session, donation_id),
        form=form,
    )


@bp.post("/donations/<int(max=9223372036854775807):donation_id>/receipt")
@allow(*WRITERS)
def issue(donation_id: int) -> ResponseReturnValue:
    """Issue the receipt of a donation."""
    with transaction() as session:
        issuer = current_user.name
        receipt = receipting.issue_receipt(session, donation_id, by=current_user.id, issuer=issuer)
        number = receipt.number
    printing.freeze_soon(number)
    flash(_("Đã cấp biên nhận %(number)s.", number=number), "ok")
    return redirect(url_for("receipts.show", number=number), 303)


def _number(session: Session, recorded: service.Recorded) -> str:
    """Return the number of the donation's valid receipt, issued now unless it has one."""
    if not recorded.new:
        for receipt in receipts.of_donation(session, recorded.id):
            if receipt.voided_at is None:
                return receipt.number
    issuer = current_user.name
    issued = receipting.issue_receipt(session, recorded.id, by=current_user.id, issuer=issuer)
    return issued.number


def _form(form: Form, *, again: bool = False) -> str:
    """Draw the form."""
    choices = _choices(read_session())
    return render_template("donations/new.html", form=form, choices=choices, again=again)


def _refused(typed: Mapping[str, str], error: ValidationError | Refusal) -> Form:
    reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
    return Form(typed, reasons)


def _choices(session: Session) -> dict[str, list[tuple[str, str]]]:
    """Return what can be chosen in forms and filters: value and text."""
    funds = session.execute(select(Fund.code, Fund.name, Fund.name_en).order_by(Fund.id))
    return {
        "funds": [(code, in_language(name, name_en)) for code, name, name_en in funds],
        "units": [(unit.code, short_unit(unit.name)) for unit in units.all_units(session)],
        "provinces": units.province_names(session),
    }


def _may_record() -> bool:
    return any(current_user.has_role(role) for role in WRITERS)
