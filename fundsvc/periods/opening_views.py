"""Pages of opening balances: the list, the form for one, and one with its reversal."""

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc.books import tills
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.reversal_form import sent
from fundsvc.books.reversing import undone
from fundsvc.books.summary import funds
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.periods import openings, schemas
from fundsvc.staff.access import allow
from fundsvc.templating import Form, dong, in_language, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("openings", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")


@bp.get("/openings")
@allow(*READERS)
def index() -> str:
    """List the opening balances."""
    return render_template("periods/openings.html", rows=openings.listed(read_session()))


@bp.get("/openings/new")
@allow(*WRITERS)
def new() -> str:
    """Show the empty form."""
    return _form(Form({"unit": request.args.get("unit", "")}))


@bp.post("/openings/new")
@allow(*WRITERS)
def record() -> ResponseReturnValue:
    """Record an opening balance, or show the form again with what is wrong."""
    typed = request.form.to_dict()
    try:
        opening = schemas.OpeningForm().load(typed)
        with transaction() as session:
            done = openings.record(session, opening, by=current_user.id)
    except ValidationError as error:
        return _form(Form(typed, reasons_of(error))), 422
    except Refusal as error:
        return _form(Form(typed, error.reasons)), error.status
    said = _("Đã ghi số dư đầu kỳ %(amount)s.") if done.new else _("Số dư này đã ghi từ trước.")
    flash(said % {"amount": dong(opening.amount)}, "ok")
    return redirect(url_for(".index"), 303)


@bp.get("/openings/<int:entry_id>")
@allow(*READERS)
def show(entry_id: int) -> str:
    """Show one opening balance."""
    return _page(entry_id, Form({}))


@bp.post("/openings/<int:entry_id>/reverse")
@allow(*WRITERS)
def reverse(entry_id: int) -> ResponseReturnValue:
    """Take an opening balance back, with a reason."""
    wrong = sent(partial(openings.reverse, entry_id=entry_id))
    if wrong is not None:
        return _page(entry_id, wrong), 422
    return redirect(url_for(".show", entry_id=entry_id), 303)


def _page(entry_id: int, form: Form) -> str:
    session = read_session()
    rows = openings.listed(session, entry_id)
    if not rows:
        raise NotFound
    return render_template(
        "periods/opening.html",
        row=rows[0],
        undone=undone(session, entry_id),
        may_reverse=any(current_user.has_role(role) for role in WRITERS),
        form=form,
    )


def _form(form: Form) -> str:
    session = read_session()
    known = units.all_units(session)
    codes = {unit.id: unit.code for unit in known}
    money = [
        (till.code, f"{till.name} ({codes[till.unit_id]})" if till.unit_id else till.name)
        for till in tills.tills(session)
    ]
    due, owed = (
        [(code, f"{code} – {in_language(*names)}") for code, *names in found]
        for found in openings.debts(session).values()
    )
    return render_template(
        "periods/opening_new.html",
        form=form,
        units=[(unit.code, short_unit(unit.name)) for unit in known],
        funds=[(fund.code, in_language(fund.name, fund.name_en)) for fund in funds(session)],
        accounts=[(_("Tiền"), money), (_("Phải thu"), due), (_("Phải trả"), owed)],
    )


def origin_of(session: Session, entry: Entry) -> Origin:
    """Tell the origin of an opening balance's entry: its own page, where it is taken back too."""
    del session
    href = f"/openings/{entry.id}"
    return Origin(_("Số dư đầu kỳ khi mở sổ"), href, reverse_href=href)


bp.record_once(lambda state: tell_origin(state.app, openings.SOURCE, origin_of))
