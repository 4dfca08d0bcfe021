"""Take back what was booked by mistake: a reason, an open day, and no till below zero."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, column, exists, func, select, table
from sqlalchemy.orm import InstrumentedAttribute, Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import objections
from fundsvc.books import service as books
from fundsvc.books.models import Entry, Posting
from fundsvc.books.tills import hold, tills
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.text import clean

LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Reversed:
    """What came of a request to reverse: the entry, what takes it back, and since when.

    `new` is False when the same was asked before.
    """

    entry_id: int
    reversal_id: int
    on: date
    reason: str
    new: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """On which day a thing was reversed, and why."""

    on: date
    reason: str


def undone(session: Session, entry_id: int) -> Undone | None:
    """Return how an entry was reversed, or None if it stands."""
    found = session.scalar(select(Entry).where(Entry.reverses_id == entry_id))
    return Undone(found.date, found.description) if found else None


def is_undone(entry_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether the entry of a row was reversed; then the row no longer counts."""
    # By a name of its own: the row may be an entry itself.
    reversal = table("entry", column("reverses_id")).alias("reversal")
    return exists(select(reversal.c.reverses_id).where(reversal.c.reverses_id == entry_id))


def take_back(
    session: Session, entry_id: int, *, subject: str, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Reverse the entry of a thing by negative amounts, and note who did it and why.

    The caller holds a lock on the thing and on its unit (`units.service.lock`), so that neither a
    second reversal nor a payment comes between the look into the till and the entry.

    Args:
        session: the open transaction.
        entry_id: the entry of the thing.
        subject: what the thing is called in the log of acts, as `payment:12`.
        on: the day of the reversal, today when None.
        reason: why, in a sentence; the books keep it, so it must hold no name.
        by: the staff user who reverses.

    Raises:
        Refusal: there is no reason, the day lies in the future, before the entry's own or in a
            closed month, a slice objects (`books.objections`), or a till that took the money no
            longer has it.
        Conflict: it was reversed before with another reason or day.
    """
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do ghi đảo."), field="reason"))
    earlier = session.scalar(select(Entry).where(Entry.reverses_id == entry_id))
    if earlier is not None:
        if earlier.description != why or on not in {None, earlier.date}:
            day = f"{earlier.date:%d/%m/%Y}"
            told = _("Khoản này đã ghi đảo ngày %(day)s với lý do hoặc ngày khác.", day=day)
            raise Conflict(told)
        return Reversed(entry_id, earlier.id, earlier.date, why, new=False)
    on = on or clock.today()
    original = session.get_one(Entry, entry_id)
    _check_day(original, on)
    objections.hold(session, original, subject)
    _hold_tills(session, entry_id, on)
    posted = books.reverse(session, entry_id, on=on, reason=why, maker_id=by)
    facts = {"reason": why, "date": on.isoformat(), "entry": entry_id, "reversal": posted.id}
    audit.record(session, f"{subject.partition(':')[0]}.reverse", subject, facts, by=by)
    return Reversed(entry_id, posted.id, on, why, new=posted.new)


def _check_day(original: Entry, on: date) -> None:
    if on > clock.today():
        raise Refusal(Reason(_("Ngày ghi đảo không thể sau hôm nay."), field="date"))
    if on < original.date:
        day = f"{original.date:%d/%m/%Y}"
        why = _("Ngày ghi đảo không thể trước ngày của khoản này (%(day)s).", day=day)
        raise Refusal(Reason(why, field="date"))


def _hold_tills(session: Session, entry_id: int, on: date) -> None:
    """Hold that every till which took money by this entry can give it back from a day on."""
    places = {place.account_id: place for place in tills(session)}
    taken = func.sum(Posting.debit - Posting.credit)
    rows = session.execute(
        select(Posting.account_id, Posting.fund_id, Posting.unit_id, taken)
        .where(Posting.entry_id == entry_id, Posting.account_id.in_(list(places)))
        .group_by(Posting.account_id, Posting.fund_id, Posting.unit_id)
    )
    for account_id, fund_id, unit_id, amount in rows.all():
        place = places[account_id]
        hold(session, place, fund_id=fund_id, unit_id=unit_id, since=on, amount=int(amount))
