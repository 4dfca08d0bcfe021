"""The page of letters: what waits to be sent, what was sent, what could not be."""

from collections.abc import Iterable
from typing import Any, Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict
from fundsvc.outbox import addresses
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import DEAD, SENT, WAITING, Letter
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, attend

bp = Blueprint("letters", __name__)

READERS: Final = ("treasurer", "approver", "auditor")
"""Who sees all units: letters go out for all of them."""
SENDERS: Final = ("treasurer",)
PAGE: Final = 50
STATES: Final = {
    DEAD: ("bad", lazy_gettext("Không gửi được")),
    WAITING: ("wait", lazy_gettext("Chờ gửi")),
    SENT: ("ok", lazy_gettext("Đã gửi")),
}
_LONGEST_NUMBER: Final = 18


def waiting(session: Session) -> Iterable[Attention]:
    """Tell of letters that somebody must do something about."""
    yield Attention(outbox.dead(session), _("thư không gửi được"), f"/letters?state={DEAD}")
    yield Attention(
        outbox.overdue(session), _("thư chờ gửi đã quá một giờ"), f"/letters?state={WAITING}"
    )


bp.record_once(lambda state: attend(state.app, waiting))


@bp.get("/letters")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List letters, newest first; whom they go to is masked."""
    session = read_session()
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    before = request.args.get("before", "")
    query = select(Letter).order_by(Letter.id.desc()).limit(PAGE + 1)
    if state:
        query = query.where(Letter.state == state)
    if _is_number(before):
        query = query.where(Letter.id < int(before))
    found = list(session.scalars(query))
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template(
        "letters/index.html",
        letters=[_row(letter) for letter in found[:PAGE]],
        state=state,
        states=STATES,
        counts=outbox.counts(session),
        server=current_app.config["FUNDSVC"].mail is not None,
        may_send=any(map(current_user.has_role, SENDERS)),
        first=url_for(".index", state=state or None) if before else None,
        next=url_for(".index", state=state or None, before=more) if more else None,
    )


@bp.post("/letters/<int:letter_id>/again")
@allow(*SENDERS)
def again(letter_id: int) -> ResponseReturnValue:
    """Have a letter sent again that was given up, or one that waits sent at once."""
    try:
        with transaction() as session:
            outbox.again(session, letter_id)
            audit.record(session, "letter.again", f"letter:{letter_id}", {}, by=current_user.id)
    except Conflict as error:
        flash(str(error), "error")
    else:
        flash(_("Thư sẽ được gửi trong giây lát."), "ok")
    return redirect(url_for(".index", state=WAITING), 303)


def _row(letter: Letter) -> dict[str, Any]:
    message = outbox.opened(letter)
    kind, word = STATES[letter.state]
    return {
        "id": letter.id,
        "made_at": letter.made_at,
        "sent_at": letter.sent_at,
        "next_at": letter.next_at,
        "to": addresses.masked(message.to) if message else "",
        "subject": message.subject if message else _("Nội dung đã xóa"),
        "badge": kind,
        "state": word,
        "told": letter.told,
        "tries": letter.tries,
        "waits": letter.state == WAITING,
        "can_go": letter.state != SENT and letter.sealed is not None,
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
