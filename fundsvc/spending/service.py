"""Record payments, never more than there is, and take wrong ones back."""

import secrets
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import keys, netbalance, papers
from fundsvc.books import service as books
from fundsvc.books.reversing import Reversed, take_back
from fundsvc.books.tills import hold, till
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.fields import shown
from fundsvc.spending.models import LINES, Payment
from fundsvc.spending.paper import PAPER
from fundsvc.units import service as units
from ledger import recipes
from ledger.accounts import UNIDENTIFIED_OUT

SOURCE = "payment"


@dataclass(frozen=True, slots=True)
class Spent:
    """A payment to record; amounts are whole đồng.

    `line` is its line of the fund statement, `paid_from` the ledger account that gave the money
    (`111`, or `112.CODE` of a bank account of this fund and unit), `province` where it went, as
    `2025:44`, if it is another place than the unit's own.
    """

    unit: str
    fund: str
    line: str
    amount: int
    paid_on: date
    payee: str
    purpose: str
    paid_from: str = "111"
    province: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a request to record: the payment's id, its entry, and whether it is new."""

    id: int
    entry_id: int
    new: bool


def record_payment(
    session: Session,
    spent: Spent,
    *,
    key: str | None = None,
    by: int | None = None,
    from_bank: bool = False,
) -> Recorded:
    """Book money that left a fund of a unit; the same key again adds nothing.

    `from_bank` is money that a line of the bank says has left already: it stands among what is to
    be identified (1388), and the caller holds that it does.

    Raises:
        Refusal: the day is in the future, a word is missing, the money does not lie where it is
            said to, or there is not enough of it on that day or later.
        NotFound: there is no such unit, fund or province, or not for this person.
        Conflict: the key was used for another payment.
    """
    if from_bank:
        spent = replace(spent, paid_from=UNIDENTIFIED_OUT)
    _check(spent)
    unit = units.by_code(session, spent.unit)
    units.check_active(unit, spent.paid_on, "paid_on")
    fund_id = _fund_id(session, spent.fund)
    province_id = units.province(session, spent.province).id if spent.province else None
    # First in line, then a look: an equal request that was before us has recorded by now.
    units.lock(session, unit.id)
    if key is not None and (known := _known(session, key, unit.id, fund_id, province_id, spent)):
        return known
    if not from_bank:
        _hold_money(session, spent, fund_id=fund_id, unit_id=unit.id)
    key = key or secrets.token_urlsafe(18)
    entry = recipes.payment(
        on=spent.paid_on,
        unit=spent.unit,
        fund=spent.fund,
        amount=spent.amount,
        # The payee's name stays out of the books, so that it can be forgotten and they stay whole.
        description=spent.purpose,
        province=spent.province,
        line=spent.line,
        paid_from=spent.paid_from,
    )
    posted = books.post(session, entry, source=SOURCE, external_id=key, maker_id=by)
    # A request of another unit with this key may have committed while this one waited.
    if not posted.new and (known := _known(session, key, unit.id, fund_id, province_id, spent)):
        return known
    row = Payment(
        unit_id=unit.id,
        fund_id=fund_id,
        line=spent.line,
        amount=spent.amount,
        paid_on=spent.paid_on,
        paid_from=spent.paid_from,
        payee=spent.payee,
        purpose=spent.purpose,
        province_id=province_id,
        entry_id=posted.id,
        key=key,
        recorded_at=clock.now(),
        recorded_by=by,
        salt=papers.new_salt(),
    )
    session.add(row)
    session.flush()
    papers.bind(session, PAPER, row)
    return Recorded(row.id, row.entry_id, new=True)


def _hold_money(session: Session, spent: Spent, *, fund_id: int, unit_id: int) -> None:
    """Hold that the money of a payment is there, and is the fund's own.

    A till may hold what is not: money that nobody has identified yet.

    Raises:
        Refusal: it does not lie where it is said to, or there is not enough of it.
    """
    place = till(session, spent.paid_from, fund_id=fund_id, unit_id=unit_id, field="paid_from")
    since, amount = spent.paid_on, spent.amount
    hold(
        session,
        place,
        fund_id=fund_id,
        unit_id=unit_id,
        since=since,
        amount=amount,
        field="amount",
    )
    netbalance.hold(
        session, fund_id=fund_id, unit_id=unit_id, since=since, amount=amount, field="amount"
    )


def reverse_payment(
    session: Session, payment_id: int, *, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Take a payment back: its money is in the till again from that day (today when None).

    Raises:
        NotFound: there is no such payment, or not for this person.
        Refusal: see `fundsvc.books.reversing.take_back`.
        Conflict: it was reversed before with another reason or day.
    """
    row = session.scalar(select(Payment).where(Payment.id == payment_id))
    if row is None:
        raise NotFound(Reason(_("Không có khoản chi này."), field="payment"))
    units.lock(session, row.unit_id)
    subject = f"payment:{row.id}"
    return take_back(session, row.entry_id, subject=subject, on=on, reason=reason, by=by)


def _check(spent: Spent) -> None:
    reasons = []
    if spent.line not in LINES:
        why = _("Không có mục chi “%(line)s”.", line=shown(spent.line))
        reasons.append(Reason(why, field="line"))
    if spent.amount <= 0:
        reasons.append(Reason(_("Số tiền phải từ 1 đ trở lên."), field="amount"))
    if spent.paid_on > clock.today():
        reasons.append(Reason(_("Ngày chi không thể sau hôm nay."), field="paid_on"))
    if not spent.payee:
        reasons.append(Reason(_("Thiếu người nhận tiền."), field="payee"))
    if not spent.purpose:
        reasons.append(Reason(_("Thiếu nội dung chi."), field="purpose"))
    if reasons:
        raise Refusal(*reasons)


def _fund_id(session: Session, code: str) -> int:
    found = keys.read(session).funds.get(code)
    if found is None:
        raise NotFound(Reason(_("Không có quỹ “%(code)s”.", code=shown(code)), field="fund"))
    return found


def _known(
    session: Session, key: str, unit_id: int, fund_id: int, province_id: int | None, spent: Spent
) -> Recorded | None:
    """Return what this key recorded before, if it was the same payment."""
    row = session.scalar(select(Payment).where(Payment.key == key))
    if row is None:
        return None
    stored = (row.unit_id, row.fund_id, row.province_id, row.line, row.amount, row.paid_on)
    given = (unit_id, fund_id, province_id, spent.line, spent.amount, spent.paid_on)
    texts = (row.paid_from, row.payee, row.purpose) == (
        spent.paid_from,
        spent.payee,
        spent.purpose,
    )
    if stored != given or not texts:
        why = _("Khóa “%(key)s” đã dùng cho một khoản khác.", key=key)
        raise Conflict(Reason(why, field="key"))
    return Recorded(row.id, row.entry_id, new=False)
