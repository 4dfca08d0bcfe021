"""Book what gateways tell of the bank's lines: out of the inbox, through the same room as files.

A line that a statement or another gateway told of before is only noted; a new one is booked like
one of a file, by the same recipes. What was told is kept as evidence, one document for the lines
that were booked together. What cannot be booked is set aside with its reason, the rest goes on.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import check_scope, read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.evidence import service as evidence
from fundsvc.inbox import gateways, porch
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, HANDLED, PARKED
from fundsvc.inbox.pushes import UnreadableError
from fundsvc.reconciliation import booking, gifts, lists
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.gateways import Notice, forms
from fundsvc.reconciliation.models import BankAccount, BankLine, BankNotice
from fundsvc.reconciliation.reader import MEMO_LENGTH, SHORT_LENGTH, Line, fingerprint
from fundsvc.reconciliation.twins import not_told
from fundsvc.text import EARLIEST_YEAR, clean

KIND: Final = "bank"
BATCH: Final = 200
MEDIA_TYPE: Final = "application/x-ndjson"
# Reasons are stored with the item, so they are not translated.
_NO_FORM = "Không có cổng hay mẫu này nữa."
_NO_ACCOUNT = "Chưa có tài khoản ngân hàng có số cuối {end}."
_TWO_ACCOUNTS = "Hai ngân hàng có tài khoản cùng số cuối {end}; không biết tin của tài khoản nào."
_OTHERS = "Luồng {name} chỉ báo được tài khoản của mình, không phải tài khoản {code}."
_WRONG_DAY = "Ngày {day} nằm ngoài sổ sách hoặc trong tương lai."
_UNREADABLE = "Không đọc được trường {field}."
_NOT_TAKEN = "Cơ sở dữ liệu không nhận dòng này. Xin báo quản trị."
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of told lines: ids that contradict others.

    `memos` are those of all others, each with the id of its line.
    """

    contradicting: set[str]
    memos: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    """An item of the inbox and the lines it tells of, with the account of each."""

    item_id: int
    gateway: str
    lines: tuple[tuple[AccountFacts, Notice], ...]


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
    """Handle the items that have waited longest; one handler and no import at the same time."""
    held = session.scalars(select(BankAccount.id).order_by(BankAccount.id).with_for_update()).all()
    known = gateways.known(session, KIND)
    accounts: dict[str, list[AccountFacts]] = {}
    for one in lists.accounts(session):
        if one.id in held:  # One that was added just now is not there yet.
            accounts.setdefault(_digits(one.number), []).append(one)
    told: list[_Told] = []
    done: list[inbox.Outcome] = []
    for item in inbox.take(session, KIND, BATCH):
        gateway = item.source.partition(":")[2]
        sender = known.get(gateway)
        try:
            lines = [_placed(notice, sender, accounts) for notice in read(item.body, sender)]
        except UnreadableError as error:
            why = _UNREADABLE.format(field=error.field) if error.field else _NO_FORM
            done.append(inbox.Outcome(item.id, PARKED, why))
        except Refusal as refusal:
            done.append(inbox.Outcome(item.id, PARKED, str(refusal)[:300]))
        else:
            told.append(_Told(item.id, gateway, tuple(lines)))
    done += _book(session, told)
    inbox.settle(session, done)
    return Counter(outcome.state for outcome in done)


def read(body: bytes, gateway: gateways.Known | None) -> list[Notice]:
    """Return the lines that a gateway told of.

    Raises:
        UnreadableError: they cannot be read, or the gateway or its form is gone.
    """
    form = forms().get(gateway.form) if gateway else None
    if form is None:
        raise UnreadableError
    return form.notices(body)


def _placed(
    notice: Notice, sender: gateways.Known | None, accounts: dict[str, list[AccountFacts]]
) -> tuple[AccountFacts, Notice]:
    """Return a line with its account.

    Raises:
        Refusal: we have no such account, or two banks' of one number, or it is not the one the
            gateway may tell of; or the day is none of the books.
    """
    number = _digits(notice.account_number)
    found = accounts.get(number, []) if number else []
    if len(found) != 1:
        why = _TWO_ACCOUNTS if found else _NO_ACCOUNT
        raise Refusal(why.format(end=number[-4:] or "–"))
    # Held here and not at a door, for a feed has two.
    code = found[0].code
    if sender and forms()[sender.form].of_one_account and code.lower() != sender.name:
        raise Refusal(_OTHERS.format(name=sender.name, code=code))
    if notice.booked_on.year < EARLIEST_YEAR or notice.booked_on > clock.today():
        raise Refusal(_WRONG_DAY.format(day=f"{notice.booked_on:%d/%m/%Y}"))
    return found[0], notice


def _book(session: Session, told: Sequence[_Told]) -> list[inbox.Outcome]:
    """Book items, and set aside those that cannot be."""
    if not told:
        return []
    try:
        with session.begin_nested():
            return _book_all(session, told)
    except (Refusal, DataError, IntegrityError) as error:
        # It does not say which item: a closed month, or what no check of ours caught.
        if len(told) == 1:
            return [inbox.Outcome(told[0].item_id, PARKED, _why(told[0], error))]
        half = len(told) // 2
        return [*_book(session, told[:half]), *_book(session, told[half:])]


