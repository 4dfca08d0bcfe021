"""Pages of campaigns: add one by a form, several by a file, and agree on a new fee."""

from collections.abc import Mapping
from contextlib import closing, suppress

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError

from fundsvc import uploads
from fundsvc.books.summary import funds
from fundsvc.db import read_session, transaction
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Choice, Day, FormSchema, Line
from fundsvc.sms import campaigns, fees, told
from fundsvc.sms.sheet import COLUMNS, FEES, LIMITS, MAX_BYTES, read_rate
from fundsvc.staff.access import allow
from fundsvc.templating import Form, in_language, reasons_of
from fundsvc.text import parse_dong, short_unit
from fundsvc.units import service as units
from ledger.accounts import OPERATOR_NAMES

bp = Blueprint("campaigns", __name__)

WRITERS = ("treasurer",)
NOTHING = Form({})


class FeeForm(FormSchema):
    """A fee that was agreed: whose, how much, from which day on."""

    fee_campaign = Line(20)
    fee_operator = Choice(OPERATOR_NAMES)
    fee_rate = Line(10)
    fee_starts = Day()


@bp.get("/sms/campaigns")
@allow(*WRITERS)
def form() -> str:
    """Show the forms of campaigns and the fees agreed so far."""
    return _page()


@bp.post("/sms/campaigns")
@allow(*WRITERS)
def take() -> ResponseReturnValue:
    """Take in a file of campaigns, all of it or nothing."""
    try:
        with closing(uploads.given()) as given:
            data = given.stream.read(MAX_BYTES + 1)
        with transaction() as session:
            report = campaigns.import_campaigns(session, data, by=current_user.id)
    except Refusal as refusal:
        return _page(file=Form({}, uploads.beside_file(refusal))), refusal.status
    if report.refused_count:
        reasons = tuple(Reason(row.reason, row.row, uploads.FIELD) for row in report.refused)
        return _page(file=Form({}, reasons)), 422
    flash(told.campaigns(report)[-1], "ok")
    return redirect(url_for("sms.index"), 303)


@bp.post("/sms/campaigns/new")
@allow(*WRITERS)
def add() -> ResponseReturnValue:
    """Add one campaign."""
    typed = request.form.to_dict()
    try:
        with transaction() as session:
            name = campaigns.add_campaign(session, _cells(typed), by=current_user.id)
    except Refusal as refusal:
        return _page(one=Form(typed, refusal.reasons)), refusal.status
    flash(_("Đã thêm đợt vận động %(name)s.", name=name), "ok")
    return redirect(url_for("sms.index"), 303)


@bp.post("/sms/campaigns/fees")
@allow(*WRITERS)
def agree() -> ResponseReturnValue:
    """Keep a new fee of an operator."""
    typed = request.form.to_dict()
    try:
        read = FeeForm().load(typed)
        number = read["fee_campaign"]
        fee = fees.Fee(
            int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0,  # noqa: PLR2004
            read["fee_operator"],
            read["fee_starts"],
            read_rate(read["fee_rate"], "fee_rate"),
        )
        with transaction() as session:
            fees.agree(session, fee, by=current_user.id)
    except ValidationError as error:
        return _page(fee=Form(typed, reasons_of(error))), 422
    except Refusal as refusal:
        return _page(fee=Form(typed, refusal.reasons)), refusal.status
    facts = {"operator": told.operator(fee.operator), "rate": fees.percent(fee.rate)}
    flash(_("Đã ghi phí mới của %(operator)s: %(rate)s.", **facts), "ok")
    return redirect(url_for(".form") + "#fees", 303)


def _cells(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed as a file would have it: amounts without dots."""
    cells = {name: typed.get(name, "").strip() for name in (*COLUMNS, *LIMITS, *FEES)}
    with suppress(Refusal):  # The sheet says what is wrong with it.
        cells["unit_value"] = str(parse_dong(cells["unit_value"]))
    return cells


def _page(one: Form = NOTHING, file: Form = NOTHING, fee: Form = NOTHING) -> str:
    session = read_session()
    return render_template(
        "sms/campaigns.html",
        one=one,
        file=file,
        fee=fee,
        campaigns=campaigns.list_campaigns(session),
        fees=fees.all_fees(session),
        funds=[(fund.code, in_language(fund.name, fund.name_en)) for fund in funds(session)],
        units=[(unit.code, short_unit(unit.name)) for unit in units.all_units(session)],
        operators=[(code, told.operator(code)) for code in OPERATOR_NAMES],
        operator=told.operator,
        percent=fees.percent,
    )
