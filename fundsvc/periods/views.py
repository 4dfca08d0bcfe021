"""Pages of periods: the year, a month with its list and acts, and requests to reopen."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.closed import closed_through, find_closed
from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.periods import acts, lines, listing, reopening, schemas, service
from fundsvc.periods.months import last_of, told
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, month, reasons_of
from fundsvc.templating.sending import sent
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("periods", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")


@bp.get("/periods")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Show a year: units by months, or the months of one unit."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in ("year", "unit")}
    known = units.all_units(session)
    choices = {
        "years": listing.years(session),
        "units": [(unit.code, short_unit(unit.name)) for unit in known],
        "waiting": len(acts.requests(session, waiting=True)),
    }
    try:
        wanted = schemas.FilterForm().load(asked)
        unit = units.by_code(session, wanted["unit"]) if wanted["unit"] else None
        # Who has one unit need not choose it.
        unit = known[0] if unit is None and len(known) == 1 else unit
    except (ValidationError, Refusal) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        form = Form(asked, reasons)
        status = error.status if isinstance(error, Refusal) else 422
        return render_template("periods/index.html", form=form, year=None, **choices), status
    return render_template(
        "periods/index.html",
        form=None,
        year=wanted["year"],
        unit=unit and {"code": unit.code, "name": unit.name},
        rows=listing.grid(session, wanted["year"], unit),
        **choices,
    )


@bp.get("/periods/<code>/<raw_month>")
@allow(*READERS)
def show(code: str, raw_month: str) -> ResponseReturnValue:
    """Show a month of a unit: what to look at before closing, or how it was closed."""
    return _page(code, schemas.month_of(raw_month), Form({}))


@bp.post("/periods/<code>/<raw_month>/close")
@allow(*service.CLOSERS)
def close(code: str, raw_month: str) -> ResponseReturnValue:
    """Close a month, and the earlier ones if that was ticked."""
    day = schemas.month_of(raw_month)

    def act(session: Session, form: dict[str, Any]) -> str:
        done = service.close(
            session,
            code,
            day,
            through=form["through"],
            seen=form["mark"] if form["seen"] else "",
            by=current_user.id,
        )
        if not done.closed:
            return _("Tháng %(month)s đã khóa sổ từ trước.", month=month(day))
        return _("Đã khóa sổ tháng %(months)s.", months=told(each.month for each in done.closed))

    return _sent(code, day, schemas.CloseForm(), act)


@bp.post("/periods/<code>/<raw_month>/reopen")
@allow(*service.CLOSERS)
def reopen(code: str, raw_month: str) -> ResponseReturnValue:
    """Ask to open a month again."""
    day = schemas.month_of(raw_month)

    def act(session: Session, form: dict[str, Any]) -> str:
        reopening.ask(session, code, day, form["reason"], by=current_user.id)
        return _("Đã ghi đề nghị mở lại sổ; cần một người duyệt khác xác nhận.")

    return _sent(code, day, schemas.ReopenForm(), act)


@bp.get("/periods/reopenings")
@allow(*READERS)
def reopenings() -> str:
    """List the requests to reopen, those that wait first."""
    found = acts.requests(read_session())
    found.sort(key=lambda row: row.state != "asked")
    return render_template(
        "periods/reopenings.html",
        rows=found,
        me=current_user.id,
        may_confirm=_has(reopening.CONFIRMERS),
    )


@bp.post("/periods/reopenings/<int:reopening_id>/confirm")
@allow(*reopening.CONFIRMERS)
def confirm(reopening_id: int) -> ResponseReturnValue:
    """Open the months that somebody else asked for."""

    def act(session: Session) -> str:
        months = reopening.confirm(session, reopening_id, by=current_user.id)
        return _("Đã mở lại sổ tháng %(months)s.", months=told(months))

    return _decided(act)


@bp.post("/periods/reopenings/<int:reopening_id>/refuse")
@allow(*reopening.CONFIRMERS)
def refuse(reopening_id: int) -> ResponseReturnValue:
    """Leave the months closed."""

    def act(session: Session) -> str:
        reopening.refuse(session, reopening_id, by=current_user.id)
        return _("Đã từ chối đề nghị; các tháng vẫn khóa.")

    return _decided(act)


@bp.post("/periods/reopenings/<int:reopening_id>/withdraw")
@allow(*service.CLOSERS)
def withdraw(reopening_id: int) -> ResponseReturnValue:
    """Take one's own request back."""

    def act(session: Session) -> str:
        reopening.withdraw(session, reopening_id, by=current_user.id)
        return _("Đã rút đề nghị; các tháng vẫn khóa.")

    return _decided(act)


def _decided(act: Callable[[Session], str]) -> ResponseReturnValue:
    """Decide on a request and say what came of it on the list of requests."""
    try:
        with transaction() as session:
            said = act(session)
    except Refusal as error:
        if error.status == 404:  # noqa: PLR2004 - a missing and a foreign request look the same
            raise
        flash(" ".join(str(reason.text) for reason in error.reasons), "error")
    else:
        flash(said, "ok")
    return redirect(url_for(".reopenings"), 303)


def _sent(
    code: str, day: date, schema: Any, act: Callable[[Session, dict[str, Any]], str]
) -> ResponseReturnValue:
    """Do what a form of the month's page asks, or show the page with what is wrong."""
    onward = url_for(".show", code=code, raw_month=f"{day:%Y-%m}")
    return sent(schema, act, again=lambda form: _page(code, day, form), onward=onward)


def _page(code: str, day: date, form: Form) -> str:
    session = read_session()
    unit = units.by_code(session, code)
    through = closed_through(session, unit.id)
    is_closed = through is not None and day <= through
    (row,) = listing.grid(session, day.year, unit)
    pending = next(iter(acts.requests(session, unit_id=unit.id, waiting=True)), None)
    return render_template(
        "periods/month.html",
        form=form,
        unit={"code": unit.code, "name": unit.name},
        month=day,
        last=last_of(day),
        cell=row.cells[day.month - 1],
        plan=None if is_closed else service.plan(session, unit, day),
        closed=find_closed(session, unit.id, day),
        opens=reopening.closed_from(session, unit.id, day),
        funds=lines.of_month(session, unit.id, day),
        pending=pending,
        is_mine=pending is not None and pending.asked_by == current_user.id,
        may_close=_has(service.CLOSERS),
        may_confirm=_has(reopening.CONFIRMERS),
        acts=acts.of_month(session, unit, day),
        over=last_of(day) < clock.today(),
    )


def _has(roles: tuple[str, ...]) -> bool:
    return any(current_user.has_role(role) for role in roles)


def waiting(session: Session) -> Iterator[Attention]:
    """Tell which months are to be closed, and which requests wait for this person."""
    last, count = listing.due(session)
    if _has(service.CLOSERS):
        text = _("đơn vị chưa khóa sổ tháng %(month)s", month=month(last))
        yield Attention(count, text, f"/periods?year={last.year}")
    if _has(reopening.CONFIRMERS):
        asked = [
            row for row in acts.requests(session, waiting=True) if row.asked_by != current_user.id
        ]
        yield Attention(len(asked), _("đề nghị mở lại sổ chờ xác nhận"), "/periods/reopenings")


bp.record_once(lambda state: attend(state.app, waiting))
