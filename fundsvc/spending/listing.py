"""List payments, page by page, with the sum of all that match."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.books.reversing import is_undone
from fundsvc.spending.models import Payment
from fundsvc.templating import in_language
from fundsvc.units.models import Province, Unit

PAGE = 50
LINE_NAMES = {
    "house": lazy_gettext("Nhà tình nghĩa"),
    "gift": lazy_gettext("Quà tặng"),
    "visit": lazy_gettext("Thăm hỏi"),
    "health": lazy_gettext("Chăm sóc sức khỏe"),
    "activity": lazy_gettext("Hoạt động hội"),
    "admin": lazy_gettext("Quản lý"),
    "fee": lazy_gettext("Phí ngân hàng"),
    "other": lazy_gettext("Chi khác"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which payments to list; None means all."""

    first: date
    last: date
    fund: str | None = None
    unit: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as lists show it."""

    id: int
    paid_on: date
    unit: str
    unit_name: str
    fund: str
    fund_name: str
    line: str
    line_name: str
    payee: str
    purpose: str
    province: str | None
    amount: int
    paid_from: str
    entry_id: int
    reversed: bool


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """A page of payments, newest first, with the sum and the number of all that match.

    `next` is where the following page begins: day and id of the last row shown.
    """

    rows: tuple[PaymentRow, ...]
    total: int
    count: int
    next: tuple[date, int] | None


def page(
    session: Session, wanted: Filter, after: tuple[date, int] | None = None, size: int = PAGE
) -> PaymentPage:
    """List payments of the units this person may see; reversed ones are shown, not counted."""
    where = _where(wanted)
    sums = select(func.count(Payment.id), func.sum(Payment.amount)).select_from(Payment)
    sums = sums.join(Fund, Fund.id == Payment.fund_id).join(Unit, Unit.id == Payment.unit_id)
    count, total = session.execute(sums.where(*where, ~is_undone(Payment.entry_id))).one()
    query = _rows(wanted).limit(size + 1)
    if after is not None:
        query = query.where(tuple_(Payment.paid_on, Payment.id) < tuple_(*after))
    found = [_row(*row) for row in session.execute(query)]
    more = found[size - 1] if len(found) > size else None
    return PaymentPage(
        rows=tuple(found[:size]),
        total=int(total or 0),
        count=count,
        next=(more.paid_on, more.id) if more else None,
    )


def every(session: Session, wanted: Filter) -> Iterator[PaymentRow]:
    """Yield all payments that match, in the order of the list."""
    for row in session.execute(_rows(wanted).execution_options(yield_per=1_000)):
        yield _row(*row)


def one(session: Session, payment_id: int) -> PaymentRow | None:
    """Return a payment as the list shows it, or None if there is none for this person."""
    row = session.execute(_query().where(Payment.id == payment_id)).first()
    return _row(*row) if row else None


def _rows(wanted: Filter) -> Select[Payment, str, str, Fund, str, bool]:
    ordered = _query().order_by(Payment.paid_on.desc(), Payment.id.desc())
    return ordered.where(*_where(wanted))


def _query() -> Select[Payment, str, str, Fund, str, bool]:
    return (
        select(Payment, Unit.code, Unit.name, Fund, Province.name, is_undone(Payment.entry_id))
        .join(Fund, Fund.id == Payment.fund_id)
        .join(Unit, Unit.id == Payment.unit_id)
        .outerjoin(Province, Province.id == Payment.province_id)
    )


def _row(
    row: Payment,
    unit: str,
    unit_name: str,
    fund: Fund,
    province: str | None,
    gone: object,
) -> PaymentRow:
    return PaymentRow(
        id=row.id,
        paid_on=row.paid_on,
        unit=unit,
        unit_name=unit_name,
        fund=fund.code,
        fund_name=in_language(fund.name, fund.name_en),
        line=row.line,
        line_name=str(LINE_NAMES[row.line]),
        payee=row.payee,
        purpose=row.purpose,
        province=province,
        amount=row.amount,
        paid_from=row.paid_from,
        entry_id=row.entry_id,
        reversed=bool(gone),
    )


def _where(wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Payment.paid_on.between(wanted.first, wanted.last)]
    if wanted.fund:
        where.append(Fund.code == wanted.fund)
    if wanted.unit:
        where.append(Unit.code == wanted.unit)
    if wanted.line:
        where.append(Payment.line == wanted.line)
    return where
