"""Pages of a month's reconciliation: both balances, what is open, who signs; and its record."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from fundsvc import clock
from fundsvc.books.origins import tell_holder
from fundsvc.db import read_session
from fundsvc.errors import NotFound
from fundsvc.fields import FormSchema, Line, Read
from fundsvc.periods.months import before, last_of
from fundsvc.periods.schemas import month_of
from fundsvc.reconciliation import lists
from fundsvc.reconciliation.models import BankAccount
from fundsvc.staff.access import allow
from fundsvc.staff.models import StaffUser
from fundsvc.templating import Attention, Form, attend, month
from fundsvc.templating.sending import sent
from fundsvc.text import parse_dong
from fundsvc.workbench import minutes, month_end, signoff
from fundsvc.workbench.models import BankSignoff

bp = Blueprint("signoff", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
ASKERS: Final = (*signoff.SUBMITTERS, *signoff.APPROVERS)
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Row:
    """A reconciliation with names."""

    id: int
    month: date
    state: str
    bank_balance: int
    told: int | None
    held: int
    submitted_by: int
    submitter: str
    submitted_at: datetime
    decider: str
    decided_at: datetime | None
    decided_why: str
    reopen_by: int | None
    reopener: str
    reopen_why: str
    pdf_sha256: str


class _Balance(Read):
    """The bank's balance as on its paper."""

    def read(self, raw: str, name: str) -> int:
        return parse_dong(raw, name, least=0)


class SubmitForm(FormSchema):
    """The bank's balance, where no file says it."""

    balance = _Balance(needed=False)


class WhyForm(FormSchema):
    """Why."""

    why = Line(signoff.LONGEST)


@bp.get("/workbench/<code>/months")
@allow(*READERS)
def index(code: str) -> str:
    """List the months of an account with what became of their reconciliation."""
    session = read_session()
    account = lists.account(session, code)
    undecided = month_end.undecided_by_month(session, account.id)
    months = [clock.today().replace(day=1)]
    first = month_end.first_month(session, account.id) or months[0]
    while months[-1] > first:
        months.append(before(months[-1]))
    found: dict[date, Row] = {}
    for row in _rows(session, account.id):
        if row.month not in found or row.state in signoff.STANDING:
            found[row.month] = row
    return render_template(
        "workbench/months.html",
        account=account,
        rows=[(each, found.get(each), undecided[each]) for each in months],
    )


@bp.get("/workbench/<code>/months/<raw_month>")
@allow(*READERS)
def show(code: str, raw_month: str) -> ResponseReturnValue:
    """Show the reconciliation of a month."""
    return _page(code, month_of(raw_month), Form({}))


@bp.get("/workbench/<code>/months/<raw_month>/minutes.pdf")
@allow(*READERS)
def pdf(code: str, raw_month: str) -> ResponseReturnValue:
    """Give the record of a month that was approved."""
    session, wanted = read_session(), month_of(raw_month)
    account = lists.account(session, code)
    row = signoff.standing(session, account.id, wanted)
    if row is None:
        raise NotFound
    name, data = minutes.pdf_of(row.id)
    head = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, headers=head, content_type=minutes.MEDIA_TYPE)


@bp.post("/workbench/<code>/months/<raw_month>/submit")
@allow(*signoff.SUBMITTERS)
def submit(code: str, raw_month: str) -> ResponseReturnValue:
    """Submit a month's reconciliation."""
    day = month_of(raw_month)

    def act(session: Session, form: dict[str, Any]) -> str:
        signoff.submit(session, code, day, by=current_user.id, told=form["balance"])
        return _("Đã gửi duyệt; cần một người duyệt khác duyệt.")

    return _sent(code, day, SubmitForm(), act)


@bp.post("/workbench/<code>/months/<raw_month>/<int:signoff_id>/approve")
@allow(*signoff.APPROVERS)
def approve(code: str, raw_month: str, signoff_id: int) -> ResponseReturnValue:
    """Approve what another person submitted."""
    day = month_of(raw_month)

    def act(session: Session, _form: dict[str, Any]) -> str:
        signoff.approve(session, signoff_id, by=current_user.id)
        return _(
            "Đã duyệt đối soát tháng %(month)s; tháng này từ nay bị khóa, không ghi thêm.",
            month=month(day),
        )

    return _sent(code, day, FormSchema(), act)


@bp.post("/workbench/<code>/months/<raw_month>/<int:signoff_id>/refuse")
@allow(*signoff.APPROVERS)
def refuse(code: str, raw_month: str, signoff_id: int) -> ResponseReturnValue:
    """Say no to what another person submitted."""

    def act(session: Session, form: dict[str, Any]) -> str:
        signoff.refuse(session, signoff_id, by=current_user.id, why=form["why"])
        return _("Đã từ chối; người lập sửa rồi gửi lại.")

    return _sent(code, month_of(raw_month), WhyForm(), act)


