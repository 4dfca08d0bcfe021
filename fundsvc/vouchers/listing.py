"""List vouchers, page by page, with the sums of all that match; show one with all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from fundsvc.audit.models import Act
from fundsvc.books.models import Account, Fund
from fundsvc.books.reversing import is_undone, undone
from fundsvc.books.tills import tills
from fundsvc.staff.models import StaffUser
from fundsvc.templating import in_language
from fundsvc.units.models import Province, Unit
from fundsvc.vouchers import numbers, storing, workflow
from fundsvc.vouchers.facts import ActRow, FileRow, LineRow, VoucherFacts, VoucherRow
from fundsvc.vouchers.kinds import DISCARDED, DRAFT, KINDS, POSTED, STATES, SUBMITTED
from fundsvc.vouchers.models import Voucher, VoucherFile, VoucherLine, VoucherTemplate

PAGE = 50
ACTS = {
    "create": lazy_gettext("Lập"),
    "edit": lazy_gettext("Sửa"),
    "submit": lazy_gettext("Trình duyệt"),
    "return": lazy_gettext("Trả lại"),
    "discard": lazy_gettext("Bỏ"),
    "approve": lazy_gettext("Duyệt"),
    "post": lazy_gettext("Ghi sổ"),
    "attach": lazy_gettext("Đính kèm tệp"),
    "detach": lazy_gettext("Gỡ tệp"),
    "reverse": lazy_gettext("Ghi đảo"),
}
_FILES = (
    select(func.count())
    .select_from(VoucherFile)
    .where(VoucherFile.voucher_id == Voucher.id)
    .correlate(Voucher)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which vouchers to list; None means all. `maker` is the id of who made them.

    Those of a unit are its own and those with a line in its books.
    """

    first: date
    last: date
    kind: str | None = None
    state: str | None = None
    fund: str | None = None
    unit: str | None = None
    number: str | None = None
    maker: int | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many vouchers of a kind match, and what they come to in đồng."""

    kind: str
    kind_name: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class VoucherPage:
    """A page of vouchers, newest first, with the sums of all that match by kind.

    Discarded and reversed ones are shown, not counted. `next` is where the following page begins:
    day and id of the last row shown.
    """

    rows: tuple[VoucherRow, ...]
    sums: tuple[Sum, ...]
    count: int
    next: tuple[date, int] | None


def page(
    session: Session, wanted: Filter, after: tuple[date, int] | None = None, size: int = PAGE
) -> VoucherPage:
    """List vouchers of the units this person may see."""
    counted = (Voucher.state != DISCARDED, ~is_undone(Voucher.entry_id))  # type: ignore[arg-type]
    query = (
        select(Voucher.kind, func.count(Voucher.id), func.sum(Voucher.amount))
        .select_from(Voucher)
        .join(Fund, Fund.id == Voucher.fund_id)
        .join(Unit, Unit.id == Voucher.unit_id)
        .where(*_where(wanted), *counted)
        .group_by(Voucher.kind)
    )
    found = {kind: (count, int(amount)) for kind, count, amount in session.execute(query)}
    sums = tuple(
        Sum(code, str(kind.name), *found[code]) for code, kind in KINDS.items() if code in found
    )
    listed = _ordered(wanted).limit(size + 1)
    if after is not None:
        listed = listed.where(tuple_(Voucher.date, Voucher.id) < tuple_(*after))
    rows = [_row(*row) for row in session.execute(listed)]
    more = rows[size - 1] if len(rows) > size else None
    return VoucherPage(
        rows=tuple(rows[:size]),
        sums=sums,
        count=sum(part.count for part in sums),
        next=(more.date, more.id) if more else None,
    )


def every(session: Session, wanted: Filter) -> Iterator[VoucherRow]:
    """Yield all vouchers that match, in the order of the list."""
    for row in session.execute(_ordered(wanted).execution_options(yield_per=1_000)):
        yield _row(*row)


def one(session: Session, voucher_id: int) -> VoucherFacts | None:
    """Return all of a voucher, or None if there is none for this person.

    Of one that touches several units a person sees the lines of the own units.
    """
    found = session.execute(_query().where(Voucher.id == voucher_id)).first()
    if found is None:
        return None
    row: Voucher = found[0]
    draft = storing.draft_of(session, row, storing.visible_lines(session, row.id))
    unit = numbers.unit_of(session, row.unit_id)
    template = session.get(VoucherTemplate, row.template_id) if row.template_id else None
    names = {place.code: place.name for place in tills(session)}
    people = _people(session, {row.submitted_by, row.approver_id, row.posted_by})
    to_fund = session.get(Fund, row.to_fund_id) if row.to_fund_id else None
    to_unit = session.get(Unit, row.to_unit_id) if row.to_unit_id else None
    province = session.get(Province, row.province_id) if row.province_id else None
    open_ = row.state not in {POSTED, DISCARDED}
    return VoucherFacts(
        row=_row(*found),
        draft=draft,
        version=row.version,
        unit_address=unit.address,
        unit_is_centre=unit.kind == "centre",
        lines=lines(session, row.id),
        files=files(session, row.id),
        acts=acts(session, row.id),
        till_name=names.get(row.till or ""),
        to_till_name=names.get(row.to_till or ""),
        province_name=province.name if province else None,
        to_fund_name=in_language(to_fund.name, to_fund.name_en) if to_fund else None,
        to_unit_name=to_unit.name if to_unit else None,
        made_at=row.made_at,
        submitted_by_id=row.submitted_by,
        submitted_by=people.get(row.submitted_by),
        submitted_at=row.submitted_at,
        approver_id=row.approver_id,
        approver=people.get(row.approver_id),
        approved_at=row.approved_at,
        posted_by=people.get(row.posted_by),
        posted_at=row.posted_at,
        return_reason=row.return_reason,
        template=template.name if template else None,
        undone=undone(session, row.entry_id) if row.entry_id else None,
        expected=numbers.expected(session, row.kind, unit, row.date) if open_ else None,
    )


def lines(session: Session, voucher_id: int) -> tuple[LineRow, ...]:
    """Return the lines of a voucher with their names, those of this person's units."""
    query = (
        select(VoucherLine, Account, Fund, Unit)
        .join(Account, Account.id == VoucherLine.account_id)
        .join(Fund, Fund.id == VoucherLine.fund_id)
        .join(Unit, Unit.id == VoucherLine.unit_id)
        .where(VoucherLine.voucher_id == voucher_id)
        .order_by(VoucherLine.line)
    )
    return tuple(
        LineRow(
            line=line.line,
            account=account.code,
            account_name=in_language(account.name, account.name_en),
            fund=fund.code,
            fund_name=in_language(fund.name, fund.name_en),
            unit=unit.code,
            unit_name=unit.name,
            debit=line.debit,
            credit=line.credit,
        )
        for line, account, fund, unit in session.execute(query)
    )


