"""The screen where treasurers decide lines of the bank, one after the other or many at once."""

import secrets
from collections.abc import Iterable
from contextlib import closing
from typing import Any, Final

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import uploads
from fundsvc.books import keys
from fundsvc.books.origins import tell_holder
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.reconciliation import figures, lists
from fundsvc.reconciliation.models import BankAccount
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, reasons_of
from fundsvc.units.models import Unit
from fundsvc.vouchers import files
from fundsvc.workbench import forms, log, naming, notes, screen
from fundsvc.workbench.choices import Choice, Proposal
from fundsvc.workbench.decisions import decide
from fundsvc.workbench.looking import View
from fundsvc.workbench.strip import strip_of
from fundsvc.workbench.taken import KEEPERS

bp = Blueprint("workbench", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS: Final = ("treasurer", "unit-treasurer")
QUIET: Final = "X-Workbench"
"""With this header a form is answered in JSON, for the script that keeps the screen."""
LATELY: Final = 5

bp.record_once(lambda state: tell_holder(state.app, notes.has_file))


def waiting(session: Session) -> Iterable[Attention]:
    """Tell of money that came in and of which nobody said yet what it is."""
    count, amount = figures.money_in(session)
    yield Attention(count, _("dòng sao kê chờ xác định"), "/workbench", amount)


bp.record_once(lambda state: attend(state.app, waiting))


@bp.get("/workbench")
@allow(*READERS)
def index() -> str:
    """List the accounts with what waits on each."""
    session = read_session()
    found = [
        (facts, strip_of(session, screen.account_of(session, facts.code)))
        for facts in lists.accounts(session)
    ]
    # What waits comes first; else the accounts stay in their order.
    found.sort(key=lambda one: one[1].count == 0)
    return render_template("workbench/index.html", accounts=found)


@bp.get("/workbench/<code>")
@allow(*READERS)
def show(code: str) -> ResponseReturnValue:
    """Show the account's four figures, the lines that wait, and one of them in full."""
    return _page(code)


@bp.get("/workbench/<code>/lines/<int:line_id>")
@allow(*READERS)
def line(code: str, line_id: int) -> ResponseReturnValue:
    """Give one line in full for the script, or the page with it."""
    view = _view(request.args)
    if QUIET not in request.headers:
        return redirect(f"/workbench/{code}?{view.query(line=line_id)}", 303)
    return _panel(read_session(), code, line_id, view, Form({}))


@bp.post("/workbench/<code>/lines/<int:line_id>")
@allow(*WRITERS)
def act(code: str, line_id: int) -> ResponseReturnValue:
    """Decide a line as a proposal or a form says."""
    typed = request.form.to_dict()
    try:
        key = forms.KeySchema().load(typed)["key"]
        with transaction() as session:
            screen.whole(session, screen.account_of(session, code), line_id)
            choice, proposal = _chosen(session, line_id, typed)
            done = decide(session, line_id, choice, by=current_user.id, key=key, proposal=proposal)
    except ValidationError as error:
        return _refused(code, line_id, typed, reasons_of(error), 422)
    except IntegrityError:
        reason = Reason(_("Dòng sao kê này vừa được người khác quyết định."))
        return _refused(code, line_id, typed, (reason,), Conflict.status)
    except Refusal as error:
        return _refused(code, line_id, typed, error.reasons, error.status)
    told = naming.told(done)
    if QUIET in request.headers:
        return _told(code, told, done.lines, done.id)
    flash(told, "ok")
    return _onward(code, typed)


@bp.post("/workbench/<code>/lines/<int:line_id>/notes")
@allow(*WRITERS)
def note(code: str, line_id: int) -> ResponseReturnValue:
    """Write a comment beside a line, or lay a file there."""
    typed = request.form.to_dict()
    try:
        data = None
        if uploads.FIELD in request.files and request.files[uploads.FIELD].filename:
            with closing(uploads.given()) as given:
                data = uploads.shown_name(given), given.mimetype, given.read(files.LARGEST + 1)
        with transaction() as session:
            screen.whole(session, screen.account_of(session, code), line_id)
            notes.add(session, line_id, typed.get("words", ""), data, by=current_user.id)
    except Refusal as error:
        return _refused(code, line_id, typed | {"what": "note"}, error.reasons, error.status)
    flash(_("Đã ghi vào dòng sao kê."), "ok")
    view = _view(request.form)
    return redirect(f"/workbench/{code}?{view.query(line=line_id)}", 303)


def _chosen(
    session: Session, line_id: int, typed: dict[str, str]
) -> tuple[Choice, Proposal | None]:
    """Return what was chosen: a proposal by its name, or what a form says.

    Raises:
        Refusal: nothing was chosen.
        Conflict: the proposal is none any more.
    """
    what = typed.get("what", "")
    if what != "accept":
        return forms.read(what, typed), None
    wanted = typed.get("offer", "")
    if not wanted:
        raise Refusal(_("Chưa chọn đề nghị nào: bấm 1 đến 5, hoặc ghi khoản mới."))
    for offer in screen.offers(session, line_id):
        if offer.name == wanted:
            return offer.proposal.choice, offer.proposal
    raise Conflict(_("Đề nghị này vừa thay đổi; xin xem lại dòng sao kê."))


def _view(values: Any) -> View:
    return View.of(values.to_dict(), values.getlist("pick"))


def _onward(code: str, typed: dict[str, str]) -> Response:
    """Go on to the next line of the list as it was looked at."""
    view = _view(request.form)
    following = typed.get("next", "")
    more = {"line": following} if following.isdigit() else {}
    made: Any = redirect(f"/workbench/{code}?{view.query(**more)}", 303)
    return made  # type: ignore[no-any-return]  # werkzeug's own response


def _told(code: str, told: str, lines: tuple[int, ...], decision: int) -> Response:
    session = read_session()
    account = screen.account_of(session, code)
    strip = strip_of(session, account)
    number, amount = screen.count(session, account, _view(request.form), strip)
    return jsonify(
        told=told,
        lines=lines,
        undo=f"/workbench/decisions/{decision}/undo",
        strip=render_template("workbench/_strip.html", strip=strip, code=account.code),
        sum=naming.sum_of(number, amount),
    )


def _refused(
    code: str, line_id: int, typed: dict[str, str], reasons: tuple[Reason, ...], status: int
) -> ResponseReturnValue:
    """Show what is wrong beside what was typed, or tell the script."""
    if QUIET in request.headers:
        texts = [str(reason.text) for reason in reasons]
        return jsonify(reasons=texts), status
    if status == NotFound.status and not _has(code, line_id):
        raise NotFound(*reasons)
    return _page(code, line_id, Form(typed, reasons), status)


def _has(code: str, line_id: int) -> bool:
    session = read_session()
    try:
        screen.whole(session, screen.account_of(session, code), line_id)
    except NotFound:
        return False
    return True


def _page(
    code: str, line_id: int | None = None, form: Form | None = None, status: int = 200
) -> ResponseReturnValue:
    session = read_session()
    account = screen.account_of(session, code)
    view = _view(request.form if request.method == "POST" else request.args)
    shown, more = screen.rows(session, account, view)
    wanted = request.args.get("line", "")
    chosen = line_id or (int(wanted) if wanted.isascii() and wanted.isdigit() else None)
    if chosen is None or chosen > 2**63 - 1:
        chosen = shown[0].id if shown else None
    if chosen is not None and view.after is None and not any(row.id == chosen for row in shown):
        # A line asked for from elsewhere, as after undoing: the list begins with it if it waits.
        begun = screen.beginning_at(session, account, view, chosen)
        near, further = screen.rows(session, account, begun)
        if any(row.id == chosen for row in near):
            view, shown, more = begun, near, further
    panel = ""
    if chosen is not None:
        following = [row.id for row in shown if row.id != chosen]
        panel = _panel(session, account.code, chosen, view, form or Form({}), following)
    strip = strip_of(session, account)
    number, amount = screen.count(session, account, view, strip)
    page = render_template(
        "workbench/screen.html",
        account=account,
        code=account.code,
        strip=strip,
        view=view,
        rows=shown,
        more=more,
        sum=naming.sum_of(number, amount),
        chosen=chosen,
        panel=panel,
        lately=log.lately(session, current_user.id, LATELY),
        writes=_writes(),
    )
    return page, status


def _writes() -> bool:
    """Say whether the person signed in may decide, and not only look."""
    return bool(current_user.role_names & set(WRITERS))


def _panel(
    session: Session,
    code: str,
    line_id: int,
    view: View,
    form: Form,
    following: list[int] | None = None,
) -> str:
    account = screen.account_of(session, code)
    found = screen.whole(session, account, line_id)
    return render_template(
        "workbench/_panel.html",
        code=code,
        account=account,
        line=found,
        form=form,
        view=view,
        key=secrets.token_urlsafe(15),
        next=following[0] if following else "",
        unit=session.get_one(Unit, account.unit_id).code,
        writes=_writes(),
        taken=naming.TAKEN,
        undoes=found.taken is not None
        and bool(current_user.role_names & set(KEEPERS[found.taken.what])),
        **_choices(session, account, money_in=found.row.amount > 0),
    )


def _choices(session: Session, account: BankAccount, *, money_in: bool) -> dict[str, Any]:
    known = keys.read(session)
    fund = next(code for code, number in known.funds.items() if number == account.fund_id)
    return naming.choices(session, fund, account.unit_id, money_in=money_in)
