"""What the pages of giving show of a campaign and of a promise, as plain facts."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.errors import Refusal
from fundsvc.giving import came, page_facts, service, ways
from fundsvc.giving.models import GIVEN, CampaignPage, Pledge, PledgeDonation
from fundsvc.giving.vietqr import BANKS, Transfer, payload
from fundsvc.receipts.models import Receipt
from fundsvc.templating import in_language
from fundsvc.units.models import Unit

USUAL: Final = (100_000, 200_000, 500_000, 1_000_000)
NAMES: Final = 5
"""How many of those who gave and agreed to be named a page names."""
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as strangers see it, in the language of the page."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]
    picture: str | None
    picture_text: str
    target: int | None
    raised: int
    percent: int
    """How much of the target is reached, at most 100 for drawing."""
    donations: int
    amounts: tuple[int, ...]
    named: tuple[came.Named, ...]
    fund: str
    unit: str
    closes_on: date | None
    closed: str
    """Why it takes nothing today; empty while it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A campaign as the page of one promise names it, without what came by it."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How a promise is paid by bank, and what became of it."""

    amount: int
    memo: str
    bank: str
    number: str
    holder: str
    qr: str
    state: str
    told: str
    given: int
    receipts: tuple[tuple[str, str], ...]
    """Numbers and codes of the valid receipts, the newest first."""


def heading(page: CampaignPage) -> Heading:
    """Return what names a campaign."""
    return Heading(slug=page.slug, title=in_language(page.title, page.title_en))


def campaign(session: Session, page: CampaignPage, *, names: int = NAMES) -> Campaign:
    """Return what a page of giving shows, with the newest donations of so many who are named."""
    total = came.progress(session, page.id)
    fund, unit = session.get_one(Fund, page.fund_id), session.get_one(Unit, page.unit_id)
    story = in_language(page.story, page.story_en)
    closed = ""
    try:
        service.check_open(page)
    except Refusal as refusal:
        closed = str(refusal.reasons[0].text)
    return Campaign(
        slug=page.slug,
        title=in_language(page.title, page.title_en),
        paragraphs=tuple(page_facts.paragraphs(story)),
        picture=page.picture_sha256,
        picture_text=page.picture_text,
        target=page.target,
        raised=total.raised,
        percent=min(_WHOLE, total.raised * _WHOLE // page.target) if page.target else 0,
        donations=total.donations,
        amounts=tuple(page.amounts["amounts"]) or USUAL,
        named=tuple(came.recently_named(session, page.id, most=names)),
        fund=in_language(fund.name, fund.name_en),
        unit=unit.name,
        closes_on=page.closes_on,
        closed=closed,
    )


def payment(session: Session, page: CampaignPage, promised: Pledge) -> Payment | None:
    """Return how a promise is paid, or None if its account is gone."""
    account = ways.account(session, page.bank_account_id)
    if account is None:
        return None
    memo = service.memo(promised)
    transfer = Transfer(
        bin=page.bank_bin, account=account.number, amount=promised.amount, memo=memo
    )
    name = BANKS[page.bank_bin][0] if page.bank_bin in BANKS else account.bank
    rows: list[Any] = []
    if promised.state == GIVEN:
        rows = list(
            session.execute(
                select(Receipt.number, Receipt.code, Receipt.facts)
                .join(PledgeDonation, PledgeDonation.donation_id == Receipt.donation_id)
                .where(PledgeDonation.pledge_id == promised.id, Receipt.voided_at.is_(None))
                .order_by(Receipt.id.desc())
            )
        )
    return Payment(
        amount=promised.amount,
        memo=memo,
        bank=name,
        number=account.number,
        holder=page.account_holder,
        qr=payload(transfer),
        state=promised.state,
        told=promised.told,
        given=sum(int(row.facts["amount"]) for row in rows),
        receipts=tuple((row.number, row.code) for row in rows),
    )
