"""Record what a unit collected for a month, dues or base fund, and show a year of it."""

import secrets
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Fund
from fundsvc.books.reversing import Reversed, is_undone, take_back
from fundsvc.books.tills import till
from fundsvc.dues.models import DuesTotal
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.units import service as units
from ledger import recipes
from ledger.accounts import UNIDENTIFIED_IN

SOURCE = "dues"
FUNDS = ("dues", "base")
WORDS = {"dues": "Thu hội phí thường xuyên", "base": "Thu đóng góp chân quỹ"}
"""What the journal calls these entries; the books are kept in Vietnamese whoever reads them."""
LONGEST_BACK, LONGEST_AHEAD = 20, 2
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a request to record: the total's id, its entry, and whether it is new."""

    id: int
    entry_id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Total:
    """A total to record: `month` is what it is for (first day), `paid_on` when it came in.

    `paid_into` is the ledger account that took the money (`111`, or `112.CODE` of a bank account
    of this fund and unit); amounts are whole đồng.
    """

    unit: str
    fund: str
    month: date
    amount: int
    paid_on: date
    paid_into: str = "111"


def record_total(
    session: Session,
    total: Total,
    *,
    key: str | None = None,
    additional: bool = False,
    by: int | None = None,
    from_bank: bool = False,
) -> Recorded:
    """Book what a unit collected for a month, in one sum (see `ledger.recipes`).

    A month may have several totals. The same key again adds nothing. An equal total (unit, fund,
    month, day and amount) that is not said to be an additional one is taken for a slip.
    `from_bank` is money that a line of the bank brought: it stands among what is to be identified
    (3381), and the caller holds that it does.

    Raises:
        Refusal: the fund takes no such totals, the day is in the future, the month is out of
            reason, or the money cannot lie where it is said to.
        NotFound: there is no such unit, or not for this person.
        Conflict: an equal total was recorded before, or the key was used for another one.
    """
    if from_bank:
        total = replace(total, paid_into=UNIDENTIFIED_IN)
    _check(total)
    unit = units.by_code(session, total.unit)
    units.check_active(unit, total.paid_on, "paid_on")
    fund = session.scalars(select(Fund).where(Fund.code == total.fund)).one()
    if not from_bank:
        till(session, total.paid_into, fund_id=fund.id, unit_id=unit.id, field="paid_into")
    # First in line, then a look: an equal request that was before us has recorded by now.
    units.lock(session, unit.id)
    if key is not None and (known := _known(session, key, unit.id, fund.id, total)):
        return known
    if not additional:
        _refuse_equal(session, unit.id, fund.id, total)
    key = key or secrets.token_urlsafe(18)
    recipe = recipes.dues_total if total.fund == "dues" else recipes.base_total
    entry = recipe(
        on=total.paid_on,
        unit=total.unit,
        fund=total.fund,
        amount=total.amount,
        description=described(total.fund, total.month, unit.name),
        paid_into=total.paid_into,
    )
    posted = books.post(session, entry, source=SOURCE, external_id=key, maker_id=by)
    # A request of another unit with this key may have committed while this one waited.
    if not posted.new and (known := _known(session, key, unit.id, fund.id, total)):
        return known
    row = DuesTotal(
        unit_id=unit.id,
        fund_id=fund.id,
        month=total.month,
        amount=total.amount,
        paid_on=total.paid_on,
        paid_into=total.paid_into,
        entry_id=posted.id,
        key=key,
        recorded_at=clock.now(),
        recorded_by=by,
    )
    session.add(row)
    session.flush()
    return Recorded(row.id, row.entry_id, new=True)


def described(fund: str, month: date, unit_name: str) -> str:
    """Return what the books say of a total."""
    return f"{WORDS[fund]} tháng {month:%m/%Y}, {unit_name}"


