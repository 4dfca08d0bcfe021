"""Book lines that move money on: to another account, spent, split, or recorded by hand before."""

from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books import unidentified
from fundsvc.books.models import Account, Entry, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.books.tills import hold, till
from fundsvc.db import check_scope
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankLine
from fundsvc.spending import service as spending
from fundsvc.text import clean
from fundsvc.vouchers import byhand
from fundsvc.vouchers.service import SOURCE as VOUCHER
from fundsvc.workbench import choices
from fundsvc.workbench.booking import SOURCE, Made, Place, book, hold_waiting, place_of
from ledger import recipes
from ledger.accounts import (
    AT_STRIPE,
    BANK,
    BROUGHT_IN,
    CARRIED,
    CASH,
    DUE_FROM,
    DUE_TO,
    OPERATORS,
    bank_account_code,
    expense,
    income,
)
from ledger.words import grouped

LONGEST: Final = 300
_TRANSFERS: Final = (expense("transfer-out"), income("transfer-in"))
_GIFTS: Final = tuple(income(name) for name in ("sms", "card", "bank", "cash"))
# What an entry says of a line; it is stored, so it is not translated.
_TRANSFER: Final = "Chuyển tiền giữa các tài khoản ngân hàng của Hội"
_DOUBLE: Final = "Dòng sao kê đã được ghi sổ bằng tay từ trước"


@book.register
def _mirrored(choice: choices.Mirrored, session: Session, at: Place) -> list[Made]:
    other = session.get(BankLine, choice.line_id)
    if other is None:
        raise NotFound(Reason(_("Không có dòng sao kê kia."), field="other"))
    there = place_of(session, other, key=at.key, by=at.by)
    fits = (other.credit, other.debit) == (at.line.debit, at.line.credit)
    if not fits or other.bank_account_id == at.line.bank_account_id:
        why = _("Hai dòng phải ở hai tài khoản, một dòng tiền ra và một dòng tiền vào bằng nhau.")
        raise Refusal(Reason(why, field="other"))
    # Units are held in one order, or two transfers could wait for each other.
    for side in sorted((at, there), key=lambda side: side.account.unit_id):
        hold_waiting(session, side)
    into, out = (at, there) if at.money_in else (there, at)
    on = max(at.line.booked_on, other.booked_on)
    if (into.fund, into.unit) != (out.fund, out.unit):
        on = _resolved_on(session, out, into, on)
    entry = recipes.bank_transfer(
        amount=at.amount,
        from_fund=out.fund,
        from_unit=out.unit,
        fund=into.fund,
        unit=into.unit,
        on=on,
        description=_TRANSFER,
    )
    posted = books.post(session, entry, source=SOURCE, external_id=at.key, maker_id=at.by)
    return [Made("mirror", at.amount, posted.id, other.id)]


def _resolved_on(session: Session, out: Place, into: Place, moved_on: date) -> date:
    """Return from when a transfer form makes the giver owe so much: as the money moved, or today.

    The form, which names a resolution, may come after the money. What is owed is summed for each
    fund and unit, whoever the other is, as vouchers that settle it are held.

    Raises:
        Refusal: less is owed, or due to the receiver.
    """
    rest = 0
    for day in (moved_on, max(moved_on, clock.today())):
        owed = byhand.owed(session, DUE_TO, out.fund, out.unit, day).amount
        due = byhand.owed(session, DUE_FROM, into.fund, into.unit, day).amount
        rest = max(0, min(owed, due))
        if rest >= out.amount:
            return day
    why = _(
        "Hai tài khoản khác quỹ hoặc khác đơn vị, nên tiền chỉ chuyển theo Giấy chuyển quỹ, kèm số"
        " nghị quyết. Theo các giấy đã ghi sổ, %(giver)s còn phải chuyển cho %(receiver)s %(rest)s"
        " đ; hai dòng này là %(amount)s đ. Hãy lập Giấy chuyển quỹ trước, để trống nơi tiền đi và"
        " nơi tiền đến, rồi chọn lại ở đây; nếu đã có giấy ghi thẳng hai nơi ấy, hãy ghi đảo giấy"
        " đó trước.",
        giver=_called(session, out, into),
        receiver=_called(session, into, out),
        rest=grouped(rest),
        amount=grouped(out.amount),
    )
    raise Refusal(Reason(why, field="other"))


