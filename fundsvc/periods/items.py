"""What the books themselves have to show before a month is closed."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund, Posting
from fundsvc.books.sealing import last_seal
from fundsvc.books.summary import NET_TYPES, funds
from fundsvc.books.totals import Columns, totals
from fundsvc.periods.ages import Day, by_age
from fundsvc.periods.carrying import last_day, standing
from fundsvc.periods.checklist import Item, Part, Span
from fundsvc.templating import in_language
from ledger.accounts import BANK, CASH, OPERATORS, UNIDENTIFIED_IN, UNIDENTIFIED_OUT


def items(session: Session, span: Span) -> Iterator[Item]:
    """Yield what waits in the books of a unit at the end of some months."""
    yield _tills(session, span)
    yield from _unidentified(session, span)
    yield _receivables(session, span)
    yield _restricted(session, span)
    yield _unsealed(session, span)
    for year in range(span.first.year, span.last.year + 1):
        if last_day(year) <= span.last:
            yield _not_carried(session, span, year)


def _tills(session: Session, span: Span) -> Item:
    """Cash boxes and bank accounts that hold less than nothing."""
    accounts = {
        row.id: row
        for row in session.execute(
            select(Account.id, Account.code, Account.name).where(
                (Account.code == CASH) | Account.code.startswith(f"{BANK}.")
            )
        )
    }
    known = {fund.id: fund for fund in funds(session)}
    names = _fund_names(session)
    parts = tuple(
        Part(
            _("%(till)s, %(fund)s", till=accounts[account].name, fund=names[fund]),
            balance,
            _ledger(span, accounts[account].code, known[fund].code),
        )
        for (account, fund), balance in _balances(session, span, ("account", "fund"), accounts)
        if balance < 0
    )
    text = _("quỹ tiền mặt hoặc tài khoản ngân hàng âm")
    return Item("till-below-zero", len(parts), text, blocking=True, parts=parts)


def _unidentified(session: Session, span: Span) -> Iterator[Item]:
    """Money that came in or went out and that nobody has said what for."""
    texts = {
        UNIDENTIFIED_IN: _("khoản tiền vào chờ xác định"),
        UNIDENTIFIED_OUT: _("khoản tiền ra chờ xác định"),
    }
    ins, outs = (func.count(case((side > 0, 1))) for side in (Posting.credit, Posting.debit))
    query = (
        select(Account.code, func.sum(Posting.debit - Posting.credit), ins, outs)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code.in_(texts), Posting.unit_id == span.unit_id, Posting.date <= span.last)
        .group_by(Account.code)
        .order_by(Account.code.desc())
    )
    for code, balance, credits_, debits in session.execute(query):
        if not balance:
            continue
        count = abs(credits_ - debits) or 1
        amount, href = abs(int(balance)), _ledger(span, code)
        yield Item(f"unidentified:{code}", count, texts[code], amount, href)


def _receivables(session: Session, span: Span) -> Item:
    """What operators owe, by age."""
    query = (
        select(
            Posting.account_id,
            Posting.fund_id,
            Posting.date,
            func.sum(Posting.debit),
            func.sum(Posting.credit),
        )
        .where(
            Posting.account_id.in_(
                select(Account.id).where(Account.code.startswith(f"{OPERATORS}."))
            ),
            Posting.unit_id == span.unit_id,
            Posting.date <= span.last,
        )
        .group_by(Posting.account_id, Posting.fund_id, Posting.date)
    )
    days: defaultdict[tuple[int, int], list[Day]] = defaultdict(list)
    for account_id, fund_id, on, debit, credit in session.execute(query):
        days[account_id, fund_id].append(Day(on, int(debit), int(credit)))
    ages = [by_age(found, span.last) for found in days.values()]
    sums = [sum(amounts) for amounts in zip(*ages, strict=True)] if ages else []
    labels = (_("đến 30 ngày"), _("31–90 ngày"), _("91–180 ngày"), _("trên 180 ngày"))
    parts = tuple(
        Part(label, amount) for label, amount in zip(labels, sums, strict=False) if amount
    )
    count = sum(any(amounts) for amounts in ages)
    text = _("khoản phải thu nhà mạng")
    href = f"/statements/trial-balance?{urlencode(_asked(span))}"
    return Item("receivables", count, text, sum(sums), href, parts=parts)


def _restricted(session: Session, span: Span) -> Item:
    """Funds bound to a purpose of which more was spent than there was."""
    bound = {fund.id: fund.code for fund in funds(session) if fund.restriction != "none"}
    counted = set(session.scalars(select(Account.id).where(Account.type.in_(NET_TYPES))))
    names = _fund_names(session)
    parts = tuple(
        Part(
            names[fund],
            -balance,
            f"/statements/fund?{urlencode({'fund': bound[fund], **_asked(span)})}",
        )
        for (fund,), balance in _balances(session, span, ("fund",), counted)
        if fund in bound and balance > 0
    )
    text = _("quỹ có mục đích bị chi quá số có")
    return Item("restricted-below-zero", len(parts), text, parts=parts)


def _not_carried(session: Session, span: Span, year: int) -> Item:
    """What stands on income and expense at the end of a year, and goes to 421."""
    rows = standing(session, year, span.unit_id)
    names = {fund.code: in_language(fund.name, fund.name_en) for fund in funds(session)}
    results: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        results[row.fund] += row.result
    return Item(
        "carry-forward",
        len(results),
        _("quỹ chưa kết chuyển cuối năm %(year)s", year=str(year)),
        sum(results.values()),
        f"/periods/carry-forward?year={year}",
        parts=tuple(Part(names[code], result) for code, result in results.items()),
    )


def _unsealed(session: Session, span: Span) -> Item:
    """Entries of the months that no seal covers yet; the next one will, in a minute."""
    sealed = last_seal(session).last_entry
    count = session.scalar(
        select(func.count(Posting.entry_id.distinct())).where(
            Posting.entry_id > sealed,
            Posting.unit_id == span.unit_id,
            Posting.date.between(span.first, span.last),
        )
    )
    return Item("unsealed", count or 0, _("bút toán chưa niêm phong"), told=True)


def _balances(
    session: Session, span: Span, by: tuple[str, ...], accounts: Any
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield the balances (debit less credit) of some accounts of the unit at the last day."""

    def here(columns: Columns) -> tuple[Any, ...]:
        return columns.unit_id == span.unit_id, columns.account_id.in_(list(accounts))

    rows = totals(session, by, span.last, span.last, where=here)
    for row in sorted(rows, key=lambda row: row.key):
        yield row.key, row.after


def _asked(span: Span) -> dict[str, str]:
    """Return the question of a report that shows what stands at the last day."""
    first = span.last.replace(month=1, day=1)
    return {"unit": span.unit, "from": first.isoformat(), "to": span.last.isoformat()}


def _ledger(span: Span, account: str, fund: str | None = None) -> str:
    """Return the page of an account's entries."""
    asked = {"account": account, "alone": "1", **({"fund": fund} if fund else {}), **_asked(span)}
    return f"/statements/general-ledger?{urlencode(asked)}"


def _fund_names(session: Session) -> dict[int, str]:
    return {fund.id: in_language(fund.name, fund.name_en) for fund in session.scalars(select(Fund))}