def files(session: Session, voucher_id: int) -> tuple[FileRow, ...]:
    """Return the files of a voucher in the order they came."""
    other = aliased(VoucherFile)
    query = (
        select(other.sha256, Voucher.id, Voucher.number)
        .join(Voucher, Voucher.id == other.voucher_id)
        .join(VoucherFile, VoucherFile.sha256 == other.sha256)
        .where(VoucherFile.voucher_id == voucher_id, other.voucher_id != voucher_id)
        .order_by(Voucher.id)
    )
    also: dict[str, list[str]] = {}
    for sha256, number, text in session.execute(query):
        also.setdefault(sha256, []).append(text or f"#{number}")
    own = (
        select(VoucherFile, StaffUser.name, StaffUser.username)
        .outerjoin(StaffUser, StaffUser.id == VoucherFile.added_by)
        .where(VoucherFile.voucher_id == voucher_id)
        .order_by(VoucherFile.added_at, VoucherFile.sha256)
    )
    return tuple(
        FileRow(
            sha256=row.sha256,
            name=row.name,
            media_type=row.media_type,
            size=row.size,
            added_at=row.added_at,
            added_by=name or username or "",
            also=tuple(also.get(row.sha256, ())),
        )
        for row, name, username in session.execute(own)
    )


def acts(session: Session, voucher_id: int) -> tuple[ActRow, ...]:
    """Return what was done with a voucher, oldest first."""
    query = (
        select(Act, StaffUser.name, StaffUser.username)
        .outerjoin(StaffUser, StaffUser.id == Act.actor_id)
        .where(Act.subject == workflow.subject(voucher_id))
        .order_by(Act.id)
    )
    told = []
    for act, name, username in session.execute(query):
        kind = act.kind.partition(".")[2]
        told.append(
            ActRow(
                kind=kind,
                by=act.actor_id,
                name=str(ACTS.get(kind, kind)),
                at=act.at,
                who=name or username or "",
                reason=act.facts.get("reason"),
            )
        )
    return tuple(told)


