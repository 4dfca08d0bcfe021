"""The page of money that names a promise and waits: why, and what to do with it."""

from collections.abc import Iterable
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, NotFound
from fundsvc.fields import parse_number
from fundsvc.reconciliation import gifts, waiting
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, attend

bp = Blueprint("bank_gifts", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
DECIDERS: Final = ("treasurer", "unit-treasurer")


def waiting_gifts(session: Session) -> Iterable[Attention]:
    """Tell the home page how many lines name a promise and could not become it."""
    count, amount = waiting.count(session)
    text = _("khoản chuyển có mã ủng hộ chưa ghi được")
    return [Attention(count, text, url_for("bank_gifts.index"), amount)]


bp.record_once(lambda state: attend(state.app, waiting_gifts))


@bp.get("/bank-accounts/gifts")
@allow(*READERS)
def index() -> str:
    """Show what waits, with its reason."""
    shown, more = waiting.listed(read_session(), request.args.get("before", type=parse_number))
    return render_template(
        "reconciliation/gifts.html",
        lines=shown,
        before=more,
        may_decide=any(current_user.has_role(role) for role in DECIDERS),
    )


@bp.post("/bank-accounts/gifts/<int:line_id>")
@allow(*DECIDERS)
def decide(line_id: int) -> ResponseReturnValue:
    """Try a line once more, for the code that was chosen, or leave it as unidentified money."""
    leave, code = request.form.get("act") == "leave", request.form.get("code", "")
    try:
        with transaction() as session:
            if leave:
                _leave(session, line_id)
                told = _("Đã để khoản này ở tiền chưa xác định."), "ok"
            elif _again(session, line_id, code):
                told = _("Đã ghi khoản ủng hộ và xuất biên nhận."), "ok"
            else:
                told = _("Vẫn chưa ghi được; lý do ở dòng bên dưới."), "error"
    except Conflict as conflict:
        told = str(conflict), "error"
    flash(*told)
    return redirect(url_for("bank_gifts.index"), 303)


def _leave(session: Session, line_id: int) -> None:
    waiting.leave(session, line_id, by=current_user.id)
    audit.record(session, "bank-gift.leave", f"bank-line:{line_id}", {}, by=current_user.id)


def _again(session: Session, line_id: int, code: str) -> bool:
    """Try a line for one of the codes it names, or for all; a code of another line is unknown."""
    known = waiting.locked(session, line_id).codes.split()
    if code and code not in known:
        raise NotFound
    wanted, by = [code] if code else known, current_user.id
    audit.record(session, "bank-gift.retry", f"bank-line:{line_id}", {"codes": wanted}, by=by)
    # Reasons are kept with the line, in the language of the books.
    with force_locale("vi"):
        return gifts.again(session, line_id, wanted, by=by)
