"""Undo a decision of a line of the bank: always a reversal, told in one sentence before it is done.

The line waits again afterwards. What was booked for it is taken back by the slice that booked it,
on its own day while that month is open, else today.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.closed import find_closed
from fundsvc.books.models import Entry, Posting
from fundsvc.books.reversing import is_undone, take_back
from fundsvc.donations import service as donations
from fundsvc.dues import service as dues
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.online import arrivals
from fundsvc.receipts import service as receipts
from fundsvc.reconciliation import decided, signed
from fundsvc.reconciliation.models import BankDecision, BankDecisionPart, BankLine
from fundsvc.settlements import service as settlements
from fundsvc.settlements.models import SettlementPayment
from fundsvc.spending import service as spending
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.vouchers import byhand
from ledger.words import grouped

LONGEST: Final = 300
MIRRORED: Final = "mirrored"
MOVED: Final = "bank-moved"


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision that was undone, and the lines that wait again."""

    id: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Act:
    """What is taken back, on which day, why and by whom."""

    row: BankDecision
    part: BankDecisionPart
    on: date | None
    why: str
    by: int | None


def undo(session: Session, decision_id: int, *, by: int | None, why: str) -> Undone:
    """Take back what a decision booked; its lines wait again.

    Raises:
        NotFound: there is no such decision, or not for this person.
        Conflict: it was undone before.
        Refusal: there is no reason, or something stands against a reversal.
    """
    why = clean(why, LONGEST, "why")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do hoàn tác."), field="why"))
    rows = _locked(session, decision_id)
    if any(row.undone_at is not None for row in rows):
        raise Conflict(_("Quyết định này đã được hoàn tác từ trước."))
    for row in rows:
        signed.hold_line(session, row.bank_line_id)
    parts = _parts(session, rows[0])
    for row in rows:
        # Noted first: what stands against a reversal looks at decisions that stand.
        row.undone_at, row.undone_by, row.undone_why = clock.now(), by, why
        facts = {"decision": row.id, "reason": why}
        audit.record(session, "bank-line.undo", f"bank-line:{row.bank_line_id}", facts, by=by)
    session.flush()
    done = set()
    for part in parts:
        thing = (part.what, part.thing_id)
        if part.what in _BACK and thing not in done:
            on = _open_day(session, part.entry_id)
            _BACK[part.what](session, _Act(rows[0], part, on, why, by))
        if part.what == "settlement":  # One act takes all its entries back.
            done.add(thing)
    session.flush()
    return Undone(decision_id, tuple(row.bank_line_id for row in rows))


def would_undo(session: Session, decision_id: int) -> str:
    """Say in a sentence what undoing a decision would do.

    Raises:
        NotFound: there is no such decision, or not for this person.
    """
    row = session.get(BankDecision, decision_id)
    if row is None:
        raise NotFound
    if row.kind == decided.HELD:
        return _("Bỏ tạm giữ; dòng sao kê lại chờ quyết định, sổ sách không đổi.")
    acts = [_said(session, part) for part in _parts(session, row)]
    told = "; ".join(dict.fromkeys(act for act in acts if act))
    if not told:
        return _("Bỏ gắn với bút toán đã ghi bằng tay; dòng sao kê lại chờ quyết định.")
    after = (
        _("cả hai dòng sao kê lại chờ quyết định.")
        if row.kind == MIRRORED
        else _("dòng sao kê lại chờ quyết định.")
    )
    return f"{told[:1].upper()}{told[1:]}; {after}"


def _said(session: Session, part: BankDecisionPart) -> str:
    amount = grouped(part.amount)
    if part.what == "donation" and (numbers := valid_receipts(session, part.thing_id or 0)):
        return _(
            "hủy biên nhận %(number)s và ghi đảo khoản ủng hộ %(amount)s đ",
            number=", ".join(numbers),
            amount=amount,
        )
    told = {
        "donation": _("ghi đảo khoản ủng hộ %(amount)s đ", amount=amount),
        "dues": _("ghi đảo khoản thu %(amount)s đ", amount=amount),
        "payment": _("ghi đảo khoản chi %(amount)s đ", amount=amount),
        "settlement": _("ghi đảo tiền nhà mạng đã trả"),
        "surplus": "",
        "payout": _("ghi đảo tiền đợt chuyển %(amount)s đ", amount=amount),
        "booked": "",
        "double": _("ghi đảo phần ghi trùng %(amount)s đ", amount=amount),
    }
    return told.get(part.what, _("ghi đảo bút toán %(amount)s đ", amount=amount))


