"""What must hold of decisions of lines: what was booked for them stands, and adds up to the line.

A decision that was undone has its reversals. What the things themselves say of their entries (a
donation, dues, a payment) is compared elsewhere; here it is that they are this decision's.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ScalarSelect, and_, case, func, literal, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Entry, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.books.verify import Fault
from fundsvc.donations.models import Donation
from fundsvc.dues.models import DuesTotal
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation.decided import HELD
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankDecisionPart, BankLine
from fundsvc.settlements.models import SettlementEntry, SettlementPayment
from fundsvc.spending.models import Payment
from ledger.accounts import BANK, UNIDENTIFIED_IN, UNIDENTIFIED_OUT
from ledger.words import grouped

RULE: Final = "bank-decision"
BOOKED: Final = "booked"
SPLIT: Final = "split"
WHATS: Final[dict[str, frozenset[str]]] = {
    "promised": frozenset({"donation"}),
    "given": frozenset({"donation"}),
    "collected": frozenset({"dues", "entry"}),
    "settled": frozenset({"settlement", "surplus"}),
    "paid-out": frozenset({"payout"}),
    "mirrored": frozenset({"mirror"}),
    BOOKED: frozenset({"booked", "double"}),
    "spent": frozenset({"payment"}),
    "posted": frozenset({"entry"}),
    SPLIT: frozenset({"donation", "dues", "payment", "entry"}),
}
"""What a decision of each kind books."""
ENTRIES: Final[dict[str, frozenset[str]]] = {
    "mirror": frozenset({"bank-transfer"}),
    "double": frozenset({"bank-double"}),
    "entry": frozenset({"bank-identified", "bank-moved"}),
    "payout": frozenset({"card-arrival"}),
}
"""The kinds of the entries of what has no row of its own that says so."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield decisions that the books, the line or what was booked tell otherwise."""
    rows = session.execute(_query().execution_options(yield_per=1_000))
    for _number, found in groupby(rows, key=lambda row: row.id):
        parts = list(found)
        for why in _of_decision(parts):
            yield Fault(RULE, f"bank_decision:{parts[0].id}", why)


def _of_decision(parts: Sequence[Any]) -> Iterator[str]:
    """Tell what does not hold of a decision, given a row for each of its parts."""
    row = parts[0]
    if (row.line_amount, row.line_account, row.line_unit) != (
        row.amount,
        row.bank_account_id,
        row.unit_id,
    ):
        yield _("Quyết định không còn khớp với số tiền, tài khoản hay đơn vị của dòng sao kê.")
    if row.part_id is None:
        if row.kind != HELD:
            yield _("Quyết định không có phần nào được ghi sổ.")
        return
    if row.kind == HELD:
        yield _("Dòng đang tạm giữ mà lại có phần được ghi sổ.")
        return
    if row.entry_id not in {part.part_entry for part in parts}:
        yield _("Bút toán của quyết định không thuộc phần nào của nó.")
    if row.undone_at is not None:
        for part in parts:
            if part.what != BOOKED and not part.reversed:
                yield _("Đã hoàn tác nhưng bút toán %(entry)s chưa ghi đảo.", entry=part.part_entry)
        return
    yield from _of_standing(row, parts)


def _of_standing(row: Any, parts: Sequence[Any]) -> Iterator[str]:
    """Tell what does not hold of a decision that stands."""
    doubled = any(part.what == "double" for part in parts)
    total = 0
    for part in parts:
        if part.reversed:
            yield _("Quyết định còn hiệu lực nhưng bút toán %(entry)s đã ghi đảo.",
                    entry=part.part_entry)  # fmt: skip
        if part.what not in WHATS.get(row.kind, ()) or not _is_its_own(part):
            yield _("Bút toán %(entry)s không phải của phần đã quyết định.", entry=part.part_entry)
        by_hand = part.what == BOOKED and doubled
        moved = part.at_bank if by_hand else part.identified
        total += 0 if by_hand else part.identified
        # Dues of another unit are proved by their own row; the line's unit is moved from.
        meant = part.thing_amount if part.what == "dues" else abs(moved)
        if part.part_amount != meant or (by_hand and moved != row.amount):
            yield _(
                "Bút toán %(entry)s ghi %(found)s đ, quyết định ghi %(meant)s đ.",
                entry=part.part_entry,
                found=grouped(abs(meant or 0)),
                meant=grouped(part.part_amount),
            )
    if total != row.amount:
        yield _(
            "Các bút toán lấy %(found)s đ khỏi tiền chờ xác định, dòng sao kê là %(meant)s đ.",
            found=grouped(total),
            meant=grouped(row.amount),
        )


