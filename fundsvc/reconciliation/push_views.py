"""Where banks' gateways tell of lines, and the page of what a person has to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.fields import parse_number
from fundsvc.inbox import gateways
from fundsvc.inbox import service as inbox
from fundsvc.inbox.door import Door
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.reconciliation.gateways import forms
from fundsvc.reconciliation.notices import KIND, read
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, attend

bp = Blueprint("bank_push", __name__)

# What cannot be booked belongs to no unit yet, so only the centre looks at it.
READERS, DECIDERS = ("treasurer", "approver", "auditor"), ("treasurer",)
_DOOR: Final = "fundsvc.reconciliation.door"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class ShelvedNotice:
    """A push that waits for a person, with the lines it tells of as far as they can be read."""

    id: int
    gateway: str
    external_id: str
    received_at: datetime
    conflict: bool
    why: str
    lines: tuple[tuple[str, str, int], ...]


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its own door, and tell the home page what waits."""
    state.app.extensions[_DOOR] = Door(KIND, forms)
    attend(state.app, waiting_notices)


def waiting_notices(session: Session) -> Iterable[Attention]:
    """Tell the home page how many notices contradict what came before, or cannot be booked."""
    found, href = inbox.counts(session, KIND), url_for("bank_push.index")
    return [
        Attention(found[CONFLICT], _("tin báo ngân hàng mâu thuẫn với tin đã nhận"), href),
        Attention(found[PARKED], _("tin báo ngân hàng chưa ghi sổ được"), href),
    ]


@bp.post("/webhooks/bank/<gateway>")
@public
def push(gateway: str) -> ResponseReturnValue:
    """Keep what a gateway tells, and answer once that is on disk; `notices` books it."""
    door: Door = current_app.extensions[_DOOR]
    return door.receive(gateway)


@bp.get("/bank-accounts/notices")
@allow(*READERS)
def index() -> str:
    """Show what gateways told that cannot be booked or contradicts what came before, and why."""
    session = read_session()
    before = request.args.get("before", type=parse_number)
    found = inbox.shelved(session, KIND, before)
    known = gateways.known(session, KIND)
    shown = [_shown(item, known) for item in found[: inbox.PAGE]]
    return render_template(
        "reconciliation/notices.html",
        notices=shown,
        before=shown[-1].id if len(found) > inbox.PAGE else None,
        counts=inbox.counts(session, KIND),
        gateways=[(one.name, one.form, len(one.secrets)) for one in known.values()],
        may_decide=any(current_user.has_role(role) for role in DECIDERS),
    )


@bp.post("/bank-accounts/notices/<int:item_id>")
@allow(*DECIDERS)
def decide(item_id: int) -> ResponseReturnValue:
    """Try a notice that was set aside once more, or leave it as it is."""
    leave = request.form.get("act") == "leave"
    with transaction() as session:
        act = inbox.dismiss if leave else inbox.retry
        if not act(session, KIND, item_id):
            abort(_NOT_FOUND)
        kind = "inbox.leave" if leave else "inbox.retry"
        audit.record(session, kind, f"inbox_item:{item_id}", {}, by=current_user.id)
    flash(_("Đã bỏ qua tin báo này.") if leave else _("Tin báo này sẽ được thử lại ngay."), "ok")
    return redirect(url_for("bank_push.index"), 303)


def _shown(item: inbox.Shelved, known: dict[str, gateways.Known]) -> ShelvedNotice:
    gateway = item.source.partition(":")[2]
    try:
        told = read(item.body, known.get(gateway))
    except UnreadableError:
        told = []
    return ShelvedNotice(
        id=item.id,
        gateway=gateway,
        external_id=item.external_id,
        received_at=item.received_at,
        conflict=item.state == CONFLICT,
        why=item.why,
        lines=tuple(
            (
                f"{one.booked_on:%d/%m/%Y}",
                one.memo.encode(errors="replace").decode(),
                one.credit - one.debit,
            )
            for one in told
        ),
    )
