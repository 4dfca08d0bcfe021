"""Pages that take an operator's files: settlements with a preview, and its list of messages."""

from contextlib import closing

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc import uploads
from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.evidence import service as evidence
from fundsvc.settlements import details, importing, told
from fundsvc.settlements.importing import SettlementReport
from fundsvc.settlements.sheet import MAX_BYTES, MAX_DETAIL_BYTES
from fundsvc.settlements.views import WRITERS, page_of
from fundsvc.staff.access import allow
from fundsvc.templating import Form, number
from fundsvc.uploads import Upload

bp = Blueprint("settlement_files", __name__)

PURPOSE = "settlement"
REPLACE = "replace"


@bp.get("/imports/settlement")
@allow(*WRITERS)
def upload() -> str:
    """Show the form that takes a file of settlements."""
    return _upload_page(Form({}))


@bp.post("/imports/settlement")
@allow(*WRITERS)
def take() -> ResponseReturnValue:
    """Keep a file of settlements and go on to its preview, if it can be read at all."""
    typed = request.form.to_dict()
    try:
        with closing(uploads.given()) as given:
            data = given.stream.read(MAX_BYTES + 1)
        chosen = {REPLACE: "1" if typed.get(REPLACE) else None}
        promised = Upload(evidence.keep(data), uploads.shown_name(given), chosen)
        _look(promised)
    except Refusal as refusal:
        return _upload_page(Form(typed, uploads.beside_file(refusal))), refusal.status
    return redirect(url_for(".preview", token=promised.sign(PURPOSE)), 303)


@bp.get("/imports/settlement/<token>")
@allow(*WRITERS)
def preview(token: str) -> str:
    """Show what a file says before anything is kept."""
    promised = Upload.read(token, PURPOSE)
    return _preview_page(promised, _look(promised))


@bp.post("/imports/settlement/<token>")
@allow(*WRITERS)
def commit(token: str) -> ResponseReturnValue:
    """Keep a file that was looked at; sending it twice keeps it once."""
    promised = Upload.read(token, PURPOSE)
    data = evidence.read(promised.sha256)
    with transaction() as session:
        report = importing.import_settlements(
            session,
            data,
            name=promised.name,
            commit=True,
            replace=bool(promised.chosen[REPLACE]),
            by=current_user.id,
        )
    if not report.committed:
        return _preview_page(promised, report), 422
    flash(told.outcome(report), "ok")
    return redirect(url_for("settlements.index"), 303)


@bp.post("/imports/settlement/<int:settlement_id>/list")
@allow(*WRITERS)
def take_list(settlement_id: int) -> ResponseReturnValue:
    """Take in the operator's own list of messages for a settlement."""
    try:
        with closing(uploads.given()) as given:
            data = given.stream.read(MAX_DETAIL_BYTES + 1)
        name = uploads.shown_name(given)
        with transaction() as session:
            taken = details.take_list(session, settlement_id, data, name=name, by=current_user.id)
    except Refusal as refusal:
        if refusal.status == 404:  # noqa: PLR2004 - Not Found
            raise
        return page_of(settlement_id, Form({}, uploads.beside_file(refusal))), refusal.status
    said = _(
        "Đã nhận danh sách của nhà mạng: %(paid)s tin thu được tiền, %(failed)s tin không thu"
        " được hoặc đã hoàn.",
        paid=number(taken.messages - taken.failed),
        failed=number(taken.failed),
    )
    if taken.others:
        others = number(taken.others)
        said += " " + _("%(count)s tin của đợt vận động khác được bỏ qua.", count=others)
    flash(said, "ok")
    page = url_for("settlements.show", settlement_id=settlement_id, _anchor="lists")
    return redirect(page, 303)


def _look(promised: Upload) -> SettlementReport:
    return importing.import_settlements(
        read_session(),
        evidence.read(promised.sha256),
        name=promised.name,
        commit=False,
        replace=bool(promised.chosen[REPLACE]),
        by=current_user.id,
    )


def _upload_page(form: Form) -> str:
    return render_template("settlements/upload.html", form=form)


def _preview_page(promised: Upload, report: SettlementReport) -> str:
    return render_template("settlements/preview.html", name=promised.name, report=report, told=told)
