"""What tests of settlements share: messages in the books, what an operator says, a bank's line."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundsvc import clock as service_clock
from fundsvc.books.models import Account, Posting
from fundsvc.db import read_session, transaction
from fundsvc.reconciliation import service as reconciliation
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import importing
from fundsvc.settlements.models import Settlement
from fundsvc.settlements.sheet import COLUMNS
from fundsvc.sms import campaigns
from fundsvc.sms import service as sms
from fundsvc.staff.models import StaffUser, StaffUserRole
from ledger.words import grouped
from tests.support import messages
from tests.support.people import HASH, noted

# After the day on which the operators say they pay.
MOMENT = datetime(2026, 10, 20, 9, 30, tzinfo=service_clock.VN)
SMS_NAMES = (*messages.NAMES, "province")
REPORTED = {
    "operator": "mobifone",
    "period_from": "2026-07-01",
    "period_to": "2026-08-31",
    "short_code": "1400",
    "keyword": "TS",
    "messages": "3",
    "gross": "300000",
    "fee": "900",
    "net": "299100",
    "paid_on": "2026-10-15",
    "bank_reference": "DSMOB1400",
}

Import = Callable[..., importing.SettlementReport]


@dataclass(frozen=True)
class People:
    """Ids of a treasurer and of two approvers."""

    treasurer: int
    approver: int
    approver2: int


@pytest.fixture(autouse=True)
def clock() -> Iterator[datetime]:
    """Hold the clock at a morning of October 2026."""
    with service_clock.fixed(MOMENT):
        yield MOMENT


@pytest.fixture
def people(app: Flask) -> People:
    """The people of these tests."""
    found = []
    with transaction() as session:
        for name, role in (("quy", "treasurer"), ("duyet", "approver"), ("duyet2", "approver")):
            person = StaffUser(
                username=name, name=name, key=name, password=HASH, created_at=service_clock.now()
            )
            session.add(person)
            session.flush()
            session.add(StaffUserRole(user_id=person.id, role=role))
            noted(session, person, {role})
            found.append(person.id)
    return People(*found)


@pytest.fixture
def with_campaigns(app: Flask) -> None:
    """The campaigns of `tests.support.messages`."""
    with transaction() as session:
        campaigns.import_campaigns(session, messages.CAMPAIGNS, by=None)


@pytest.fixture
def given(with_campaigns: None) -> None:
    """Four messages to TS by MobiFone, 360,000 đ, from two provinces and from none."""
    bring(
        message("MO1", "TS 5", province="2025:44"),
        message("MO2", "TS 5", province="2025:40"),
        message("MO3", "TS 5"),
        message("MO4", "TS 3", province="2025:44"),
    )


@pytest.fixture
def settlement(given: None) -> int:
    """What MobiFone reports of them: one message of 60,000 đ less."""
    report = take(reported())
    assert report.committed, report.refused
    return last_id()


def message(request_id: str, text: str, **cells: str) -> dict[str, str]:
    """Return a row of a message to 1400 by MobiFone."""
    row = messages.one(operator="mobifone", request_id=request_id, message=text)
    return row | {"province": "", **cells}


def bring(*rows: dict[str, str]) -> None:
    """Book messages."""
    data = messages.Messages(rows=list(rows)).csv(SMS_NAMES)
    with transaction() as session:
        report = sms.import_sms(session, io.BytesIO(data), name="tin.csv", commit=True, by=None)
    assert report.committed, report.refused


def reported(**cells: str) -> dict[str, str]:
    """Return a row of a settlement with some cells changed."""
    return REPORTED | cells


def as_csv(*rows: dict[str, str], names: tuple[str, ...] = COLUMNS) -> bytes:
    """Return rows as a file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def take(*rows: dict[str, str], **options: Any) -> importing.SettlementReport:
    """Take in settlements; commit unless told not to."""
    return take_bytes(as_csv(*rows), **options)


def take_bytes(data: bytes, *, commit: bool = True, **options: Any) -> importing.SettlementReport:
    """Take in a file of settlements."""
    with transaction() as session:
        return importing.import_settlements(
            session, data, name="quyet-toan.csv", commit=commit, by=None, **options
        )


def last_id() -> int:
    """Return the settlement that came last."""
    session = read_session()
    session.rollback()
    return session.scalars(select(func.max(Settlement.id))).one() or 0


def bank_line(
    credit: int = 299_100,
    *,
    memo: str = "CT DI DS MOB 1400 thang 7-8",
    day: str = "15/10/2026",
    account: str = "VCB1",
    fund: str = "nghia-tinh",
) -> int:
    """Bring a line of money in by the bank's statement and return its id."""
    data = (
        "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
        f"1,{day},5213.1,,{grouped(credit)},,{memo}\r\n"
    ).encode()
    with transaction() as session:
        number = "00110" if account == "VCB1" else "00220"
        add_bank_account(
            session, code=account, bank="VCB", number=number, fund=fund, unit="TW", by=None
        )
        told = reconciliation.read(session, data, name="f.csv", account_code=account, commit=True)
        assert reconciliation.import_bank(session, told, by=None).committed
        return session.scalars(select(func.max(BankLine.id))).one() or 0


def owed(operator: str = "mobifone") -> int:
    """Return what stands on an operator's receivable."""
    return balance(f"138.{operator}")


def balance(account: str) -> int:
    """Return what stands on an account, debit less credit."""
    session = read_session()
    session.rollback()
    query = (
        select(func.coalesce(func.sum(Posting.debit - Posting.credit), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == account)
    )
    return int(session.scalar(query) or 0)
