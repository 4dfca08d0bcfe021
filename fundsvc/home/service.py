"""What the first page tells: what funds have, what came in lately, and what a search finds."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books import summary
from fundsvc.donations import listing
from fundsvc.donors.models import Donor
from fundsvc.home import chart
from fundsvc.receipts.models import Receipt
from fundsvc.templating import Attention, in_language
from fundsvc.text import fold
from fundsvc.units.models import Unit
from fundsvc.vouchers.models import Voucher

MONTHS = 12
LATELY = timedelta(days=31)
SHOWN = 5
FOUND = 20


@dataclass(frozen=True, slots=True)
class FundCard:
    """A fund on the first page: its net balance in đồng, and its last twelve months with ends."""

    code: str
    name: str
    balance: int
    before: int
    months: tuple[tuple[date, int], ...]
    ends: tuple[date, ...]
    line: chart.Line


@dataclass(frozen=True, slots=True)
class Receipts:
    """What came in on a day by one way: how many postings and how many đồng."""

    on: date
    fund: str
    way: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a search found: its name, what tells it from others, and where it is."""

    kind: str
    name: str
    note: str
    key: str


def month_starts(today: date) -> list[date]:
    """Return the first days of the last twelve months, this one last."""
    first = today.year * MONTHS + today.month - MONTHS
    return [date(place // 12, place % 12 + 1, 1) for place in range(first, first + MONTHS)]


def fund_cards(session: Session, today: date) -> list[FundCard]:
    """Return what each fund has today and had at the end of each of the last months."""
    starts = month_starts(today)
    return [
        FundCard(
            code=fund.code,
            name=in_language(fund.name, fund.name_en),
            balance=fund.ends[-1],
            before=fund.before,
            months=tuple(zip(starts, fund.ends, strict=True)),
            ends=(*(start - timedelta(days=1) for start in starts[1:]), today),
            line=chart.line((fund.before, *fund.ends)),
        )
        for fund in summary.fund_balances(session, starts, today)
    ]


def to_do(session: Session) -> list[Attention]:
    """Return what waits for a person among donations; slices add their own."""
    without = listing.total(session, listing.Filter(receipt="without"))
    if not without.count:
        return []
    text, href = _("khoản ủng hộ chưa có biên nhận"), "/donations?receipt=without"
    return [Attention(without.count, text, href, without.amount)]


def lately(session: Session, today: date) -> list[Receipts]:
    """Return what came in during the last month, newest first."""
    return [
        Receipts(row.on, row.fund, in_language(row.name, row.name_en), row.count, row.amount)
        for row in summary.came_in(session, today - LATELY, today, SHOWN)
    ]


def search(session: Session, text: str) -> list[Hit]:
    """Find units, receipts, vouchers and donors in scope by a part of their name or number.

    Diacritics and case do not matter. At most 20 of each kind are returned.
    """
    folded = fold(text)
    if not folded:
        return []
    receipts = select(Receipt).where(Receipt.number.icontains(text.strip(), autoescape=True))
    vouchers = select(Voucher).where(Voucher.number.icontains(text.strip(), autoescape=True))
    donors = select(Donor).where(
        Donor.folded.contains(folded, autoescape=True), Donor.merged_into_id.is_(None)
    )
    units = select(Unit).where(
        Unit.folded.contains(folded, autoescape=True) | (Unit.code == text.strip().upper())
    )
    allowed = db.scope(session)
    if allowed is not None:
        units = units.where(Unit.id.in_(allowed))
    return [
        *(
            Hit("receipt", row.number, str(row.facts.get("donor_name") or ""), row.number)
            for row in session.scalars(receipts.order_by(Receipt.id.desc()).limit(FOUND))
        ),
        *(
            Hit("voucher", row.number or "", row.description, str(row.id))
            for row in session.scalars(vouchers.order_by(Voucher.id.desc()).limit(FOUND))
        ),
        *(
            Hit("donor", row.name, row.address, str(row.id))
            for row in session.scalars(donors.order_by(Donor.folded, Donor.id).limit(FOUND))
        ),
        *(
            Hit("unit", row.name, row.code, row.code)
            for row in session.scalars(units.order_by(Unit.folded).limit(FOUND))
        ),
    ]
