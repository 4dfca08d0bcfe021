"""Pages of what was decided: undoing it, the log of a day, and deciding many lines at once."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.errors import Forbidden, NotFound, Reason, Refusal
from fundsvc.fields import parse_key
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.text import parse_day
from fundsvc.workbench import choices, log, naming, screen, taken
from fundsvc.workbench.decisions import decide, undo, would_undo
from fundsvc.workbench.looking import View
from fundsvc.workbench.views import QUIET, READERS, WRITERS

bp = Blueprint("workbench_acts", __name__)

CHUNK: Final = 20
"""So many lines the script sends at a time, so that it can tell how far it is."""
ACTS: Final = ("accept", "held", "given")


@dataclass(frozen=True, slots=True)
class Planned:
    """A line that was picked, and what its first proposal is, if one is likely."""

    row: screen.Row
    offer: screen.Offer | None


@bp.get("/workbench/log")
@allow(*READERS)
def day() -> str:
    """Show what I decided on a day, or all people and the machine; today if none is asked for."""
    try:
        asked = parse_day(request.args.get("day", ""), "day")
    except Refusal:
        asked = clock.today()
    everything = request.args.get("of") == "all"
    session = read_session()
    if everything:
        acts, more = log.of_all(session, asked)
    else:
        acts, more = log.of_day(session, current_user.id, asked), False
    kinds = naming.KINDS | naming.TAKEN
    return render_template(
        "workbench/log.html",
        acts=acts,
        day=asked,
        kinds=kinds,
        everything=everything,
        more=more,
        undoes={what: _may_undo(what) for what in taken.KEEPERS},
    )


@bp.get("/workbench/decisions/<int:decision_id>/undo")
@allow(*WRITERS)
def ask(decision_id: int) -> str:
    """Say what undoing would do, and ask once."""
    return _undo_page(decision_id, Form({"why": _("Quyết định nhầm")}))


@bp.post("/workbench/decisions/<int:decision_id>/undo")
@allow(*WRITERS)
def take_back(decision_id: int) -> ResponseReturnValue:
    """Undo a decision, and go back to its line."""
    typed = request.form.to_dict()
    found = log.one(read_session(), decision_id)
    if found is None:
        raise NotFound
    try:
        with transaction() as session:
            undo(session, decision_id, by=current_user.id, why=typed.get("why", ""))
    except Refusal as error:
        return _undo_page(decision_id, Form(typed, error.reasons)), error.status
    flash(_("Đã hoàn tác; dòng sao kê lại chờ quyết định."), "ok")
    return redirect(f"/workbench/{found.code}?line={found.line_id}", 303)


@bp.get("/workbench/<code>/lines/<int:line_id>/undo")
@allow(*WRITERS)
def ask_line(code: str, line_id: int) -> ResponseReturnValue:
    """Say what undoing would do that another page or the machine made of a line, and ask once."""
    act = _taken(code, line_id)
    if act is None:
        flash(_("Dòng sao kê này không còn gắn với việc đó; có thể vừa được hoàn tác."), "warning")
        return redirect(f"/workbench/{code}?line={line_id}", 303)
    if not _may_undo(act.kind):
        raise Forbidden(_("Chỉ kế toán hoàn tác việc này được."))
    return _line_page(code, line_id, Form({"why": _("Ghi nhầm")}))


@bp.post("/workbench/<code>/lines/<int:line_id>/undo")
@allow(*WRITERS)
def take_back_line(code: str, line_id: int) -> ResponseReturnValue:
    """Undo what another page or the machine made of a line, and go back to it."""
    typed = request.form.to_dict()
    _taken(code, line_id)
    try:
        with transaction() as session:
            taken.undo(session, line_id, by=current_user.id, why=typed.get("why", ""))
    except Refusal as error:
        if _taken(code, line_id) is None:
            flash(str(error), "warning")
            return redirect(f"/workbench/{code}?line={line_id}", 303)
        return _line_page(code, line_id, Form(typed, error.reasons)), error.status
    flash(_("Đã hoàn tác; dòng sao kê lại chờ quyết định."), "ok")
    return redirect(f"/workbench/{code}?line={line_id}", 303)


@bp.get("/workbench/<code>/many")
@allow(*WRITERS)
def many(code: str) -> ResponseReturnValue:
    """Show what would become of the lines that were picked, before anything is booked."""
    return _many_page(code, Form({"what": request.args.get("what", "accept")}))


@bp.post("/workbench/<code>/many")
@allow(*WRITERS)
def decide_many(code: str) -> ResponseReturnValue:
    """Decide the lines that were picked, each for itself: one that is refused stops no other."""
    typed = request.form.to_dict()
    view = View.of(typed, request.form.getlist("pick"))
    try:
        key = _key_of(typed)
    except Refusal as error:
        if QUIET in request.headers:
            return jsonify(reasons=[str(reason.text) for reason in error.reasons]), 422
        return _many_page(code, Form(typed, error.reasons)), 422
    done, wrong = _decide_all(code, view.picked, typed, key)
    if QUIET in request.headers:
        return jsonify(done=done, wrong=[[line_id, why] for line_id, why in wrong])
    flash(_("Đã quyết định %(count)s dòng.", count=done), "ok")
    for _line_id, why in wrong[:5]:
        flash(why, "warning")
    rest = View(view.sort, view.way, view.state, view.words, None, tuple(one for one, _w in wrong))
    return redirect(f"/workbench/{code}?{rest.query()}", 303)


def _key_of(typed: dict[str, str]) -> str:
    """Return the key of a form for many lines, once what it says can be.

    Raises:
        Refusal: it says nothing, or why lines wait is missing.
    """
    if typed.get("what") not in ACTS:
        why = _("Chưa chọn cách ghi: chọn một trong các cách ở trên.")
        raise Refusal(Reason(why, field="what"))
    if typed["what"] == "held" and not typed.get("note", "").strip():
        raise Refusal(Reason(_("Xin ghi lý do tạm giữ lại."), field="note"))
    return parse_key(typed.get("key", ""))


def _decide_all(
    code: str, picked: tuple[int, ...], typed: dict[str, str], key: str
) -> tuple[int, list[tuple[int, str]]]:
    """Decide lines, each in a transaction of its own; return how many, and what was refused."""
    done = 0
    wrong: list[tuple[int, str]] = []
    for line_id in picked:
        try:
            with transaction() as session:
                account = screen.account_of(session, code)
                found = screen.whole(session, account, line_id)
                offer = None
                choice: choices.Choice
                if typed["what"] == "held":
                    choice = choices.Held(typed["note"])
                elif typed["what"] == "given":
                    choice = choices.Given()
                else:
                    offer = _wanted(found, typed.get(f"offer-{line_id}", ""))
                    choice = offer.proposal.choice
                decide(
                    session,
                    line_id,
                    choice,
                    by=current_user.id,
                    key=f"{key}:{line_id}",
                    proposal=offer.proposal if offer else None,
                )
        except Refusal as error:
            wrong.append((line_id, str(error)))
        except IntegrityError:
            why = _("Dòng sao kê này vừa được người khác quyết định.")
            wrong.append((line_id, why))
        else:
            done += 1
    return done, wrong


def _wanted(found: screen.Whole, name: str) -> screen.Offer:
    """Return the proposal that the preview showed.

    Raises:
        Refusal: it is not what the line would be now, or there was none.
    """
    for offer in found.offers:
        if offer.name == name and name == found.first:
            return offer
    raise Refusal(_("Dòng này không có đề nghị chắc chắn; xin xem riêng."))


def _many_page(code: str, form: Form) -> str:
    session = read_session()
    account = screen.account_of(session, code)
    values: Any = request.form if request.method == "POST" else request.args
    view = View.of(values.to_dict(), values.getlist("pick"))
    planned: list[Planned] = []
    for line_id in view.picked:
        try:
            found = screen.whole(session, account, line_id)
        except NotFound:
            continue
        if found.waits:
            first = next((one for one in found.offers if one.name == found.first), None)
            planned.append(Planned(found.row, first))
    return render_template(
        "workbench/many.html",
        code=account.code,
        form=form,
        view=view,
        planned=planned,
        ready=[one for one in planned if one.offer],
        amount=sum(abs(one.row.amount) for one in planned),
        key=secrets.token_urlsafe(15),
        chunk=CHUNK,
        all_in=all(one.row.amount > 0 for one in planned)
        and not all(one.row.closed for one in planned),
    )


def _taken(code: str, line_id: int) -> log.Act | None:
    """Return what has taken a line of an account without a decision, if anything has.

    Raises:
        NotFound: there is no such line on this account, or not for this person.
    """
    session = read_session()
    account = screen.account_of(session, code)
    screen.whole(session, account, line_id)
    return log.of_line(session, account.code, line_id)


def _may_undo(what: str) -> bool:
    """Say whether the person signed in may undo such things, as on their own pages."""
    return bool(current_user.role_names & set(taken.KEEPERS[what]))


def _line_page(code: str, line_id: int, form: Form) -> str:
    act = _taken(code, line_id)
    told = taken.would_undo(read_session(), line_id)
    kinds = naming.TAKEN
    return render_template("workbench/undo.html", act=act, told=told, form=form, kinds=kinds)


def _undo_page(decision_id: int, form: Form) -> str:
    session = read_session()
    found = log.one(session, decision_id)
    if found is None:
        raise NotFound
    return render_template(
        "workbench/undo.html",
        act=found,
        told=would_undo(session, decision_id),
        form=form,
        kinds=naming.KINDS,
    )
