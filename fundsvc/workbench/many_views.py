"""Pages that decide all lines of a filter: a preview first, then slice by slice.

The script sends small slices and tells how far it is; without it each page does a larger one and
asks to go on. What is refused waits as before and stops no other.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from fundsvc.db import read_session, transaction
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import parse_key
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.templating.filters import day, dong
from fundsvc.workbench import choices, many, naming, screen
from fundsvc.workbench.decisions import KINDS, decide
from fundsvc.workbench.looking import View
from fundsvc.workbench.views import QUIET, WRITERS

bp = Blueprint("workbench_many", __name__)

CHUNK: Final = 20
"""So many lines go at a time with the script, so that it can tell how far it is."""
SLICE: Final = 100
"""So many lines go at a time without it."""
ACTS: Final = ("accept", "held", "given")
TOLD: Final = 20
"""So many refused lines are named."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall become of the lines, and how far it is."""

    what: str
    note: str
    key: str
    kinds: frozenset[str]
    until: int
    after: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that could not be decided, and why."""

    line_id: int
    line: str
    why: str


@bp.get("/workbench/<code>/all")
@allow(*WRITERS)
def preview(code: str) -> ResponseReturnValue:
    """Show what all lines of the filter come to, before anything is booked."""
    return _preview(code, Form({}))


@bp.post("/workbench/<code>/all")
@allow(*WRITERS)
def decide_all(code: str) -> ResponseReturnValue:
    """Decide the next slice of the lines, each for itself."""
    typed = request.form.to_dict()
    quiet = QUIET in request.headers
    try:
        wish = _wish(typed)
    except Refusal as error:
        if quiet:
            return jsonify(reasons=[str(reason.text) for reason in error.reasons]), 422
        return _preview(code, Form(typed, error.reasons)), 422
    session = read_session()
    account = screen.account_of(session, code)
    size = CHUNK if quiet else SLICE
    view = _view()
    ids = many.following(session, account, view, until=wish.until, size=size + 1, after=wish.after)
    now, more = ids[:size], len(ids) > size
    session.rollback()
    done, wrong = _decide(code, now, wish)
    after = now[-1] if more else None
    if quiet:
        told = [[one.line_id, one.line, one.why] for one in wrong]
        return jsonify(done=done, wrong=told, next=after, seen=len(now))
    done += _number(typed, "done")
    refused = _number(typed, "refused") + len(wrong)
    if after is not None:
        return _go_on(code, typed, wish, after, (done, refused, wrong))
    flash(_("Đã quyết định %(count)s dòng.", count=done), "ok")
    if refused:
        flash(_("%(count)s dòng không ghi được vẫn chờ.", count=refused), "warning")
    for one in wrong[:5]:
        flash(f"{one.line}: {one.why}", "warning")
    return redirect(f"/workbench/{code}?{view.query()}", 303)


def _wish(typed: dict[str, str]) -> Wish:
    """Return what a form asks for.

    Raises:
        Refusal: it says nothing, why lines wait is missing, or it is none of this page.
    """
    what, note = typed.get("what", ""), typed.get("note", "").strip()
    if what not in ACTS:
        why = _("Chưa chọn cách ghi: chọn một trong các cách ở trên.")
        raise Refusal(Reason(why, field="what"))
    if what == "held" and not note:
        raise Refusal(Reason(_("Xin ghi lý do tạm giữ lại."), field="note"))
    until = _number(typed, "until")
    if not until:
        raise Refusal(_("Xin mở lại trang xem trước."))
    return Wish(
        what=what,
        note=note,
        key=parse_key(typed.get("key", "")),
        kinds=frozenset(typed.get("kinds", "").split()),
        until=until,
        after=_number(typed, "after"),
    )


def _decide(code: str, ids: list[int], wish: Wish) -> tuple[int, list[Wrong]]:
    """Decide lines, each in a transaction of its own; return how many, and what was refused."""
    done = 0
    wrong: list[Wrong] = []
    for line_id in ids:
        line, why = "", ""
        try:
            with transaction() as session:
                account = screen.account_of(session, code)
                found = screen.whole(session, account, line_id)
                line = f"{day(found.row.on)} · {dong(found.row.amount)}"
                choice, proposal = _choice(found, wish)
                decide(
                    session,
                    line_id,
                    choice,
                    by=current_user.id,
                    key=f"{wish.key}:{line_id}",
                    proposal=proposal,
                )
        except Refusal as error:
            why = str(error)
        except IntegrityError:
            why = _("Dòng sao kê này vừa được người khác quyết định.")
        if why:
            wrong.append(Wrong(line_id, line, why))
        else:
            done += 1
    return done, wrong


def _choice(found: screen.Whole, wish: Wish) -> tuple[choices.Choice, choices.Proposal | None]:
    """Return what a line becomes.

    Raises:
        Refusal: it has no likely proposal, or one that the preview did not speak of.
    """
    if wish.what == "held":
        return choices.Held(wish.note), None
    if wish.what == "given":
        return choices.Given(), None
    first = screen.likely(found.row, [offer.proposal for offer in found.offers])
    if first is None or KINDS[type(first.choice)] not in wish.kinds:
        raise Refusal(_("Dòng này không có đề nghị chắc chắn; xin xem riêng."))
    return first.choice, first


def _preview(code: str, form: Form) -> str:
    session = read_session()
    account = screen.account_of(session, code)
    view = _view()
    found = many.chosen(session, account, view)
    return render_template(
        "workbench/all.html",
        code=account.code,
        form=form,
        view=view,
        found=found,
        kinds=naming.KINDS,
        key=secrets.token_urlsafe(15),
        going=None,
        shown=many.SHOWN,
        most=many.LOOKED_AT,
    )


def _go_on(
    code: str, typed: dict[str, str], wish: Wish, after: int, so_far: tuple[int, int, list[Wrong]]
) -> str:
    """Show how far it is, and ask to go on."""
    done, refused, wrong = so_far
    total = max(_number(typed, "total"), done + refused)
    going = {
        "what": wish.what,
        "note": wish.note,
        "kinds": " ".join(sorted(wish.kinds)),
        "until": wish.until,
        "after": after,
        "done": done,
        "refused": refused,
        "total": total,
    }
    return render_template(
        "workbench/all.html",
        code=code,
        form=Form(typed),
        view=_view(),
        key=wish.key,
        going=going,
        wrong=wrong[:TOLD],
    )


def _view() -> View:
    values: Any = request.form if request.method == "POST" else request.args
    return View.of(values.to_dict())


def _number(typed: dict[str, str], name: str) -> int:
    """Return a number that the page itself put into its form, 0 for what is none."""
    raw = typed.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 18 else 0  # noqa: PLR2004 - figures of a key
