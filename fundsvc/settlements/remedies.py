"""Make differences good: give a loss up by two people, claim it by letter, take a message back."""

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.settlements import counting, differences, owing
from fundsvc.settlements.counting import SOURCE, asked_of
from fundsvc.settlements.differences import NamedList
from fundsvc.settlements.models import Claim, Settlement, SettlementLoss
from fundsvc.settlements.owing import WHOLE, Part
from fundsvc.settlements.service import LOSS, book, subject, taken
from fundsvc.settlements.sharing import share_anew
from fundsvc.sms.models import SmsMessage
from fundsvc.staff import acting
from fundsvc.text import clean

MAKERS, APPROVERS = frozenset({"treasurer"}), frozenset({"approver"})
LONGEST_REASON, LONGEST_NUMBER = 300, 40
MOST_LINES: Final = 1_000
OPEN: Final = "open"
CLOSED: Final = ("met", "refused", "withdrawn")


def ask_loss(
    session: Session, settlement_id: int, *, about: str, amount: int | None, reason: str, by: int
) -> int:
    """Ask to give up a part of the receivable; another person decides.

    `about` names a list of differences, whose messages and sum it is then for; with `WHOLE` the
    amount is what the person says.

    Raises:
        NotFound: there is no such settlement.
        Refusal: there is no reason, or more would be given up than is still owed.
        Conflict: it was asked for before, or an open claim asks the operator for it.
    """
    row = taken(session, settlement_id)
    why = _reason(reason)
    part = _part(session, row, about, amount)
    owing.hold_untaken(session, row, part)
    owing.hold_unclaimed(session, row, part)
    owing.hold_owed(session, row, part)
    loss = SettlementLoss(
        settlement_id=row.id,
        unit_id=row.unit_id,
        about=part.about,
        messages=part.messages,
        amount=part.amount,
        reason=why,
        items={"lines": list(part.lines), "provinces": _as_json(part.weights)},
        state="asked",
        asked_by=by,
        asked_at=clock.now(),
    )
    session.add(loss)
    session.flush()
    facts = {"loss": loss.id, "about": about, "amount": part.amount, "reason": why}
    audit.record(session, "settlement.ask-loss", subject(row.id), facts, by=by)
    return loss.id


def decide_loss(session: Session, loss_id: int, *, approve: bool, by: int) -> Settlement:
    """Approve a loss and book it, or refuse it; who asked for it may only take it back.

    Raises:
        NotFound: there is no such loss.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before, so much is no longer owed, or it is claimed by now.
    """
    loss = session.scalar(
        select(SettlementLoss).where(SettlementLoss.id == loss_id).with_for_update()
    )
    if loss is None:
        raise NotFound
    row = taken(session, loss.settlement_id)
    if loss.state != "asked":
        raise Conflict(_("Đề nghị này đã được quyết định từ trước."))
    if approve or by != loss.asked_by:
        acting.hold_role(session, by, APPROVERS, _("Anh/Chị không có quyền làm việc này."))
    if approve and by == loss.asked_by:
        why = _("Anh/Chị đã lập đề nghị này nên không tự duyệt được; người khác phải duyệt.")
        raise Forbidden(Reason(why, field="approver"))
    if approve:
        # What was asked for is in what remains already: below zero it was paid or taken back.
        if owing.remaining(session, row) < 0:
            raise Conflict(
                _("Nhà mạng không còn nợ đủ số tiền này: đã có tiền về hoặc tin đã ghi đảo.")
            )
        owing.hold_unclaimed(session, row, _part_of(loss), but=loss.id)
        loss.act = book(
            session,
            row,
            LOSS,
            loss.amount,
            on=clock.today(),
            by=loss.asked_by,
            approver=by,
            weights=_weights(loss.items["provinces"]),
        )
    loss.state = "approved" if approve else "refused"
    loss.decided_by, loss.decided_at = by, clock.now()
    kind = "settlement.approve-loss" if approve else "settlement.refuse-loss"
    audit.record(session, kind, subject(row.id), {"loss": loss.id, "amount": loss.amount}, by=by)
    session.flush()
    return row


def make_claim(
    session: Session, settlement_id: int, *, about: str, amount: int | None, number: str, by: int
) -> int:
    """Claim a part of the receivable by letter; its facts are frozen as they stand now.

    Raises:
        NotFound: there is no such settlement.
        Refusal: there is nothing to claim, or more is claimed than is still owed.
        Conflict: an open claim asks for the same already, or it was given up.
    """
    row = taken(session, settlement_id)
    part = _part(session, row, about, amount)
    twin = select(Claim.id).filter_by(settlement_id=row.id, about=about, state=OPEN)
    if session.scalar(twin) is not None:
        raise Conflict(_("Đã có công văn đang chờ trả lời cho phần này."))
    owing.hold_untaken(session, row, part)
    owing.hold_owed(session, row, part)
    claim = Claim(
        settlement_id=row.id,
        unit_id=row.unit_id,
        about=part.about,
        number=clean(number, LONGEST_NUMBER, "number"),
        made_on=clock.today(),
        messages=part.messages,
        amount=part.amount,
        facts=_claim_facts(session, row, part),
        state=OPEN,
        made_by=by,
        made_at=clock.now(),
    )
    session.add(claim)
    session.flush()
    facts = {"claim": claim.id, "about": about, "amount": part.amount}
    audit.record(session, "settlement.claim", subject(row.id), facts, by=by)
    return claim.id


