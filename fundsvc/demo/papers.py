"""The vouchers of the demo year: houses, transfers, a mistake taken back, and what waits now."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import escape

from sqlalchemy.orm import Session

from fundsvc import pdf
from fundsvc.demo import people
from fundsvc.demo.plan import HOUSE, Interest
from fundsvc.demo.span import Span, chance
from fundsvc.vouchers import files, service, templates
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.kinds import APPROVED, DRAFT, POSTED, SUBMITTED

# Month, day, province, its name: houses of gratitude that the centre pays for.
HOUSES = (
    (3, 12, "2025:44", "tỉnh Quảng Trị"),
    (3, 26, "2025:40", "tỉnh Nghệ An"),
    (4, 22, "2004:44", "Quảng Bình (cũ)"),
    (5, 14, "2025:42", "tỉnh Hà Tĩnh"),
    (6, 10, "2025:66", "tỉnh Đắk Lắk"),
    (7, 16, "2025:38", "tỉnh Thanh Hóa"),
    (8, 19, "2004:62", "Kon Tum (cũ)"),
    (9, 17, "2025:46", "thành phố Huế"),
    (10, 21, "2025:33", "tỉnh Hưng Yên"),
    (11, 11, "2025:44", "tỉnh Quảng Trị"),
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A voucher, how far it has come, the title of its evidence, and why it was taken back."""

    on: date
    draft: Draft
    state: str = POSTED
    evidence: str = ""
    mistake: str = ""

    @property
    def unit(self) -> str:
        """The unit whose books it stands in."""
        return self.draft.unit


def papers(span: Span) -> list[Paper]:
    """Return the vouchers made by the last day; the newest ones wait for somebody."""
    made = [*_houses(span), *_transfers(span), *_mistakes(span)]
    return [paper for paper in (*made, *_waiting(span)) if paper.on <= span.last]


def record(session: Session, paper: Paper, key: str, *, by: int, approver: int) -> None:
    """Take a voucher as far as it has come, by two people."""
    voucher = service.create(session, paper.draft, key=key, by=by)
    if paper.evidence:
        page = _page(paper)
        files.attach(session, voucher, page, "bien-ban.pdf", "application/pdf", by=by)
    if paper.state == DRAFT:
        return
    service.submit(session, voucher, None, by=by)
    if paper.state in {APPROVED, POSTED}:
        service.approve(session, voucher, None, by=approver, post=paper.state == POSTED)
    if paper.mistake:
        service.reverse(session, voucher, on=paper.on, reason=paper.mistake, by=by)


def interest(paid: Interest) -> Paper:
    """Return the voucher of interest that a bank paid into an account."""
    draft = Draft(
        unit=paid.unit,
        kind="bank-in",
        date=paid.on,
        fund=paid.fund,
        description="Lãi tiền gửi",
        party="Ngân hàng",
        till=paid.account,
        lines=(DraftLine(account="515", amount=paid.amount),),
    )
    return Paper(paid.on, draft)


def monthly(session: Session, *, by: int) -> None:
    """Keep what comes every month as a template, so that its draft is one tap."""
    desk = Draft(
        unit="TW",
        kind="bank-out",
        date=date(2026, 1, 1),
        fund="dues",
        description="Tiền điện, nước, thuê bao văn phòng",
        party="Văn phòng Trung ương Hội",
        till="112.BIDVHP",
        lines=(DraftLine(account="642", amount=2_400_000),),
    )
    templates.add(session, "Chi phí văn phòng hằng tháng", 25, desk, by=by)


def _houses(span: Span) -> list[Paper]:
    rng = chance("houses")
    found = []
    for month, day, province, place in HOUSES:
        owner = people.person(rng)
        on = date(span.year, month, day)
        draft = Draft(
            unit="TW",
            kind="bank-out",
            date=on,
            fund="nghia-tinh",
            description=f"Hỗ trợ làm nhà tình nghĩa tại {place}",
            party=owner,
            party_address=place[0].upper() + place[1:],
            enclosed="01 biên bản bàn giao",
            province=province,
            till="112.VCBNT",
            lines=(DraftLine(account="6111", amount=HOUSE),),
        )
        title = f"Biên bản bàn giao nhà tình nghĩa tại {place}"
        found.append(Paper(on, draft, evidence=title))
    return found


def _transfers(span: Span) -> list[Paper]:
    """Return money moved by resolution: to a province's fund, and interest to the charity fund."""
    on, later = date(span.year, 5, 5), date(span.year, 7, 6)
    support = Draft(
        unit="TW",
        kind="transfer",
        date=on,
        fund="nghia-tinh",
        description="Hỗ trợ quỹ nghĩa tình của Tỉnh hội Quảng Trị",
        amount=50_000_000,
        till="112.VCBNT",
        to_unit="QUANGTRI",
        to_till="112.QTRNT",
        resolution="12/NQ-BTV",
        resolution_on=on - timedelta(days=6),
    )
    interest = Draft(
        unit="TW",
        kind="transfer",
        date=later,
        fund="base",
        description="Chuyển lãi Chân quỹ sáu tháng đầu năm sang Quỹ Nghĩa tình",
        amount=50_000_000,
        till="112.VTBCQ",
        to_fund="nghia-tinh",
        to_till="112.VCBNT",
        resolution="19/NQ-BTV",
        resolution_on=later - timedelta(days=3),
    )
    return [Paper(on, support), Paper(later, interest)]


def _mistakes(span: Span) -> list[Paper]:
    on = date(span.year, 6, 15)
    draft = Draft(
        unit="QUANGTRI",
        kind="cash-out",
        date=on,
        fund="nghia-tinh",
        description="Thăm hội viên ốm",
        party=people.person(chance("mistake")),
        enclosed="01 giấy đề nghị",
        lines=(DraftLine(account="6113", amount=1_500_000),),
    )
    right = replace(draft, lines=(DraftLine(account="6113", amount=1_050_000),))
    return [Paper(on, draft, mistake="Ghi nhầm số tiền"), Paper(on, right)]


def _waiting(span: Span) -> list[Paper]:
    """Return what lies on desks at the end: a draft, one to approve, one to book."""
    on = span.last
    visit = Draft(
        unit="TW",
        kind="cash-out",
        date=on,
        fund="nghia-tinh",
        description="Thăm hội viên điều trị tại bệnh viện",
        party=people.person(chance("waiting")),
        lines=(DraftLine(account="6113", amount=2_000_000),),
    )
    meeting = replace(
        visit,
        fund="dues",
        description="Nước uống, in tài liệu hội nghị cộng tác viên",
        party="Văn phòng Trung ương Hội",
        lines=(DraftLine(account="6121", amount=850_000), DraftLine(account="642", amount=150_000)),
    )
    given = replace(
        visit,
        kind="cash-in",
        description="Hội viên ủng hộ tại buổi gặp mặt",
        lines=(DraftLine(account="7114", amount=3_600_000),),
    )
    return [Paper(on, visit, DRAFT), Paper(on, meeting, SUBMITTED), Paper(on, given, APPROVED)]


def _page(paper: Paper) -> bytes:
    """Return a page of paper that stands for the signed one."""
    title = escape(paper.evidence)
    return pdf.render(
        f'<!doctype html><html lang="vi"><head><title>{title}</title></head><body><h1>{title}</h1>'
        f"<p>Ngày {paper.on:%d/%m/%Y}. Số tiền hỗ trợ: {paper.draft.total:,} đồng.</p>"
        "<p>Bản đặt ra cho năm mẫu; bản thật có chữ ký của các bên.</p></body></html>"
    )
