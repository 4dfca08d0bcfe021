"""The year's end as an accountant checks it: statements unchanged, a new year from zero, 421."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books import summary
from fundsvc.books.models import Account, Entry
from fundsvc.books.totals import totals
from fundsvc.db import transaction
from fundsvc.errors import Forbidden, Refusal
from fundsvc.periods import carrying, reopening, service
from fundsvc.spending import service as spending
from fundsvc.statements import service as statements
from fundsvc.statements.behind import behind
from fundsvc.statements.book_options import BookOptions
from fundsvc.statements.options import Figure, Options
from fundsvc.statements.trial_balance import trial_balance
from fundsvc.verify import faults
from ledger import recipes
from tests.periods.conftest import Give

DECEMBER = date(2024, 12, 1)
END, NEW_YEAR = date(2024, 12, 31), date(2025, 1, 1)


@pytest.fixture(autouse=True)
def _january() -> Any:
    """It is the tenth of January 2025."""
    with clock.fixed(datetime(2025, 1, 10, 9, 0, tzinfo=clock.VN)):
        yield


def carry(year: int = 2024, unit: str = "TW", by: int | None = None) -> list[carrying.Carried]:
    with transaction() as session:
        return carrying.carry(session, unit, year, by=by)


def spend(amount: int, day: date, line: str = "gift", province: str | None = None) -> None:
    spent = spending.Spent(
        "TW", "nghia-tinh", line, amount, day, "Cửa hàng", "Quà", province=province
    )
    with transaction() as session:
        spending.record_payment(session, spent)


def balances(session: Session, last: date, first: date | None = None) -> dict[str, int]:
    """Return what stands on each account of the centre at the end of a day."""
    session.rollback()
    codes = {row.id: row.code for row in session.execute(select(Account.id, Account.code))}
    rows = totals(session, ("account",), first or last, last)
    return {codes[row.key[0]]: row.after for row in rows if row.after}


def statement(session: Session, first: date, last: date) -> Any:
    session.rollback()
    options = Options(fund="nghia-tinh", first=first, last=last, unit="TW", province=None)
    found = statements.fund_statement(session, options).statement
    total = found.total if hasattr(found, "total") else found
    lines = {
        (side, line.line): (line.amount, line.entries)
        for side, lines in (("in", found.receipts), ("out", found.payments))
        for line in lines
    }
    return total.opening, lines, total.closing


def a_year(give: Give) -> None:
    """Book 10 million in, 6 million out, and a gift of 1 million in the new year."""
    give(date(2024, 3, 1), 7_000_000)
    give(date(2024, 12, 30), 3_000_000)
    spend(4_000_000, date(2024, 12, 30))
    spend(2_000_000, date(2024, 12, 31), "house", "2025:44")
    give(date(2025, 1, 5), 1_000_000)


def test_a_year_goes_to_421_and_income_begins_at_zero(give: Give, session: Session) -> None:
    a_year(give)
    done = carry()
    assert sorted((row.province or "", row.result) for row in done) == [
        ("", 6_000_000),
        ("2025:44", -2_000_000),
    ]
    assert balances(session, END) == {"111": 4_000_000, "421": -4_000_000}
    assert balances(session, date(2025, 1, 10)) == {
        "111": 5_000_000,
        "421": -4_000_000,
        "7114": -1_000_000,
    }
    entries = session.scalars(select(Entry).where(Entry.kind == "carry-forward")).all()
    assert {entry.date for entry in entries} == {END}


def test_statements_say_the_same_before_and_after(give: Give, session: Session) -> None:
    a_year(give)
    spans = (
        (DECEMBER, END),
        (date(2024, 1, 1), END),
        (NEW_YEAR, date(2025, 1, 10)),
        (date(2024, 12, 31), NEW_YEAR),
    )
    before = [statement(session, *span) for span in spans]
    assert before[1][0] == 0
    assert before[1][2] == 4_000_000
    carry()
    assert [statement(session, *span) for span in spans] == before
    assert before[2][0] == before[1][2], "the new year's opening is the old one's closing"
    cards = summary.fund_balances(session, [DECEMBER, NEW_YEAR], date(2025, 1, 10))
    assert [fund.ends for fund in cards if fund.code == "nghia-tinh"] == [(4_000_000, 5_000_000)]
    came = summary.came_in(session, DECEMBER, END, 50)
    assert [(row.account, row.amount) for row in came] == [("7114", 3_000_000)]


def test_the_trial_balance_of_the_new_year_begins_with_421_alone(
    give: Give, session: Session
) -> None:
    a_year(give)
    carry()
    session.rollback()
    drawn = trial_balance(session, BookOptions(NEW_YEAR, date(2025, 1, 10)))
    rows = {row.account: (row.opening, row.debit, row.credit, row.closing) for row in drawn.rows}
    assert rows == {
        "111": (4_000_000, 1_000_000, 0, 5_000_000),
        "421": (-4_000_000, 0, 0, -4_000_000),
        "7114": (0, 0, 1_000_000, -1_000_000),
    }


def test_what_is_behind_a_figure_knows_nothing_of_it(give: Give, session: Session) -> None:
    a_year(give)
    carry()
    session.rollback()
    options = Options(fund="nghia-tinh", first=DECEMBER, last=END, unit="TW", province=None)
    for part, total, count in (("receipts", 3_000_000, 1), ("payments", 6_000_000, 2)):
        shown = behind(session, options, Figure(part))
        assert (shown.total, shown.count, len(shown.entries)) == (total, count, count)


def test_run_again_it_books_what_changed_since_and_else_nothing(
    give: Give, people: dict[str, int], session: Session
) -> None:
    a_year(give)
    assert len(carry()) == 2
    assert carry() == []
    with transaction() as writing:
        service.close(writing, "TW", DECEMBER, through=True, seen=service.SEEN, by=people["lan"])
    with pytest.raises(Refusal, match="Tháng 12/2024"):
        give(date(2024, 12, 31), 500_000)
    with transaction() as writing:
        asked = reopening.ask(writing, "TW", DECEMBER, "Sót phiếu thu", by=people["lan"])
    with transaction() as writing:
        reopening.confirm(writing, asked.id, by=people["hoa"])
    give(date(2024, 12, 31), 500_000)
    (late,) = carry()
    assert late.result == 500_000
    assert balances(session, END) == {"111": 4_500_000, "421": -4_500_000}
    assert [fault.text for fault in faults(session)] == []


def test_in_a_closed_december_nothing_is_carried(
    give: Give, people: dict[str, int], session: Session
) -> None:
    a_year(give)
    with transaction() as writing:
        service.close(writing, "TW", DECEMBER, through=True, seen=service.SEEN, by=None)
    with pytest.raises(Refusal, match=r"Tháng 12/2024.*đã khóa sổ"):
        carry()


def test_the_list_before_closing_december_asks_for_it(give: Give, session: Session) -> None:
    a_year(give)
    from fundsvc.units import service as units

    def codes() -> list[str]:
        session.rollback()
        plan = service.plan(session, units.by_code(session, "TW"), DECEMBER)
        return [item.code for item in plan.items if item.wants_tick]

    assert codes() == ["carry-forward"]
    carry()
    assert codes() == []


def test_a_deficit_and_a_fund_below_what_it_took_in(give: Give, session: Session) -> None:
    give(date(2024, 3, 1), 5_000_000)
    carry()
    spend(3_000_000, date(2024, 12, 31))
    (late,) = carry()
    assert late.result == -3_000_000
    assert balances(session, END) == {"111": 2_000_000, "421": -2_000_000}


def test_income_that_was_taken_back_came_in_nowhere(give: Give, session: Session) -> None:
    """Income below zero is credited by the carrying forward, and that is no receipt."""
    gone = give(date(2024, 3, 1), 5_000_000)
    carry()
    with transaction() as writing:
        books.reverse(writing, gone, on=date(2024, 12, 5), reason="Nhầm", maker_id=None)
    (late,) = carry()
    assert late.result == -5_000_000
    session.rollback()
    came = summary.came_in(session, DECEMBER, END, 50)
    assert [row.amount for row in came if row.amount > 0] == []


def test_later_years_that_were_carried_follow(give: Give, session: Session) -> None:
    with clock.fixed(datetime(2026, 1, 10, 9, 0, tzinfo=clock.VN)):
        give(date(2024, 3, 1), 1_000)
        give(date(2025, 3, 1), 10_000)
        assert [(row.year, row.result) for row in carry(2025)] == [(2025, 11_000)]
        assert [(row.year, row.result) for row in carry(2024)] == [(2024, 1_000), (2025, -1_000)]
        assert balances(session, END) == {"111": 1_000, "421": -1_000}
        assert balances(session, date(2025, 12, 31)) == {"111": 11_000, "421": -11_000}


def test_each_unit_by_itself(give: Give, session: Session) -> None:
    give(date(2024, 3, 1), 1_000)
    give(date(2024, 3, 1), 2_000, unit="HT-44")
    assert [row.result for row in carry(unit="HT-44")] == [2_000]
    assert [row.income for row in carrying.standing(session, 2024)] == [1_000]


def test_a_year_that_is_not_over_or_a_person_who_may_not(
    give: Give, people: dict[str, int]
) -> None:
    give(date(2025, 1, 5))
    with pytest.raises(Refusal, match="Năm 2025 chưa hết"):
        carry(2025)
    with pytest.raises(Forbidden):
        carry(2024, by=people["kiem"])


def test_nobody_takes_it_back_by_hand(give: Give, session: Session) -> None:
    give(date(2024, 3, 1))
    (done,) = carry()
    with transaction() as writing, pytest.raises(Refusal, match="chạy lại kết chuyển"):
        books.reverse(writing, done.entry_id, on=END, reason="x", maker_id=None)


def test_the_recipe_in_figures() -> None:
    """N 7114 10, N 515 1 / C 911; N 911 / C 6112 4, C 642 2; the rest N 911 5 / C 421 5."""
    entry = recipes.carry_forward(
        on=END,
        unit="TW",
        fund="nghia-tinh",
        balances=[("515", -1), ("6112", 4), ("642", 2), ("7114", -10)],
        description="",
    )
    sides = [(line.account, line.debit, line.credit) for line in entry.postings]
    assert sides == [
        ("515", 1, 0),
        ("911", 0, 1),
        ("911", 4, 0),
        ("6112", 0, 4),
        ("911", 2, 0),
        ("642", 0, 2),
        ("7114", 10, 0),
        ("911", 0, 10),
        ("911", 5, 0),
        ("421", 0, 5),
    ]
