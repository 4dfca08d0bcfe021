"""The form of a voucher, new or changed: nothing that was typed is lost when it is refused."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import flask
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from sqlalchemy import select

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.fields import parse_key
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.vouchers import (
    attaching,
    checks,
    choices,
    document,
    lacking,
    schemas,
    service,
    storing,
)
from fundsvc.vouchers.drafting import MOST_LINES
from fundsvc.vouchers.kinds import DRAFT, JOURNAL, KINDS
from fundsvc.vouchers.models import Voucher

bp = Blueprint("voucher_forms", __name__)

WRITERS = ("treasurer", "unit-treasurer")
_LAST_UNIT: Final = "voucher-unit"
Promised = Sequence[tuple[str, str]]
"""Signatures and names of files that are kept for a form."""
TITLES: Final = {
    "cash-in": lazy_gettext("Lập phiếu thu"),
    "cash-out": lazy_gettext("Lập phiếu chi"),
    "bank-in": lazy_gettext("Lập giấy báo có"),
    "bank-out": lazy_gettext("Lập giấy báo nợ"),
    "journal": lazy_gettext("Lập chứng từ ghi sổ"),
    "transfer": lazy_gettext("Lập giấy chuyển quỹ"),
}
TOLD: Final = {
    "cash-in": lazy_gettext("Tiền mặt thu vào quỹ (mẫu C40-BB)."),
    "cash-out": lazy_gettext("Tiền mặt chi ra (mẫu C41-BB)."),
    "bank-in": lazy_gettext("Tiền vào tài khoản ngân hàng."),
    "bank-out": lazy_gettext("Tiền ra khỏi tài khoản ngân hàng."),
    "journal": lazy_gettext("Bút toán khác: tự ghi các dòng Nợ và Có."),
    "transfer": lazy_gettext("Chuyển tiền giữa các quỹ, hoặc giữa các đơn vị, theo nghị quyết."),
}


@bp.get("/vouchers/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the empty form of a kind, or the kinds to choose from."""
    kind = request.args.get("kind", "")
    if kind not in KINDS:
        kinds = [(code, TITLES[code], TOLD[code]) for code in KINDS]
        return render_template("vouchers/choose.html", kinds=kinds)
    # Who keeps the books of one of a hundred units does not look for it each time.
    values = {"date": clock.today().isoformat(), "unit": flask.session.get(_LAST_UNIT, "")}
    return _new_page(kind, Form(values))


@bp.post("/vouchers/new")
@allow(*WRITERS)
def create() -> ResponseReturnValue:
    """Keep a new voucher, as a draft or on its way to approval, or show the form again."""
    values = request.form.to_dict()
    kind = values.get("kind") or request.args.get("kind", "")
    if kind not in KINDS:
        raise NotFound
    if values.get("act") == "add":
        return _new_page(kind, Form(values), more=1, attached=attaching.take().promised())
    typed, taken = schemas.read(values, kind), attaching.take()
    voucher_id = None
    try:
        _hold(taken)
        key = service.chosen_key(parse_key(values.get("key", "")))
        draft = typed.whole()
        with transaction() as session:
            voucher_id = service.create(session, draft, key=key, by=current_user.id)
            attaching.attach(session, voucher_id, taken.uploads, by=current_user.id)
            if values.get("act") == "submit":
                service.submit(session, voucher_id, 1, by=current_user.id)
    except Refusal as error:
        if voucher_id is not None and isinstance(error, Conflict):
            # The same form was sent before and went its way; only what is new can be rolled back.
            flash(" ".join(str(reason.text) for reason in error.reasons), "warning")
            return redirect(_page_of(voucher_id), 303)
        form = Form(values, _all_reasons(error, typed, values))
        kept = isinstance(error, Conflict)
        return _new_page(kind, form, kept=kept, attached=taken.promised()), error.status
    return _saved(voucher_id, values)


@bp.get("/vouchers/<int:voucher_id>/edit")
@allow(*WRITERS)
def change(voucher_id: int) -> ResponseReturnValue:
    """Show the form of a draft, filled with what it says."""
    session = read_session()
    row = _voucher(voucher_id)
    if row.state != DRAFT:
        flash(_("Chỉ sửa được chứng từ còn là nháp."), "error")
        return redirect(_page_of(voucher_id), 303)
    return _edit_page(row, Form(schemas.typed(storing.stored(session, row))), row.version)