def waiting(session: Session) -> int:
    """Return how many vouchers wait for approval, in the units this person may see."""
    query = select(func.count(Voucher.id)).where(Voucher.state == SUBMITTED)
    return session.scalar(query) or 0


def drafts_of(session: Session, person: int) -> int:
    """Return how many drafts a person has not yet sent for approval."""
    query = select(func.count(Voucher.id)).where(Voucher.state == DRAFT, Voucher.maker_id == person)
    return session.scalar(query) or 0


def _ordered(wanted: Filter) -> Select[Any]:
    ordered = _query().order_by(Voucher.date.desc(), Voucher.id.desc())
    return ordered.where(*_where(wanted))


def _query() -> Select[Any]:
    gone = is_undone(Voucher.entry_id)  # type: ignore[arg-type]  # a draft has no entry yet
    return (
        select(
            Voucher, Unit.code, Unit.name, Fund, StaffUser.name, StaffUser.username, _FILES, gone
        )
        .join(Fund, Fund.id == Voucher.fund_id)
        .join(Unit, Unit.id == Voucher.unit_id)
        .outerjoin(StaffUser, StaffUser.id == Voucher.maker_id)
    )


def _row(
    row: Voucher,
    unit: str,
    unit_name: str,
    fund: Fund,
    maker: str | None,
    username: str | None,
    count: int,
    gone: object,
) -> VoucherRow:
    return VoucherRow(
        id=row.id,
        kind=row.kind,
        kind_name=str(KINDS[row.kind].name),
        state=row.state,
        state_name=str(STATES[row.state]),
        date=row.date,
        unit=unit,
        unit_name=unit_name,
        fund=fund.code,
        fund_name=in_language(fund.name, fund.name_en),
        amount=row.amount,
        party=row.party,
        description=row.description,
        number=row.number,
        entry_id=row.entry_id,
        maker_id=row.maker_id,
        maker=maker or username or "",
        files=count,
        reversed=bool(gone),
    )


def _where(wanted: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Voucher.date.between(wanted.first, wanted.last)]
    if wanted.kind:
        where.append(Voucher.kind == wanted.kind)
    if wanted.state:
        where.append(Voucher.state == wanted.state)
    if wanted.fund:
        where.append(Fund.code == wanted.fund)
    if wanted.unit:
        where.append(or_(Unit.code == wanted.unit, _touches(wanted.unit)))
    if wanted.number:
        where.append(Voucher.number == wanted.number)
    if wanted.maker is not None:
        where.append(Voucher.maker_id == wanted.maker)
    return where


def _touches(unit: str) -> ColumnElement[bool]:
    """Return the condition that a voucher has a line in the books of a unit."""
    there = aliased(Unit)
    return (
        select(VoucherLine.line)
        .join(there, there.id == VoucherLine.unit_id)
        .where(VoucherLine.voucher_id == Voucher.id, there.code == unit)
        .correlate(Voucher)
        .exists()
    )


def _people(session: Session, ids: set[int | None]) -> dict[int | None, str]:
    query = select(StaffUser.id, StaffUser.name, StaffUser.username).where(StaffUser.id.in_(ids))
    return {row.id: row.name or row.username for row in session.execute(query)}
