"""What a line of the bank is decided to be: booked once by the recipes, undone by a reversal."""

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.errors import Conflict, Refusal
from fundsvc.verify import faults
from fundsvc.workbench import choices
from fundsvc.workbench.decisions import would_undo
from tests.support import periods
from tests.workbench.deciding import book, money_in, say, stands, take, waiting

pytestmark = pytest.mark.usefixtures("app", "clock")


def test_the_same_key_decides_once(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    first, second = say(line, choices.Given()), say(line, choices.Given())
    assert (first.id, first.new, second.new) == (second.id, True, False)
    assert session.scalar(select(func.count()).select_from(Donation)) == 1


def test_the_same_key_is_for_the_same_choice_that_stands(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    first = say(line, choices.Posted("515", "Lãi"))
    for other in (choices.Posted("3388", "Khác"), choices.Given()):
        with pytest.raises(Conflict, match="quyết định khác"):
            say(line, other)
    take(first.id)
    with pytest.raises(Conflict, match="đã được hoàn tác"):
        say(line, choices.Posted("515", "Lãi"))
    assert waiting(session) == 1


def test_a_line_is_decided_once(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    say(line, choices.Given())
    with pytest.raises(Conflict, match="đã được quyết định"):
        say(line, choices.Posted("515", "Lãi"), key="k2")
    assert stands(session, "515") == 0


def test_a_key_is_for_one_line(session: Session) -> None:
    first, second = book("VCB1", money_in(), money_in("300.000", day=3))
    say(first, choices.Given())
    with pytest.raises(Conflict):
        say(second, choices.Given())
    assert waiting(session) == 1


def test_undoing_says_what_it_does_and_is_a_reversal(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    done = say(line, choices.Given())
    told = would_undo(session, done.id)
    assert told == "Ghi đảo khoản ủng hộ 200.000 đ; dòng sao kê lại chờ quyết định."
    take(done.id)
    assert stands(session, "3381") == -200_000
    assert stands(session, "7113") == 0
    assert waiting(session) == 1
    reversal = session.scalars(select(Entry).where(Entry.kind == "reversal")).one()
    assert reversal.date.isoformat() == "2024-09-02", "its month is open"
    again = say(line, choices.Given(), key="k2")
    assert again.id != done.id
    assert stands(session, "7113") == -200_000
    with pytest.raises(Conflict, match="hoàn tác từ trước"):
        take(done.id)
    assert list(faults(session)) == []


def test_the_donation_of_a_line_is_taken_back_at_the_workbench_only(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    done = say(line, choices.Given())
    assert done.entry_id is not None
    with pytest.raises(Refusal, match="bàn đối soát"), transaction() as writing:
        take_back(writing, done.entry_id, subject="donation:1", on=None, reason="x", by=None)
    assert waiting(session) == 0


def test_a_closed_month_is_refused_with_who_and_what(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as writing:
        writing.add(periods.closed(1, date(2024, 9, 1)))
    with pytest.raises(Refusal, match=r"Tháng 09/2024 .* đã khóa sổ"):
        say(line, choices.Posted("515", "Lãi"))
    assert waiting(session) == 1


def test_what_is_undone_after_its_month_closed_is_dated_today(session: Session) -> None:
    (line,) = book("VCB1", "1,02/08/2024,5213.1,,50.000,,LAI")
    done = say(line, choices.Posted("515", "Lãi"))
    with transaction() as writing:
        writing.add(periods.closed(1, date(2024, 8, 1)))
    take(done.id)
    reversal = session.scalars(select(Entry).where(Entry.kind == "reversal")).one()
    assert reversal.date.isoformat() == "2024-09-30"
