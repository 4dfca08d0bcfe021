"""What must hold of signed months: bank, books and lines still say what two people signed.

A record is compared with what was known when it was submitted: what came or was decided later and
may, as a line that was held back then, is no fault. Files and the printed record are read whole.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Seal
from fundsvc.books.verify import Fault
from fundsvc.evidence.models import StoredFile
from fundsvc.periods.months import last_of
from fundsvc.workbench import minutes, month_end
from fundsvc.workbench.models import BankSignoff
from fundsvc.workbench.signed_facts import (
    APPROVE,
    REOPEN,
    SUBMIT,
    HeldOnce,
    Today,
    listed,
    per_line,
)
from fundsvc.workbench.signoff import FROZEN, REOPENED
from ledger.words import grouped

RULE: Final = "bank-month"
SIGNED: Final = (*FROZEN, REOPENED)


def faults(session: Session) -> Iterator[Fault]:
    """Yield what is otherwise than it was signed, by account and month."""
    today = Today.read(session)
    query = select(BankSignoff).where(BankSignoff.state.in_(SIGNED))
    rows = session.scalars(
        query.order_by(BankSignoff.bank_account_id, BankSignoff.month, BankSignoff.id)
    ).all()
    for row in rows:
        account = today.accounts.get(row.bank_account_id)
        code = account.code if account else str(row.bank_account_id)
        place = f"{RULE}:{code}:{row.month:%Y-%m}"
        try:
            for why in _of_record(today, row):
                yield Fault(RULE, place, why)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Fault(RULE, place, _("Không đọc được biên bản: %(why)s", why=repr(error)[:200]))
    kept = {row.id for row in rows}
    for (kind, number), act in today.acts.items():
        if kind == APPROVE and number not in kept:
            why = _("Nhật ký ghi tháng này đã được duyệt nhưng biên bản đã duyệt không còn.")
            yield Fault(RULE, act.subject, why)


def _of_record(today: Today, row: BankSignoff) -> Iterator[str]:
    yield from _of_people(today, row)
    yield from _of_paper(today, row)
    yield from _of_seal(today, row)
    account = today.accounts.get(row.bank_account_id)
    if account is None or account.unit_id != row.unit_id:
        yield _("Biên bản không thuộc tài khoản ngân hàng nào của đơn vị.")
    elif row.state in FROZEN:
        yield from _of_balances(today, row)
        yield from _of_lines(today, row)
        yield from _of_held(today, row)
        yield from _of_files(today, row)


def _of_people(today: Today, row: BankSignoff) -> Iterator[str]:
    if row.decided_by is None or row.decided_by == row.submitted_by:
        yield _("Người gửi và người duyệt biên bản phải là hai người khác nhau.")
    if row.state == REOPENED and row.reopened_by in {None, row.reopen_by}:
        yield _("Người đề nghị và người mở lại biên bản phải là hai người khác nhau.")
    wanted = {SUBMIT: row.submitted_by, APPROVE: row.decided_by}
    if row.state == REOPENED:
        wanted[REOPEN] = row.reopened_by
    told = {
        kind: act.actor_id
        for kind in (SUBMIT, APPROVE, REOPEN)
        if (act := today.acts.get((kind, row.id))) is not None
    }
    if told != wanted:
        yield _("Nhật ký ghi người gửi, người duyệt hoặc người mở lại khác với biên bản.")
    act = today.acts.get((APPROVE, row.id))
    if act is not None and act.facts.get("balance") != row.bank_balance:
        yield _(
            "Biên bản ghi số dư %(now)s đ, lúc duyệt nhật ký ghi %(then)s đ.",
            now=grouped(row.bank_balance),
            then=str(act.facts.get("balance")),
        )


def _of_paper(today: Today, row: BankSignoff) -> Iterator[str]:
    """Tell what is wrong with the printed record, if it was printed."""
    if row.pdf_sha256 is None:
        return
    stored = today.session.get(StoredFile, row.pdf_sha256)
    account = today.accounts.get(row.bank_account_id)
    name = minutes.name_of(account.code if account else "", row.month)
    used = select(func.count()).where(BankSignoff.pdf_sha256 == row.pdf_sha256)
    if stored is None or (stored.name, stored.media_type) != (name, minutes.MEDIA_TYPE):
        yield _("Bản PDF đã lưu không phải biên bản của tháng này.")
    elif (today.session.scalar(used) or 0) > 1:
        yield _("Bản PDF đã lưu là của một biên bản khác.")
    if (whole := today.file(row.pdf_sha256)) is not True:
        yield (
            _("Bản PDF của biên bản không còn.")
            if whole is None
            else _("Bản PDF của biên bản đã bị thay đổi, SHA-256 không còn khớp.")
        )


def _of_seal(today: Today, row: BankSignoff) -> Iterator[str]:
    then = row.facts["seal"]
    head = today.session.scalar(select(Seal.head).where(Seal.number == then["number"]))
    if (head or "") != then["head"]:
        yield _("Mã niêm phong ghi trên biên bản không phải mã của niêm phong %(number)s.",
                number=then["number"])  # fmt: skip


def _of_balances(today: Today, row: BankSignoff) -> Iterator[str]:
    last, told = last_of(row.month), row.facts["told"]
    if row.facts["last"] != last.isoformat():
        yield _("Biên bản ghi số liệu đến ngày khác với ngày cuối tháng.")
    if row.bank_balance != row.book_balance:
        yield _(
            "Biên bản ghi hai số dư khác nhau: ngân hàng %(bank)s đ, sổ sách %(book)s đ.",
            bank=grouped(row.bank_balance),
            book=grouped(row.book_balance),
        )
    bank = told
    if told is None:
        seen = row.submitted_at
        bank = month_end.told_by_files(today.session, row.bank_account_id, last, seen)
    if bank != row.bank_balance:
        yield _(
            "Ngân hàng cho biết số dư cuối tháng %(now)s đ, biên bản đã ký %(then)s đ.",
            now="?" if bank is None else grouped(bank),
            then=grouped(row.bank_balance),
        )
    book = today.book(row.bank_account_id, last)
    if book != row.book_balance:
        yield _(
            "Sổ sách có số dư cuối tháng %(now)s đ, biên bản đã ký %(then)s đ.",
            now=grouped(book),
            then=grouped(row.book_balance),
        )


def _of_lines(today: Today, row: BankSignoff) -> Iterator[str]:
    facts, last = row.facts, last_of(row.month)
    found = today.lines(row.bank_account_id, row.month, last)
    if found.count != facts["lines"]:
        yield _(
            "Tháng này có %(now)s dòng sao kê, biên bản đã ký %(then)s dòng.",
            now=grouped(found.count),
            then=grouped(facts["lines"]),
        )
    # Records of an earlier program tell no sums of all lines.
    then = facts.get("moved_in", found.money_in), facts.get("moved_out", found.money_out)
    if (found.money_in, found.money_out) != then:
        yield _(
            "Các dòng của tháng cộng lại tiền vào %(now_in)s đ, tiền ra %(now_out)s đ; biên bản đã"
            " ký %(then_in)s đ và %(then_out)s đ.",
            now_in=grouped(found.money_in),
            now_out=grouped(found.money_out),
            then_in=grouped(then[0]),
            then_out=grouped(then[1]),
        )
    if facts["undecided"]:
        yield _("Biên bản ghi còn dòng chưa quyết định.")
    held = per_line(_held(today, row, surely=False))
    loose = [
        amount for line, amount in today.waiting(row.bank_account_id, last) if line not in held
    ]
    if loose:
        yield _(
            "%(count)s dòng đã quyết định lúc ký, cộng %(sum)s đ, nay lại chờ quyết định.",
            count=grouped(len(loose)),
            sum=grouped(sum(map(abs, loose))),
        )


def _of_held(today: Today, row: BankSignoff) -> Iterator[str]:
    """Tell where what was held back differs; at the very moment of signing both may be right."""
    facts = row.facts
    least, most = (_Sums(_held(today, row, surely=surely), row) for surely in (True, False))
    then = {
        "held": facts["held"],
        "held_in": facts["held_in"],
        "held_out": facts["held_out"],
        "of_month": facts["lines"] - facts["decided"],
    }
    if not all(least.told[name] <= value <= most.told[name] for name, value in then.items()):
        yield _(
            "Lúc gửi duyệt có %(now)s dòng tạm giữ lại (tiền vào %(now_in)s đ, tiền ra %(now_out)s"
            " đ), %(now_month)s dòng trong tháng; biên bản đã ký %(then)s dòng (%(then_in)s đ,"
            " %(then_out)s đ), %(then_month)s dòng trong tháng.",
            now=grouped(most.told["held"]),
            now_in=grouped(most.told["held_in"]),
            now_out=grouped(most.told["held_out"]),
            now_month=grouped(most.told["of_month"]),
            then=grouped(then["held"]),
            then_in=grouped(then["held_in"]),
            then_out=grouped(then["held_out"]),
            then_month=grouped(then["of_month"]),
        )
    shown = Counter(
        (one["on"], one["memo"], one["amount"], one["why"]) for one in facts["held_lines"]
    )
    missing = listed(least.found) - shown if facts["held"] <= month_end.MOST else None
    short = shown.total() != min(facts["held"], month_end.MOST)
    if missing or short or shown - listed(most.found):
        yield _("Danh sách dòng tạm giữ lại của biên bản khác với các dòng tạm giữ lúc gửi duyệt.")


class _Sums:
    """Lines that were held back at a moment, counted once each."""

    def __init__(self, found: list[HeldOnce], row: BankSignoff) -> None:
        self.found = found
        lines = per_line(found).values()
        self.told: dict[str, int] = {
            "held": len(lines),
            "held_in": sum(one.amount for one in lines if one.amount > 0),
            "held_out": sum(-one.amount for one in lines if one.amount < 0),
            "of_month": sum(one.on >= row.month for one in lines),
        }


def _held(today: Today, row: BankSignoff, *, surely: bool) -> list[HeldOnce]:
    """Return what was held back of the lines until the end of a month when it was submitted."""
    found = today.held(row.bank_account_id, last_of(row.month))
    return [one for one in found if one.stood(row.submitted_at, surely=surely)]


def _of_files(today: Today, row: BankSignoff) -> Iterator[str]:
    then: list[dict[str, Any]] = row.facts["files"]
    found = month_end.files(
        today.session, row.bank_account_id, last_of(row.month), row.submitted_at
    )
    now = [file.as_facts() for file in found]
    for file in then:
        if file not in now:
            yield _("Tệp sao kê %(name)s (SHA-256 %(sha)s…) ghi trên biên bản không còn trong sổ.",
                    name=file["name"], sha=file["sha256"][:12])  # fmt: skip
        if (whole := today.file(file["sha256"])) is not True:
            yield (
                _("Tệp sao kê %(name)s đã lưu không còn.", name=file["name"])
                if whole is None
                else _("Tệp sao kê %(name)s đã lưu đã bị thay đổi.", name=file["name"])
            )
    # A file that came at the very moment may or may not have been seen.
    before = row.submitted_at - timedelta(microseconds=1)
    sure = month_end.files(today.session, row.bank_account_id, last_of(row.month), before)
    for file in (one.as_facts() for one in sure):
        if file not in then:
            yield _("Tệp sao kê %(name)s có ngày của tháng mà biên bản không ghi.",
                    name=file["name"])  # fmt: skip
