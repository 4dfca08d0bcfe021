"""Book what a line of the bank was decided to be: each kind by the slice whose business it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import singledispatch
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry, Fund, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.books.tills import hold, till
from fundsvc.books.totals import Columns, totals
from fundsvc.db import check_scope
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.donations.service import DonationFacts
from fundsvc.dues import service as dues
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.giving import service as giving
from fundsvc.giving.models import CampaignPage, Pledge, PledgeDonation
from fundsvc.online import payouts
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankDecisionPart, BankLine
from fundsvc.settlements import service as settlements
from fundsvc.settlements import surplus
from fundsvc.settlements.models import Settlement, SettlementEntry, SettlementPayment
from fundsvc.spending import service as spending
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from fundsvc.workbench import choices
from ledger import recipes
from ledger.accounts import (
    AT_STRIPE,
    BANK,
    CARRIED,
    CASH,
    OPERATORS,
    UNIDENTIFIED_IN,
    UNIDENTIFIED_OUT,
    bank_account_code,
    income,
)
from ledger.words import grouped

SOURCE: Final = "bank-decision"
LONGEST: Final = 300
_GIFTS: Final = tuple(income(name) for name in ("sms", "card", "bank", "cash"))
# What an entry says of a line; it is stored, so it is not translated.
_MOVED: Final = "Tiền vào tài khoản chung, thuộc đơn vị khác"
_TRANSFER: Final = "Chuyển tiền giữa các tài khoản ngân hàng của Hội"
_DOUBLE: Final = "Dòng sao kê đã được ghi sổ bằng tay từ trước"


@dataclass(frozen=True, slots=True)
class Place:
    """A line with the account it stands on, and who decides it under which key.

    `amount` is what is decided of it here: the whole, or a part of a split.
    """

    line: BankLine
    account: BankAccount
    fund: str
    unit: str
    amount: int
    key: str
    by: int | None

    @property
    def money_in(self) -> bool:
        """Whether the bank took money in."""
        return self.line.credit > 0


@dataclass(frozen=True, slots=True)
class Made:
    """What was booked: the thing, its entry, and the receipt if there is one."""

    what: str
    amount: int
    entry_id: int
    thing_id: int | None = None
    receipt: str | None = None


def place_of(session: Session, line: BankLine, *, key: str, by: int | None) -> Place:
    """Return a line with its account's fund and unit."""
    account = session.get_one(BankAccount, line.bank_account_id)
    return Place(
        line=line,
        account=account,
        fund=session.get_one(Fund, account.fund_id).code,
        unit=session.get_one(Unit, account.unit_id).code,
        amount=line.credit or line.debit,
        key=key,
        by=by,
    )


@singledispatch
def book(choice: object, session: Session, at: Place) -> list[Made]:
    """Book a choice for a line, and return what that made.

    Raises:
        Refusal: the line cannot be this, or the books cannot take it, as in a closed month.
    """
    del session, at
    raise TypeError(choice)


@book.register
def _promised(choice: choices.Promised, session: Session, at: Place) -> list[Made]:
    _needs_in(at)
    promised = session.get(Pledge, choice.pledge_id)
    if promised is None:
        raise NotFound(Reason(_("Không có lượt đăng ký ủng hộ này."), field="pledge"))
    page = session.get_one(CampaignPage, promised.page_id)
    if (page.fund_id, page.unit_id) != (at.account.fund_id, at.account.unit_id):
        why = _("Lượt đăng ký này thuộc quỹ hoặc đơn vị khác với tài khoản ngân hàng.")
        raise Refusal(Reason(why, field="pledge"))
    _hold_waiting(session, at)
    origin = _free_origin(session, at)
    given = giving.becomes(
        session,
        promised,
        origin=origin,
        amount=at.amount,
        received_on=at.line.booked_on,
        method="bank",
        by=at.by,
    )
    entry_id = session.get_one(Donation, given.donation_id).entry_id
    return [Made("donation", at.amount, entry_id, given.donation_id, given.receipt)]


def _free_origin(session: Session, at: Place) -> str:
    """Return a name for the money of a line: one that was taken back has its own name."""
    name = f"bank-line:{at.line.id}"
    used = session.scalar(
        select(func.count())
        .select_from(PledgeDonation)
        .where((PledgeDonation.origin == name) | PledgeDonation.origin.startswith(f"{name}:"))
    )
    return f"{name}:{used + 1}" if used else name


