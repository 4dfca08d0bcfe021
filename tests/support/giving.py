"""A campaign's page, promises on it and money for them, as tests of giving need them."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.giving import pages, service
from fundsvc.giving.models import Pledge
from fundsvc.giving.page_facts import PageFacts
from fundsvc.giving.promises import Promise
from fundsvc.reconciliation.accounts import add_bank_account
from ledger import recipes

DAY: Final = date(2024, 9, 30)
SLUG: Final = "mai-am-truong-son"
FACTS: Final = PageFacts(
    slug=SLUG,
    fund="nghia-tinh",
    unit="TW",
    title="Mái ấm Trường Sơn",
    title_en="Homes for Trường Sơn",
    story="Mười ngôi nhà nghĩa tình ở Quảng Trị.\n\nMỗi ngôi nhà 80 triệu đồng.",
    story_en="Ten houses of gratitude in Quảng Trị.",
    target=800_000_000,
    amounts=(100_000, 200_000, 500_000, 1_000_000),
    account_holder="Hội Truyền thống Trường Sơn",
)
PROMISE: Final = Promise(
    amount=500_000, name="Nguyễn Thị Mẫu", email="mau@vidu.vn", may_be_named=True
)


def published(slug: str = SLUG, **other: Any) -> str:
    """Publish a page with an account at a bank, and return its address."""
    with transaction() as session:
        account = add_bank_account(
            session,
            code="TWNT",
            bank="Agribank",
            number="1234567890",
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )
        facts = replace(FACTS, slug=slug, bank_account_id=account.id, bank_bin="970405", **other)
        pages.make(session, facts, by=None)
        pages.publish(session, slug, by=None)
    return slug


def promised(key: str = "k1", slug: str = SLUG, **other: Any) -> Pledge:
    """Promise something on the page."""
    with transaction() as session:
        page = pages.by_slug(session, slug)
        made = service.pledge(session, page, replace(PROMISE, **other), key)
        session.flush()
        session.refresh(made)
        session.expunge(made)
    return made


def bank_money(session: Session, amount: int, name: str = "1", on: date = DAY) -> None:
    """Book money that came to the account, unidentified as yet."""
    entry = recipes.bank_credit(
        on=on,
        unit="TW",
        fund="nghia-tinh",
        amount=amount,
        description="Tiền vào",
        bank_account="TWNT",
    )
    books.post(session, entry, source="test-bank", external_id=name)
