"""What the books say of lines: payers seen before, and money that somebody recorded by hand."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.models import BY_HAND as HAND
from fundsvc.books.models import Entry, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts, facts_of
from fundsvc.reconciliation.decided import tied_to_line
from fundsvc.reconciliation.models import BankDecision, BankDecisionPart, BankGift, BankLine
from fundsvc.secrecy import UnreadableError
from fundsvc.spending.models import Payment
from fundsvc.templating.filters import day, dong
from fundsvc.vouchers.service import SOURCE as VOUCHER
from fundsvc.workbench.choices import Booked, Choice, Given, Proposal, Spent
from fundsvc.workbench.likeness import ALIKE, share_of_name
from fundsvc.workbench.lines import Line, span
from fundsvc.workbench.payers import payee, payer
from ledger.accounts import UNIDENTIFIED_IN, UNIDENTIFIED_OUT

SEEN, SEEN_EXACT, BY_HAND, AMOUNT_ALONE = 65, 72, 75, 30
LOOKED_AT: Final = 2_000
"""So many of a unit's last decided lines are looked through for a payer."""
APART: Final = timedelta(days=4)
MOST: Final = 500
Found = tuple[int, Proposal]


@dataclass(frozen=True, slots=True)
class _Before:
    """What an earlier line of a payer became."""

    choice: Choice
    label: str
    told: str
    amount: int