def _locked(session: Session, decision_id: int) -> list[BankDecision]:
    """Lock a decision and its lines; of a transfer between our accounts both sides."""
    row = session.get(BankDecision, decision_id)
    if row is None:
        raise NotFound
    ids = {row.bank_line_id}
    if row.kind == MIRRORED:
        ids |= {part.thing_id for part in _parts(session, row) if part.thing_id}
        ids |= set(
            session.scalars(
                select(BankDecision.bank_line_id).where(
                    BankDecision.entry_id == row.entry_id, BankDecision.kind == MIRRORED
                )
            )
        )
    lines = select(BankLine.id).where(BankLine.id.in_(ids)).order_by(BankLine.id)
    session.scalars(lines.with_for_update()).all()
    rows = session.scalars(
        select(BankDecision)
        .where(
            BankDecision.entry_id == row.entry_id
            if row.kind == MIRRORED
            else BankDecision.id == row.id
        )
        .order_by(BankDecision.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if row.kind == MIRRORED and len(rows) < len(ids):
        raise NotFound
    return sorted(rows, key=lambda one: one.id != decision_id)


def _parts(session: Session, row: BankDecision) -> Sequence[BankDecisionPart]:
    query = select(BankDecisionPart).where(BankDecisionPart.decision_id == row.id)
    return session.scalars(query.order_by(BankDecisionPart.id)).all()


def standing(session: Session, line_id: int) -> BankDecision | None:
    """Return the decision of a line that stands and does not hold it back."""
    return session.scalar(
        select(BankDecision).where(
            BankDecision.bank_line_id == line_id,
            BankDecision.undone_at.is_(None),
            BankDecision.kind != decided.HELD,
        )
    )


def valid_receipts(session: Session, donation_id: int) -> list[str]:
    """Return the numbers of a donation's valid receipts."""
    issued = receipts.of_donation(session, donation_id)
    return [receipt.number for receipt in issued if receipt.voided_at is None]


def _open_day(session: Session, entry_id: int) -> date | None:
    """Return the day of an entry while its month is open to all its units; None is today."""
    day = session.get_one(Entry, entry_id).date
    touched = session.scalars(
        select(Posting.unit_id).where(Posting.entry_id == entry_id).distinct()
    )
    if any(find_closed(session, unit_id, day) for unit_id in touched):
        return None
    return day


def take_back_gift(session: Session, donation_id: int, *, why: str, by: int | None) -> None:
    """Void the receipts of a donation and reverse it, on its own day while that is open.

    Raises:
        Refusal: something stands against it.
    """
    gift = donations.locked(session, donation_id)
    for number in valid_receipts(session, donation_id):
        receipts.void(session, number, why, by=by)
    on = _open_day(session, gift.entry_id)
    donations.reverse(session, donation_id, on=on, reason=why, by=by)


def _donation(session: Session, act: _Act) -> None:
    take_back_gift(session, act.part.thing_id or 0, why=act.why, by=act.by)


def _dues(session: Session, act: _Act) -> None:
    dues.reverse_total(session, act.part.thing_id or 0, on=act.on, reason=act.why, by=act.by)


def _payment(session: Session, act: _Act) -> None:
    spending.reverse_payment(session, act.part.thing_id or 0, on=act.on, reason=act.why, by=act.by)


def _settlement(session: Session, act: _Act) -> None:
    paid = session.get(SettlementPayment, act.row.bank_line_id)
    if act.by is None:
        raise Refusal(_("Tiền của nhà mạng do một người xác nhận, không ghi tự động."))
    if paid is not None:
        settlements.undo(session, paid.settlement_id, paid.act, reason=act.why, by=act.by)


def _payout(session: Session, act: _Act) -> None:
    arrivals.unmatch(session, act.part.thing_id or 0, reason=act.why, by=act.by)


def _entry(session: Session, act: _Act) -> None:
    subject = f"bank-decision:{act.row.id}"
    entry = act.part.entry_id
    booked = books.read_entry(session, entry)
    known = keys.read(session)
    # Units are locked in one order, or two undoings could wait for each other.
    for unit_id in sorted({known.unit(line.unit) for line in booked.postings}):
        units.lock(session, unit_id)
    if booked.kind == MOVED:
        byhand.hold_unpaid(session, booked.postings, since=act.on or clock.today())
    if not session.scalar(select(Entry.id).where(Entry.id == entry, is_undone(Entry.id))):
        take_back(session, entry, subject=subject, on=act.on, reason=act.why, by=act.by)


_BACK: Final[dict[str, Callable[[Session, _Act], None]]] = {
    "donation": _donation,
    "dues": _dues,
    "payment": _payment,
    "settlement": _settlement,
    "payout": _payout,
    "mirror": _entry,
    "double": _entry,
    "entry": _entry,
}
"""How each thing is taken back; what was recorded by hand before stays."""
