"""Opening balances: what a fund of a unit had when its books were set up, once for each account."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.models import Account, Entry, Fund, Posting
from fundsvc.books.reversing import Reversed, take_back
from fundsvc.books.tills import till
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.fields import shown
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from ledger import recipes
from ledger.accounts import BANK, CASH, AccountType
from ledger.words import grouped

SOURCE: Final = "opening"
WORDS: Final = "Số dư chuyển sang khi mở sổ"
"""What the journal calls these entries; the books are kept in Vietnamese whoever reads them."""
_DEBTS: Final = (AccountType.ASSET, AccountType.LIABILITY)
_REVERSAL = aliased(Entry)
_UNDONE = exists().where(_REVERSAL.reverses_id == Entry.id)


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening balance to record, in whole đồng.

    `account` is where the money lies (`111`, or `112.CODE` of a bank account of this fund and
    unit), or what is due to the fund or owed by it (`138.viettel`, `3388`); then `amount` is that.
    """

    unit: str
    fund: str
    account: str
    amount: int
    on: date

    def as_json(self) -> dict[str, Any]:
        """Return the facts as the commands print them."""
        return {
            "unit": self.unit,
            "fund": self.fund,
            "account": self.account,
            "amount": self.amount,
            "date": self.on.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry of an opening balance; `new` is False when the same was recorded before.

    `owed` says that the fund owes it.
    """

    entry_id: int
    new: bool
    owed: bool = False


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """An opening balance as lists show it."""

    entry_id: int
    unit: str
    unit_name: str
    fund: str
    fund_name: str
    fund_name_en: str
    account: str
    account_name: str
    on: date
    amount: int
    owed: bool
    reversed: bool

    @property
    def own(self) -> int:
        """What it adds to what the fund has of its own: below zero if it is owed."""
        return -self.amount if self.owed else self.amount


def record(session: Session, opening: Opening, *, by: int | None) -> Recorded:
    """Book N cash, bank or what is due / C 4311, or N 4311 / C what is owed.

    The same again changes nothing.

    Raises:
        Refusal: the amount, the day or the account cannot be.
        NotFound: there is no such unit or fund, or not for this person.
        Conflict: this account of the fund and unit has another opening balance.
    """
    reasons = []
    if opening.amount <= 0:
        reasons.append(Reason(_("Số tiền phải từ 1 đ trở lên."), field="amount"))
    if opening.on > clock.today():
        reasons.append(Reason(_("Ngày mở sổ không thể sau hôm nay."), field="date"))
    if reasons:
        raise Refusal(*reasons)
    unit = units.by_code(session, opening.unit)
    units.check_active(unit, opening.on, "date")
    fund_id = keys.read(session).funds.get(opening.fund)
    if fund_id is None:
        why = _("Không có quỹ “%(code)s”.", code=shown(opening.fund))
        raise NotFound(Reason(why, field="fund"))
    owed = _is_owed(session, opening.account)
    if owed is None:
        till(session, opening.account, fund_id=fund_id, unit_id=unit.id, field="account")
    # First in line, then a look: an equal request that was before us has recorded by now.
    units.lock(session, unit.id)
    name = f"{opening.unit}:{opening.fund}:{opening.account}"
    earlier = _earlier(session, name)
    standing = next((row for row in earlier if not row[1]), None)
    if standing is not None:
        return _same(session, standing[0], opening)
    recipe = recipes.opening_debt if owed else recipes.opening_balance
    entry = recipe(
        on=opening.on,
        unit=opening.unit,
        fund=opening.fund,
        amount=opening.amount,
        description=WORDS,
        account=opening.account,
    )
    external_id = f"{name}:{len(earlier) + 1}" if earlier else name
    posted = books.post(session, entry, source=SOURCE, external_id=external_id, maker_id=by)
    subject = f"opening:{posted.id}"
    audit.record(session, "opening.record", subject, opening.as_json(), by=by)
    return Recorded(posted.id, new=posted.new, owed=bool(owed))


def reverse(
    session: Session, entry_id: int, *, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Take an opening balance back; another one can be recorded then.

    Raises:
        NotFound: there is no such opening balance, or not for this person.
        Refusal: the money is no longer there; more in `fundsvc.books.reversing.take_back`.
        Conflict: it was reversed before with another reason or day.
    """
    row = session.scalar(select(Entry).where(Entry.id == entry_id, Entry.source == SOURCE))
    if row is None:
        raise NotFound(Reason(_("Không có số dư đầu kỳ này."), field="opening"))
    units.lock(session, row.unit_id)
    subject = f"opening:{entry_id}"
    return take_back(session, entry_id, subject=subject, on=on, reason=reason, by=by)


def listed(session: Session, entry_id: int | None = None) -> list[OpeningRow]:
    """Return the opening balances this person may see, by unit, fund and account, or one."""
    query = (
        select(
            Entry.id,
            Unit.code,
            Unit.name,
            Fund.code,
            Fund.name,
            Fund.name_en,
            Account.code,
            Account.name,
            Entry.date,
            Posting.debit + Posting.credit,
            Posting.credit > 0,
            _UNDONE,
        )
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Unit, Unit.id == Entry.unit_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(Account, Account.id == Posting.account_id)
        .where(Entry.source == SOURCE, Posting.line == 1)
        .order_by(Unit.folded, Fund.id, Account.code, Entry.id)
    )
    if entry_id is not None:
        query = query.where(Entry.id == entry_id)
    return [
        OpeningRow(*row[:10], owed=bool(row[10]), reversed=bool(row[11]))
        for row in session.execute(query)
    ]


def debts(session: Session) -> dict[str, list[tuple[str, str, str]]]:
    """Return code, name and English name of what may be due or owed when books are opened.

    The groups are `asset` and `liability`.
    """
    found: dict[str, list[tuple[str, str, str]]] = {kind.value: [] for kind in _DEBTS}
    query = select(Account).where(Account.type.in_(found)).order_by(Account.code)
    for row in session.scalars(query):
        if row.code.partition(".")[0] not in {CASH, BANK}:
            found[row.type].append((row.code, row.name, row.name_en))
    return found


def _is_owed(session: Session, code: str) -> bool | None:
    """Say whether an account is of what the fund owes; None if it is neither due nor owed."""
    for kind, accounts in debts(session).items():
        if any(code == known for known, *_names in accounts):
            return kind == AccountType.LIABILITY.value
    return None


def _earlier(session: Session, name: str) -> list[tuple[int, bool]]:
    """Return the entries of an account's opening balances, and whether each was taken back."""
    query = (
        select(Entry.id, _UNDONE)
        .where(
            Entry.source == SOURCE,
            or_(
                Entry.external_id == name,
                func.substr(Entry.external_id, 1, len(name) + 1) == f"{name}:",
            ),
        )
        .order_by(Entry.id)
    )
    return [(number, bool(gone)) for number, gone in session.execute(query)]


def _same(session: Session, entry_id: int, opening: Opening) -> Recorded:
    (row,) = listed(session, entry_id)
    if (row.amount, row.on) == (opening.amount, opening.on):
        return Recorded(entry_id, new=False, owed=row.owed)
    why = _(
        "Tài khoản này đã có số dư đầu kỳ %(amount)s đ ngày %(day)s. Nếu sai, ghi đảo số cũ rồi"
        " ghi lại.",
        amount=grouped(row.amount),
        day=f"{row.on:%d/%m/%Y}",
    )
    raise Conflict(Reason(why, field="amount"))
