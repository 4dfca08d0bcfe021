"""The page of the year's end: what would be carried forward, and the button that does it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.summary import funds
from fundsvc.db import read_session, transaction
from fundsvc.errors import Reason, Refusal
from fundsvc.periods import carrying, listing, schemas
from fundsvc.periods.carrying import Standing
from fundsvc.staff.access import allow
from fundsvc.templating import Form, in_language, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("carrying", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
PATH = "/periods/carry-forward"


@dataclass(frozen=True, slots=True)
class Row:
    """What a fund of a unit would carry forward, all its provinces together."""

    code: str
    unit: str
    fund: str
    income: int
    expense: int

    @property
    def result(self) -> int:
        """The surplus, below zero the deficit."""
        return self.income - self.expense


@bp.get(PATH)
@allow(*READERS)
def preview() -> ResponseReturnValue:
    """Show what stands on income and expense at the end of a year."""
    asked = request.args.get("year", "")
    try:
        year = schemas.FilterForm().load({"year": asked})["year"] if asked else _last_year()
    except ValidationError as error:
        return _page(None, Form({"year": asked}, reasons_of(error))), 422
    return _page(year, Form({}))


@bp.post(PATH)
@allow(*carrying.CARRIERS)
def carry() -> ResponseReturnValue:
    """Carry the year forward, unit by unit; a unit that refuses stops none of the others."""
    typed = request.form.to_dict()
    try:
        wanted = schemas.YearForm().load(typed)
        year = wanted["year"]
        carrying.check_over(year)
    except (ValidationError, Refusal) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        return _page(None, Form(typed, reasons)), 422
    session = read_session()
    chosen = [wanted["unit"]] if wanted["unit"] else _units(session, year)
    refused: list[Reason] = []
    count = 0
    for code in chosen:
        try:
            with transaction() as writing:
                count += len(carrying.carry(writing, code, year, by=current_user.id))
        except Refusal as error:
            if error.status == 404:  # noqa: PLR2004 - a missing and a foreign unit look the same
                raise
            refused += error.reasons
    if refused:
        # A reason names its unit and month; this form has no field of a date.
        reasons = tuple(Reason(reason.text) for reason in refused)
        return _page(year, Form(typed, reasons)), 422
    if count:
        flash(_("Đã ghi %(count)s bút toán kết chuyển.", count=count), "ok")
    else:
        flash(_("Không còn gì để kết chuyển cho năm %(year)s.", year=str(year)), "ok")
    return redirect(url_for(".preview", year=year), 303)


def _last_year() -> int:
    return clock.today().year - 1


def _units(session: Session, year: int) -> list[str]:
    """Return the units with something to carry forward, in the order of lists."""
    found = {row.unit_id for row in carrying.standing(session, year)}
    return [unit.code for unit in units.all_units(session) if unit.id in found]


def _page(year: int | None, form: Form) -> str:
    session = read_session()
    rows = _rows(session, carrying.standing(session, year)) if year else []
    return render_template(
        "periods/carry_forward.html",
        form=form,
        year=year,
        years=listing.years(session),
        over=year is not None and carrying.last_day(year) < clock.today(),
        rows=rows,
        may_carry=any(current_user.has_role(role) for role in carrying.CARRIERS),
    )


def _rows(session: Session, found: Iterable[Standing]) -> list[Row]:
    sums: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in found:
        sums[row.unit_id, row.fund][0] += row.income
        sums[row.unit_id, row.fund][1] += row.expense
    names = {fund.code: in_language(fund.name, fund.name_en) for fund in funds(session)}
    return [
        Row(unit.code, short_unit(unit.name), names[code], *sums[unit.id, code])
        for unit in units.all_units(session)
        for code in names
        if (unit.id, code) in sums
    ]


def origin_of(session: Session, entry: Entry) -> Origin:
    """Tell the origin of an entry that carries forward; running it again corrects it."""
    del session
    year = str(entry.date.year)
    href = f"{PATH}?year={year}"
    return Origin(_("Kết chuyển cuối năm %(year)s", year=year), href, reverse_href=href)


bp.record_once(lambda state: tell_origin(state.app, carrying.SOURCE, origin_of))
