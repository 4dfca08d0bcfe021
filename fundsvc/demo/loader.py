"""Load the demo year: every step goes through the service that real money goes through."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files as resources

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.audit.models import Act
from fundsvc.books.models import Fund
from fundsvc.books.summary import is_empty
from fundsvc.demo import cards, files, giving, papers, payments, plan
from fundsvc.demo.span import Span, at, span_of
from fundsvc.donations import receipting
from fundsvc.donations import service as donations
from fundsvc.donors.service import DonorFacts
from fundsvc.dues import service as dues
from fundsvc.errors import Reason, Refusal
from fundsvc.imports import ImportReport
from fundsvc.periods import openings
from fundsvc.periods import service as periods
from fundsvc.periods.openings import Opening
from fundsvc.receipts import service as receipts
from fundsvc.reconciliation import service as reconciliation
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.seals.service import seal_within
from fundsvc.settlements import bank, importing
from fundsvc.settlements import service as settlements
from fundsvc.settlements.models import Settlement
from fundsvc.sms import campaigns
from fundsvc.sms import service as sms
from fundsvc.spending import service as spending
from fundsvc.staff import service as staff
from fundsvc.units.importing import import_units
from fundsvc.units.models import Unit

PASSWORD = "duong-mon-mau"  # noqa: S105 - printed by the command, and good for made-up money only
MARK = "demo.load"
SETTLEMENTS = "quyet-toan-nha-mang.csv"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody to sign in as; the names are made up."""

    username: str
    name: str
    role: str
    unit: str | None = None


USERS = (
    DemoUser("thuquy", "Lê Thu Quỹ", "treasurer"),
    DemoUser("ketoan", "Trần Kế Toán", "approver"),
    DemoUser("quangtri", "Hồ Quảng Trị", "unit-treasurer", "QUANGTRI"),
    DemoUser("kiemtra", "Phạm Kiểm Tra", "auditor"),
    DemoUser("quantri", "Vũ Quản Trị", "admin"),
)

CLOSING_UNITS = ("TW", "QUANGTRI")
SEALED_TOGETHER = 50
OPEN_MONTHS = 5
"""How many months are still open: this one, and those before whose messages no operator settled."""

Tell = Callable[[str], None]


def is_loaded(session: Session) -> bool:
    """Say whether the demo year is in this database."""
    return session.scalar(select(Act.id).where(Act.kind == MARK).limit(1)) is not None


def load(session: Session, tell: Tell) -> None:
    """Load the demo year into an empty database, in the caller's one transaction.

    Raises:
        Refusal: the database holds money already, which the demo must not be mixed with.
    """
    if not is_empty(session):
        raise Refusal(_("Cơ sở dữ liệu đã có sổ sách; năm mẫu chỉ nạp vào sổ trống."))
    span = span_of(clock.today())
    tell(_("Đơn vị, người dùng, tài khoản ngân hàng"))
    with at(span.eve):
        _units(session)
        people = _users(session)
        _accounts(session)
        _openings(session, span)
        _campaigns(session, span, people["thuquy"])
    # While they are held here, the session knows them and does not ask for them with each event.
    held = [*session.scalars(select(Fund)), *session.scalars(select(Unit))]
    for file in files.messages(span):
        tell(_("Tin nhắn ủng hộ: %(name)s", name=file.name))
        with at(file.on):
            _messages(session, file, people["thuquy"])
    tell(_("Sao kê ngân hàng"))
    statement = files.bank_statement(span)
    with at(statement.on, 5):
        _statement(session, statement, people["thuquy"])
        _settlements(session, span, people["thuquy"])
    tell(_("Khoản ủng hộ, hội phí và chi trong năm"))
    for number, event in enumerate(_events(span)):
        with at(event.on, number):
            _book(session, event, number, people)
            if number % SEALED_TOGETHER == 0:
                seal_within(session)
    papers.monthly(session, by=people["thuquy"])
    seal_within(session)
    tell(_("Khóa sổ các tháng đã qua"))
    _close(session, span, people["ketoan"])
    tell(_("Trang vận động và các khoản ủng hộ qua trang"))
    with at(cards.promised_on(span)):
        giving.publish(session, by=people["thuquy"])
    cards.give(session, span, by=people["thuquy"])
    with at(span.last):
        giving.give(session, span, by=people["thuquy"])
    seal_within(session)
    audit.record(session, MARK, "demo", {"year": span.year}, by=None)
    del held


def _close(session: Session, span: Span, by: int) -> None:
    """Close the months of two units, all but the last ones that have begun."""
    month = date(span.year, max(span.last.month - OPEN_MONTHS, 1), 1)
    for unit in CLOSING_UNITS:
        periods.close(session, unit, month, through=True, seen=periods.SEEN, by=by)


