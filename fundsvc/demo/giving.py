"""A campaign's page in the demo year, and donations that came by it over the bank's statement."""

from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.demo.files import File, as_csv
from fundsvc.demo.span import Span
from fundsvc.errors import Reason, Refusal
from fundsvc.giving import pages, service
from fundsvc.giving.page_facts import PageFacts
from fundsvc.giving.promises import Promise
from fundsvc.reconciliation import service as reconciliation
from fundsvc.reconciliation.models import BankAccount
from ledger.words import grouped

ACCOUNT: Final = "VCBNT"
COLUMNS: Final = ("TNXDate", "DocNo", "Debit", "Credit", "Balance", "TransactionDetails")
SLUG: Final = "mai-am-truong-son"
PAGE: Final = PageFacts(
    slug=SLUG,
    fund="nghia-tinh",
    unit="TW",
    title="Mái ấm Trường Sơn",
    title_en="Homes for Trường Sơn veterans",
    story=(
        "Nhiều gia đình cựu chiến binh, thanh niên xung phong Trường Sơn vẫn ở nhà dột nát. Đợt vận"
        " động này góp tiền làm mười ngôi nhà nghĩa tình.\n\n"
        "Mỗi ngôi nhà được hỗ trợ 80 triệu đồng; danh sách nhà và số đã chi được công khai.\n\n"
        "Mỗi khoản ủng hộ có biên nhận riêng, ai cũng kiểm tra được."
    ),
    story_en=(
        "Many families of Trường Sơn veterans and youth volunteers still live under leaking roofs."
        " This campaign raises money for ten houses of gratitude.\n\n"
        "Each house gets 80 million đồng; the list of houses and what was spent are public.\n\n"
        "Every donation has a receipt of its own that anyone can verify."
    ),
    target=800_000_000,
    amounts=(100_000, 200_000, 500_000, 1_000_000),
    bank_bin="970436",
    account_holder="Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam",
)
PROMISES: Final = (
    Promise(amount=500_000, name="Nguyễn Thị Mẫu Đơn", may_be_named=True, province="2025:44"),
    Promise(amount=200_000),
    Promise(amount=1_000_000, name="Gia đình ông Trần Văn Ví Dụ", in_memory_of="Liệt sĩ Trần Dụ"),
    Promise(amount=2_000_000, name="Lê Hữu Thử", may_be_named=True, email="thu@vidu.example"),
    Promise(amount=100_000, name="Phạm Thị Chờ"),
)
"""The last one has not been paid yet."""


def publish(session: Session, *, by: int) -> None:
    """Publish the page; nothing is promised on it yet."""
    account = session.scalars(select(BankAccount.id).where(BankAccount.code == ACCOUNT)).one()
    pages.make(session, replace(PAGE, bank_account_id=account), by=by)
    pages.publish(session, SLUG, by=by)


def give(session: Session, span: Span, *, by: int) -> None:
    """Promise, and let the bank's statement bring the money by its memo codes."""
    page = pages.by_slug(session, SLUG)
    made = [
        service.pledge(session, page, promise, f"demo-give-{number}")
        for number, promise in enumerate(PROMISES)
    ]
    rows = [
        (
            f"{span.last:%d/%m/%Y}",
            f"FT{number:06}",
            "",
            grouped(one.amount),
            "",
            f"MBVCB.67{number:08}.{service.memo(one)}.CT tu 0011{number:09} toi 0900100200301",
        )
        for number, one in enumerate(made[:-1], start=1)
    ]
    bring(session, File(span.last, f"vietcombank-{span.year}.csv", as_csv(COLUMNS, rows)), by=by)


def bring(session: Session, file: File, *, by: int) -> None:
    """Import a statement of the page's account."""
    statement = reconciliation.read(
        session, file.data, name=file.name, account_code=ACCOUNT, commit=True
    )
    report = reconciliation.import_bank(session, statement, by=by)
    if not report.committed:
        raise Refusal(*(Reason(bad.reason, bad.row, bad.field) for bad in report.refused))
