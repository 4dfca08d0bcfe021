"""Import a bank's statement: preview and commit read alike; every line is booked or none."""

import hashlib
import re
from collections.abc import Callable, Collection

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import bulk
from fundsvc.errors import Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation import booking, decided, gifts, lists, profiles
from fundsvc.reconciliation.facts import AccountFacts, BankImportReport, Before
from fundsvc.reconciliation.formats import media_type, read_file
from fundsvc.reconciliation.models import BankAccount, BankFile
from fundsvc.reconciliation.reader import Reader
from fundsvc.reconciliation.reading import Reading
from fundsvc.reconciliation.source import Source
from fundsvc.reconciliation.statement import Lines, Statement
from fundsvc.reconciliation.summary import breaks_as_json
from fundsvc.templating.filters import day, dong, number

SHORTEST_TAIL = 3
"""So many figures of a number must be shown to tell one account from another."""


def read(
    session: Session,
    data: bytes | Source,
    *,
    name: str,
    account_code: str,
    layout: str | None = None,
    commit: bool,
    progress: Callable[[int], None] | None = None,
) -> Statement:
    """Read a file as a statement of a bank account; keep it as evidence if it is to be booked.

    The long part of an import, which changes no table: call it before `transaction()`, so that
    nobody waits for it. `progress` is told now and then how many lines were read.

    Raises:
        NotFound: there is no such account within the session's scope.
        Refusal: the file as a whole cannot be read.
    """
    source = Source.of(data)
    account, reader = begin(session, source, account_code, layout)
    lines = Lines(reader, progress)
    _check_account(account, reader.said.account)
    return Statement(
        account=account,
        name=name,
        layout=reader.layout,
        lines=lines,
        refused=reader.refused,
        said=reader.said,
        media_type=media_type(source.head),
        digest=hashlib.file_digest(source.stream(), "sha256").hexdigest(),
        sha256=evidence.keep_stream(source.stream())
        if commit and not reader.refused.count
        else None,
    )


def begin(
    session: Session, data: bytes | Source, account_code: str, layout: str | None = None
) -> tuple[AccountFacts, Reader]:
    """Return the account and the reader of a file, of which only the beginning was looked at.

    Raises:
        NotFound: there is no such account within the session's scope.
        Refusal: its beginning tells that it is no statement of this account.
    """
    account = lists.account(session, account_code)
    reader = read_file(
        data,
        layout=layout,
        bank=account.bank,
        today=clock.today(),
        profiles=profiles.of_account(session, account),
    )
    _check_account(account, reader.said.account)
    return account, reader


def import_bank(
    session: Session,
    statement: Statement,
    *,
    by: int | None,
    as_new: Collection[int] | None = None,
    progress: Callable[[int], None] | None = None,
) -> BankImportReport:
    """Tell what of a statement is new, and book it if it was read to be booked.

    With a refused row nothing is booked. The same file again adds nothing, and of equal lines as
    many are stored as any one file holds (see `summary.Counting`); `as_new` are the rows of which a
    person said that they are one more. While the report asks for that, nothing is booked. While
    it books, `progress` is told up to which line.

    Raises:
        Refusal: the statement adds up to more than the books can hold.
    """
    account, sha256 = statement.account, statement.sha256
    if sha256:
        # One import at a time for each account: what is counted as stored stays true until the
        # end. SQLite has one writer anyway.
        session.scalars(
            select(BankAccount.id).where(BankAccount.id == account.id).with_for_update()
        ).one()
    reading = Reading(session, account, as_new, statement.lines.alone)
    for line in statement.lines:
        reading.add(line)
    report = reading.report(statement)
    if not sha256 or not report.committed:
        return report
    evidence.note(session, sha256, name=statement.name, media_type=statement.media_type, by=by)
    if report.new:
        booking.book(
            session,
            account,
            statement.lines,
            reading.occurrences,
            sha256=sha256,
            by=by,
            progress=progress,
        )
    booking.keep_twins(session, account, reading.twins, sha256=sha256)
    if report.new:
        gifts.of_lines(session, account, statement.lines, reading.occurrences)
    gifts.of_memos(session, account, reading.twin_memos)
    if report.new or not _was_imported(session, account, sha256):
        session.add(_file(statement, report, sha256=sha256, by=by, as_new=as_new))
        session.flush()
    if report.new >= bulk.MUCH:
        # Last of all, for who else counts waits until this is committed.
        bulk.count_anew(session, "bank_line", *decided.TAKERS)
    return report


