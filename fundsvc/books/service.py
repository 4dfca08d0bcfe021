"""Post and reverse entries: the one way into the journal, one entry at a time."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import keys
from fundsvc.books.closed import ClosedMonth, first_closed
from fundsvc.books.models import Account, Entry, EntryDonor, EntryEvidence, Posting
from fundsvc.books.totals import CARRY_FORWARD
from fundsvc.columns import Day, Moment
from fundsvc.db import check_scope
from fundsvc.driver import run_plain
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from ledger import entries as ledger
from ledger.accounts import AccountType


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry in the journal; `new` is false when it had been posted before."""

    id: int
    new: bool


# The columns of these texts stand in the order in which `post` names the facts of an entry.
# One statement for the entry and all its postings: one round trip, and the guards of PostgreSQL
# see both. Nothing comes back when the source had already sent this entry.
_POST = """
WITH posted AS (
    INSERT INTO entry (date, kind, description, unit_id, province_id, source, external_id, lines,
        posted_at, reverses_id, voucher, maker_id, approver_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (source, external_id) DO NOTHING RETURNING id, lines, date
)
INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit, credit)
SELECT posted.id, given.line, posted.lines, posted.date,
    given.account_id, given.fund_id, given.unit_id, given.debit, given.credit
FROM posted CROSS JOIN (VALUES {lines}) AS given (line, account_id, fund_id, unit_id, debit, credit)
RETURNING entry_id
"""
_LINE = "({line}, %s::bigint, %s::bigint, %s::bigint, %s::bigint, %s::bigint)"

