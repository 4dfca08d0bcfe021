"""Pages of payments: the list with its sum, the form for one, and one with its reversal."""

import secrets
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
from fundsvc.books import tills
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.reversal_form import sent
from fundsvc.books.reversing import undone
from fundsvc.books.summary import funds
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.fields import renamed
from fundsvc.spending import export, listing, schemas, service
from fundsvc.spending.models import Payment
from fundsvc.staff.access import allow
from fundsvc.templating import Form, dong, in_language, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("spending", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")
_FILTERS = ("fund", "unit", "line", "from", "to")


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a payment which it is; it is taken back there."""
    found = session.scalar(select(Payment).where(Payment.entry_id == entry.id))
    if found is None:
        return None
    page = url_for("spending.show", payment_id=found.id)
    return Origin(_("Khoản chi %(sum)s", sum=dong(found.amount)), page, reverse_href=page)


bp.record_once(lambda state: tell_origin(state.app, service.SOURCE, origin_of))


@bp.get("/spending")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List payments, newest first, with the sum of all that match."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    try:
        wanted = schemas.read_filter(asked)
    except (ValidationError, Refusal) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        form = Form(asked, reasons)
        return render_template("spending/index.html", form=form, page=None, **_choices()), 422
    page = listing.page(session, wanted, schemas.after(request.args.get("after")))
    query = _query(wanted)
    following = None
    if page.next is not None:
        on, row = page.next
        following = f"/spending?{query}&after={on.isoformat()}.{row}"
    return render_template(
        "spending/index.html",
        page=page,
        form=Form(asked | {"from": wanted.first.isoformat(), "to": wanted.last.isoformat()}),
        following=following,
        first=f"/spending?{query}" if "after" in request.args else None,
        csv=f"/spending.csv?{query}",
        **_choices(),
    )


@bp.get("/spending.csv")
@allow(*READERS)
def csv() -> ResponseReturnValue:
    """Give all payments that the filter wants as CSV."""
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    try:
        wanted = schemas.read_filter(asked)
    except ValidationError as error:
        raise Refusal(*reasons_of(error)) from error
    rows = listing.every(read_session(), wanted)
    name = f"khoan-chi-{clock.today():%Y%m%d}.csv"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = "".join(export.lines(rows))
    return Response(text, content_type="text/csv; charset=utf-8", headers=head)


@bp.get("/spending/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the empty form."""
    return _form({"paid_on": clock.today().isoformat()})


@bp.post("/spending/new")
@allow(*WRITERS)
def record() -> ResponseReturnValue:
    """Record a payment, or show the form again with what is wrong."""
    typed = request.form.to_dict()
    try:
        spent, key = schemas.PaymentSchema().load(typed)
        with transaction() as session:
            done = service.record_payment(session, spent, key=key, by=current_user.id)
    except ValidationError as error:
        return _form(typed, Form(typed, reasons_of(error))), 422
    except Refusal as error:
        return _form(typed, Form(typed, renamed(error.reasons, {"date": "paid_on"}))), error.status
    if done.new:
        flash(_("Đã ghi sổ khoản chi %(amount)s.", amount=dong(spent.amount)), "ok")
    else:
        flash(_("Khoản chi %(amount)s đã ghi sổ từ trước.", amount=dong(spent.amount)), "ok")
    return redirect("/spending", 303)


@bp.get("/spending/<int(max=9223372036854775807):payment_id>")
@allow(*READERS)
def show(payment_id: int) -> ResponseReturnValue:
    """Show one payment."""
    return _page(payment_id, Form({}))


@bp.post("/spending/<int(max=9223372036854775807):payment_id>/reverse")
@allow(*WRITERS)
def reverse(payment_id: int) -> ResponseReturnValue:
    """Take a payment back, with a reason."""
    wrong = sent(partial(service.reverse_payment, payment_id=payment_id))
    if wrong is not None:
        return _page(payment_id, wrong), 422
    return redirect(url_for(".show", payment_id=payment_id), 303)


def _page(payment_id: int, form: Form) -> str:
    session = read_session()
    row = listing.one(session, payment_id)
    if row is None:
        raise NotFound
    names = {till.code: till.name for till in tills.tills(session)}
    return render_template(
        "spending/show.html",
        row=row,
        paid_from=names.get(row.paid_from, row.paid_from),
        undone=undone(session, row.entry_id),
        may_reverse=any(current_user.has_role(role) for role in WRITERS),
        form=form,
    )


def _query(wanted: listing.Filter) -> str:
    kept = {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "fund": wanted.fund or "",
        "unit": wanted.unit or "",
        "line": wanted.line or "",
    }
    return urlencode({name: value for name, value in kept.items() if value})


def _form(values: dict[str, str], form: Form | None = None) -> str:
    session = read_session()
    wrong = {reason.field for reason in form.reasons} if form else set()
    unit_codes = {unit.id: unit.code for unit in units.all_units(session)}
    return render_template(
        "spending/new.html",
        form=form or Form(values),
        # A key that cannot be used must not come back, or the form could never be sent.
        key=_new_key() if "key" in wrong else values.get("key") or _new_key(),
        tills=[
            (till.code, f"{till.name} ({unit_codes[till.unit_id]})" if till.unit_id else till.name)
            for till in tills.tills(session)
        ],
        provinces=units.province_names(session),
        **_choices(),
    )


def _choices() -> dict[str, Any]:
    session = read_session()
    return {
        "units": [(unit.code, short_unit(unit.name)) for unit in units.all_units(session)],
        "funds": [(fund.code, in_language(fund.name, fund.name_en)) for fund in funds(session)],
        "lines": [(line, str(name)) for line, name in listing.LINE_NAMES.items()],
    }


def _new_key() -> str:
    return secrets.token_urlsafe(18)