def _is_its_own(part: Any) -> bool:
    """Say whether the entry of a part is the one of the thing that the decision names."""
    if part.what in ENTRIES and part.entry_kind not in ENTRIES[part.what]:
        return False
    if part.what in {"donation", "dues", "payment", "settlement", "payout"}:
        return bool(part.thing_entry == part.part_entry)
    return part.entry_kind is not None


def _query() -> Any:
    """Select decisions with their parts, one row a part, in their order."""
    part = BankDecisionPart
    return (
        select(
            BankDecision.id,
            BankDecision.kind,
            BankDecision.amount,
            BankDecision.bank_account_id,
            BankDecision.unit_id,
            BankDecision.entry_id,
            BankDecision.undone_at,
            (BankLine.credit - BankLine.debit).label("line_amount"),
            BankLine.bank_account_id.label("line_account"),
            BankLine.unit_id.label("line_unit"),
            part.id.label("part_id"),
            part.what,
            part.amount.label("part_amount"),
            part.entry_id.label("part_entry"),
            Entry.kind.label("entry_kind"),
            is_undone(part.entry_id).label("reversed"),
            _moved(case((BankDecision.amount > 0, UNIDENTIFIED_IN), else_=UNIDENTIFIED_OUT)).label(
                "identified"
            ),
            _moved(literal(f"{BANK}.") + BankAccount.code).label("at_bank"),
            func.coalesce(
                Donation.entry_id,
                DuesTotal.entry_id,
                Payment.entry_id,
                SettlementEntry.entry_id,
                CardPayout.arrival_entry_id,
            ).label("thing_entry"),
            DuesTotal.amount.label("thing_amount"),
        )
        .outerjoin(BankLine, BankLine.id == BankDecision.bank_line_id)
        .outerjoin(BankAccount, BankAccount.id == BankDecision.bank_account_id)
        .outerjoin(part, part.decision_id == BankDecision.id)
        .outerjoin(Entry, Entry.id == part.entry_id)
        .outerjoin(Donation, and_(part.what == "donation", Donation.id == part.thing_id))
        .outerjoin(DuesTotal, and_(part.what == "dues", DuesTotal.id == part.thing_id))
        .outerjoin(Payment, and_(part.what == "payment", Payment.id == part.thing_id))
        .outerjoin(
            SettlementPayment,
            and_(
                part.what == "settlement",
                SettlementPayment.bank_line_id == BankDecision.bank_line_id,
                SettlementPayment.settlement_id == part.thing_id,
            ),
        )
        .outerjoin(
            SettlementEntry,
            and_(
                SettlementEntry.settlement_id == SettlementPayment.settlement_id,
                SettlementEntry.act == SettlementPayment.act,
                SettlementEntry.entry_id == part.entry_id,
            ),
        )
        .outerjoin(
            CardPayout,
            and_(
                part.what == "payout",
                CardPayout.id == part.thing_id,
                CardPayout.bank_line_id == BankDecision.bank_line_id,
            ),
        )
        .order_by(BankDecision.id, part.id)
    )


def _moved(code: Any) -> ScalarSelect[int]:
    """Return what the entry of a part changes of an account, in the line's fund and unit."""
    return (
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.entry_id == BankDecisionPart.entry_id,
            Posting.fund_id == BankAccount.fund_id,
            Posting.unit_id == BankAccount.unit_id,
            Account.code == code,
        )
        .correlate(BankDecisionPart, BankAccount, BankDecision)
        .scalar_subquery()
    )