@book.register
def _given(choice: choices.Given, session: Session, at: Place) -> list[Made]:
    _needs_in(at)
    _hold_waiting(session, at)
    facts = DonationFacts(
        unit=at.unit,
        fund=at.fund,
        amount=at.amount,
        received_on=at.line.booked_on,
        method="bank",
        donor=choice.donor,
        province=choice.province,
        earmark=choice.earmark,
        on_behalf_of=choice.on_behalf_of,
        in_memory_of=choice.in_memory_of,
    )
    recorded = donations.record(session, facts, f"{SOURCE}:{at.key}", at.by)
    return [Made("donation", at.amount, recorded.entry_id, recorded.id)]


@book.register
def _collected(choice: choices.Collected, session: Session, at: Place) -> list[Made]:
    _needs_in(at)
    unit = units.by_code(session, choice.unit)
    try:
        month = date.fromisoformat(f"{choice.month}-01")
    except ValueError:
        raise Refusal(Reason(_("Tháng viết dạng 2026-11."), field="month")) from None
    if at.fund not in dues.FUNDS:
        why = _("Tài khoản này không giữ tiền hội phí hay chân quỹ.")
        raise Refusal(Reason(why, field="unit"))
    _hold_waiting(session, at)
    made: list[Made] = []
    if unit.code != at.unit:
        entry = recipes.bank_moved(
            amount=at.amount,
            fund=at.fund,
            unit=at.unit,
            to_unit=unit.code,
            on=at.line.booked_on,
            description=_MOVED,
        )
        posted = books.post(
            session, entry, source=SOURCE, external_id=f"{at.key}:moved", maker_id=at.by
        )
        made.append(Made("entry", at.amount, posted.id))
    total = dues.Total(
        unit=unit.code,
        fund=at.fund,
        month=month,
        amount=at.amount,
        paid_on=at.line.booked_on,
    )
    # The bank tells of each payment apart, so an equal one is no slip.
    recorded = dues.record_total(
        session, total, key=f"{SOURCE}:{at.key}", additional=True, by=at.by, from_bank=True
    )
    return [Made("dues", at.amount, recorded.entry_id, recorded.id), *made]


@book.register
def _settled(choice: choices.Settled, session: Session, at: Place) -> list[Made]:
    if at.by is None:
        raise Refusal(_("Tiền của nhà mạng do một người xác nhận, không ghi tự động."))
    settlements.confirm_money(session, choice.settlement_id, at.line.id, by=at.by)
    paid = session.get_one(SettlementPayment, at.line.id)
    parts = session.scalars(
        select(SettlementEntry).where(
            SettlementEntry.settlement_id == choice.settlement_id, SettlementEntry.act == paid.act
        )
    )
    made = [Made("settlement", part.amount, part.entry_id, choice.settlement_id) for part in parts]
    row = session.get_one(Settlement, choice.settlement_id)
    if (more := surplus.of_act(session, row, paid.act)) is not None:
        entry_id, amount = more
        made.append(Made("surplus", amount, entry_id, choice.settlement_id))
    return made


@book.register
def _paid_out(choice: choices.PaidOut, session: Session, at: Place) -> list[Made]:
    row = payouts.match(session, choice.payout_id, at.line.id, by=at.by)
    return [Made("payout", at.amount, row.arrival_entry_id or 0, row.id)]


@book.register
def _mirrored(choice: choices.Mirrored, session: Session, at: Place) -> list[Made]:
    other = session.get(BankLine, choice.line_id)
    if other is None:
        raise NotFound(Reason(_("Không có dòng sao kê kia."), field="line"))
    there = place_of(session, other, key=at.key, by=at.by)
    fits = (other.credit, other.debit) == (at.line.debit, at.line.credit)
    if not fits or other.bank_account_id == at.line.bank_account_id:
        why = _("Hai dòng phải ở hai tài khoản, một dòng tiền ra và một dòng tiền vào bằng nhau.")
        raise Refusal(Reason(why, field="line"))
    for side in (at, there):
        _hold_waiting(session, side)
    into, out = (at, there) if at.money_in else (there, at)
    entry = recipes.bank_transfer(
        amount=at.amount,
        from_fund=out.fund,
        from_unit=out.unit,
        fund=into.fund,
        unit=into.unit,
        on=max(at.line.booked_on, other.booked_on),
        description=_TRANSFER,
    )
    posted = books.post(session, entry, source=SOURCE, external_id=at.key, maker_id=at.by)
    return [Made("mirror", at.amount, posted.id, other.id)]


