"""Pages of the bank: choose an import, upload a statement, look at it, book it; accounts, lines."""

from contextlib import closing
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import uploads
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_holder, tell_origin
from fundsvc.db import read_session, transaction
from fundsvc.errors import Reason, Refusal, Unrecognised
from fundsvc.evidence import service as evidence
from fundsvc.jobs import service as jobs
from fundsvc.reconciliation import large, lists, mapping, profiles, service
from fundsvc.reconciliation.facts import BankImportReport
from fundsvc.reconciliation.foreign import look
from fundsvc.reconciliation.formats import check, count_lines, is_table
from fundsvc.reconciliation.large import facts
from fundsvc.reconciliation.large_views import (
    IMPORTERS,
    PURPOSE,
    answer_given,
    have_read,
    preview_page,
)
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.reconciliation.models import BankAccount, BankFile, BankLine, BankNotice
from fundsvc.reconciliation.reader import MAX_BYTES
from fundsvc.reconciliation.schemas import BY_HAND, UploadSchema
from fundsvc.reconciliation.source import Source
from fundsvc.reconciliation.statement import Statement
from fundsvc.staff.access import allow
from fundsvc.templating import Form, reasons_of
from fundsvc.uploads import Upload

bp = Blueprint("reconciliation", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
FORM = ("account", "format")


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a bank line which it is, and in which file the bank told it."""
    found = session.execute(
        select(BankLine, BankAccount.code)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankLine.entry_id == entry.id)
    ).first()
    if found is None:
        return None
    line, code = found
    # The list goes on behind a mark; this one lets it begin with the line.
    mark = f"{line.booked_on.isoformat()}.{line.id + 1}"
    told = BankNotice.bank_line_id == line.id, BankNotice.made_line
    gateway = session.scalar(select(BankNotice.gateway).where(*told))
    label = (
        _("Tin báo của cổng %(gateway)s, tài khoản %(code)s", gateway=gateway, code=code)
        if gateway
        else _("Dòng %(row)d của sao kê, tài khoản %(code)s", row=line.row, code=code)
    )
    page = url_for("reconciliation.account", code=code, before=mark)
    return Origin(label, page, files=(line.file_sha256,))


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file is what a bank told of an account in scope."""
    statement = select(BankFile.id).where(BankFile.sha256 == sha256).limit(1)
    told = (
        select(BankNotice.id)
        .join(BankLine, BankLine.id == BankNotice.bank_line_id)
        .where(BankNotice.made_line, BankLine.file_sha256 == sha256)
        .limit(1)
    )
    return session.scalar(statement) is not None or session.scalar(told) is not None


bp.record_once(lambda state: tell_origin(state.app, "bank", origin_of))
bp.record_once(lambda state: tell_holder(state.app, has_file))


@bp.get("/imports")
@allow(*IMPORTERS)
def imports() -> str:
    """Choose what to import."""
    return render_template("reconciliation/imports.html")


@bp.get("/imports/bank")
@allow(*IMPORTERS)
def upload() -> str:
    """Show the form that takes a bank file."""
    return _upload_page(Form({"account": request.args.get("account", "")}))


@bp.post("/imports/bank")
@allow(*IMPORTERS)
def take() -> ResponseReturnValue:
    """Keep a bank file and go on to its preview, if it can be read at all."""
    typed = request.form.to_dict()
    try:
        address = _go_on(_take(UploadSchema().load(typed)))
    except ValidationError as error:
        return _upload_page(Form(typed, reasons_of(error))), 422
    except Refusal as refusal:
        return _upload_page(Form(typed, uploads.beside_file(refusal, *FORM))), refusal.status
    return redirect(address, 303)


@bp.get("/imports/bank/<token>")
@allow(*IMPORTERS)
def preview(token: str) -> ResponseReturnValue:
    """Show what a file says before anything is booked."""
    promised = Upload.read(token, PURPOSE)
    return preview_page(promised, facts(_look(promised)))


@bp.post("/imports/bank/<token>")
@allow(*IMPORTERS)
def commit(token: str) -> ResponseReturnValue:
    """Book a file that was looked at; sending it twice books it once."""
    promised = Upload.read(token, PURPOSE)
    statement = _read(promised, commit=True)
    with transaction() as session:
        report = service.import_bank(session, statement, by=current_user.id, as_new=answer_given())
    if not report.committed:
        return preview_page(promised, facts(report)), 422
    flash(service.told(report)[-1], "ok")
    return redirect(url_for("reconciliation.account", code=_account(promised)), 303)


@bp.get("/bank-accounts")
@allow(*READERS)
def accounts() -> str:
    """List the bank accounts with their balances in the books."""
    found = lists.accounts(read_session(), counted=True)
    return render_template("reconciliation/accounts.html", accounts=found)


@bp.get("/bank-accounts/<code>")
@allow(*READERS)
def account(code: str) -> str:
    """Show an account and its lines, newest first."""
    found = lists.account(read_session(), code)
    page = lists.lines(read_session(), found, request.args.get("before"))
    kept = profiles.listed(read_session(), found)
    return render_template(
        "reconciliation/account.html",
        account=found,
        page=page,
        profiles=kept,
        labels=mapping.LABELS,
    )


def _take(wanted: dict[str, Any]) -> Upload:
    """Keep the bytes that came with the form.

    Raises:
        Refusal: no file came, or a larger one than any statement is.
    """
    with closing(uploads.given()) as given:
        data = given.stream.read(MAX_BYTES + 1)
    if not data.strip():
        raise Refusal(_("Tệp trống."))
    found = lists.account(read_session(), wanted["account"])
    chosen = {"account": found.code, "layout": wanted["format"] or None}
    return Upload(evidence.keep(data), uploads.shown_name(given), chosen)


def _go_on(promised: Upload) -> str:
    """Return where a file goes on: to its preview, or first to say which column is what.

    Raises:
        Refusal: it cannot be read, and is no table of which somebody could say that.
    """
    account, layout = _account(promised), promised.chosen["layout"]
    if layout != BY_HAND:
        try:
            layout = _layout(promised)
        except Unrecognised:
            if not _may_be_mapped(promised):
                raise
        else:
            # A profile that is taken away meanwhile, or put in its place, reads nothing else.
            if layout not in BY_NAME:
                chosen = {"account": account, "layout": layout}
                promised = replace(promised, chosen=chosen)
            return address_after(promised)
    elif not _may_be_mapped(promised):
        why = _("Không thấy bảng nào có dòng tiêu đề trong tệp này.")
        raise Refusal(Reason(why, field=uploads.FIELD))
    promised = replace(promised, chosen={"account": account, "layout": None})
    return url_for("bank_profiles.columns", token=promised.sign(PURPOSE))


def _may_be_mapped(promised: Upload) -> bool:
    with evidence.opened(promised.sha256) as file:
        source = Source(file)
        check(source)
        return is_table(source.head) and look(source) is not None


def _read(promised: Upload, *, commit: bool) -> Statement:
    return service.read(
        read_session(),
        evidence.read(promised.sha256),
        name=promised.name,
        account_code=_account(promised),
        layout=promised.chosen["layout"],
        commit=commit,
    )


def address_after(promised: Upload) -> str:
    """Return where a file goes on that can be read: at once, or as a job if it is large."""
    with evidence.opened(promised.sha256) as file:
        lines = count_lines(Source(file))
    if lines > large.LARGE:
        return have_read(promised, lines)
    return url_for("reconciliation.preview", token=promised.sign(PURPOSE))


def _layout(promised: Upload) -> str:
    """Return in which layout a file is, having read all of it that a request has time for.

    Raises:
        Refusal: it is no statement of this account.
    """
    with evidence.opened(promised.sha256) as file:
        source = Source(file)
        if count_lines(source) > large.LARGE:
            layout = promised.chosen["layout"]
            return service.begin(read_session(), source, _account(promised), layout)[1].layout.name
    return _look(promised).layout


def _account(promised: Upload) -> str:
    return promised.chosen["account"] or ""


def _look(promised: Upload) -> BankImportReport:
    statement = _read(promised, commit=False)
    return service.import_bank(read_session(), statement, by=current_user.id)


def _upload_page(form: Form) -> str:
    choices = [
        (found.code, f"{found.code} · {found.bank} {found.number} · {found.unit_name}")
        for found in lists.accounts(read_session())
    ]
    return render_template(
        "reconciliation/upload.html",
        form=form,
        accounts=choices,
        formats=[
            *((layout.name, layout.shown) for layout in BY_NAME.values()),
            (BY_HAND, _("Mẫu khác: tự chọn cột")),
        ],
        jobs=jobs.recent(read_session(), large.KIND, by=current_user.id),
    )