def _book_all(session: Session, told: Sequence[_Told]) -> list[inbox.Outcome]:
    places: dict[tuple[str, int], tuple[AccountFacts, list[Notice]]] = {}
    outcomes: dict[int, inbox.Outcome] = {}
    for item in told:
        for account, notice in item.lines:
            place = places.setdefault((item.gateway, account.id), (account, []))
            place[1].append(notice)
    conflicts: set[tuple[str, str]] = set()
    done: list[tuple[AccountFacts, _Kept]] = []
    for (gateway, _account), (account, notices) in places.items():
        kept = _keep(session, gateway, account, notices)
        conflicts |= {(gateway, one) for one in kept.contradicting}
        done.append((account, kept))
    for account, kept in done:  # Last, for receipts take their numbers here.
        gifts.of_memos(session, account, kept.memos)
    for item in told:
        against = any((item.gateway, notice.id) in conflicts for _account, notice in item.lines)
        led_to = ", ".join(f"{item.gateway}:{notice.id}" for _account, notice in item.lines)
        outcomes[item.item_id] = (
            inbox.Outcome(item.item_id, CONFLICT, inbox.CONTRADICTS)
            if against
            else inbox.Outcome(item.item_id, HANDLED, led_to=led_to[:300] or None)
        )
    return list(outcomes.values())


def _keep(
    session: Session, gateway: str, account: AccountFacts, notices: Iterable[Notice]
) -> _Kept:
    """Note the lines of one account, and book the new ones."""
    fresh, contradicting = _not_noted(session, gateway, notices)
    if not fresh:
        return _Kept(contradicting)
    lines = {notice.id: _line(row, gateway, notice) for row, notice in enumerate(fresh, 1)}
    days = [line.booked_on for line in lines.values()]
    open_lines = not_told(session, account.id, gateway, min(days), max(days))
    found = {name: open_lines.told(line) for name, line in lines.items()}
    new = [lines[name] for name, line_id in found.items() if line_id is None]
    if new:
        told = "".join(f"{_as_json(notice)}\n" for notice in fresh).encode()
        sha256 = evidence.record(
            session, told, name=f"{gateway}.ndjson", media_type=MEDIA_TYPE, by=None
        )
        booking.book(session, account, new, [1] * len(new), sha256=sha256, by=None)
    made = _ids(session, account, [line.fingerprint for line in new])
    now = clock.now()
    check_scope(session, {account.unit_id})
    noted = [
        {
            "unit_id": account.unit_id,
            "gateway": gateway,
            "external_id": name,
            "bank_line_id": made[lines[name].fingerprint] if line_id is None else line_id,
            "made_line": line_id is None,
            "noted_at": now,
        }
        for name, line_id in found.items()
    ]
    session.execute(insert(BankNotice), noted)
    memos = [
        (made[lines[name].fingerprint] if line_id is None else line_id, lines[name].memo)
        for name, line_id in found.items()
    ]
    return _Kept(contradicting, tuple(memos))


def _not_noted(
    session: Session, gateway: str, notices: Iterable[Notice]
) -> tuple[list[Notice], set[str]]:
    """Return the lines not noted yet, each once, and the ids of those that contradict others.

    A gateway may tell of one line twice in different company; then it must say the same.
    """
    first: dict[str, Notice] = {}
    contradicting = set()
    for notice in notices:
        if _money(first.setdefault(notice.id, notice)) != _money(notice):
            contradicting.add(notice.id)
    known = session.execute(
        select(BankNotice.external_id, BankLine.debit, BankLine.credit)
        .join(BankLine, BankLine.id == BankNotice.bank_line_id)
        .where(BankNotice.gateway == gateway, BankNotice.external_id.in_(first))
    )
    for external_id, debit, credit in known:
        if _money(first.pop(external_id)) != (debit, credit):
            contradicting.add(external_id)
    return list(first.values()), contradicting


def _line(row: int, gateway: str, notice: Notice) -> Line:
    """Return a told line as a line of a file.

    Raises:
        Refusal: a text holds what no page can show, or is too long.
    """
    return Line(
        row=row,
        booked_on=notice.booked_on,
        at_time=notice.at_time,
        doc_no="",
        reference=clean(notice.reference, SHORT_LENGTH, "reference"),
        memo=clean(notice.memo, MEMO_LENGTH, "memo"),
        counterparty=clean(notice.counterparty, SHORT_LENGTH, "counterparty"),
        debit=notice.debit,
        credit=notice.credit,
        balance=notice.balance,
        fingerprint=fingerprint((KIND, gateway, notice.id)),
    )


def _ids(session: Session, account: AccountFacts, fingerprints: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(BankLine.fingerprint, BankLine.id).where(
            BankLine.bank_account_id == account.id, BankLine.fingerprint.in_(fingerprints)
        )
    )
    return {row.fingerprint: row.id for row in rows}


def _why(told: _Told, error: Exception) -> str:
    """Return why an item cannot be booked; what only the database says goes to the log."""
    if isinstance(error, Refusal):
        return str(error)[:300]
    cause = getattr(error, "orig", None) or error
    _log.error("the database refused item %s of the inbox: %s", told.item_id, type(cause))
    return _NOT_TAKEN


def _as_json(notice: Notice) -> str:
    told = {**asdict(notice), "booked_on": notice.booked_on.isoformat()}
    return json.dumps(told, ensure_ascii=False)


def _money(notice: Notice) -> tuple[int, int]:
    return notice.debit, notice.credit


def _digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)
