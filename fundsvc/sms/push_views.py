"""Where gateways push messages, and the page of those that a person has to look at."""

from collections.abc import Iterable
from typing import Any, Final

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.fields import parse_number
from fundsvc.inbox import gateways
from fundsvc.inbox import service as inbox
from fundsvc.inbox.door import Door
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.sms import handling, lists, senders, shelved, told
from fundsvc.sms.gateways import forms
from fundsvc.sms.service import KIND
from fundsvc.sms.views import IMPORTERS, READERS
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, Form, attend
from ledger.accounts import OPERATOR_NAMES

bp = Blueprint("push", __name__)

_DOOR: Final = "fundsvc.sms.door"
_NOT_FOUND = 404


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its own door."""
    state.app.extensions[_DOOR] = Door(KIND, forms)


def waiting_pushes(session: Session) -> Iterable[Attention]:
    """Tell the home page how many pushes contradict what came before, or cannot be booked."""
    found, href = inbox.counts(session, KIND), url_for("push.index")
    return [
        Attention(found[CONFLICT], _("tin từ cổng mâu thuẫn với tin đã nhận"), href),
        Attention(found[PARKED], _("tin từ cổng chưa ghi sổ được"), href),
        Attention(
            len(senders.unfinished(session)),
            _("cổng tin nhắn chưa có mã khách hàng nên mọi tin từ cổng đều bị từ chối"),
            href,
        ),
    ]


bp.record_once(lambda state: attend(state.app, waiting_pushes))


@bp.route("/webhooks/sms/<gateway>", methods=["GET", "POST"])
@public
def push(gateway: str) -> ResponseReturnValue:
    """Keep what a gateway pushes, and answer in its own words once that is on disk.

    Nothing else is done here: `handling` books it.
    """
    door: Door = current_app.extensions[_DOOR]
    return door.receive(gateway)


@bp.get("/sms/pushes")
@allow(*READERS)
def index() -> str:
    """Show the pushes that contradict what came before or cannot be booked, and why."""
    return _page(Form({}))


@bp.post("/sms/pushes/<int:item_id>")
@allow(*IMPORTERS)
def decide(item_id: int) -> ResponseReturnValue:
    """Try a push that was set aside once more, leave it as it is, or say of whom it is."""
    if request.form.get("act") == "operator":
        return _name_operator(item_id)
    leave = request.form.get("act") == "leave"
    with transaction() as session:
        act = inbox.dismiss if leave else inbox.retry
        if not act(session, KIND, item_id):
            abort(_NOT_FOUND)
        kind = "inbox.leave" if leave else "inbox.retry"
        audit.record(session, kind, f"inbox_item:{item_id}", {}, by=current_user.id)
    tried = _("Tin này được thử ghi sổ trong vài giây; chưa được thì trở lại đây với lý do.")
    flash(_("Đã bỏ qua tin này; không ghi gì vào sổ.") if leave else tried, "ok")
    return redirect(url_for("push.index"), 303)


@bp.post("/sms/pushes/unknown")
@allow(*IMPORTERS)
def retry_unknown() -> ResponseReturnValue:
    """Try all pushes once more whose message no campaign explained."""
    with transaction() as session:
        count = handling.retry_unknown(session)
        audit.record(session, "inbox.retry", "sms:unknown", {"count": count}, by=current_user.id)
    flash(_("%(count)s tin không rõ cú pháp sẽ được thử lại ngay.", count=count), "ok")
    return redirect(url_for("push.index"), 303)


def _name_operator(item_id: int) -> ResponseReturnValue:
    typed = request.form.to_dict()
    try:
        with transaction() as session:
            operator = typed.get("operator", "")
            word = shelved.name_operator(session, item_id, operator, by=current_user.id)
    except Refusal as refusal:
        if refusal.status == _NOT_FOUND:
            raise
        return _page(Form(typed, refusal.reasons)), refusal.status
    said = _(
        "Đã nhớ “%(word)s” là %(operator)s; các tin đang chờ của nhà mạng này được ghi sổ trong vài"
        " giây.",
        word=word,
        operator=told.operator(operator),
    )
    flash(said, "ok")
    return redirect(url_for("push.index"), 303)


def _page(form: Form) -> str:
    session = read_session()
    pushes, before = shelved.page(session, request.args.get("before", type=parse_number))
    known = gateways.known(session, KIND).values()
    return render_template(
        "sms/pushes.html",
        form=form,
        pushes=pushes,
        before=before,
        counts=inbox.counts(session, KIND),
        operators=[(code, told.operator(code)) for code in OPERATOR_NAMES],
        operator=told.operator,
        gateways=[(one.name, one.form, len(one.secrets)) for one in known],
        unknown=lists.waiting_counts(session)["unknown"],
    )
