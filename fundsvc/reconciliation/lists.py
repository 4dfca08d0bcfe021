"""Bank accounts and their lines as lists: what this person may see, with the books' balance."""

import re
from dataclasses import replace
from datetime import date

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund
from fundsvc.books.totals import balances
from fundsvc.errors import NotFound
from fundsvc.reconciliation import sums
from fundsvc.reconciliation.facts import AccountFacts, LineFacts, Page
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.units.models import Unit

PAGE = 50
_MARK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)


def accounts(
    session: Session, code: str | None = None, *, counted: bool = False
) -> list[AccountFacts]:
    """Return the bank accounts in scope by code, with balance; with a code that account alone.

    `counted` adds the number of their lines and the last day, for which all lines are counted.
    """
    wanted = select(BankAccount.id)
    if code is not None:
        wanted = wanted.where(BankAccount.code == code)
    ids = session.scalars(select(BankAccount.account_id).where(BankAccount.id.in_(wanted))).all()
    found = balances(session, ("account",), date.max, where=lambda key: (key.account_id.in_(ids),))
    listed = [
        _facts(bank_account, ledger, fund, unit, found.get((ledger.id,), 0))
        for bank_account, ledger, fund, unit in session.execute(
            _accounts().where(BankAccount.id.in_(wanted)).order_by(BankAccount.code)
        )
    ]
    return _counted(session, listed) if counted else listed


def account(session: Session, code: str, *, counted: bool = False) -> AccountFacts:
    """Return one bank account by its code, letter case aside; `counted` as in `accounts`.

    Raises:
        NotFound: there is none, or not in this person's units.
    """
    for found in accounts(session, code.strip().upper(), counted=counted):
        return found
    raise NotFound


def lines(session: Session, found: AccountFacts, before: str | None = None) -> Page:
    """Return a page of an account's lines, newest first; `before` is the mark of the page above."""
    here = BankLine.bank_account_id == found.id
    query = select(BankLine).where(here).order_by(BankLine.booked_on.desc(), BankLine.id.desc())
    mark = _MARK.fullmatch(before or "")
    if mark:
        try:
            day, last = date.fromisoformat(mark[1]), int(mark[2])
        except ValueError:
            raise NotFound from None
        query = query.where(
            or_(BankLine.booked_on < day, and_(BankLine.booked_on == day, BankLine.id < last))
        )
    rows = session.scalars(query.limit(PAGE + 1)).all()
    shown = tuple(_line(row) for row in rows[:PAGE])
    more = f"{shown[-1].booked_on.isoformat()}.{shown[-1].id}" if len(rows) > PAGE else None
    whole = sums.of_account(session, found.id)
    return Page(shown, more, whole.lines, whole.money_in, whole.money_out)


def _counted(session: Session, listed: list[AccountFacts]) -> list[AccountFacts]:
    found = sums.of_accounts(session, [facts.id for facts in listed])
    return [
        replace(facts, lines=found[facts.id].lines, last=found[facts.id].newest) for facts in listed
    ]


def _accounts() -> Select[BankAccount, Account, Fund, Unit]:
    return (
        select(BankAccount, Account, Fund, Unit)
        .join(Account, Account.id == BankAccount.account_id)
        .join(Fund, Fund.id == BankAccount.fund_id)
        .join(Unit, Unit.id == BankAccount.unit_id)
    )


def _facts(
    bank_account: BankAccount,
    ledger: Account,
    fund: Fund,
    unit: Unit,
    balance: int,
) -> AccountFacts:
    return AccountFacts(
        id=bank_account.id,
        code=bank_account.code,
        bank=bank_account.bank,
        number=bank_account.number,
        fund=fund.code,
        fund_name=fund.name,
        unit=unit.code,
        unit_name=unit.name,
        unit_id=unit.id,
        account=ledger.code,
        balance=int(balance),
    )


def _line(row: BankLine) -> LineFacts:
    return LineFacts(
        id=row.id,
        booked_on=row.booked_on,
        at_time=row.at_time,
        number=row.doc_no or row.reference,
        memo=row.memo,
        counterparty=row.counterparty,
        debit=row.debit,
        credit=row.credit,
        entry_id=row.entry_id,
    )