@bp.post("/vouchers/<int:voucher_id>/edit")
@allow(*WRITERS)
def save(voucher_id: int) -> ResponseReturnValue:
    """Write a draft anew; what was typed stays, even if somebody else changed it meanwhile."""
    values = request.form.to_dict()
    row = _voucher(voucher_id)
    kind, version = row.kind, schemas.version(values)
    if values.get("act") == "add":
        attached = attaching.take().promised()
        return _edit_page(row, Form(values), version, more=1, attached=attached)
    typed, taken = schemas.read(values, kind), attaching.take()
    try:
        _hold(taken)
        draft = typed.whole()
        with transaction() as session:
            service.edit(session, voucher_id, version, draft, by=current_user.id)
            attaching.attach(session, voucher_id, taken.uploads, by=current_user.id)
            if values.get("act") == "submit":
                service.submit(session, voucher_id, version + 1, by=current_user.id)
    except Refusal as error:
        row = _voucher(voucher_id)
        form = Form(values, _all_reasons(error, typed, values))
        stale = isinstance(error, Conflict)
        if stale:
            version = row.version
        page = _edit_page(row, form, version, stale=stale, attached=taken.promised())
        return page, error.status
    return _saved(voucher_id, values)


def _hold(taken: attaching.Taken) -> None:
    """Hold that every file that came with a form can be attached.

    Raises:
        Refusal: one is none of the kinds taken, or too large.
    """
    if taken.reasons:
        raise Refusal(*taken.reasons)


def _all_reasons(
    error: Refusal, typed: schemas.Typed, values: Mapping[str, str]
) -> tuple[Reason, ...]:
    """Return why a form was refused, and what would be refused next, each beside its field.

    Reading, keeping and submitting each find faults of their own; a person fills in a form once.
    """
    reasons = error.reasons
    if not isinstance(error, Conflict | Forbidden):
        reasons = lacking.beside(reasons, typed.reasons)
        reasons = lacking.beside(reasons, lacking.to_keep(typed.draft))
        if values.get("act") == "submit":
            reasons = lacking.beside(reasons, checks.rest(read_session(), typed.draft))
    return schemas.on_form(reasons, typed)


def _saved(voucher_id: int, values: Mapping[str, str]) -> ResponseReturnValue:
    flask.session[_LAST_UNIT] = values.get("unit", "")
    if values.get("act") == "submit":
        flash(_("Đã lưu và trình duyệt; chờ người khác duyệt."), "ok")
    else:
        flash(_("Đã lưu nháp; chưa trình duyệt."), "ok")
    return redirect(_page_of(voucher_id), 303)


def _voucher(voucher_id: int) -> Voucher:
    session = read_session()
    session.rollback()  # What the last transaction wrote, not what was read before it.
    row = session.scalar(select(Voucher).where(Voucher.id == voucher_id))
    if row is None:
        raise NotFound
    return row


def _new_page(
    kind: str, form: Form, *, more: int = 0, kept: bool = False, attached: Promised = ()
) -> str:
    wrong = {reason.field for reason in form.reasons}
    key = form.value("key")
    newer = None
    if kept and "key" in wrong:
        query = select(Voucher.id).where(Voucher.key == service.chosen_key(key))
        known = read_session().scalar(query)
        newer = _page_of(known) if known is not None else None
        key = key if newer else ""  # Used where this person sees nothing, it leads nowhere.
    elif "key" in wrong:
        key = ""  # One that cannot be used must not come back, or the form could never be sent.
    return _page(
        kind,
        form,
        more,
        title=str(TITLES[kind]),
        action=f"/vouchers/new?kind={kind}",
        attached=attached,
        key=key or secrets.token_urlsafe(18),
        version=None,
        newer=newer,
        may_overwrite=False,
        back=None,
        back_label=None,
    )


def _edit_page(
    row: Voucher,
    form: Form,
    version: int,
    *,
    more: int = 0,
    stale: bool = False,
    attached: Promised = (),
) -> str:
    return _page(
        row.kind,
        form,
        more,
        title=_("Sửa nháp %(kind)s", kind=str(KINDS[row.kind].name).lower()),
        action=url_for(".save", voucher_id=row.id),
        attached=attached,
        key=None,
        version=version,
        newer=_page_of(row.id) if stale else None,
        may_overwrite=row.state == DRAFT,
        back=_page_of(row.id),
        back_label=KINDS[row.kind].name,
    )


def _page(kind: str, form: Form, more: int, **facts: Any) -> str:
    found = choices.of_form(read_session(), kind)
    total = choices.total(form.values, kind)
    return render_template(
        "vouchers/form.html",
        kind=kind,
        form=form,
        lines=min(schemas.places(form.values, kind) + more, MOST_LINES),
        sides=choices.sides(form.values, dict(found["funds"]), dict(found["units"]))
        if kind == JOURNAL
        else [],
        total=total,
        total_words=document.words(total) if total else "",
        **found,
        **facts,
    )


def _page_of(voucher_id: int) -> str:
    return f"/vouchers/{voucher_id}"
