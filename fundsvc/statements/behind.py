"""What a figure of a statement is made of: its entries, newest first, page by page."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, distinct, func, select, tuple_
from sqlalchemy.orm import Session

from fundsvc.books.models import Posting
from fundsvc.books.sums import CARRY_FORWARD, OF_POSTINGS, OF_SUMS, among, summed
from fundsvc.errors import Reason, Refusal
from fundsvc.statements.options import Figure, Mark, Options
from fundsvc.statements.postings import ENTRY, as_clauses, with_entries
from fundsvc.statements.reference import Reference
from fundsvc.statements.service import Asked, conditions, look_up
from ledger.accounts import AccountType
from ledger.statements import Side

PAGE = 50


@dataclass(frozen=True, slots=True)
class EntryFact:
    """One entry's part in a figure, in đồng: above zero it raises the figure."""

    entry_id: int
    on: date
    kind: str
    description: str
    voucher: str
    unit_name: str
    province_name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A figure, and one page of the entries it is made of; `next` is where the list goes on.

    The line's label is None when the figure is a total or a balance. `first` is None when the
    figure counts all that was booked until `last`.
    """

    total: int
    count: int
    entries: tuple[EntryFact, ...]
    next: Mark | None
    label: str | None
    first: date | None
    last: date
    fund_name: str
    province_name: str | None
    unit_name: str | None
    only_units: tuple[str, ...]


def behind(
    session: Session,
    options: Options,
    figure: Figure,
    mark: Mark | None = None,
    language: str = "vi",
) -> Behind:
    """Return what a figure of the statement of `options` is made of.

    Unlike a statement, this may be asked for a province and a unit at once: one row of it.

    Raises:
        Refusal: an option names what does not exist, or what this person may not see.
    """
    asked = look_up(session, options, language)
    accounts, label = _accounts(asked.reference, figure)
    first, last = _period(asked, figure)
    if figure.part == "opening":
        asked = replace(asked, scope=replace(asked.scope, first=last, last=last))
    sums = summed(
        session,
        (),
        first or date.min,
        last,
        [*conditions(asked, OF_SUMS), among(OF_SUMS.account_id, accounts)],
        carried=False,
        counted=False,
    )
    # What carries a year forward moves nothing in or out, and its sides add up to nothing.
    found = [
        *as_clauses(conditions(asked, OF_POSTINGS)),
        Posting.account_id.in_(accounts),
        ENTRY.c.kind != CARRY_FORWARD,
        Posting.date.between(first or date.min, last),
    ]
    every = select(func.count(distinct(Posting.entry_id)))
    sign = -1 if figure.part == "payments" else 1
    entries, more = _page(session, asked.reference, found, mark, sign)
    return Behind(
        total=sign * sum(part.credit - part.debit for part in sums),
        count=session.scalar(with_entries(every.where(*found))) or 0,
        entries=entries,
        next=Mark(entries[-1].on, entries[-1].entry_id) if more else None,
        label=label,
        first=first,
        last=last,
        fund_name=asked.fund_name,
        province_name=asked.province_name,
        unit_name=asked.unit.name if asked.unit else None,
        only_units=asked.only_units,
    )


def _period(asked: Asked, figure: Figure) -> tuple[date | None, date]:
    """Return the days whose entries make up a figure; balances count from the beginning."""
    scope = asked.scope
    if figure.part == "opening":
        return None, scope.first - timedelta(days=1)
    if figure.part == "closing":
        return None, scope.last
    return scope.first, scope.last


def _accounts(reference: Reference, figure: Figure) -> tuple[list[int], str | None]:
    """Return the accounts that a figure adds up, and the name of its line."""
    side = None if figure.part in {"opening", "closing"} else Side(figure.part)
    accounts = [
        account_id
        for account_id, account in reference.accounts.items()
        if account.line is not None
        and (side is None or Side.of(AccountType(account.kind)) is side)
        and (figure.line is None or account.line == figure.line)
    ]
    if not accounts:
        raise Refusal(Reason(_("Báo cáo không có chỉ tiêu này."), field="line"))
    label = reference.labels[side, figure.line] if side and figure.line else None
    return accounts, label


def _page(
    session: Session,
    reference: Reference,
    found: list[ColumnElement[bool]],
    mark: Mark | None,
    sign: int,
) -> tuple[tuple[EntryFact, ...], bool]:
    """Return a page of entries, and whether there are more after it."""
    key = (Posting.date, Posting.entry_id)
    parts = (
        with_entries(
            select(*key, func.min(Posting.unit_id), func.sum(Posting.credit - Posting.debit))
        )
        .where(*found)
        .group_by(*key)
        .order_by(Posting.date.desc(), Posting.entry_id.desc())
        .limit(PAGE + 1)
    )
    if mark is not None:
        parts = parts.where(tuple_(*key) < tuple_(mark.on, mark.entry_id))
    rows = session.execute(parts).all()
    ids = [row[1] for row in rows[:PAGE]]
    columns = (ENTRY.c.id, ENTRY.c.kind, ENTRY.c.description, ENTRY.c.voucher, ENTRY.c.province_id)
    told = {row.id: row for row in session.execute(select(*columns).where(ENTRY.c.id.in_(ids)))}
    facts = []
    for on, entry_id, unit_id, amount in rows[:PAGE]:
        entry, unit = told[entry_id], reference.units[unit_id]
        province_id = unit.province_id if entry.province_id is None else entry.province_id
        province = reference.provinces[province_id].name if province_id is not None else ""
        facts.append(
            EntryFact(
                entry_id=entry_id,
                on=on,
                kind=entry.kind,
                description=entry.description,
                voucher=entry.voucher or "",
                unit_name=unit.name,
                province_name=province,
                amount=sign * int(amount),
            )
        )
    return tuple(facts), len(rows) > PAGE
