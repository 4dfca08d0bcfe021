"""Files that prove what a voucher says: attach them, take one off a draft, download them."""

import io
from contextlib import closing

from flask import Blueprint, flash, redirect, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc import uploads
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.vouchers import files, listing
from fundsvc.vouchers.facts import VoucherFacts

bp = Blueprint("voucher_files", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
ATTACHERS = ("treasurer", "approver", "unit-treasurer")
WRITERS = ("treasurer", "unit-treasurer")


@bp.get("/vouchers/<int:voucher_id>/files")
@allow(*ATTACHERS)
def form(voucher_id: int) -> ResponseReturnValue:
    """Show the form that takes a file."""
    return _page(voucher_id, Form({}))


@bp.post("/vouchers/<int:voucher_id>/files")
@allow(*ATTACHERS)
def attach(voucher_id: int) -> ResponseReturnValue:
    """Keep a file with a voucher, if it is what it says it is."""
    _facts(voucher_id)
    try:
        with closing(uploads.given()) as file:
            name, kind, data = uploads.shown_name(file), file.mimetype, file.read()
        with transaction() as session:
            files.attach(session, voucher_id, data, name, kind, by=current_user.id)
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        wrong = Form({}, uploads.beside_file(error))
        return _page(voucher_id, wrong), error.status
    flash(_("Đã đính kèm %(name)s.", name=name), "ok")
    return redirect(f"/vouchers/{voucher_id}#files", 303)


@bp.post("/vouchers/<int:voucher_id>/files/<sha256>/remove")
@allow(*WRITERS)
def detach(voucher_id: int, sha256: str) -> ResponseReturnValue:
    """Take a file off a voucher that is not approved yet."""
    try:
        with transaction() as session:
            files.detach(session, voucher_id, sha256, by=current_user.id)
    except Conflict as error:
        flash(" ".join(str(reason.text) for reason in error.reasons), "error")
    else:
        flash(_("Đã gỡ tệp."), "ok")
    return redirect(f"/vouchers/{voucher_id}#files", 303)


@bp.get("/vouchers/<int:voucher_id>/files/<sha256>")
@allow(*READERS)
def download(voucher_id: int, sha256: str) -> ResponseReturnValue:
    """Give a file of a voucher to be kept, never to be opened within our pages."""
    found = [file for file in _facts(voucher_id).files if file.sha256 == sha256]
    if not found:
        raise NotFound
    read_session().rollback()
    try:
        data = evidence.read(sha256)
    except evidence.DamagedFileError as error:
        why = _("Tệp này không còn đúng như lúc đính kèm. Báo quản trị chạy: fundsvc verify.")
        raise Conflict(why) from error
    return send_file(
        io.BytesIO(data),
        mimetype=found[0].media_type,
        as_attachment=True,
        download_name=found[0].name,
    )


def _facts(voucher_id: int) -> VoucherFacts:
    session = read_session()
    session.rollback()
    facts = listing.one(session, voucher_id)
    if facts is None:
        raise NotFound
    return facts


def _page(voucher_id: int, wrong: Form) -> str:
    facts = _facts(voucher_id)
    return render_template("vouchers/files.html", row=facts.row, files=facts.files, form=wrong)