def told(report: BankImportReport) -> list[str]:
    """Return a report in sentences for people; the last one says what became of the file."""
    said = [
        _(
            "%(lines)s dòng (%(layout)s), từ %(first)s đến %(last)s.",
            lines=number(report.lines),
            layout=report.layout,
            first=day(report.first) or "–",
            last=day(report.last) or "–",
        ),
        _(
            "Tiền vào %(sum_in)s, tiền ra %(sum_out)s.",
            sum_in=dong(report.sum_in),
            sum_out=dong(report.sum_out),
        ),
    ]
    if report.opening is not None and report.closing is not None:
        said.append(
            _(
                "Số dư đầu kỳ %(opening)s, cuối kỳ %(closing)s.",
                opening=dong(report.opening),
                closing=dong(report.closing),
            )
        )
    said += [
        _(
            "Dòng %(row)s: số dư tính ra %(expected)s, ngân hàng ghi %(found)s.",
            row=found.row,
            expected=dong(found.expected),
            found=dong(found.found),
        )
        for found in report.breaks
    ]
    if report.before and report.before.ahead:
        said.append(ahead(report.before))
    said += [
        _(
            "Dòng %(row)s (%(day)s, %(amount)s) giống dòng đã có, nhưng số dư nói là khoản mới.",
            row=one.row,
            day=day(one.booked_on),
            amount=dong(one.amount),
        )
        for one in report.asked
    ]
    if report.doubtful:
        rows = ", ".join(str(row) for row in report.doubtful)
        said.append(
            _("Giống hệt dòng đã có, giữa các dòng mới (coi là đã ghi): dòng %(rows)s.", rows=rows)
        )
    said += [
        _("Dòng %(row)s, %(field)s: %(why)s", row=row.row, field=row.field or "–", why=row.reason)
        for row in report.refused
    ]
    return [*said, _outcome(report)]


def _check_account(account: AccountFacts, told: str) -> None:
    """Compare the number of the account that a file tells, where it tells one.

    Raises:
        Refusal: it is another account's.
    """
    figures = "".join(mark for mark in told if mark.isalnum() or mark == "*").lstrip("*xX")
    # A bank may hide the first figures, and an international number has ours at its end.
    tail = "".join(re.split("[*xX]", figures)[-1:])
    own = account.number.lstrip("0")
    if (
        len(tail) < SHORTEST_TAIL
        or tail.lstrip("0").endswith(own)
        or own.endswith(tail.lstrip("0"))
    ):
        return
    why = _(
        "Tệp là sao kê của tài khoản có số cuối %(end)s, không phải của %(code)s (%(own)s)."
        " Hãy chọn đúng tài khoản.",
        end=tail[-4:],
        code=account.code,
        own=account.number,
    )
    raise Refusal(Reason(why, field="account"))


def ahead(before: Before) -> str:
    """Say in a sentence how a file does not go on from the one before."""
    return _(
        "Tệp trước (%(name)s) có số dư cuối %(closing)s; cộng mọi dòng sau đó, số dư cuối của tệp"
        " này lệch %(ahead)s.",
        name=before.name,
        closing=dong(before.closing),
        ahead=dong(before.ahead),
    )


def _outcome(report: BankImportReport) -> str:
    if report.asked:
        return _("Chưa ghi gì: hãy nói các dòng trên là khoản mới hay đã ghi.")
    if report.refused_count:
        count = number(report.refused_count)
        return _("Không nhận tệp: %(count)s dòng bị từ chối; chưa ghi gì vào sổ.", count=count)
    new, known = number(report.new), number(report.known)
    if report.committed:
        return _("Đã ghi sổ %(new)s dòng mới; %(known)s dòng đã có từ trước.", new=new, known=known)
    return _(
        "Xem trước: %(new)s dòng mới, %(known)s dòng đã có; chưa ghi sổ.", new=new, known=known
    )


def _was_imported(session: Session, account: AccountFacts, sha256: str) -> bool:
    query = select(BankFile.id).filter_by(bank_account_id=account.id, sha256=sha256).limit(1)
    return session.scalar(query) is not None


def _file(
    statement: Statement,
    report: BankImportReport,
    *,
    sha256: str,
    by: int | None,
    as_new: Collection[int] | None,
) -> BankFile:
    answer = {} if as_new is None else {"as_new": sorted(as_new)}
    return BankFile(
        bank_account_id=statement.account.id,
        unit_id=statement.account.unit_id,
        sha256=sha256,
        name=statement.name,
        layout=report.layout,
        lines=report.lines,
        new=report.new,
        known=report.known,
        sum_in=report.sum_in,
        sum_out=report.sum_out,
        breaks=breaks_as_json(report.breaks) | answer,
        imported_at=clock.now(),
        first=report.first,
        last=report.last,
        opening=report.opening,
        closing=report.closing,
        imported_by=by,
    )