@book.register
def _booked(choice: choices.Booked, session: Session, at: Place) -> list[Made]:
    """Take back the double; what stands on 3381 or 1388 by hand is no double of the account."""
    wanted = select(Entry).where(Entry.id == choice.entry_id, ~is_undone(Entry.id))
    entry = session.scalar(wanted.with_for_update())
    if entry is None or entry.source.startswith(("bank:", f"{SOURCE}")) or entry.reverses_id:
        raise NotFound(Reason(_("Không có bút toán này."), field="entry"))
    taken = session.scalar(
        select(BankDecision.id)
        .outerjoin(BankDecisionPart, BankDecisionPart.decision_id == BankDecision.id)
        .where(
            BankDecision.undone_at.is_(None),
            (BankDecision.entry_id == entry.id) | (BankDecisionPart.entry_id == entry.id),
        )
    )
    if taken is not None:
        raise Conflict(_("Bút toán này đã gắn với một dòng sao kê khác."))
    own = bank_account_code(at.account.code)
    waits = UNIDENTIFIED_IN if at.money_in else UNIDENTIFIED_OUT
    sign = 1 if at.money_in else -1
    moved = {
        code: int(amount) * sign
        for code, amount in session.execute(
            select(Account.code, func.sum(Posting.debit - Posting.credit))
            .join(Account, Account.id == Posting.account_id)
            .where(
                Posting.entry_id == entry.id,
                Posting.fund_id == at.account.fund_id,
                Posting.unit_id == at.account.unit_id,
            )
            .group_by(Account.code)
        )
    }
    if moved.get(waits) == at.amount:
        return [Made("booked", at.amount, entry.id)]
    if moved.get(own) != at.amount:
        why = _("Bút toán này không ghi đúng số tiền ấy trên tài khoản của dòng sao kê.")
        raise Refusal(Reason(why, field="entry"))
    _hold_waiting(session, at)
    double = recipes.bank_double(
        bank_account=at.account.code,
        money_in=at.money_in,
        on=at.line.booked_on,
        unit=at.unit,
        fund=at.fund,
        amount=at.amount,
        description=_DOUBLE,
    )
    posted = books.post(session, double, source=SOURCE, external_id=at.key, maker_id=at.by)
    return [Made("booked", at.amount, entry.id), Made("double", at.amount, posted.id)]


@book.register
def _spent(choice: choices.Spent, session: Session, at: Place) -> list[Made]:
    if at.money_in:
        raise Refusal(Reason(_("Dòng này là tiền vào, không phải khoản chi."), field="line"))
    _hold_waiting(session, at)
    spent = spending.Spent(
        unit=at.unit,
        fund=at.fund,
        line=choice.line,
        amount=at.amount,
        paid_on=at.line.booked_on,
        payee=clean(choice.payee, LONGEST, "payee"),
        purpose=clean(choice.purpose, LONGEST, "purpose"),
        province=choice.province or None,
    )
    recorded = spending.record_payment(
        session, spent, key=f"{SOURCE}:{at.key}", by=at.by, from_bank=True
    )
    return [Made("payment", at.amount, recorded.entry_id, recorded.id)]


@book.register
def _posted(choice: choices.Posted, session: Session, at: Place) -> list[Made]:
    description = clean(choice.description, LONGEST, "description")
    reasons = []
    if not description:
        reasons.append(Reason(_("Thiếu nội dung ghi sổ."), field="description"))
    if why := _not_there(session, choice.account, money_in=at.money_in):
        reasons.append(Reason(why, field="account"))
    if reasons:
        raise Refusal(*reasons)
    check_scope(session, {at.account.unit_id})
    units.lock(session, at.account.unit_id)
    _hold_waiting(session, at)
    if choice.account == CASH and at.money_in:
        where = {"fund_id": at.account.fund_id, "unit_id": at.account.unit_id}
        box = till(session, CASH, field="account", **where)
        hold(session, box, since=at.line.booked_on, amount=at.amount, field="account", **where)
    recipe = recipes.bank_identified if at.money_in else recipes.bank_spent
    entry = recipe(
        account=choice.account,
        on=at.line.booked_on,
        unit=at.unit,
        fund=at.fund,
        amount=at.amount,
        description=description,
    )
    posted = books.post(session, entry, source=SOURCE, external_id=at.key, maker_id=at.by)
    return [Made("entry", at.amount, posted.id)]


