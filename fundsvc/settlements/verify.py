"""What must hold of settlements: what was booked is what was accepted, received and given up."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import is_undone
from fundsvc.books.verify import Fault
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import surplus
from fundsvc.settlements.models import (
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from ledger.words import grouped


def faults(session: Session) -> Iterator[Fault]:
    """Yield settlements of which other amounts stand in the books than their rows say."""
    booked = {
        (settlement_id, act, kind): int(amount)
        for settlement_id, act, kind, amount in session.execute(
            select(
                SettlementEntry.settlement_id,
                SettlementEntry.act,
                SettlementEntry.kind,
                func.sum(SettlementEntry.amount),
            )
            .where(~is_undone(SettlementEntry.entry_id))
            .group_by(SettlementEntry.settlement_id, SettlementEntry.act, SettlementEntry.kind)
        )
    }
    fees: dict[int, int] = {}
    for (settlement_id, _act, kind), amount in booked.items():
        if kind == "fee":
            fees[settlement_id] = fees.get(settlement_id, 0) + amount
    for row in session.scalars(select(Settlement).order_by(Settlement.id)):
        accepted = row.fee if row.accepted_at is not None else 0
        yield from _unlike(row.id, _("phí"), accepted, fees.get(row.id, 0))
    more = surplus.by_act(session)
    money = select(SettlementPayment, BankLine.credit).outerjoin(
        BankLine, BankLine.id == SettlementPayment.bank_line_id
    )
    for paid, credit in session.execute(money.order_by(SettlementPayment.bank_line_id)):
        found = booked.pop((paid.settlement_id, paid.act, "money"), 0)
        found += more.pop((paid.settlement_id, paid.act), 0)
        yield from _unlike(paid.settlement_id, _("tiền về"), credit or 0, found)
    for (settlement_id, _act), amount in more.items():
        yield from _unlike(settlement_id, _("tiền trả thừa"), 0, amount)
    yield from _undone_lines(session)
    losses = select(SettlementLoss).where(SettlementLoss.state == "approved")
    for loss in session.scalars(losses.order_by(SettlementLoss.id)):
        found = booked.pop((loss.settlement_id, loss.act or 0, "loss"), 0)
        yield from _unlike(loss.settlement_id, _("khoản xóa nợ"), loss.amount, found)
    offsets = _offsets(session)
    for (settlement_id, act, kind), amount in booked.items():
        if kind != "fee" and (settlement_id, act) not in offsets:
            what = _("việc số %(act)s", act=act)
            yield from _unlike(settlement_id, what, 0, amount)


def _offsets(session: Session) -> set[tuple[int, int]]:
    """Return the acts that set a surplus off; what they come to stands on 3388."""
    query = (
        select(SettlementEntry.settlement_id, SettlementEntry.act)
        .join(Entry, Entry.id == SettlementEntry.entry_id)
        .where(Entry.kind == surplus.OFFSET)
    )
    return {(settlement_id, act) for settlement_id, act in session.execute(query)}


def _undone_lines(session: Session) -> Iterator[Fault]:
    """Yield settlements whose money is a bank line that was itself taken back."""
    query = (
        select(SettlementPayment.settlement_id, SettlementPayment.bank_line_id)
        .join(BankLine, BankLine.id == SettlementPayment.bank_line_id)
        .where(is_undone(BankLine.entry_id))
        .order_by(SettlementPayment.bank_line_id)
    )
    for settlement_id, line_id in session.execute(query):
        why = _(
            "Quyết toán %(id)s: dòng sao kê %(line)s là tiền về của quyết toán này nhưng đã ghi"
            " đảo.",
            id=settlement_id,
            line=line_id,
        )
        yield Fault("settlement-line", f"settlement:{settlement_id}", why)


def _unlike(settlement_id: int, what: str, meant: int, found: int) -> Iterator[Fault]:
    if meant != found:
        why = _(
            "Quyết toán %(id)s, %(what)s: sổ ghi %(found)s đ, đúng ra %(meant)s đ.",
            id=settlement_id,
            what=what,
            found=grouped(found),
            meant=grouped(meant),
        )
        yield Fault("settlement-sum", f"settlement:{settlement_id}", why)