def reverse_total(
    session: Session, total_id: int, *, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Take a total back: its money leaves the till on that day (today when None).

    Raises:
        NotFound: there is no such total, or not for this person.
        Refusal: the money is no longer there; more in `fundsvc.books.reversing.take_back`.
        Conflict: it was reversed before with another reason or day.
    """
    row = session.scalar(select(DuesTotal).where(DuesTotal.id == total_id))
    if row is None:
        raise NotFound(Reason(_("Không có khoản thu này."), field="total"))
    units.lock(session, row.unit_id)
    subject = f"dues:{row.id}"
    return take_back(session, row.entry_id, subject=subject, on=on, reason=reason, by=by)


def _check(total: Total) -> None:
    reasons = []
    if total.fund not in FUNDS:
        why = _("Chỉ có hội phí (dues) và chân quỹ (base).")
        reasons.append(Reason(why, field="fund"))
    if total.amount <= 0:
        reasons.append(Reason(_("Số tiền phải từ 1 đ trở lên."), field="amount"))
    if total.paid_on > clock.today():
        reasons.append(Reason(_("Ngày thu không thể sau hôm nay."), field="paid_on"))
    apart = total.month.year - total.paid_on.year
    if not -LONGEST_BACK <= apart <= LONGEST_AHEAD:
        why = _("Tháng nộp cách ngày thu quá xa; xin kiểm tra lại năm.")
        reasons.append(Reason(why, field="month"))
    if reasons:
        raise Refusal(*reasons)


def _known(session: Session, key: str, unit_id: int, fund_id: int, total: Total) -> Recorded | None:
    """Return what this key recorded before, if it was the same total."""
    row = session.scalar(select(DuesTotal).where(DuesTotal.key == key))
    if row is None:
        return None
    stored = (row.unit_id, row.fund_id, row.month, row.amount, row.paid_on, row.paid_into)
    given = (unit_id, fund_id, total.month, total.amount, total.paid_on, total.paid_into)
    if stored != given:
        why = _("Khóa “%(key)s” đã dùng cho một khoản khác.", key=key)
        raise Conflict(Reason(why, field="key"))
    return Recorded(row.id, row.entry_id, new=False)


def _refuse_equal(session: Session, unit_id: int, fund_id: int, total: Total) -> None:
    equal = session.scalar(
        select(DuesTotal.id).where(
            DuesTotal.unit_id == unit_id,
            DuesTotal.fund_id == fund_id,
            DuesTotal.month == total.month,
            DuesTotal.paid_on == total.paid_on,
            DuesTotal.amount == total.amount,
            ~is_undone(DuesTotal.entry_id),
        )
    )
    if equal is not None:
        why = _(
            "Đã có khoản giống hệt (số %(id)d): cùng đơn vị, quỹ, tháng, ngày và số tiền."
            " Nếu đây là một khoản nữa, xin đánh dấu là khoản thêm.",
            id=equal,
        )
        raise Conflict(Reason(why, field="additional"))


# --- a year of it --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitYear:
    """What one unit brought in for each month of a year."""

    code: str
    name: str
    months: tuple[int, ...]

    @property
    def total(self) -> int:
        """The year's sum in đồng."""
        return sum(self.months)


@dataclass(frozen=True, slots=True)
class FundYear:
    """A year of one fund: units that brought something, in order, and those that did not."""

    fund: str
    year: int
    units: tuple[UnitYear, ...]
    silent: tuple[UnitYear, ...]

    @property
    def months(self) -> tuple[int, ...]:
        """The sums of all units per month."""
        return tuple(sum(unit.months[place] for unit in self.units) for place in range(MONTHS))

    @property
    def total(self) -> int:
        """The sum of the year."""
        return sum(unit.total for unit in self.units)


def year_of(session: Session, fund: str, year: int) -> FundYear:
    """Return what the units this person may see brought in for the months of a year."""
    query = (
        select(DuesTotal.unit_id, DuesTotal.month, func.sum(DuesTotal.amount))
        .join(Fund, Fund.id == DuesTotal.fund_id)
        .where(Fund.code == fund, ~is_undone(DuesTotal.entry_id))
        .where(DuesTotal.month.between(date(year, 1, 1), date(year, 12, 31)))
        .group_by(DuesTotal.unit_id, DuesTotal.month)
    )
    sums: defaultdict[int, list[int]] = defaultdict(lambda: [0] * MONTHS)
    for unit_id, month, amount in session.execute(query):
        sums[unit_id][month.month - 1] = int(amount)
    rows = [
        (unit.kind, UnitYear(unit.code, unit.name, tuple(sums.get(unit.id, [0] * MONTHS))))
        for unit in units.all_units(session)
    ]
    return FundYear(
        fund=fund,
        year=year,
        units=tuple(row for _kind, row in rows if row.total),
        silent=tuple(row for kind, row in rows if not row.total and kind != "centre"),
    )


def years(session: Session) -> list[int]:
    """Return the years to choose from: those with totals, and this one; newest first."""
    months = session.scalars(select(DuesTotal.month).distinct())
    return sorted({month.year for month in months} | {clock.today().year}, reverse=True)
