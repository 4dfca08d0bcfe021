"""Where gateways push messages, and the page of those that a person has to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
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
from fundsvc.inbox import gateways
from fundsvc.inbox import service as inbox
from fundsvc.inbox.door import Door
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.sms import handling, lists
from fundsvc.sms.gateways import forms
from fundsvc.sms.service import KIND
from fundsvc.sms.views import IMPORTERS, READERS
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, attend

bp = Blueprint("push", __name__)

_DOOR: Final = "fundsvc.sms.door"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class ShelvedPush:
    """A push that waits for a person, as the page shows it; the phone number is masked."""

    id: int
    gateway: str
    external_id: str
    received_at: Any
    conflict: bool
    why: str
    phone: str
    message: str
    before: str | None


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its own door."""
    state.app.extensions[_DOOR] = Door(KIND, forms)


def waiting_pushes(session: Session) -> Iterable[Attention]:
    """Tell the home page how many pushes contradict what came before, or cannot be booked."""
    found, href = inbox.counts(session, KIND), url_for("push.index")
    return [
        Attention(found[CONFLICT], _("tin đẩy mâu thuẫn với tin đã nhận"), href),
        Attention(found[PARKED], _("tin đẩy chưa ghi sổ được"), href),
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
    session = read_session()
    before = request.args.get("before", type=_key)
    found = inbox.shelved(session, KIND, before)
    known = gateways.known(session, KIND)
    shown = [_shown(item, known) for item in found[: inbox.PAGE]]
    return render_template(
        "sms/pushes.html",
        pushes=shown,
        before=shown[-1].id if len(found) > inbox.PAGE else None,
        counts=inbox.counts(session, KIND),
        gateways=[(one.name, one.form, len(one.secrets)) for one in known.values()],
        unknown=lists.waiting_counts(session)["unknown"],
    )


@bp.post("/sms/pushes/<int:item_id>")
@allow(*IMPORTERS)
def decide(item_id: int) -> ResponseReturnValue:
    """Try a push that was set aside once more, or leave it as it is."""
    leave = request.form.get("act") == "leave"
    with transaction() as session:
        act = inbox.dismiss if leave else inbox.retry
        if not act(session, KIND, item_id):
            abort(_NOT_FOUND)
        kind = "inbox.leave" if leave else "inbox.retry"
        audit.record(session, kind, f"inbox_item:{item_id}", {}, by=current_user.id)
    flash(_("Đã bỏ qua tin này.") if leave else _("Tin này sẽ được thử lại ngay."), "ok")
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


def _key(raw: str) -> int:
    """Read the number at which a page begins.

    Raises:
        ValueError: it is none; Flask then passes over it.
    """
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):  # noqa: PLR2004 - as keys are
        raise ValueError(raw)
    return int(raw)


def _shown(item: inbox.Shelved, known: dict[str, gateways.Known]) -> ShelvedPush:
    name = item.source.partition(":")[2]
    row = _row(item.body, known.get(name))
    return ShelvedPush(
        id=item.id,
        gateway=name,
        external_id=item.external_id,
        received_at=item.received_at,
        conflict=item.state == CONFLICT,
        why=item.why,
        phone=lists.shown_phone(row.get("msisdn", "")),
        message=row.get("message", ""),
        before=_row(item.before, known.get(name)).get("message") if item.before else None,
    )


def _row(body: bytes, gateway: gateways.Known | None) -> dict[str, str]:
    """Return a message as far as it can be read; a text that no page can hold is mended."""
    try:
        row = handling.read_row(body, gateway)
    except UnreadableError:
        return {}
    return {name: value.encode(errors="replace").decode() for name, value in row.items()}
