"""Pushes that wait for a person: what is known of each, and what the person can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.inbox import gateways
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, PARKED, InboxItem
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.sms import handling, lists
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.resolver import operator_key
from fundsvc.sms.senders import OPERATORS
from fundsvc.sms.service import KIND
from ledger.accounts import OPERATOR_NAMES


@dataclass(frozen=True, slots=True)
class InBooks:
    """The message that is kept under the id of a push: its text and its state."""

    operator: str
    request_id: str
    message: str
    status: str


@dataclass(frozen=True, slots=True)
class ShelvedPush:
    """A push that waits for a person; the phone number is masked.

    `strange` is what it calls an operator that nobody knows yet, else empty. `kept` is what is
    there under its id: while that is so, to try a contradicting push again changes nothing.
    """

    id: int
    gateway: str
    external_id: str
    received_at: datetime
    conflict: bool
    why: str
    phone: str
    message: str
    before: str | None
    strange: str
    kept: InBooks | None


def page(session: Session, before: int | None) -> tuple[list[ShelvedPush], int | None]:
    """Return a page of pushes, the newest first, and the mark of the next one."""
    found = inbox.shelved(session, KIND, before)
    known = gateways.known(session, KIND)
    shown = [_shown(session, item, known) for item in found[: inbox.PAGE]]
    return shown, shown[-1].id if len(found) > inbox.PAGE else None


def name_operator(session: Session, item_id: int, operator: str, *, by: int) -> str:
    """Say which operator a gateway means by the word of a push, and let what waits be tried again.

    The gateway's word is remembered: what it pushes from now on is read so, too. Returns the word.

    Raises:
        NotFound: there is no such push that waits, or it names an operator that is known.
        Refusal: there is no such operator.
    """
    if operator not in OPERATOR_NAMES:
        raise Refusal(Reason(_("Chưa chọn nhà mạng."), field="operator"))
    # The page that begins just behind it begins with it.
    item = next(iter(inbox.shelved(session, KIND, item_id + 1)), None)
    name = item.source.partition(":")[2] if item else ""
    gateway = gateways.known(session, KIND).get(name)
    word = _strange(_row(item.body, gateway)) if item and item.id == item_id else ""
    if gateway is None or not word:
        raise NotFound
    words = {**gateway.learned.get(OPERATORS, {}), word: operator}
    gateways.learn(session, KIND, name, {OPERATORS: words})
    inbox.again(session, KIND, InboxItem.source == f"{KIND}:{name}", InboxItem.state == PARKED)
    facts = {"word": word, "operator": operator}
    audit.record(session, "gateway.operator", f"gateway:{name}", facts, by=by)
    return word


def _shown(
    session: Session, item: inbox.Shelved, known: Mapping[str, gateways.Known]
) -> ShelvedPush:
    name = item.source.partition(":")[2]
    gateway = known.get(name)
    row = _row(item.body, gateway)
    return ShelvedPush(
        id=item.id,
        gateway=name,
        external_id=item.external_id,
        received_at=item.received_at,
        conflict=item.state == CONFLICT,
        why=item.why,
        phone=lists.shown_phone(row.get("msisdn", "")),
        message=row.get("message", ""),
        before=_row(item.before, gateway).get("message") if item.before else None,
        strange=_strange(row),
        kept=_kept(session, row),
    )


def _strange(row: Mapping[str, str]) -> str:
    """Return the word of a message for its operator when nobody knows which that is."""
    word = operator_key(row.get("operator", ""))
    return "" if word in OPERATOR_NAMES else word


def _kept(session: Session, row: Mapping[str, str]) -> InBooks | None:
    identity = operator_key(row.get("operator", "")), row.get("request_id", "")
    found = session.execute(
        select(SmsMessage.message, SmsMessage.status).where(
            SmsMessage.operator == identity[0], SmsMessage.request_id == identity[1]
        )
    ).first()
    return InBooks(*identity, *found) if found else None


def _row(body: bytes, gateway: gateways.Known | None) -> dict[str, str]:
    """Return a message as far as it can be read; a text that no page can hold is mended."""
    try:
        row = handling.read_row(body, gateway)
    except UnreadableError:
        return {}
    return {name: value.encode(errors="replace").decode() for name, value in row.items()}
