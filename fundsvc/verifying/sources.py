"""Every entry comes from something that this service books, and what it was booked for is there.

Entries of donations, messages, bank lines, totals, payments, settlements and vouchers are compared
with their rows elsewhere (`facts`, `fundsvc.vouchers.verify`), openings, years carried
forward and reversals with the acts that made them (`entry_acts`). Here are all others, and the
list of all sources: a slice that books under a new one must name it here.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import (
    CompoundSelect,
    Select,
    String,
    cast,
    except_,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.books.verify import Fault
from fundsvc.donations import service as donations
from fundsvc.dues import service as dues
from fundsvc.online.models import CardDispute, CardMovement, CardPayout, CardStray
from fundsvc.online.movements import SOURCE as STRIPE
from fundsvc.periods import carrying, openings
from fundsvc.reconciliation.models import BankDecisionPart
from fundsvc.settlements import service as settlements
from fundsvc.settlements import surplus
from fundsvc.settlements.models import Settlement
from fundsvc.spending import service as spending
from fundsvc.vouchers import service as vouchers
from fundsvc.workbench import booking
from ledger.words import grouped

RULE: Final = "source"
REVERSAL: Final = "reversal"
BEGINNINGS: Final = ("bank:", "sms:")
"""What a source begins with whose rest names a bank account or an operator."""
SOURCES: Final = {
    donations.SOURCE,
    dues.SOURCE,
    spending.SOURCE,
    settlements.SOURCE,
    vouchers.SOURCE,
    openings.SOURCE,
    carrying.SOURCE,
    booking.SOURCE,
    surplus.SOURCE,
    STRIPE,
    REVERSAL,
}
"""The sources of all other entries."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield entries that come from nowhere, or whose papers or rows are not there."""
    known = or_(
        Entry.source.in_(sorted(SOURCES)),
        *(Entry.source.startswith(begun, autoescape=True) for begun in BEGINNINGS),
    )
    why = _("không do việc nào của phần mềm này ghi (nguồn lạ)")
    yield from _told(session, select(Entry.id).where(~known), why)
    why = _("mang số chứng từ nhưng không phải bút toán của chứng từ nào")
    by_hand = select(Entry.id).where(Entry.voucher.is_not(None), Entry.source != vouchers.SOURCE)
    yield from _told(session, by_hand, why)
    why = _("không có căn cứ: không tìm thấy việc đã ghi bút toán này")
    for source, standing in _STANDING.items():
        of_it = select(Entry.id).where(Entry.source == source)
        alone = except_(of_it, select(standing.subquery().c[0])).subquery()
        yield from _told(session, select(alone.c.id), why)
    why = _("ghi đảo một bút toán khác với bút toán mà nó chỉ đến")
    crossed = select(Entry.id).where(
        or_(Entry.source == REVERSAL, Entry.kind == REVERSAL, Entry.reverses_id.is_not(None)),
        or_(
            Entry.source != REVERSAL,
            Entry.kind != REVERSAL,
            Entry.external_id.is_distinct_from(cast(Entry.reverses_id, String)),
        ),
    )
    yield from _told(session, crossed, why)


_STANDING: Final[dict[str, Select[Any] | CompoundSelect[Any]]] = {
    booking.SOURCE: select(BankDecisionPart.entry_id),
    surplus.SOURCE: select(Entry.id)
    .join(Settlement, Entry.external_id.startswith(cast(Settlement.id, String) + literal(".")))
    .where(Entry.source == surplus.SOURCE),
    STRIPE: union_all(
        select(CardMovement.entry_id),
        select(CardMovement.fee_entry_id),
        select(CardDispute.lost_entry_id),
        select(CardPayout.entry_id),
        select(CardPayout.back_entry_id),
        select(CardPayout.arrival_entry_id),
        select(CardStray.entry_id),
        # What left its bank line again: the payout has forgotten the entry, which was taken back.
        select(Entry.id)
        .join(CardPayout, Entry.external_id.startswith(CardPayout.payout + literal(":arrived")))
        .where(Entry.source == STRIPE, is_undone(Entry.id)),
    ),
}
"""The entries that something stands behind, by source."""


def _told(session: Session, wanted: Select[Any], why: str) -> Iterator[Fault]:
    """Yield a fault for each entry, by what a reader of the journal knows it by."""
    amount = (
        select(func.coalesce(func.sum(Posting.debit), 0))
        .where(Posting.entry_id == Entry.id)
        .correlate(Entry)
        .scalar_subquery()
    )
    query = (
        select(Entry.id, Entry.date, Entry.description, Entry.voucher, amount)
        .where(Entry.id.in_(wanted))
        .order_by(Entry.id)
    )
    for number, on, description, voucher, total in session.execute(query):
        what = described(number, on, description, int(total), voucher)
        yield Fault(RULE, f"entry:{number}", f"{what}: {why}.")


def described(
    number: int, on: date, description: str, amount: int, voucher: str | None = None
) -> str:
    """Name an entry so that it is found in the journal."""
    told = _(
        "Bút toán %(id)s ngày %(day)s, %(amount)s đ, “%(what)s”",
        id=number,
        day=f"{on:%d/%m/%Y}",
        amount=grouped(amount),
        what=description,
    )
    return f"{told} ({voucher})" if voucher else told
