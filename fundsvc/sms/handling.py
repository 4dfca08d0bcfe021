"""Book what gateways pushed: out of the inbox, through the same pipeline as operators' files.

A batch becomes a file in the form of `import sms`, and is booked in the transaction that marks its
items as handled; so after a crash either both are there or neither. What cannot be booked (a field
that cannot be read, a closed month, another text under a known id) is set aside with its reason,
and the others go on. A message that no campaign explains is handled like those of files: kept, and
booked when it is tried again and a campaign has its keyword.
"""

import csv
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import literal, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.imports import RefusedRow
from fundsvc.inbox import gateways, porch
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, HANDLED, PARKED, InboxItem
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.sms import campaigns, service
from fundsvc.sms.gateways import Row, forms
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.resolver import UNKNOWN, operator_key
from fundsvc.sms.senders import OPERATORS
from fundsvc.sms.service import KIND

_log = logging.getLogger(__name__)
BATCH = 500
COLUMNS = (
    "operator",
    "request_id",
    "msisdn",
    "short_code",
    "message",
    "received_at",
    "amount",
    "status",
    "province",
)
FIRST_ROW = 2
_NO_FORM = "Không có cổng hay mẫu này nữa."
_NOT_TAKEN = "Cơ sở dữ liệu không nhận tin này. Xin báo quản trị."
_UNREADABLE = "Không đọc được trường {field}."


@dataclass(frozen=True, slots=True)
class Pushed:
    """An item of the inbox and the message in it."""

    item_id: int
    row: Row

    @property
    def identity(self) -> str:
        """The operator's own identity of the message, as `operator:request_id`."""
        return f"{operator_key(self.row['operator'])}:{self.row['request_id']}"


class _SetAsideError(Exception):
    """Takes a batch back because some of its rows cannot be booked."""

    def __init__(self, rows: service.SetAside) -> None:
        self.rows = rows
        super().__init__()


def handle(stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Handle all that waits, in batches with a transaction each; return the items by state."""
    porch.bring_in()
    told: Counter[str] = Counter()
    session = read_session()
    session.rollback()
    waiting = inbox.waits(session, KIND)
    session.rollback()
    while waiting and not stop():
        with transaction() as writing:
            done = handle_batch(writing)
        told += done
        waiting = bool(done)
    return told


def handle_batch(session: Session) -> Counter[str]:
    """Handle the items that have waited longest; one handler at a time."""
    campaigns.lock(session)
    known = gateways.known(session, KIND)
    items = sorted(inbox.take(session, KIND, BATCH), key=lambda item: item.source)
    done: list[inbox.Outcome] = []
    for source, group in groupby(items, key=lambda item: item.source):
        name = source.partition(":")[2]
        pushed, unreadable = _read(group, known.get(name))
        done += [*unreadable, *_book(session, name, pushed)]
    inbox.settle(session, done)
    return Counter(outcome.state for outcome in done)


def retry_unknown(session: Session) -> int:
    """Let pushes wait again whose message no campaign explained; return how many."""
    name = SmsMessage.operator + literal(":") + SmsMessage.request_id
    unknown = select(name).where(SmsMessage.status == UNKNOWN)
    return inbox.again(session, KIND, InboxItem.state == HANDLED, InboxItem.led_to.in_(unknown))


def read_row(body: bytes, gateway: gateways.Known | None) -> Row:
    """Return the message that a gateway pushed; its operator by the name a person gave its word.

    Raises:
        UnreadableError: it cannot be read, or the gateway or its form is gone.
    """
    form = forms().get(gateway.form) if gateway else None
    if gateway is None or form is None:
        raise UnreadableError
    row = form.row(body, gateway.settings)
    named = gateway.learned.get(OPERATORS, {})
    return row | {"operator": named.get(operator_key(row["operator"]), row["operator"])}


def _read(
    items: Iterable[inbox.Item], gateway: gateways.Known | None
) -> tuple[list[Pushed], list[inbox.Outcome]]:
    """Return the messages, each once: a second under one identity waits for the next batch."""
    found: dict[str, Pushed] = {}
    unreadable = []
    for item in items:
        try:
            pushed = Pushed(item.id, read_row(item.body, gateway))
        except UnreadableError as error:
            why = _UNREADABLE.format(field=error.field) if error.field else _NO_FORM
            unreadable.append(inbox.Outcome(item.id, PARKED, why))
        else:
            found.setdefault(pushed.identity, pushed)
    return list(found.values()), unreadable


def _book(session: Session, gateway: str, pushed: Sequence[Pushed]) -> list[inbox.Outcome]:
    """Book messages of a gateway, and set aside those that cannot be."""
    if not pushed:
        return []
    try:
        with session.begin_nested():
            _book_all(session, gateway, pushed)
    except _SetAsideError as found:
        aside = _set_aside(pushed, found.rows)
        rest = [one for one in pushed if one.item_id not in aside]
        return [*aside.values(), *_book(session, gateway, rest)]
    except (Refusal, DataError, IntegrityError) as error:
        # It does not say which row: a closed month, or what no check of ours caught.
        if len(pushed) == 1:
            return [inbox.Outcome(pushed[0].item_id, PARKED, _why(pushed[0], error))]
        half = len(pushed) // 2
        return [
            *_book(session, gateway, pushed[:half]),
            *_book(session, gateway, pushed[half:]),
        ]
    return [inbox.Outcome(one.item_id, HANDLED, led_to=one.identity) for one in pushed]


def _why(pushed: Pushed, error: Exception) -> str:
    """Return why one message cannot be booked; what only the database says goes to the log."""
    if isinstance(error, Refusal):
        return str(error)[:300]
    cause = getattr(error, "orig", None) or error
    _log.error("the database refused item %s of the inbox: %s", pushed.item_id, type(cause))
    return _NOT_TAKEN


def _book_all(session: Session, gateway: str, pushed: Sequence[Pushed]) -> None:
    rows = service.book_pushed(session, _file(pushed), gateway=gateway)
    if rows.unreadable or rows.conflicting:
        raise _SetAsideError(rows)


def _set_aside(pushed: Sequence[Pushed], rows: service.SetAside) -> Mapping[int, inbox.Outcome]:
    """Return what becomes of the refused rows of a batch, by item."""

    def outcome(state: str, row: RefusedRow) -> inbox.Outcome:
        return inbox.Outcome(pushed[row.row - FIRST_ROW].item_id, state, str(row.reason))

    found = [outcome(PARKED, row) for row in rows.unreadable]
    found += [outcome(CONFLICT, row) for row in rows.conflicting]
    return {one.id: one for one in found}


def _file(pushed: Sequence[Pushed]) -> io.BytesIO:
    """Return messages as operators' files have them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(one.row for one in pushed)
    # A text that is no Unicode is refused by the reader, with its row.
    return io.BytesIO(out.getvalue().encode(errors="surrogatepass"))
