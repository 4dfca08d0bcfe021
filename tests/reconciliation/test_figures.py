"""The quick figures of waiting lines are those of asking line by line, whatever was decided."""

import random
from datetime import date

import pytest
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.reconciliation import decided, figures
from fundsvc.reconciliation.models import BankGift, BankLine
from fundsvc.workbench import choices
from tests.workbench.deciding import book, money_in, money_out, say, take

pytestmark = pytest.mark.usefixtures("app", "clock")

LINES = 14


def one_by_one(session: Session, account_id: int, *only: ColumnElement[bool]) -> tuple[int, int]:
    query = select(func.count(), func.coalesce(func.sum(BankLine.credit + BankLine.debit), 0))
    here = query.where(BankLine.bank_account_id == account_id, decided.waiting(), *only)
    lines, amount = session.execute(here).one()
    return lines, int(amount)


def check(session: Session) -> None:
    session.rollback()
    for account_id in session.scalars(select(BankLine.bank_account_id).distinct()).all():
        for only in (
            (),
            (BankLine.credit > 0,),
            (BankLine.debit > 0, BankLine.memo.contains("7")),
            (decided.held(),),
            (~decided.held(),),
        ):
            quick = figures.waiting(session, account_id, *only)
            assert quick == one_by_one(session, account_id, *only)
        for way, one in (("in", BankLine.credit > 0), ("out", BankLine.debit > 0)):
            quick = figures.waiting(session, account_id, way=way)
            assert quick == one_by_one(session, account_id, one)
        for last in (date(2024, 9, 3), date(2030, 1, 1)):
            quick = figures.waiting_until(session, account_id, last)
            assert quick == one_by_one(session, account_id, BankLine.booked_on <= last)
    came = select(func.count(), func.coalesce(func.sum(BankLine.credit), 0))
    assert figures.money_in(session) == tuple(
        session.execute(came.where(decided.waiting(), BankLine.credit > 0)).one()
    )
    for until in (date(2024, 9, 3), date(2030, 1, 1)):
        by_day = select(
            BankLine.bank_account_id,
            BankLine.unit_id,
            BankLine.booked_on,
            func.sum(BankLine.credit),
            func.sum(BankLine.debit),
        ).where(decided.waiting(), BankLine.booked_on <= until)
        grouped = by_day.group_by(BankLine.bank_account_id, BankLine.unit_id, BankLine.booked_on)
        assert sorted(figures.by_day(session, until)) == sorted(
            map(tuple, session.execute(grouped))
        )


@pytest.mark.parametrize("seed", [3])
def test_quick_figures_equal_those_line_by_line(session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - examples, no secret
    said = [
        money_in(f"{100 + n}.000.000", f"UNG HO {n}")
        if n % 3
        else money_out(f"{n}0.000", f"MUA {n}")
        for n in range(1, LINES)
    ]
    lines = book("VCB1", *said, money_out("9.900", "THU PHI QUAN LY TAI KHOAN"))
    book("VCB2", money_in("700.000"), money_in("800.000", day=4))
    check(session)
    account_id = session.get_one(BankLine, lines[0]).bank_account_id
    assert one_by_one(session, account_id)[0] == LINES - 1
    for line_id in chance.sample(lines[:-1], LINES - 8):
        line = session.get_one(BankLine, line_id)
        way = chance.choice(("held", "given", "posted", "undone", "back"))
        if way == "back":
            with transaction() as writing:
                take_back(writing, line.entry_id, subject="x:1", on=None, reason="Nhầm", by=None)
            continue
        choice: choices.Choice = choices.Posted("515" if line.credit else "615", "Khác")
        if way == "held":
            choice = choices.Held("Đang hỏi")
        elif way == "given" and line.credit:
            choice = choices.Given(DonorFacts(name="Nguyễn Văn Thử"))
        done = say(line_id, choice, key=f"k{line_id}")
        if way == "undone":
            take(done.id)
    check(session)


def test_a_donation_by_code_is_gone_until_it_is_taken_back(session: Session) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    say(first, choices.Given(DonorFacts(name="Nguyễn Văn Thử")))
    donation = session.scalars(select(Donation)).one()
    with transaction() as writing:
        line = writing.get_one(BankLine, second)
        writing.add(BankGift(bank_line_id=line.id, donation_id=donation.id, unit_id=line.unit_id))
    check(session)
    account_id = session.get_one(BankLine, second).bank_account_id
    assert figures.waiting(session, account_id) == (0, 0)


def test_an_entry_of_a_line_is_of_a_kind_that_is_known(session: Session) -> None:
    book("VCB1", money_in(), money_out(), money_out("9.900", "THU PHI QUAN LY TAI KHOAN"))
    kinds = select(Entry.kind).join(BankLine, BankLine.entry_id == Entry.id).distinct()
    assert set(session.scalars(kinds)) == {*decided.UNDECIDED, decided.FEE}
