"""Decide what a line of the bank is: in one transaction, and once a key; undoing is beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecision, BankDecisionPart, BankLine
from fundsvc.secrecy import fingerprint
from fundsvc.text import clean
from fundsvc.workbench import booking, incoming, moving, rules
from fundsvc.workbench.booking import Made
from fundsvc.workbench.choices import (
    Booked,
    Choice,
    Collected,
    Given,
    Held,
    Mirrored,
    PaidOut,
    Posted,
    Promised,
    Proposal,
    Settled,
    Spent,
    Split,
)
from fundsvc.workbench.undoing import Undone, undo, would_undo

__all__ = ["Decided", "Undone", "decide", "undo", "would_undo"]

LONGEST: Final = 300
LONGEST_KEY: Final = 200
HELD: Final = decided.HELD
KINDS: Final[dict[type, str]] = {
    Promised: "promised",
    Given: "given",
    Collected: "collected",
    Settled: "settled",
    PaidOut: "paid-out",
    Mirrored: "mirrored",
    Booked: "booked",
    Spent: "spent",
    Posted: "posted",
    Split: "split",
    Held: HELD,
}
_BOOKERS: Final = (incoming, moving)
"""The rooms that say how each choice is booked; they are there when the first one is."""
# Why a decision ended; stored, so it is not translated.
_DECIDED: Final = "Đã quyết định"
_HELD_AGAIN: Final = "Tạm giữ lại với lý do khác"


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision; `new` is False when the same request had been decided before.

    `lines` are all lines that it decided: of a transfer between our accounts, both.
    """

    id: int
    line_id: int
    kind: str
    entry_id: int | None
    lines: tuple[int, ...]
    receipt: str | None
    new: bool


def decide(
    session: Session,
    line_id: int,
    choice: Choice,
    *,
    by: int | None,
    key: str,
    proposal: Proposal | None = None,
    automatic: bool = False,
) -> Decided:
    """Book what a line is, and note the decision; a line that is held back may be decided.

    Receipts take their numbers in it, so call it last in a transaction.

    Args:
        session: the open transaction.
        line_id: the line.
        choice: what it is.
        by: the staff user who decides, None for the machine.
        key: names the request: the same again changes nothing.
        proposal: what was accepted, for the reasons that are kept with the decision.
        automatic: whether nobody looked at it.

    Raises:
        NotFound: there is no such line, or not for this person.
        Conflict: the line is decided already, or the key was used for another one.
        Refusal: the line cannot be this, or the books cannot take it; a closed month says who
            closed it.
    """
    if not key or len(key) > LONGEST_KEY:
        raise Refusal(Reason(_("Yêu cầu thiếu khóa nhận dạng."), field="key"))
    if (before := _known(session, key, line_id, choice)) is not None:
        return before
    # A settlement or a payout is locked before the line, as its own page does.
    own_lock = isinstance(choice, (Settled, PaidOut))
    lines = [] if own_lock else _locked(session, line_id, choice)
    if own_lock:
        lines = [_line(session, line_id)]
        _check_free(session, lines)
    elif (before := _known(session, key, line_id, choice)) is not None:
        return before
    else:
        _check_free(session, lines)
    note = ""
    made: list[Made] = []
    if isinstance(choice, Held):
        note = clean(choice.note, LONGEST, "note")
        if not note:
            raise Refusal(Reason(_("Xin ghi lý do tạm giữ lại."), field="note"))
    else:
        place = booking.place_of(session, lines[0], key=key, by=by)
        made = booking.book(choice, session, place)
        if own_lock:
            _locked(session, line_id, choice)
    _end_held(session, lines, _HELD_AGAIN if isinstance(choice, Held) else _DECIDED, by=by)
    rows = [
        _note(session, line, choice, made, key=_key(key, n), note=note, by=by, automatic=automatic,
              proposal=proposal)
        for n, line in enumerate(lines)
    ]  # fmt: skip
    for row, line in zip(rows, lines, strict=True):
        rules.learn(session, row, line)
    return _told(rows, made, new=True)


