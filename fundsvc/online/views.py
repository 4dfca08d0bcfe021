"""Where Stripe tells what happened, and the page of payouts and of what a person must look at."""

from collections.abc import Iterable
from typing import Final

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
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
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.db import read_session, transaction
from fundsvc.fields import parse_number
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.inbox.pushes import BadSignatureError, UnreadableError
from fundsvc.inbox.together import Together
from fundsvc.online import arrivals, gateway, handling, listing, movements, signing
from fundsvc.online.models import CardPayout
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, attend

bp = Blueprint("online", __name__)

READERS: Final = ("treasurer", "approver", "auditor")
WRITERS: Final = ("treasurer",)
LARGEST: Final = 512_000
_TOGETHER: Final = "fundsvc.online.events"
_NOT_FOUND, _NOT_SET = 404, 404


@bp.record_once
def equip(state: object) -> None:
    """Give each application its own queue, and say what waits and where entries come from."""
    app = state.app  # type: ignore[attr-defined]  # Flask's setup state.
    app.extensions[_TOGETHER] = Together()
    attend(app, waiting)
    tell_origin(app, movements.SOURCE, origin_of)


def waiting(session: Session) -> Iterable[Attention]:
    """Tell the home page what a person has to look at."""
    found, href = inbox.counts(session, handling.KIND), url_for("online.index")
    late = listing.late(session)
    return [
        Attention(found[CONFLICT], _("sự kiện Stripe mâu thuẫn với lần trước"), href),
        Attention(found[PARKED], _("sự kiện Stripe chưa ghi sổ được"), href),
        Attention(len(listing.open_disputes(session)), _("khiếu nại giao dịch thẻ"), href),
        Attention(len(listing.strays(session)), _("khoản lạ ở Stripe chờ xác định"), href),
        Attention(len(late), _("đợt Stripe chuyển tiền chưa thấy trong sao kê"), href),
    ]


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell that an entry was booked by what Stripe told; it is not taken back by hand."""
    del session, entry
    return Origin(_("Thanh toán thẻ (Stripe)"), url_for("online.index"))


@bp.post("/webhooks/stripe")
@public
def receive() -> ResponseReturnValue:
    """Keep what Stripe tells, and answer once that is on disk; `handling` books it."""
    secret = current_app.config["FUNDSVC"].stripe_webhook_secret
    if not secret:
        return _said("not set up", _NOT_SET)
    try:
        body = _body()
        signing.check(request.headers.get("Stripe-Signature", ""), body, secret, clock.now())
        event = signing.read_event(body)
        alike = signing.alike(event)
    except RequestEntityTooLarge:
        return _said("too large", 413)
    except BadSignatureError:
        return _said("signature", 400)
    except UnreadableError as error:
        return _said(f"unreadable: {error.field}", 400)
    brought = inbox.Delivery(handling.SOURCE, event["id"], body, alike)
    received = current_app.extensions[_TOGETHER].keep(brought)
    return _said(received.value, 200)


def _body() -> bytes:
    request.max_content_length = LARGEST + 1
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    return body


def _said(word: str, status: int) -> Response:
    answer = jsonify({"received": word})
    answer.status_code = status
    return answer


@bp.get("/card-payments")
@allow(*READERS)
def index() -> str:
    """Show payouts with their lines of the bank, disputes, and events that were set aside."""
    session = read_session()
    rows = listing.payouts(session, request.args.get("before", type=parse_number), listing.PAGE + 1)
    shown = rows[: listing.PAGE]
    before = shown[-1].id if len(rows) > listing.PAGE else None
    if before is not None and "before" not in request.args:
        # Who is told that payouts are late finds them, however old, on the page that it leads to.
        shown += [row for row in listing.late(session) if row.id < before]
    return render_template(
        "online/index.html",
        payouts=[(row, row.late, _offers(session, row)) for row in shown],
        before=before,
        strays=listing.strays(session),
        disputes=listing.open_disputes(session),
        events=inbox.shelved(session, handling.KIND)[: inbox.PAGE],
        ready=gateway.ready(),
        may_write=_may_write(),
        is_admin="admin" in current_user.role_names,
    )


@bp.post("/card-payments/payouts/<int:payout_id>/line")
@allow(*WRITERS)
def match(payout_id: int) -> ResponseReturnValue:
    """Confirm which line of the bank a payout is."""
    line = request.form.get("line", 0, type=parse_number)
    with transaction() as session:
        arrivals.match(session, payout_id, line, by=current_user.id)
    flash(_("Đã ghi sổ: tiền của đợt này đã về ngân hàng."), "ok")
    return redirect(url_for(".index"), 303)


@bp.post("/card-payments/strays/<int:stray_id>")
@allow(*WRITERS)
def see(stray_id: int) -> ResponseReturnValue:
    """Note that money which is none of ours was seen to."""
    with transaction() as session:
        listing.see_stray(session, stray_id, by=current_user.id)
    flash(_("Đã ghi nhận: khoản này đã được xử lý."), "ok")
    return redirect(url_for(".index"), 303)


@bp.post("/card-payments/events/<int:item_id>")
@allow(*WRITERS)
def decide(item_id: int) -> ResponseReturnValue:
    """Try an event that was set aside once more, or leave it as it is."""
    leave = request.form.get("act") == "leave"
    with transaction() as session:
        act = inbox.dismiss if leave else inbox.retry
        if not act(session, handling.KIND, item_id):
            abort(_NOT_FOUND)
        kind = "inbox.leave" if leave else "inbox.retry"
        audit.record(session, kind, f"inbox_item:{item_id}", {}, by=current_user.id)
    flash(_("Đã bỏ qua sự kiện này.") if leave else _("Sự kiện này sẽ được thử lại ngay."), "ok")
    return redirect(url_for(".index"), 303)


def _offers(session: Session, row: listing.PayoutRow) -> list[dict[str, object]]:
    if row.state != "sent":
        return []
    found = session.get_one(CardPayout, row.id)
    return [
        {
            "id": line.id,
            "on": line.booked_on,
            "account": account.code,
            "amount": line.credit - line.debit,
            "memo": line.memo,
        }
        for line, account in arrivals.offers(session, found)
    ]


def _may_write() -> bool:
    return any(current_user.has_role(role) for role in WRITERS)
