"""Sign the reconciliation of a bank account at the end of a month: two people, then frozen.

It is submitted only when bank and books agree to the đồng and every line until that day is decided
or held back with a reason. Another person approves it, after the same look once more. From then on
the database lets no line, posting or undoing into that time; two people can open it again.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.sealing import last_seal
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.periods.months import last_of
from fundsvc.reconciliation import lists
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.models import BankAccount
from fundsvc.staff.acting import hold_role
from fundsvc.text import clean
from fundsvc.workbench import month_end
from fundsvc.workbench.models import BankSignoff
from fundsvc.workbench.month_end import Figures
from ledger.words import grouped

SUBMITTERS: Final = ("treasurer", "unit-treasurer")
APPROVERS: Final = ("approver",)
SUBMITTED, APPROVED, REOPENING = STANDING = ("submitted", "approved", "reopening")
REOPENED, REFUSED, WITHDRAWN = "reopened", "refused", "withdrawn"
FROZEN: Final = (APPROVED, REOPENING)
LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Signed:
    """A reconciliation that was submitted, and what became of it."""

    id: int
    state: str
    new: bool


def submit(session: Session, code: str, month: date, *, by: int, told: int | None = None) -> Signed:
    """Submit the reconciliation of an account at the end of a month.

    Args:
        session: the open transaction.
        code: the bank account's.
        month: any day of it.
        by: who submits.
        told: the bank's balance as on its paper, where no file says it.

    Raises:
        NotFound: there is no such account, or not for this person.
        Forbidden: the person keeps no accounts.
        Refusal: it cannot be signed yet, with all reasons.
        Conflict: another one of this month stands.
    """
    account, month = lists.account(session, code), month.replace(day=1)
    hold_role(session, by, SUBMITTERS, _("Chỉ kế toán gửi duyệt đối soát được."))
    before = standing(session, account.id, month)
    figures = month_end.figures(session, account, last_of(month), told)
    if before is not None:
        if (before.state, before.submitted_by) == (SUBMITTED, by) and _same(before, figures):
            return Signed(before.id, before.state, new=False)
        raise Conflict(_("Đối soát của tháng này đã được gửi duyệt hoặc đã duyệt."))
    reasons = against(figures)
    if reasons:
        raise Refusal(*reasons)
    row = BankSignoff(
        bank_account_id=account.id,
        unit_id=account.unit_id,
        month=month,
        bank_balance=figures.bank or 0,
        book_balance=figures.book,
        facts=month_end.frozen(session, account, figures),
        state=SUBMITTED,
        submitted_by=by,
        submitted_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _note(session, "submit", account.code, row, by)
    return Signed(row.id, row.state, new=True)


def against(figures: Figures) -> list[Reason]:
    """Return what stands against signing, with what to do."""
    found = []
    if figures.last >= clock.today():
        found.append(Reason(_("Tháng này chưa hết; đối soát sau ngày cuối tháng.")))
    if figures.bank is None:
        found.append(Reason(_unknown(figures), field="balance"))
    elif figures.difference:
        why = _(
            "Ngân hàng và sổ sách còn lệch %(sum)s đ; chỉ gửi duyệt khi chênh lệch bằng 0.",
            sum=grouped(figures.difference),
        )
        found.append(Reason(why, field=None if figures.told is None else "balance"))
    if figures.undecided:
        why = _(
            "Còn %(count)s dòng sao kê chưa quyết định đến hết tháng; quyết định hoặc tạm giữ"
            " lại với lý do.",
            count=grouped(figures.undecided),
        )
        found.append(Reason(why))
    return found


def approve(session: Session, signoff_id: int, *, by: int) -> BankSignoff:
    """Approve what another person submitted; the account is frozen until that day from now on.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: the person is no approver, or submitted it.
        Conflict: it was decided before, or something has changed since it was submitted.
    """
    row, account = _waiting(session, signoff_id, (SUBMITTED,))
    _hold_other(session, row.submitted_by, by)
    told = row.facts["told"]
    figures = month_end.figures(session, account, last_of(row.month), told)
    held = month_end.held_facts(session, account, figures.last)
    if against(figures) or not _same(row, figures) or row.facts["held_lines"] != held:
        why = _("Số liệu đã thay đổi sau khi gửi duyệt; xin từ chối để người lập gửi lại.")
        raise Conflict(why)
    row.state, row.decided_by, row.decided_at = APPROVED, by, clock.now()
    session.flush()
    _note(session, "approve", account.code, row, by)
    return row


def refuse(session: Session, signoff_id: int, *, by: int, why: str) -> None:
    """Say no to what another person submitted, with the reason.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: the person is no approver, or submitted it.
        Refusal: there is no reason.
        Conflict: it was decided before.
    """
    row, account = _waiting(session, signoff_id, (SUBMITTED,))
    _hold_other(session, row.submitted_by, by)
    row.decided_why = _why(why)
    row.state, row.decided_by, row.decided_at = REFUSED, by, clock.now()
    session.flush()
    _note(session, "refuse", account.code, row, by)


def withdraw(session: Session, signoff_id: int, *, by: int) -> None:
    """Take back what one has submitted oneself.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: somebody else submitted it.
        Conflict: it was decided before.
    """
    row, account = _waiting(session, signoff_id, (SUBMITTED,))
    if row.submitted_by != by:
        raise Forbidden(Reason(_("Chỉ người gửi duyệt rút lại được."), field="by"))
    row.state, row.decided_by, row.decided_at = WITHDRAWN, by, clock.now()
    session.flush()
    _note(session, "withdraw", account.code, row, by)


def ask_reopening(session: Session, signoff_id: int, *, by: int, why: str) -> None:
    """Ask to open a signed month again, the latest one first.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: the person keeps no accounts.
        Refusal: there is no reason.
        Conflict: it is not signed, or a later month is.
    """
    row, account = _waiting(session, signoff_id, (APPROVED,))
    roles = (*SUBMITTERS, *APPROVERS)
    hold_role(session, by, roles, _("Chỉ kế toán hoặc người duyệt đề nghị mở lại được."))
    _hold_latest(session, row)
    row.state, row.reopen_by, row.reopen_why = REOPENING, by, _why(why)
    session.flush()
    _note(session, "reopen.ask", account.code, row, by)


def reopen(session: Session, signoff_id: int, *, by: int, yes: bool) -> None:
    """Open a signed month that another person asked for, or leave it signed.

    Raises:
        NotFound: there is none, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: nobody asks for it any more, or a later month is signed.
    """
    row, account = _waiting(session, signoff_id, (REOPENING,))
    _hold_other(session, row.reopen_by, by)
    if yes:
        _hold_latest(session, row)
        row.state, row.reopened_by, row.reopened_at = REOPENED, by, clock.now()
    else:
        row.state, row.reopen_by, row.reopen_why = APPROVED, None, None
    session.flush()
    _note(session, "reopen.confirm" if yes else "reopen.refuse", account.code, row, by)


def standing(session: Session, bank_account_id: int, month: date) -> BankSignoff | None:
    """Return what was submitted of a month and stands: it waits, or is signed."""
    return session.scalar(
        select(BankSignoff)
        .where(
            BankSignoff.bank_account_id == bank_account_id,
            BankSignoff.month == month,
            BankSignoff.state.in_(STANDING),
        )
        .execution_options(populate_existing=True)
    )


def _waiting(
    session: Session, signoff_id: int, states: tuple[str, ...]
) -> tuple[BankSignoff, AccountFacts]:
    """Return a reconciliation in one of some states, its account held alone meanwhile."""
    query = select(BankSignoff).where(BankSignoff.id == signoff_id)
    row = session.scalar(query)
    if row is None:
        raise NotFound
    # What is booked on the account shares this row until it is committed, and so is seen below.
    held = select(BankAccount).where(BankAccount.id == row.bank_account_id)
    code = session.scalars(held.with_for_update()).one().code
    row = session.scalars(query.execution_options(populate_existing=True)).one()
    if row.state not in states:
        raise Conflict(_("Biên bản này đã được xử lý."))
    return row, lists.account(session, code)


def _unknown(figures: Figures) -> str:
    """Say that no file tells the bank's balance, and where to read it."""
    day = f"{figures.last:%d/%m/%Y}"
    if figures.balance_until is None:
        return _(
            "Sao kê đã nhập không cho biết số dư. Xem số dư cuối ngày %(day)s trên sổ phụ của ngân"
            " hàng và ghi vào ô “Số dư ngân hàng ngày %(day)s theo giấy”, hoặc nhập sao kê có số dư"
            " đến ngày đó.",
            day=day,
        )
    return _(
        "Sao kê đã nhập chỉ cho biết số dư đến ngày %(until)s. Xem số dư cuối ngày %(day)s trên sổ"
        " phụ của ngân hàng và ghi vào ô “Số dư ngân hàng ngày %(day)s theo giấy”, hoặc nhập sao kê"
        " tiếp theo.",
        until=f"{figures.balance_until:%d/%m/%Y}",
        day=day,
    )