def _note(
    session: Session,
    line: BankLine,
    choice: Choice,
    made: Sequence[Made],
    *,
    key: str,
    note: str,
    by: int | None,
    automatic: bool,
    proposal: Proposal | None,
) -> BankDecision:
    """Write a decision of one line down, with what was booked for it."""
    kind = KINDS[type(choice)]
    row = BankDecision(
        bank_line_id=line.id,
        bank_account_id=line.bank_account_id,
        unit_id=line.unit_id,
        kind=kind,
        amount=line.credit - line.debit,
        key=key,
        why={
            "reasons": [str(reason) for reason in proposal.reasons] if proposal else [],
            "choice": _mark(choice),
        },
        automatic=automatic,
        decided_at=clock.now(),
        entry_id=made[0].entry_id if made else None,
        score=proposal.score if proposal else None,
        rule_id=proposal.rule_id if proposal else None,
        note=note,
        decided_by=by,
    )
    session.add(row)
    session.flush()
    session.add_all(
        BankDecisionPart(
            decision_id=row.id,
            unit_id=line.unit_id,
            what=one.what,
            amount=one.amount,
            entry_id=one.entry_id,
            thing_id=one.thing_id,
        )
        for one in made
    )
    facts = {"kind": kind, "decision": row.id, "entry": row.entry_id, "automatic": automatic}
    audit.record(session, "bank-line.decide", f"bank-line:{line.id}", facts, by=by)
    session.flush()
    return row


def _locked(session: Session, line_id: int, choice: Choice) -> list[BankLine]:
    """Lock the lines that are decided, in the order of their ids; the one asked for comes first."""
    ids = {line_id, choice.line_id} if isinstance(choice, Mirrored) else {line_id}
    query = select(BankLine).where(BankLine.id.in_(ids)).order_by(BankLine.id).with_for_update()
    found = {line.id: line for line in session.scalars(query)}
    if len(found) < len(ids):
        raise NotFound(Reason(_("Không có dòng sao kê này."), field="bank_line"))
    return sorted(found.values(), key=lambda line: line.id != line_id)


def _line(session: Session, line_id: int) -> BankLine:
    found = session.scalar(select(BankLine).where(BankLine.id == line_id))
    if found is None:
        raise NotFound(Reason(_("Không có dòng sao kê này."), field="bank_line"))
    return found


def _check_free(session: Session, lines: Sequence[BankLine]) -> None:
    """Hold that all these lines wait for a decision."""
    ids = [line.id for line in lines]
    waiting = set(
        session.scalars(select(BankLine.id).where(BankLine.id.in_(ids), decided.waiting()))
    )
    if any(line_id not in waiting for line_id in ids):
        why = _("Dòng sao kê này đã được quyết định từ trước, hoặc không còn chờ đối chiếu.")
        raise Conflict(Reason(why, field="bank_line"))


def _end_held(session: Session, lines: Sequence[BankLine], why: str, *, by: int | None) -> None:
    """End what was held back of these lines."""
    ids = [line.id for line in lines]
    for row in session.scalars(
        select(BankDecision).where(
            BankDecision.bank_line_id.in_(ids),
            BankDecision.undone_at.is_(None),
            BankDecision.kind == HELD,
        )
    ):
        row.undone_at, row.undone_by, row.undone_why = clock.now(), by, why
    session.flush()


def _mark(choice: Choice) -> str:
    """Return what the same choice is known by; it tells nothing of the people named in it."""
    return fingerprint(repr(choice).encode())


def _key(key: str, n: int) -> str:
    """Return the key of the nth line of a decision."""
    return f"{key}:{n + 1}" if n else key


def _known(session: Session, key: str, line_id: int, choice: Choice) -> Decided | None:
    """Return what this key decided before, if it was the same."""
    row = session.scalar(select(BankDecision).where(BankDecision.key == key))
    if row is None:
        return None
    if row.bank_line_id != line_id or row.why.get("choice") != _mark(choice):
        raise Conflict(_("Yêu cầu này đã dùng cho một quyết định khác."))
    if row.undone_at is not None:
        raise Conflict(_("Quyết định này đã được hoàn tác; xin mở lại dòng sao kê."))
    other = session.scalar(select(BankDecision).where(BankDecision.key == _key(key, 1)))
    return _told([row, other] if other else [row], (), new=False)


def _told(rows: Sequence[BankDecision], made: Sequence[Made], *, new: bool) -> Decided:
    first = rows[0]
    return Decided(
        id=first.id,
        line_id=first.bank_line_id,
        kind=first.kind,
        entry_id=first.entry_id,
        lines=tuple(row.bank_line_id for row in rows),
        receipt=next((one.receipt for one in made if one.receipt), None),
        new=new,
    )