def close_claim(
    session: Session, claim_id: int, *, state: str, outcome: str, on: date | None, by: int
) -> int:
    """Note what came of a claim; return its settlement.

    Raises:
        NotFound: there is no such claim.
        Conflict: it was closed before.
        Refusal: the day lies in the future or before the letter's.
    """
    claim = session.scalar(select(Claim).where(Claim.id == claim_id).with_for_update())
    if claim is None:
        raise NotFound
    if claim.state != OPEN:
        raise Conflict(_("Công văn này đã có kết quả từ trước."))
    on = on or clock.today()
    if not claim.made_on <= on <= clock.today():
        why = _("Ngày trả lời phải từ ngày công văn đến hôm nay.")
        raise Refusal(Reason(why, field="closed_on"))
    claim.state, claim.closed_on, claim.closed_by = state, on, by
    claim.outcome = clean(outcome, LONGEST_REASON, "outcome")
    facts = {"claim": claim.id, "state": state}
    audit.record(session, "settlement.close-claim", subject(claim.settlement_id), facts, by=by)
    session.flush()
    return claim.settlement_id


def reverse_message(
    session: Session, settlement_id: int, request_id: str, *, reason: str, by: int
) -> None:
    """Take back the entry of a message that was not to be counted.

    When its province was settled already, what was booked is split over the provinces anew.

    Raises:
        NotFound: there is no such settlement, or no such booked message of its days.
        Refusal: there is no reason, or something stands against it (`books.objections`): a
            receipt, a loss, a claim, or it was paid.
        Conflict: it was taken back before with another reason.
    """
    row = taken(session, settlement_id)
    entry_id = session.scalar(
        select(Entry.id)
        .join(SmsMessage, SmsMessage.request_id == Entry.external_id)
        .where(
            Entry.source == f"{SOURCE}{row.operator}",
            Entry.external_id == request_id,
            SmsMessage.operator == row.operator,
            SmsMessage.campaign_id == row.campaign_id,
            SmsMessage.received_on.between(row.period_from, row.period_to),
        )
    )
    if entry_id is None:
        raise NotFound(Reason(_("Không có tin nhắn này trong sổ."), field="request_id"))
    take_back(session, entry_id, subject=subject(row.id), on=None, reason=reason, by=by)
    share_anew(session, row, by=by)


def _part(session: Session, row: Settlement, about: str, amount: int | None) -> Part:
    if about == WHOLE:
        if amount is None:
            raise Refusal(Reason(_("Chưa điền."), field="amount"))
        gap = counting.counted(session, asked_of(row)).messages - row.messages
        return Part(WHOLE, max(gap, 0), amount, (), None)
    found = differences.one_list(session, row, about, MOST_LINES)
    if about not in differences.OWED or found.owed <= 0:
        raise Refusal(_("Danh sách này không có khoản nào nhà mạng còn nợ."))
    return Part(about, found.messages, found.owed, _lines(found), _provinces(session, row, about))


def _part_of(loss: SettlementLoss) -> Part:
    return Part(loss.about, loss.messages, loss.amount, tuple(loss.items["lines"]), None)


def _lines(found: NamedList) -> tuple[dict[str, Any], ...]:
    """Return the messages of a list as plain facts; of very long ones the first."""
    return tuple(
        {
            "request_id": line.request_id,
            "phone": line.phone,
            "message": line.message,
            "received_at": line.received_at.isoformat() if line.received_at else None,
            "ours": line.ours,
            "theirs": line.theirs,
        }
        for line in found.lines
    )


def _provinces(session: Session, row: Settlement, about: str) -> dict[int | None, int]:
    """Return what is owed by the provinces of the list's messages."""
    sums: Counter[int | None] = Counter()
    for kind, line in differences.every(session, row):
        if kind == about:
            less = (line.theirs or 0) if about == differences.AMOUNT else 0
            sums[line.province_id] += (line.ours or 0) - less
    return dict(sums)


def _claim_facts(session: Session, row: Settlement, part: Part) -> dict[str, Any]:
    counted = counting.counted(session, asked_of(row))
    return {
        "lines": list(part.lines),
        "counted": asdict(counted),
        "reported": {"messages": row.messages, "gross": row.gross},
        "fee": row.fee,
        "net": row.net,
        "paid_on": row.paid_on.isoformat(),
    }


def _reason(reason: str) -> str:
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do."), field="reason"))
    return why


def _as_json(weights: dict[int | None, int] | None) -> dict[str, int] | None:
    """Return weights as JSON has them: keys are texts, no province is an empty one."""
    return None if weights is None else {str(at or ""): sum_ for at, sum_ in weights.items()}


def _weights(kept: dict[str, int] | None) -> dict[int | None, int] | None:
    return None if kept is None else {int(at) if at else None: sum_ for at, sum_ in kept.items()}
