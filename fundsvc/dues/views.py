"""Pages of dues: a year of units and months, the form for a total, and one with its reversal."""

import secrets
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import tills
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.reversal_form import sent
from fundsvc.books.reversing import undone
from fundsvc.books.summary import funds
from fundsvc.db import read_session, transaction
from fundsvc.dues import listing, schemas, service
from fundsvc.dues.models import DuesTotal
from fundsvc.errors import NotFound, Refusal
from fundsvc.fields import renamed
from fundsvc.staff.access import allow
from fundsvc.templating import Form, dong, in_language, month, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("dues", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a total which it is; it is taken back there."""
    found = session.scalar(select(DuesTotal).where(DuesTotal.entry_id == entry.id))
    if found is None:
        return None
    page = url_for("dues.show", total_id=found.id)
    label = _(
        "Khoản thu %(sum)s của tháng %(month)s", sum=dong(found.amount), month=month(found.month)
    )
    return Origin(label, page, reverse_href=page)


bp.record_once(lambda state: tell_origin(state.app, service.SOURCE, origin_of))


@bp.get("/dues")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Show one year of one fund: units by months."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in ("fund", "year", "unit")}
    names = _fund_names()
    known = units.all_units(session)
    choices = {
        "funds": [(code, names[code]) for code in service.FUNDS],
        "years": service.years(session),
        "units": [(unit.code, short_unit(unit.name)) for unit in known],
    }
    try:
        wanted = schemas.FilterForm().load(asked)
        unit = units.by_code(session, wanted["unit"]) if wanted["unit"] else None
        # Who has one unit need not choose it.
        unit = known[0] if unit is None and len(known) == 1 else unit
    except (ValidationError, Refusal) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        form = Form(asked, reasons)
        return render_template("dues/index.html", form=form, shown=None, **choices), 422
    fund, year = wanted["fund"], wanted["year"]
    return render_template(
        "dues/index.html",
        form=None,
        shown=service.year_of(session, fund, year),
        fund_name=names[fund],
        sums=[(names[code], code, service.year_of(session, code, year).total) for code in names],
        unit=unit and {"code": unit.code, "name": unit.name},
        totals=listing.of_unit(session, fund, year, unit.id) if unit else (),
        **choices,
    )


@bp.get("/dues/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the empty form."""
    today = clock.today().isoformat()
    given = {name: request.args.get(name, "") for name in ("unit", "fund", "month")}
    return _form(
        {"paid_on": today, "month": f"{today[5:7]}/{today[:4]}", "key": _new_key()} | _filled(given)
    )


@bp.post("/dues/new")
@allow(*WRITERS)
def record() -> ResponseReturnValue:
    """Record a total, or show the form again with what is wrong."""
    typed = request.form.to_dict()
    try:
        total, key, additional = schemas.TotalSchema().load(typed)
        with transaction() as session:
            done = service.record_total(
                session, total, key=key, additional=additional, by=current_user.id
            )
    except ValidationError as error:
        return _form(typed, Form(typed, reasons_of(error))), 422
    except Refusal as error:
        return _form(typed, Form(typed, renamed(error.reasons, {"date": "paid_on"}))), error.status
    said = (
        _("Đã ghi sổ %(amount)s cho tháng %(month)s.")
        if done.new
        else _("Khoản %(amount)s cho tháng %(month)s đã ghi sổ từ trước.")
    )
    flash(said % {"amount": dong(total.amount), "month": month(total.month)}, "ok")
    return redirect(f"/dues?fund={total.fund}&year={total.month.year}", 303)


@bp.get("/dues/<int(max=9223372036854775807):total_id>")
@allow(*READERS)
def show(total_id: int) -> ResponseReturnValue:
    """Show one total."""
    return _page(total_id, Form({}))


@bp.post("/dues/<int(max=9223372036854775807):total_id>/reverse")
@allow(*WRITERS)
def reverse(total_id: int) -> ResponseReturnValue:
    """Take a total back, with a reason."""
    wrong = sent(partial(service.reverse_total, total_id=total_id))
    if wrong is not None:
        return _page(total_id, wrong), 422
    return redirect(url_for(".show", total_id=total_id), 303)


def _page(total_id: int, form: Form) -> str:
    session = read_session()
    row = listing.one(session, total_id)
    if row is None:
        raise NotFound
    places = {till.code: till.name for till in tills.tills(session)}
    return render_template(
        "dues/show.html",
        row=row,
        fund_name=_fund_names()[row.fund],
        paid_into=places.get(row.paid_into, row.paid_into),
        undone=undone(session, row.entry_id),
        may_reverse=any(current_user.has_role(role) for role in WRITERS),
        form=form,
    )


def _form(values: dict[str, str], form: Form | None = None) -> str:
    session = read_session()
    names = _fund_names()
    known = units.all_units(session)
    unit_names = {unit.id: unit.code for unit in known}
    wrong = {reason.field for reason in form.reasons} if form else set()
    return render_template(
        "dues/new.html",
        form=form or Form(values),
        # A key that cannot be used must not come back, or the form could never be sent.
        key=_new_key() if "key" in wrong else values.get("key") or _new_key(),
        units=[(unit.code, short_unit(unit.name)) for unit in known],
        funds=[(code, names[code]) for code in service.FUNDS],
        tills=[
            (till.code, f"{till.name} ({unit_names[till.unit_id]})" if till.unit_id else till.name)
            for till in tills.tills(session)
        ],
        asks_additional="additional" in wrong or bool(values.get("additional")),
    )


def _fund_names() -> dict[str, str]:
    return {
        fund.code: in_language(fund.name, fund.name_en)
        for fund in funds(read_session())
        if fund.code in service.FUNDS
    }


def _filled(given: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in given.items() if text}


def _new_key() -> str:
    return secrets.token_urlsafe(18)