def _events(span: Span) -> Sequence[plan.Event | papers.Paper]:
    """Return all that happens at counters and desks, day by day.

    Money that comes in on a day is there before money goes out.
    """
    found: list[plan.Event | papers.Paper] = [
        *plan.gifts(span),
        *plan.collected(span),
        *payments.interest(span),
        *payments.payments(span),
        *papers.papers(span),
    ]
    leaving = (plan.Spending, papers.Paper)
    return sorted(found, key=lambda event: (event.on, isinstance(event, leaving)))


def _units(session: Session) -> None:
    data = resources("fundsvc.demo").joinpath("units.csv").read_bytes()
    _hold(import_units(session, data, commit=True, by=None))


def _users(session: Session) -> dict[str, int]:
    return {
        user.username: staff.add(
            session,
            user.username,
            PASSWORD,
            staff.Standing(
                name=user.name, roles=(user.role,), units=(user.unit,) if user.unit else ()
            ),
            by=None,
        )
        for user in USERS
    }


def _accounts(session: Session) -> None:
    for code, name, number, fund, unit in plan.BANK_ACCOUNTS:
        add_bank_account(
            session, code=code, bank=name, number=number, fund=fund, unit=unit, by=None
        )


def _openings(session: Session, span: Span) -> None:
    for unit, fund, account, amount in plan.OPENINGS:
        openings.record(session, Opening(unit, fund, account, amount, span.eve), by=None)


def _campaigns(session: Session, span: Span, by: int) -> None:
    _hold(campaigns.import_campaigns(session, files.campaigns(span), by=by))


def _messages(session: Session, file: files.File, by: int) -> None:
    stream = io.BytesIO(file.data)
    _hold(sms.import_sms(session, stream, name=file.name, commit=True, by=by))


def _statement(session: Session, file: files.File, by: int) -> None:
    statement = reconciliation.read(
        session, file.data, name=file.name, account_code="AGRNT", commit=True
    )
    _hold(reconciliation.import_bank(session, statement, by=by))


def _settlements(session: Session, span: Span, by: int) -> None:
    """Accept what the operators report, and tie each to its line of the bank."""
    data = files.settlements(span)
    _hold(importing.import_settlements(session, data, name=SETTLEMENTS, commit=True, by=by))
    for row in session.scalars(select(Settlement).order_by(Settlement.id)).all():
        settlements.accept(session, row.id, by=by)
        settlements.confirm_money(session, row.id, bank.offers(session, row).lines[0].id, by=by)


def _hold(report: ImportReport) -> None:
    """Stop if a file of the demo was refused; then this program is at odds with itself."""
    if not report.committed:
        raise Refusal(*(Reason(bad.reason, bad.row, bad.field) for bad in report.refused))


def _book(
    session: Session, event: plan.Event | papers.Paper, number: int, people: dict[str, int]
) -> None:
    """Book one event; the unit-treasurer keeps the books of the unit, the centre's all others."""
    by = people["quangtri" if event.unit == "QUANGTRI" else "thuquy"]
    key = f"demo-{number:05}"
    match event:
        case papers.Paper():
            papers.record(session, event, key, by=by, approver=people["ketoan"])
        case plan.Gift():
            _gift(session, event, key, by)
        case plan.Collected():
            total = dues.Total(event.unit, event.fund, event.month, event.amount, event.on)
            dues.record_total(session, total, key=key, additional=True, by=by)
        case plan.Spending():
            spent = spending.Spent(
                unit=event.unit,
                fund=event.fund,
                line=event.line,
                amount=event.amount,
                paid_on=event.on,
                payee=event.payee,
                purpose=event.purpose,
                paid_from=event.paid_from,
                province=event.province,
            )
            spending.record_payment(session, spent, key=key, by=by)
        case plan.Interest():
            paper = papers.interest(event)
            papers.record(session, paper, key, by=by, approver=people["ketoan"])


def _gift(session: Session, gift: plan.Gift, key: str, by: int) -> None:
    """Record a donation; issue its receipt, and void and replace it where a slip was made."""
    donor = None
    if gift.donor is not None:
        donor = DonorFacts(
            name=gift.donor,
            kind="organisation" if gift.organisation else "person",
            address=gift.address,
            phone=gift.phone,
        )
    facts = donations.DonationFacts(
        unit=gift.unit,
        fund=gift.fund,
        amount=gift.amount,
        received_on=gift.on,
        donor=donor,
        province=gift.province,
        earmark=gift.earmark,
        on_behalf_of=gift.on_behalf_of,
    )
    recorded = donations.record(session, facts, key, by)
    if not gift.receipt:
        return
    issuer = USERS[2].name if gift.unit == "QUANGTRI" else USERS[0].name
    receipt = receipting.issue_receipt(session, recorded.id, by=by, issuer=issuer)
    if gift.slip:
        receipts.void(session, receipt.number, gift.slip, by=by)
        if gift.replaced:
            receipting.issue_receipt(session, recorded.id, by=by, issuer=issuer)
