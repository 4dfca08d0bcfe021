"""The people of these tests, some money, and short ways to make vouchers."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundsvc import clock as service_clock
from fundsvc.db import read_session, transaction
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.units.importing import import_units
from fundsvc.vouchers import service
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.models import Voucher
from tests.support import brought
from tests.support.people import HASH, noted

DAY = date(2024, 9, 10)
PAID = Draft(
    unit="TW",
    kind="cash-out",
    date=DAY,
    fund="nghia-tinh",
    description="Quà cho cựu chiến binh xã Quảng Thọ",
    party="Trần Thị Hường",
    party_address="Thôn Đông, xã Quảng Thọ",
    enclosed="02 hóa đơn",
    lines=(DraftLine(account="6112", amount=3_000_000), DraftLine(account="642", amount=200_000)),
)
GIVEN = replace(
    PAID, kind="cash-in", description="Thu tạm ứng", lines=(DraftLine(account="138", amount=900),)
)
MOVED = Draft(
    unit="TW",
    kind="transfer",
    date=DAY,
    fund="nghia-tinh",
    description="Chuyển cho Thành hội Huế làm nhà",
    amount=40_000_000,
    to_unit="HUE",
    resolution="12/NQ-TW",
    resolution_on=date(2024, 9, 5),
)
JOURNAL = Draft(
    unit="TW",
    kind="journal",
    date=DAY,
    fund="dues",
    description="Phân bổ chi phí",
    lines=(
        DraftLine(account="6121", debit=700_000),
        DraftLine(account="3381", credit=450_000),
        DraftLine(account="138", debit=90_000, fund="base", unit="HUE"),
        DraftLine(account="3381", credit=100_000, fund="base", unit="HUE"),
    ),
)


def journal(*lines: tuple[str, str, str, int]) -> Draft:
    """A journal voucher of lines: fund/unit, "N" or "C", account, amount."""
    return replace(
        PAID,
        kind="journal",
        party="",
        lines=tuple(
            DraftLine(
                account=account,
                debit=amount if side == "N" else 0,
                credit=amount if side == "C" else 0,
                fund=where.partition("/")[0],
                unit=where.partition("/")[2],
            )
            for where, side, account, amount in lines
        ),
    )


@dataclass(frozen=True)
class People:
    """Ids of the people: who makes, who approves, a second of each, and who only reads."""

    maker: int
    approver: int
    maker2: int
    approver2: int
    auditor: int


@pytest.fixture
def people(app: Flask) -> People:
    """Five people with one role each, but both roles for the second approver."""
    roles = {
        "lan": ("treasurer",),
        "hung": ("approver",),
        "mai": ("treasurer",),
        "son": ("approver", "treasurer"),
        "tuan": ("auditor",),
    }
    ids = []
    with transaction() as session:
        for name, theirs in roles.items():
            person = StaffUser(
                username=name,
                name=name.capitalize(),
                key=name * 8,
                password=HASH,
                created_at=service_clock.now(),
            )
            session.add(person)
            session.flush()
            ids.append(person.id)
            session.add_all(StaffUserRole(user_id=person.id, role=role) for role in theirs)
            noted(session, person, theirs)
    return People(*ids)


@pytest.fixture
def money(app: Flask) -> None:
    """100 million in the centre's cash box, 50 in its bank account, 7 in the cash box of HUE."""
    data = "code,name,kind,province\nHUE,Thành hội Huế,provincial,2025:46\n".encode()
    with transaction() as session:
        assert import_units(session, data, commit=True, by=None).committed
        for code, unit, number in (("TWNT", "TW", "1234567890"), ("HUENT", "HUE", "1234567891")):
            add_bank_account(
                session,
                code=code,
                bank="Agribank",
                number=number,
                fund="nghia-tinh",
                unit=unit,
                by=None,
            )
    bring(100_000_000)
    bring(50_000_000, account="112.TWNT")
    bring(7_000_000, unit="HUE")


def bring(
    amount: int,
    *,
    on: date = date(2024, 9, 1),
    unit: str = "TW",
    account: str = "111",
    fund: str = "nghia-tinh",
) -> None:
    """Let a till have money from a day on."""
    brought.bring(amount, on, unit=unit, account=account, fund=fund)


class Desk:
    """Where vouchers are made; each act is a transaction of its own."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.made = 0

    def version(self, number: int) -> int:
        session = read_session()
        session.rollback()
        return session.execute(select(Voucher.version).where(Voucher.id == number)).scalar_one()

    def draft(self, draft: Draft = PAID, *, by: int | None = None, **other: Any) -> int:
        self.made += 1
        with transaction() as session:
            return service.create(
                session,
                replace(draft, **other),
                key=f"k{self.made}",
                by=by or self.people.maker,
            )

    def act(self, name: str, number: int, *more: Any, by: int | None = None, **other: Any) -> Any:
        """Do an act of the service with the newest version."""
        usual = self.people.approver if name == "approve" else self.people.maker
        version = other.pop("version", None) or self.version(number)
        with transaction() as session:
            return getattr(service, name)(session, number, version, *more, by=by or usual, **other)

    def submitted(self, draft: Draft = PAID, **other: Any) -> int:
        number = self.draft(draft, **other)
        self.act("submit", number)
        return number

    def approved(self, draft: Draft = PAID, **other: Any) -> int:
        number = self.submitted(draft, **other)
        self.act("approve", number)
        return number

    def posted(self, draft: Draft = PAID, **other: Any) -> tuple[int, service.Posted]:
        number = self.approved(draft, **other)
        done: service.Posted = self.act("post", number)
        return number, done


@pytest.fixture
def desk(app: Flask, people: People, money: None, clock: datetime) -> Desk:
    """A desk with people and money, at a Monday morning of September 2024."""
    return Desk(people)