def payers(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield what earlier lines of the same payer, or payee, were decided to be."""
    keys = {(line.purse.place, bool(line.credit), line.payer) for line in lines if line.payer}
    if not keys:
        return
    units = {line.purse.unit_id for line in lines}
    known: dict[tuple[tuple[int, int], bool, str], _Before] = {}
    for place, into, who, before in (*_gifts(session, units), *_payments(session, units)):
        if who and (place, into, who) in keys:
            known.setdefault((place, into, who), before)
    for line in lines:
        found = known.get((line.purse.place, bool(line.credit), line.payer))
        if found is not None:
            reasons = [found.told]
            if same := found.amount == line.amount:
                reasons.append(_("Lần ấy cũng đúng số tiền này."))
            score = SEEN_EXACT if same else SEEN
            yield line.id, Proposal(found.choice, found.label, score, tuple(reasons))


_Row = tuple[tuple[int, int], bool, str, _Before]


def _gifts(session: Session, units: set[int]) -> Iterator[_Row]:
    """Yield the last donations of lines, the newest first."""
    decided = (
        select(BankDecision.bank_line_id, BankDecisionPart.thing_id.label("donation_id"))
        .join(BankDecisionPart, BankDecisionPart.decision_id == BankDecision.id)
        .where(
            BankDecision.undone_at.is_(None),
            BankDecisionPart.what == "donation",
            BankDecision.unit_id.in_(units),
        )
        .order_by(BankDecision.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    given = (
        select(BankGift.bank_line_id, BankGift.donation_id)
        .where(BankGift.unit_id.in_(units))
        .order_by(BankGift.bank_line_id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    for source in (decided, given):
        query = (
            select(BankLine.counterparty, BankLine.memo, Donation, Donor)
            .join(source, source.c.bank_line_id == BankLine.id)
            .join(Donation, Donation.id == source.c.donation_id)
            .join(Donor, Donor.id == Donation.donor_id)
            .where(Donor.erased_at.is_(None), ~is_undone(Donation.entry_id))
            .order_by(BankLine.booked_on.desc(), BankLine.id.desc())
        )
        for counterparty, memo, donation, donor in session.execute(query):
            try:
                facts = facts_of(donor)
            except UnreadableError:
                facts = DonorFacts(name=donor.name, kind=donor.kind, address=donor.address)
            told = _(
                "Người chuyển này đã ủng hộ ngày %(day)s: %(name)s, %(amount)s.",
                day=day(donation.received_on),
                name=donor.name,
                amount=dong(donation.amount),
            )
            label = _("Ghi khoản ủng hộ của %(name)s", name=donor.name)
            place = donation.fund_id, donation.unit_id
            before = _Before(Given(facts), label, told, donation.amount)
            yield place, True, payer(counterparty, memo), before


def _payments(session: Session, units: set[int]) -> Iterator[_Row]:
    """Yield the last payments of lines, the newest first."""
    query = (
        select(BankLine.counterparty, BankLine.memo, Payment)
        .join(BankDecision, BankDecision.bank_line_id == BankLine.id)
        .join(BankDecisionPart, BankDecisionPart.decision_id == BankDecision.id)
        .join(
            Payment,
            and_(Payment.id == BankDecisionPart.thing_id, BankDecisionPart.what == "payment"),
        )
        .where(BankDecision.undone_at.is_(None), BankDecision.unit_id.in_(units))
        .order_by(BankDecision.id.desc())
        .limit(LOOKED_AT)
    )
    for counterparty, memo, paid in session.execute(query):
        choice = Spent(paid.line, paid.payee, paid.purpose)
        told = _(
            "Lần trước, ngày %(day)s, dòng như thế này là chi cho %(payee)s: %(purpose)s.",
            day=day(paid.paid_on),
            payee=paid.payee,
            purpose=paid.purpose,
        )
        label = _(
            "Ghi khoản chi cho %(payee)s: %(purpose)s", payee=paid.payee, purpose=paid.purpose
        )
        place = paid.fund_id, paid.unit_id
        yield place, False, payee(counterparty, memo), _Before(choice, label, told, paid.amount)


# What is no column no index can find: so it begins at the entries of some days that came in no
# file, which are few, and not at all the postings of an account.
_account: Final = Posting.account_id + 0
_entry: Final = Entry.id + 0


def by_hand(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield entries that somebody made of money before the bank told of it."""
    known = keys.read(session)
    waits = [known.account(code) for code in (UNIDENTIFIED_IN, UNIDENTIFIED_OUT)]
    for purse in {line.purse for line in lines}:
        mine = [line for line in lines if line.purse == purse]
        first, last = span(mine)
        query = (
            select(Entry.id, Entry.date, Entry.description, Posting.debit, Posting.credit)
            .join(Posting, Posting.entry_id == _entry)
            .where(
                or_(
                    _account == purse.account_id,
                    (Entry.source == VOUCHER)
                    & _account.in_(waits)
                    & (Posting.fund_id == purse.fund_id)
                    & (Posting.unit_id == purse.unit_id),
                ),
                Entry.date.between(first - APART, last + APART),
                or_(
                    Posting.debit.in_({line.credit for line in mine if line.credit}),
                    Posting.credit.in_({line.debit for line in mine if line.debit}),
                ),
                text(f"entry.{HAND}"),
                ~func.coalesce(Entry.source, "").startswith("bank:"),
                ~is_undone(Entry.id),
                Entry.reverses_id.is_(None),
                ~tied_to_line(Entry.id),
            )
            .order_by(Entry.date, Entry.id)
            .limit(MOST)
        )
        made = defaultdict(list)
        for row in session.execute(query):
            made[row.debit, row.credit].append(row)
        for line in mine:
            for entry_id, on, description, *_sides in made[line.credit, line.debit]:
                if abs(on - line.booked_on) <= APART:
                    yield line.id, _booked(line, entry_id, day(on), description)


def _booked(line: Line, entry_id: int, on: str, description: str) -> Proposal:
    reasons = [
        _("Sổ đã có một bút toán cùng số tiền ngày %(day)s: %(what)s.", day=on, what=description)
    ]
    named = share_of_name(description, line.said) >= ALIKE or (
        bool(line.payer) and share_of_name(line.payer, description) >= ALIKE
    )
    if named:
        reasons.append(_("Diễn giải và nội dung chuyển tiền nói về cùng một người hoặc một việc."))
    else:
        reasons.append(_("Chỉ có số tiền và ngày khớp, nên chưa đủ để tin."))
    label = _("Đã ghi tay: bút toán %(number)s", number=entry_id)
    score = BY_HAND if named else AMOUNT_ALONE
    return Proposal(Booked(entry_id), label, score, tuple(reasons))