def _not_there(session: Session, code: str, *, money_in: bool) -> str | None:
    """Say why the money of a line cannot go to an account; None when it can."""
    if session.scalar(select(Account.id).where(Account.code == code)) is None:
        return _("Không có tài khoản “%(code)s”.", code=code[:40])
    return refused_account(code, money_in=money_in)


def refused_account(code: str, *, money_in: bool) -> str | None:
    """Say why no line is booked straight to an account of the chart; None when one may be."""
    own = UNIDENTIFIED_IN if money_in else UNIDENTIFIED_OUT
    if code == BANK or code.startswith(f"{BANK}."):
        return _("Giữa hai tài khoản ngân hàng: chọn dòng sao kê kia (chuyển nội bộ).")
    if code == own:
        return _("Tiền đang chờ xác định ở chính tài khoản này.")
    if code == AT_STRIPE or code.startswith(f"{OPERATORS}."):
        return _("Tài khoản này chỉ ghi qua quyết toán nhà mạng hoặc đợt chuyển tiền thẻ.")
    if code in _GIFTS:
        return _("Khoản ủng hộ ghi ở mục Khoản ủng hộ, để có biên nhận.")
    return _("Tài khoản này chỉ dùng khi kết chuyển.") if code in CARRIED else None


@book.register
def _split(choice: choices.Split, session: Session, at: Place) -> list[Made]:
    amounts = [amount for amount, _part in choice.parts]
    if len(amounts) < 2 or any(amount <= 0 for amount in amounts):  # noqa: PLR2004 - or it is no split
        why = _("Chia thành ít nhất hai phần, mỗi phần từ 1 đ trở lên.")
        raise Refusal(Reason(why, field="parts"))
    if (rest := at.amount - sum(amounts)) != 0:
        why = _("Các phần cộng lại lệch %(rest)s đ so với dòng sao kê.", rest=grouped(abs(rest)))
        raise Refusal(Reason(why, field="parts"))
    made: list[Made] = []
    for n, (amount, part) in enumerate(choice.parts, 1):
        made += book(part, session, _part_of(at, amount, n))
    return made


def _part_of(at: Place, amount: int, n: int) -> Place:
    key = f"{at.key}:{n}"
    return Place(at.line, at.account, at.fund, at.unit, amount, key, at.by)


def _needs_in(at: Place) -> None:
    if not at.money_in:
        raise Refusal(Reason(_("Dòng này là tiền ra, không phải khoản thu."), field="line"))


def _hold_waiting(session: Session, at: Place) -> None:
    """Hold that a line's money still waits to be identified; vouchers may have decided it."""
    code = UNIDENTIFIED_IN if at.money_in else UNIDENTIFIED_OUT
    balance = waits(session, code, at.account) * (-1 if at.money_in else 1)
    if balance < at.amount:
        why = _(
            "Tiền chờ xác định của quỹ này chỉ còn %(waiting)s đ, ít hơn dòng sao kê (%(amount)s"
            " đ): khoản này có thể đã được ghi cho việc khác.",
            waiting=grouped(max(balance, 0)),
            amount=grouped(at.amount),
        )
        raise Refusal(Reason(why, field="line"))


def waits(session: Session, code: str, account: BankAccount) -> int:
    """Return what stands on an account of the chart in a bank account's fund and unit."""
    account_id = session.scalars(select(Account.id).where(Account.code == code)).one()

    def here(columns: Columns) -> Sequence[object]:
        return [
            columns.account_id == account_id,
            columns.fund_id == account.fund_id,
            columns.unit_id == account.unit_id,
        ]

    rows = totals(session, (), date.max, date.max, where=here)  # type: ignore[arg-type]  # conditions
    return rows[0].after if rows else 0