def _hold_latest(session: Session, row: BankSignoff) -> None:
    later = select(BankSignoff.id).where(
        BankSignoff.bank_account_id == row.bank_account_id,
        BankSignoff.month > row.month,
        BankSignoff.state.in_(FROZEN),
    )
    if session.scalar(later.limit(1)) is not None:
        raise Conflict(_("Một tháng sau đã được duyệt; phải mở lại tháng sau cùng trước."))


def _hold_other(session: Session, first: int | None, by: int) -> None:
    hold_role(session, by, APPROVERS, _("Chỉ người duyệt xử lý được."))
    if first == by:
        why = _("Người gửi không tự duyệt được; cần một người duyệt khác.")
        raise Forbidden(Reason(why, field="by"))


def _why(raw: str) -> str:
    why = clean(raw, LONGEST, "why")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do."), field="why"))
    return why


def _same(row: BankSignoff, figures: Figures) -> bool:
    """Say whether the figures are those that were submitted."""
    then: dict[str, Any] = row.facts
    return (row.bank_balance, row.book_balance) == (figures.bank, figures.book) and all(
        then[name] == getattr(figures, name) for name in month_end.COUNTED
    )


def _note(session: Session, act: str, code: str, row: BankSignoff, by: int) -> None:
    facts = {"signoff": row.id, "balance": row.bank_balance, "seal": last_seal(session).number}
    subject = f"bank-month:{code}:{row.month:%Y-%m}"
    audit.record(session, f"bank-month.{act}", subject, facts, by=by)