@bp.post("/workbench/<code>/months/<raw_month>/<int:signoff_id>/withdraw")
@allow(*signoff.SUBMITTERS)
def withdraw(code: str, raw_month: str, signoff_id: int) -> ResponseReturnValue:
    """Take back what one has submitted."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        signoff.withdraw(session, signoff_id, by=current_user.id)
        return _("Đã rút lại.")

    return _sent(code, month_of(raw_month), FormSchema(), act)


@bp.post("/workbench/<code>/months/<raw_month>/<int:signoff_id>/reopen")
@allow(*ASKERS)
def ask_reopening(code: str, raw_month: str, signoff_id: int) -> ResponseReturnValue:
    """Ask to open a signed month again."""

    def act(session: Session, form: dict[str, Any]) -> str:
        signoff.ask_reopening(session, signoff_id, by=current_user.id, why=form["why"])
        return _("Đã ghi đề nghị mở lại; cần một người duyệt khác xác nhận.")

    return _sent(code, month_of(raw_month), WhyForm(), act)


@bp.post("/workbench/<code>/months/<raw_month>/<int:signoff_id>/reopen/<any(yes, no):answer>")
@allow(*signoff.APPROVERS)
def reopen(code: str, raw_month: str, signoff_id: int, answer: str) -> ResponseReturnValue:
    """Open a signed month that another person asked for, or leave it signed."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        yes = answer == "yes"
        signoff.reopen(session, signoff_id, by=current_user.id, yes=yes)
        return _("Đã mở lại tháng này.") if yes else _("Tháng này vẫn giữ như đã duyệt.")

    return _sent(code, month_of(raw_month), FormSchema(), act)


def _sent(
    code: str, day: date, schema: Any, act: Callable[[Session, dict[str, Any]], str]
) -> ResponseReturnValue:
    """Do what a form of the page asks, or show the page with what is wrong."""
    onward = url_for(".show", code=code, raw_month=f"{day:%Y-%m}")
    return sent(schema, act, again=lambda form: _page(code, day, form), onward=onward)


def _page(code: str, day: date, form: Form) -> str:
    session = read_session()
    account = lists.account(session, code)
    last = last_of(day)
    rows = [row for row in _rows(session, account.id) if row.month == day]
    now = next((row for row in rows if row.state in signoff.STANDING), None)
    figures = month_end.figures(session, account, last, now.told if now else None)
    asked = {"account": account.account, "from": day.isoformat(), "to": last.isoformat()}
    return render_template(
        "workbench/month.html",
        form=form,
        account=account,
        month=day,
        last=last,
        figures=figures,
        against=signoff.against(figures),
        held=month_end.held_lines(session, account, last),
        files=month_end.files(session, account.id, last),
        now=now,
        before=[row for row in rows if row is not now],
        me=current_user.id,
        may_submit=_has(signoff.SUBMITTERS),
        may_approve=_has(signoff.APPROVERS),
        ledger=f"/statements/general-ledger?{urlencode(asked)}",
        over=last < clock.today(),
    )


def _rows(session: Session, bank_account_id: int) -> Iterator[Row]:
    """Yield what was submitted of an account, the newest first, with names."""
    maker, decider, asker = aliased(StaffUser), aliased(StaffUser), aliased(StaffUser)
    query = (
        select(BankSignoff, maker.name, decider.name, asker.name)
        .join(maker, maker.id == BankSignoff.submitted_by)
        .outerjoin(decider, decider.id == BankSignoff.decided_by)
        .outerjoin(asker, asker.id == BankSignoff.reopen_by)
        .where(BankSignoff.bank_account_id == bank_account_id)
        .order_by(BankSignoff.id.desc())
    )
    for row, submitter, decided_by, reopener in session.execute(query):
        yield Row(
            id=row.id,
            month=row.month,
            state=row.state,
            bank_balance=row.bank_balance,
            told=row.facts["told"],
            held=row.facts["held"],
            submitted_by=row.submitted_by,
            submitter=submitter,
            submitted_at=row.submitted_at,
            decider=decided_by or "",
            decided_at=row.decided_at,
            decided_why=row.decided_why,
            reopen_by=row.reopen_by,
            reopener=reopener or "",
            reopen_why=row.reopen_why or "",
            pdf_sha256=row.pdf_sha256 or "",
        )


def _has(roles: tuple[str, ...]) -> bool:
    return any(current_user.has_role(role) for role in roles)


def waiting(session: Session) -> Iterable[Attention]:
    """Tell an approver which reconciliations wait."""
    if not _has(signoff.APPROVERS):
        return
    for state, text in (
        (signoff.SUBMITTED, _("biên bản đối soát ngân hàng chờ duyệt")),
        (signoff.REOPENING, _("đề nghị mở lại đối soát ngân hàng chờ xác nhận")),
    ):
        by = BankSignoff.submitted_by if state == signoff.SUBMITTED else BankSignoff.reopen_by
        waits = BankSignoff.state == state, by != current_user.id
        count = session.scalar(select(func.count()).select_from(BankSignoff).where(*waits)) or 0
        found = session.execute(
            select(BankAccount.code, BankSignoff.month)
            .join(BankAccount, BankAccount.id == BankSignoff.bank_account_id)
            .where(*waits)
            .order_by(BankSignoff.id)
            .limit(1)
        ).first()
        href = "/bank-accounts"
        if found is not None:
            href = url_for("signoff.show", code=found[0], raw_month=f"{found[1]:%Y-%m}")
        yield Attention(count, text, href)


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file is the record of an account in scope."""
    query = select(BankSignoff.id).where(BankSignoff.pdf_sha256 == sha256).limit(1)
    return session.scalar(query) is not None


bp.record_once(lambda state: attend(state.app, waiting))
bp.record_once(lambda state: tell_holder(state.app, has_file))