# On SQLite the postings need the entry's number.
_ENTRY = """
INSERT INTO entry (date, kind, description, unit_id, province_id, source, external_id, lines,
    posted_at, reverses_id, voucher, maker_id, approver_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, external_id) DO NOTHING RETURNING id
"""
_POSTING = """
INSERT INTO posting (account_id, fund_id, unit_id, debit, credit, entry_id, line, lines, date)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DAY, _MOMENT = Day(), Moment()


@lru_cache(maxsize=64)
def _post_statement(lines: int) -> str:
    """Return the statement for an entry of so many lines."""
    places = (_LINE.format(line=line) for line in range(1, lines + 1))
    return _POST.format(lines=", ".join(places))


def post(
    session: Session,
    entry: ledger.Entry,
    *,
    source: str,
    external_id: str,
    maker_id: int | None = None,
    approver_id: int | None = None,
    voucher: str | None = None,
    reverses_id: int | None = None,
    evidence: Collection[str] = (),
) -> Posted:
    """Write an entry to the journal, once per source and external id.

    `evidence` are the SHA-256 of kept files that it stands on; they are sealed with the entry.

    Raises:
        Refusal: a code is unknown, or the date lies in a closed month.
        Conflict: the source sent this external id before with another content.
        OutOfScopeError: it touches a unit that the session may not touch.
    """
    known = keys.read(session)
    header = {
        "date": entry.date,
        "kind": entry.kind,
        "description": entry.description,
        "unit_id": known.unit(entry.unit),
        "province_id": known.province(entry.province),
        "source": source,
        "external_id": external_id,
        "lines": len(entry.postings),
        "posted_at": clock.now(),
        "reverses_id": reverses_id,
        "voucher": voucher,
        "maker_id": maker_id,
        "approver_id": approver_id,
    }
    rows = [
        {
            "account_id": known.account(posting.account),
            "fund_id": known.fund(posting.fund),
            "unit_id": known.unit(posting.unit),
            "debit": posting.debit,
            "credit": posting.credit,
        }
        for posting in entry.postings
    ]
    check_scope(session, {header["unit_id"], *(row["unit_id"] for row in rows)})  # type: ignore[arg-type]  # ids are int
    session.flush()
    try:
        entry_id = _insert(session, header, rows)
    except DBAPIError as error:
        touched = {(row["unit_id"], entry.date) for row in rows}
        raise refusal_of(session, error, touched) from error
    if entry_id is not None:
        if evidence:
            files = [{"entry_id": entry_id, "sha256": sha256} for sha256 in sorted(set(evidence))]
            session.execute(insert(EntryEvidence), files)
        return Posted(entry_id, new=True)
    return Posted(_same_as_before(session, header, rows), new=False)


def _insert(session: Session, header: dict[str, Any], rows: list[dict[str, int]]) -> int | None:
    """Insert the entry and its postings; return its id, or None when it was there before.

    The statements are the driver's own text: building and binding them as objects takes longer than
    the database needs for them.
    """
    connection = session.connection()
    day = _DAY.process_bind_param(header["date"], connection.dialect)
    moment = _MOMENT.process_bind_param(header["posted_at"], connection.dialect)
    values = tuple((header | {"date": day, "posted_at": moment}).values())
    if connection.dialect.name == "postgresql":
        figures = tuple(figure for row in rows for figure in row.values())
        found = run_plain(connection, _post_statement(len(rows)), values + figures)
        return int(found[0][0]) if found else None
    found = run_plain(connection, _ENTRY, values)
    if not found:
        return None
    entry_id = int(found[0][0])
    for line, row in enumerate(rows, start=1):
        run_plain(connection, _POSTING, (*row.values(), entry_id, line, len(rows), day))
    return entry_id


def bind(session: Session, entry_id: int, commitment: str) -> None:
    """Bind an entry of this transaction to what stays out of the books: who gave, or a paper.

    The commitment (`ledger.seals.commitment`) is sealed with the entry, and tells nothing once its
    salt is forgotten.
    """
    session.execute(insert(EntryDonor), {"entry_id": entry_id, "commitment": commitment})


def _same_as_before(session: Session, header: dict[str, object], rows: list[dict[str, int]]) -> int:
    """Return the id of the entry that was posted before, if it says the same."""
    found = session.execute(
        select(Entry).filter_by(source=header["source"], external_id=header["external_id"])
    ).scalar_one_or_none()
    said = ("date", "kind", "description", "unit_id", "province_id", "reverses_id")
    if found is not None and all(getattr(found, name) == header[name] for name in said):
        stored = session.execute(
            select(
                Posting.account_id,
                Posting.fund_id,
                Posting.unit_id,
                Posting.debit,
                Posting.credit,
            ).where(Posting.entry_id == found.id)
        )
        if Counter(tuple(row) for row in stored) == Counter(tuple(row.values()) for row in rows):
            return found.id
    raise Conflict(
        Reason(
            _(
                "Mã %(id)s đã được ghi sổ trước đây với nội dung khác.",
                id=str(header["external_id"]),
            )
        )
    )


def reverse(
    session: Session, entry_id: int, *, on: dt.date, reason: str, maker_id: int | None
) -> Posted:
    """Take an entry back by negative amounts (*ghi số âm*), once.

    Raises:
        NotFound: there is no such entry within the session's scope.
        Conflict: it was reversed before with another date or reason.
        Refusal: it is itself a reversal.
    """
    original = read_entry(session, entry_id)
    if original.kind == CARRY_FORWARD:
        why = _(
            "Bút toán kết chuyển không ghi đảo bằng tay; chạy lại kết chuyển cuối năm, phần thay"
            " đổi sẽ được ghi thêm."
        )
        raise Refusal(why)
    if original.kind == "reversal":
        raise Refusal(_("Bút toán ghi đảo không thể ghi đảo lần nữa."))
    return post(
        session,
        ledger.reversal_of(original, on, reason),
        source="reversal",
        external_id=str(entry_id),
        maker_id=maker_id,
        reverses_id=entry_id,
    )


def read_entry(session: Session, entry_id: int) -> ledger.Entry:
    """Return an entry as a value.

    Raises:
        NotFound: there is no such entry within the session's scope.
    """
    found = session.get(Entry, entry_id)
    if found is None:
        raise NotFound
    known = keys.read(session)
    account, fund, unit, province = (
        {number: code for code, number in ids.items()}
        for ids in (known.accounts, known.funds, known.units, known.provinces)
    )
    rows = session.scalars(select(Posting).filter_by(entry_id=entry_id).order_by(Posting.line))
    return ledger.Entry(
        date=found.date,
        kind=found.kind,
        description=found.description,
        unit=unit[found.unit_id],
        postings=tuple(
            ledger.Posting(
                account[row.account_id], fund[row.fund_id], unit[row.unit_id], row.debit, row.credit
            )
            for row in rows
        ),
        province=None if found.province_id is None else province[found.province_id],
    )


def add_account(
    session: Session, *, code: str, name: str, name_en: str, kind: AccountType, line: str | None
) -> int:
    """Add an account to the chart and return its id; the same account again changes nothing.

    Raises:
        Conflict: the code is used by another account.
    """
    found = session.execute(select(Account).filter_by(code=code)).scalar_one_or_none()
    if found is None:
        found = Account(code=code, name=name, name_en=name_en, type=kind.value, line=line)
        session.add(found)
        session.flush()
        keys.forget(session)
    elif (found.name, found.type, found.line) != (name, kind.value, line):
        why = _("Số hiệu tài khoản %(code)s đã được dùng.", code=code)
        raise Conflict(Reason(why, field="code"))
    return found.id


def balance(session: Session, *, account: str, fund: str, unit: str) -> int:
    """Return an account's balance within a fund and unit: debit less credit, in đồng."""
    known = keys.read(session)
    total = session.scalar(
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0)).where(
            Posting.account_id == known.account(account),
            Posting.fund_id == known.fund(fund),
            Posting.unit_id == known.unit(unit),
        )
    )
    return int(total or 0)


def refusal_of(
    session: Session, error: DBAPIError, touched: Iterable[tuple[int, dt.date]]
) -> Exception:
    """Tell what a guard of the database refused; another database error stays what it is.

    `touched` are the units and days that were to be booked, looked through where the database does
    not say which one it was.
    """
    # PostgreSQL tells the guard's name apart, SQLite within its message.
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or str(error.orig)
    if "posting_signed" in name:
        why = _(
            "Đối soát của tài khoản ngân hàng này đã được duyệt cho tháng đó; chọn ngày sau, hoặc"
            " đề nghị mở lại biên bản đối soát."
        )
        return Refusal(Reason(why, field="date"))
    if "posting_open_period" not in name:
        return error
    if (detail := getattr(diagnosis, "message_detail", None)) is not None:
        unit_id, _blank, month = str(detail).partition(" ")
        touched = [(int(unit_id), dt.date.fromisoformat(month))]
    return ClosedMonth.of(first_closed(session, touched))
