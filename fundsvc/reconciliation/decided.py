"""Which lines of the bank stand decided, which are held back, and which wait: one place for all.

A line waits until a decision of it stands, or something else has taken it: a donation that its
memo code made, a settlement, a payout of card money. The bank's own fee needs no decision, for it
is booked as one when it comes in; a line whose own entry was taken back is in the books no more.
"""

from functools import cache

from sqlalchemy import ColumnElement, Select, column, exists, or_, select, table
from sqlalchemy.orm import InstrumentedAttribute

from fundsvc.reconciliation.models import BankLine

HELD = "held"
LEFT = "left"
UNDECIDED = ("bank-in", "bank-out")
FEE = "bank-fee"
"""With those above, all that a line's own entry can be."""
# Settlements and card payments live above; the lines they have taken are read by the table's name.
_SETTLED = table("settlement_payment", column("bank_line_id"))
_PAID_OUT = table("card_payout", column("bank_line_id"))
_GIFT = table("bank_gift", column("bank_line_id"), column("donation_id"))
# Without the filter of units: whoever sees a line may know whether it waits.
_DECISION = table(
    "bank_decision",
    column("id"),
    column("bank_line_id"),
    column("entry_id"),
    column("undone_at"),
    column("kind"),
)
_PART = table("bank_decision_part", column("decision_id"), column("entry_id"))
_CODED = table("bank_coded", column("bank_line_id"), column("state"))
_DONATION = table("donation", column("id"), column("entry_id"))
_ENTRY = table("entry", column("id"), column("kind"), column("reverses_id"))
_REVERSAL = _ENTRY.alias("reversal")
TAKERS = tuple(one.name for one in (_DECISION, _GIFT, _CODED, _SETTLED, _PAID_OUT))
"""The tables that say what has taken a line. PostgreSQL takes those it never counted for large."""


@cache
def standing() -> ColumnElement[bool]:
    """Whether a line is decided, within a query of `BankLine`."""
    return or_(by_decision(), otherwise())


@cache
def by_decision() -> ColumnElement[bool]:
    """Whether a decision of a line stands that is not held back."""
    return exists().where(
        _DECISION.c.bank_line_id == BankLine.id,
        _DECISION.c.undone_at.is_(None),
        _DECISION.c.kind != HELD,
    )


@cache
def held() -> ColumnElement[bool]:
    """Whether a line is held back, with the reason why it waits."""
    return exists().where(
        _DECISION.c.bank_line_id == BankLine.id,
        _DECISION.c.undone_at.is_(None),
        _DECISION.c.kind == HELD,
    )


@cache
def of_person() -> ColumnElement[bool]:
    """Whether a person has had a say of a line that waits: then nothing but a person decides it.

    Somebody holds it back, undid what was decided of it, left it among the unidentified money, or
    took back the donation that it had become.
    """
    overruled = exists().where(
        _DECISION.c.bank_line_id == BankLine.id,
        or_(_DECISION.c.undone_at.is_not(None), _DECISION.c.kind == HELD),
    )
    left = exists().where(_CODED.c.bank_line_id == BankLine.id, _CODED.c.state == LEFT)
    return or_(overruled, left, exists().where(_GIFT.c.bank_line_id == BankLine.id))


def tied_to_line(
    entry_id: ColumnElement[int] | InstrumentedAttribute[int] | int,
) -> ColumnElement[bool]:
    """Whether a decision that stands rests on an entry: it is what some line is."""
    part = select(_PART.c.entry_id).where(
        _PART.c.decision_id == _DECISION.c.id, _PART.c.entry_id == entry_id
    )
    # The entry is that of the query around both; left alone, the inner one would take any entry.
    either = or_(_DECISION.c.entry_id == entry_id, part.correlate_except(_PART).exists())
    decision = select(_DECISION.c.id).where(_DECISION.c.undone_at.is_(None), either)
    return decision.correlate_except(_DECISION).exists()


@cache
def otherwise() -> ColumnElement[bool]:
    """Whether something else than a decision has taken a line: gift, settlement or payout."""
    reversed_gift = exists().where(_REVERSAL.c.reverses_id == _DONATION.c.entry_id)
    gift = (
        exists()
        .where(
            _GIFT.c.bank_line_id == BankLine.id,
            _DONATION.c.id == _GIFT.c.donation_id,
            ~reversed_gift,
        )
        .correlate(BankLine)
    )
    return or_(
        gift,
        exists().where(_SETTLED.c.bank_line_id == BankLine.id),
        exists().where(_PAID_OUT.c.bank_line_id == BankLine.id),
    )


@cache
def waiting() -> ColumnElement[bool]:
    """Whether a line waits for a decision (held back or not), within a query of `BankLine`.

    It is in the books as money to be identified, and nothing has taken it.
    """
    unidentified = exists().where(
        _ENTRY.c.id == BankLine.entry_id,
        _ENTRY.c.kind.in_(UNDECIDED),
    )
    taken_back = exists(select(_REVERSAL.c.reverses_id)).where(
        _REVERSAL.c.reverses_id == BankLine.entry_id
    )
    return unidentified & ~taken_back & ~standing()


def behind(
    bank_line_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """Whether a line is that of a row of another table, for a query that begins at the other's.

    Where both sides have an index SQLite may begin at the lines, of which there are many more.
    """
    return bank_line_id + 0 == BankLine.id


def gone() -> tuple[Select[int], ...]:
    """Return the lines that wait no more without a decision: one query for each of the ways.

    These are fees, lines whose own entry was taken back, and what `otherwise` tells of one line.
    """
    line = table("bank_line", column("id"), column("entry_id"))
    number = line.c.id.label("bank_line_id")
    reversed_gift = exists().where(_REVERSAL.c.reverses_id == _DONATION.c.entry_id)
    return (
        select(number).join(_ENTRY, _ENTRY.c.id == line.c.entry_id).where(_ENTRY.c.kind == FEE),
        select(number)
        .join(_REVERSAL, _REVERSAL.c.reverses_id == line.c.entry_id)
        .where(_REVERSAL.c.reverses_id.is_not(None)),
        select(_GIFT.c.bank_line_id)
        .join(_DONATION, _DONATION.c.id == _GIFT.c.donation_id)
        .where(~reversed_gift),
        select(_SETTLED.c.bank_line_id),
        select(_PAID_OUT.c.bank_line_id).where(_PAID_OUT.c.bank_line_id.is_not(None)),
    )