def _called(session: Session, side: Place, other: Place) -> str:
    """Return what tells a side from the other: its fund, its unit, or both."""
    names = []
    if side.fund != other.fund:
        names.append(byhand.fund_name(session, side.fund))
    if side.unit != other.unit:
        names.append(byhand.unit_name(session, side.unit))
    return ", ".join(names)


@book.register
def _booked(choice: choices.Booked, session: Session, at: Place) -> list[Made]:
    """Take back the double; what stands on 3381 or 1388 by hand is no double of the account."""
    wanted = select(Entry).where(Entry.id == choice.entry_id, ~is_undone(Entry.id))
    entry = session.scalar(wanted.with_for_update())
    if entry is None or entry.source.startswith(("bank:", f"{SOURCE}")) or entry.reverses_id:
        raise NotFound(Reason(_("Không có bút toán này."), field="entry"))
    if session.scalar(select(decided.tied_to_line(entry.id))):
        raise Conflict(_("Bút toán này đã gắn với một dòng sao kê khác."))
    own = bank_account_code(at.account.code)
    waits = unidentified.account_of(money_in=at.money_in)
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
    # Only a voucher takes unidentified money by hand; all else that does has a line of its own.
    if moved.get(waits) == at.amount and entry.source == VOUCHER:
        return [Made("booked", at.amount, entry.id)]
    if moved.get(own) != at.amount:
        why = _("Bút toán này không ghi đúng số tiền ấy trên tài khoản của dòng sao kê.")
        raise Refusal(Reason(why, field="entry"))
    hold_waiting(session, at)
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
        raise Refusal(Reason(_("Dòng này là tiền vào, không phải khoản chi."), field="bank_line"))
    hold_waiting(session, at)
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
    hold_waiting(session, at)
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
    byhand.hold_settled(session, entry.postings, since=at.line.booked_on, field="account")
    posted = books.post(session, entry, source=SOURCE, external_id=at.key, maker_id=at.by)
    return [Made("entry", at.amount, posted.id)]


def _not_there(session: Session, code: str, *, money_in: bool) -> str | None:
    """Say why the money of a line cannot go to an account; None when it can."""
    if session.scalar(select(Account.id).where(Account.code == code)) is None:
        return _("Không có tài khoản “%(code)s”.", code=code[:40])
    return refused_account(code, money_in=money_in)


def refused_account(code: str, *, money_in: bool) -> str | None:
    """Say why no line is booked straight to an account of the chart; None when one may be."""
    own = unidentified.account_of(money_in=money_in)
    if code == BANK or code.startswith(f"{BANK}."):
        return _("Giữa hai tài khoản ngân hàng: chọn dòng sao kê kia (chuyển nội bộ).")
    if code == own:
        return _("Tiền đang chờ xác định ở chính tài khoản này.")
    if code == AT_STRIPE or code.startswith(f"{OPERATORS}."):
        return _("Tài khoản này chỉ ghi qua quyết toán nhà mạng hoặc đợt chuyển tiền thẻ.")
    if code in _GIFTS:
        return _("Khoản ủng hộ ghi ở mục Khoản ủng hộ, để có biên nhận.")
    if code in _TRANSFERS:
        return _("Tài khoản %(code)s chỉ dùng trên giấy chuyển quỹ, kèm số nghị quyết.", code=code)
    return byhand.refused(code, {*CARRIED, BROUGHT_IN}, debit=not money_in)


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
