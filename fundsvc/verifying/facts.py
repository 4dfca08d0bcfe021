"""What each slice's rows say of the books, to be compared with what the books say.

This is `ledger.recipes` and `ledger.card_recipes` once more, as expressions over the slices'
tables: a change of the journal that stays balanced, even of an account, disagrees with the fact it
was booked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, case, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Account, Entry, EntryDonor, Fund, Posting
from fundsvc.books.verify import Fault
from fundsvc.db import Base
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.donors import service as donors
from fundsvc.donors.models import Donor
from fundsvc.dues.models import DuesTotal
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.secrecy import UnreadableError, email_hash
from fundsvc.settlements import service as settlements
from fundsvc.settlements import surplus
from fundsvc.settlements.models import Settlement, SettlementEntry
from fundsvc.sms.models import Campaign, SmsMessage
from fundsvc.spending.models import Payment
from ledger.accounts import (
    AT_STRIPE,
    BANK,
    CASH,
    OPERATORS,
    OWED_OUT,
    UNIDENTIFIED_IN,
    UNIDENTIFIED_OUT,
    expense,
    income,
)
from ledger.words import grouped

ENTRY = Entry.__table__.alias("booked_entry")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is debited, said by the line of an expense: a treasurer may add accounts to a line."""

    line: Any


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of a slice that each have one entry, and what the entry must say, as expressions.

    `matches` finds a row's entry; rows that `only` leaves out have none. `debit` and `credit` are
    the codes of the accounts, `debit` also a purpose; `source` begins the source of entries that
    only this slice posts.
    """

    name: str
    model: type[Base]
    key: Any
    matches: ColumnElement[bool]
    source: str
    amount: Any
    on: Any
    fund_id: Any
    unit_id: Any
    debit: Any
    credit: Any
    province_id: Any = None
    only: ColumnElement[bool] | None = None

    def debited(self, account: Any) -> tuple[tuple[Any, Any], ...]:
        """Return what the debited account is, beside what it must be."""
        if isinstance(self.debit, Purpose):
            return (account.type, literal("expense")), (account.line, self.debit.line)
        return ((account.code, self.debit),)


# Codes that follow from the row: the fund of a total, the bank account of a line.
_DUES_INCOME = case(
    (DuesTotal.fund_id == select(Fund.id).filter_by(code="dues").scalar_subquery(), income("dues")),
    else_=income("base"),
)
_BANK_ACCOUNT = (
    select(literal(f"{BANK}.") + BankAccount.code)
    .where(BankAccount.id == BankLine.bank_account_id)
    .scalar_subquery()
)
_BANK_FUND = (
    select(BankAccount.fund_id).where(BankAccount.id == BankLine.bank_account_id).scalar_subquery()
)
_SMS_FUND, _SMS_UNIT = (
    select(column).where(Campaign.id == SmsMessage.campaign_id).scalar_subquery()
    for column in (Campaign.fund_id, Campaign.unit_id)
)
_SETTLED_WITH, _SETTLED_FUND = (
    select(column)
    .select_from(Settlement)
    .join(Campaign, Campaign.id == Settlement.campaign_id)
    .where(Settlement.id == SettlementEntry.settlement_id)
    .scalar_subquery()
    for column in (Settlement.operator, Campaign.fund_id)
)
_SPENT = case((ENTRY.c.kind == "bank-fee", expense("fee")), else_=UNIDENTIFIED_OUT)

FACTS = (
    Facts(
        name="donation",
        model=Donation,
        key=Donation.id,
        matches=Donation.entry_id == ENTRY.c.id,
        source="donation",
        amount=Donation.amount,
        on=Donation.received_on,
        fund_id=Donation.fund_id,
        unit_id=Donation.unit_id,
        debit=case(
            (Donation.method == "cash", CASH),
            (Donation.method == "card", AT_STRIPE),
            else_=UNIDENTIFIED_IN,
        ),
        credit=case(
            (Donation.method == "cash", income("cash")),
            (Donation.method == "card", income("card")),
            else_=income("bank"),
        ),
        province_id=Donation.province_id,
    ),
    Facts(
        name="dues-total",
        model=DuesTotal,
        key=DuesTotal.id,
        matches=DuesTotal.entry_id == ENTRY.c.id,
        source="dues",
        amount=DuesTotal.amount,
        on=DuesTotal.paid_on,
        fund_id=DuesTotal.fund_id,
        unit_id=DuesTotal.unit_id,
        debit=DuesTotal.paid_into,
        credit=_DUES_INCOME,
        province_id=null(),
    ),
    Facts(
        name="payment",
        model=Payment,
        key=Payment.id,
        matches=Payment.entry_id == ENTRY.c.id,
        source="payment",
        amount=Payment.amount,
        on=Payment.paid_on,
        fund_id=Payment.fund_id,
        unit_id=Payment.unit_id,
        debit=Purpose(Payment.line),
        credit=Payment.paid_from,
        province_id=Payment.province_id,
    ),
    Facts(
        name="bank-line",
        model=BankLine,
        key=BankLine.id,
        matches=BankLine.entry_id == ENTRY.c.id,
        source="bank:",
        amount=BankLine.debit + BankLine.credit,
        on=BankLine.booked_on,
        fund_id=_BANK_FUND,
        unit_id=BankLine.unit_id,
        debit=case((BankLine.credit > 0, _BANK_ACCOUNT), else_=_SPENT),
        credit=case((BankLine.credit > 0, literal(UNIDENTIFIED_IN)), else_=_BANK_ACCOUNT),
        province_id=null(),
    ),
    Facts(
        name="sms",
        model=SmsMessage,
        key=SmsMessage.operator + literal(":") + SmsMessage.request_id,
        matches=and_(
            ENTRY.c.source == literal("sms:") + SmsMessage.operator,
            ENTRY.c.external_id == SmsMessage.request_id,
        ),
        source="sms:",
        amount=SmsMessage.amount,
        on=SmsMessage.received_on,
        fund_id=_SMS_FUND,
        unit_id=_SMS_UNIT,
        debit=literal(f"{OPERATORS}.") + SmsMessage.operator,
        credit=literal(income("sms")),
        province_id=SmsMessage.province_id,
        only=SmsMessage.status == "booked",
    ),
    Facts(
        name="settlement",
        model=SettlementEntry,
        key=SettlementEntry.id,
        matches=SettlementEntry.entry_id == ENTRY.c.id,
        source=settlements.SOURCE,
        amount=SettlementEntry.amount,
        on=SettlementEntry.booked_on,
        fund_id=_SETTLED_FUND,
        unit_id=SettlementEntry.unit_id,
        debit=case(
            (SettlementEntry.kind == "fee", expense("fee")),
            (ENTRY.c.kind == surplus.OFFSET, OWED_OUT),
            (SettlementEntry.kind == "money", UNIDENTIFIED_IN),
            else_=expense("other"),
        ),
        credit=literal(f"{OPERATORS}.") + _SETTLED_WITH,
        province_id=SettlementEntry.province_id,
    ),
)


_BY_NAME: Final = {facts.name: facts for facts in FACTS}


@cache
def _disagreement(name: str) -> Select[Any]:
    """Select rows without an entry, and entries that say something else than their row.

    Made once: so many columns under other names take longer to write down than to ask for.
    """
    facts = _BY_NAME[name]
    debit, credit = aliased(Posting), aliased(Posting)
    debited, credited = aliased(Account), aliased(Account)
    said = (
        (ENTRY.c.date, facts.on),
        (ENTRY.c.unit_id, facts.unit_id),
        (ENTRY.c.province_id, facts.province_id),
        (ENTRY.c.lines, literal(2)),
        (debit.debit, facts.amount),
        (debit.fund_id, facts.fund_id),
        (debit.unit_id, facts.unit_id),
        *facts.debited(debited),
        (credit.credit, facts.amount),
        (credit.fund_id, facts.fund_id),
        (credit.unit_id, facts.unit_id),
        (credited.code, facts.credit),
    )
    statement = (
        select(facts.key, facts.amount, debit.debit, ENTRY.c.id)
        .select_from(facts.model)
        .join(ENTRY, facts.matches, isouter=True)
        .join(debit, and_(debit.entry_id == ENTRY.c.id, debit.line == 1), isouter=True)
        .join(credit, and_(credit.entry_id == ENTRY.c.id, credit.line == 2), isouter=True)  # noqa: PLR2004 - a recipe books two lines
        .join(debited, debited.id == debit.account_id, isouter=True)
        .join(credited, credited.id == credit.account_id, isouter=True)
        .where(or_(*(booked.is_distinct_from(meant) for booked, meant in said)))
        .order_by(facts.key)
    )
    if facts.only is not None:
        statement = statement.where(facts.only)
    return statement


def disagreeing(session: Session, facts: Facts) -> Iterator[Fault]:
    """Yield rows without an entry, and entries that say something else than their row."""
    for key, amount, booked, entry_id in session.execute(_disagreement(facts.name)):
        place = f"{facts.name}:{key}"
        if entry_id is None:
            yield Fault(facts.name, place, _("%(place)s không có bút toán.", place=place))
            continue
        why = _(
            "Bút toán %(id)s (%(booked)s đ) không khớp với %(place)s (%(amount)s đ): ngày, đơn vị,"
            " quỹ, tỉnh, tài khoản hoặc số tiền khác nhau.",
            id=entry_id,
            booked=grouped(booked or 0),
            place=place,
            amount=grouped(amount or 0),
        )
        yield Fault(facts.name, f"entry:{entry_id}", why)


@cache
def _loneliness(name: str) -> Select[Any]:
    facts = _BY_NAME[name]
    joined = facts.matches if facts.only is None else and_(facts.matches, facts.only)
    return (
        select(ENTRY.c.id)
        .select_from(ENTRY)
        .join(facts.model, joined, isouter=True)
        .where(ENTRY.c.source.startswith(facts.source, autoescape=True), facts.key.is_(None))
        .order_by(ENTRY.c.id)
    )


def lonely(session: Session, facts: Facts) -> Iterator[Fault]:
    """Yield entries that only this slice posts and that no row of it stands behind."""
    for entry_id in session.scalars(_loneliness(facts.name)):
        why = _("Bút toán %(id)s không có căn cứ: không tìm thấy dòng %(name)s tương ứng.",
                id=entry_id, name=facts.name)  # fmt: skip
        yield Fault(facts.name, f"entry:{entry_id}", why)


def others_named(session: Session) -> Iterator[Fault]:
    """Yield entries whose commitment is not to the donor that their donation names.

    A donor without a salt was erased, and can be neither proved nor refuted.
    """
    query = (
        select(Donation.entry_id, Donation.key, Donor, EntryDonor.commitment)
        .join(Donor, Donor.id == Donation.donor_id)
        .join(EntryDonor, EntryDonor.entry_id == Donation.entry_id, isouter=True)
        .where(Donor.salt.is_not(None))
        .order_by(Donation.entry_id)
    )
    for entry_id, key, donor, committed in session.execute(query):
        # Donations from before there were commitments have none.
        if committed in {None, donors.commitment(donor, donations.SOURCE, key)}:
            continue
        # A name that was corrected since is another one today, and was this one then.
        if committed not in donors.commitments(session, donor, donations.SOURCE, key):
            why = _("Bút toán %(id)s được niêm phong với người ủng hộ khác.", id=entry_id)
            yield Fault("donor", f"entry:{entry_id}", why)


def misfiled(session: Session) -> Iterator[Fault]:
    """Yield donors whose phone or e-mail does not open, or is found by another one's hash."""
    query = select(Donor).where(or_(Donor.phone_sealed != "", Donor.email_sealed != ""))
    for donor in session.scalars(query.order_by(Donor.id).execution_options(yield_per=1_000)):
        try:
            right = (
                donors.hash_of_phone(donor.phone) == donor.phone_hash
                and email_hash(donor.email) == donor.email_hash
            )
        except UnreadableError:
            right = False
        if not right:
            why = _("Số điện thoại hoặc e-mail của người ủng hộ số %(id)s không mở được, hoặc không"
                    " khớp với mã băm của nó.", id=donor.id)  # fmt: skip
            yield Fault("donor-contact", f"donor:{donor.id}", why)
