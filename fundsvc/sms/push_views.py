"""Where gateways push messages, and the page of those that a person has to look at."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
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
from werkzeug.exceptions import RequestEntityTooLarge

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.inbox import gateways, together
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.sms import handling, lists
from fundsvc.sms.gateways import (
    STATUS,
    BadSignatureError,
    Delivery,
    Told,
    UnreadableError,
    forms,
)
from fundsvc.sms.service import KIND
from fundsvc.sms.views import IMPORTERS, READERS
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, attend

bp = Blueprint("push", __name__)

LARGEST: Final = 64_000
FRESH_SECONDS: Final = 5.0
ALIKE: Final = ("operator", "request_id", "msisdn", "short_code", "message")
"""What must be equal when an id comes again: not the time, for an attempt may bear its own."""
_PROBLEM: Final = "application/problem+json"
_SENDERS: Final = "fundsvc.sms.senders"
_TOGETHER: Final = "fundsvc.sms.pushes"
_NOT_FOUND, _NOT_ALLOWED = 404, 405


class Senders:
    """The gateways, read anew when a few seconds have passed.

    So a push costs the database one insert, and one with a wrong signature nothing.
    """

    def __init__(self) -> None:
        """Begin with none read."""
        self._known: dict[str, gateways.Known] = {}
        self._read_at = float("-inf")

    def named(self, name: str) -> gateways.Known | None:
        """Return a gateway by its name."""
        now = time.monotonic()
        if now - self._read_at > FRESH_SECONDS:
            self._known = gateways.known(read_session(), KIND)
            self._read_at = now
        return self._known.get(name)


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
    """Give each application its own memory of the gateways, and its own queue."""
    state.app.extensions[_SENDERS] = Senders()
    state.app.extensions[_TOGETHER] = together.Together()


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
    senders: Senders = current_app.extensions[_SENDERS]
    sender = senders.named(gateway)
    form = forms().get(sender.form) if sender else None
    if sender is None or form is None:
        return _problem("unknown gateway", _NOT_FOUND)
    if request.method not in form.methods:
        answer = _problem("method", _NOT_ALLOWED)
        answer.headers["Allow"] = ", ".join(sorted(form.methods))
        return answer
    body = b""
    try:
        body = request.query_string if request.method == "GET" else _body()
        said = _keep(sender, body)
    except RequestEntityTooLarge:
        said = Told.TOO_LARGE
    except BadSignatureError:
        said = Told.UNSIGNED
    except UnreadableError:
        said = Told.UNREADABLE
    words = form.answer(said, body)
    return Response(words.text, STATUS[said], content_type=words.media_type)


def _body() -> bytes:
    """Return the bytes that came.

    Raises:
        RequestEntityTooLarge: they are too many; a stream of unknown length is read no further.
    """
    request.max_content_length = LARGEST + 1
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    return body


def _keep(sender: gateways.Known, body: bytes) -> Told:
    form = forms()[sender.form]
    headers = {name.lower(): value for name, value in request.headers}
    external_id = form.check(Delivery(headers, body), sender.secrets, sender.settings, clock.now())
    row = form.row(body, sender.settings)
    alike = json.dumps([row.get(name) for name in ALIKE]).encode()
    brought = inbox.Delivery(f"{KIND}:{sender.name}", external_id, body, alike)
    received = current_app.extensions[_TOGETHER].keep(brought)
    return Told.KEPT if received is inbox.Received.NEW else Told.DUPLICATE


def _problem(title: str, status: int) -> Response:
    facts = {"type": "about:blank", "title": title, "status": status}
    return Response(json.dumps(facts), status, content_type=_PROBLEM)


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
