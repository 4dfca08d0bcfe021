"""Closing months as an accountant does: in order, when they are over, with the list looked at."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books import service as books
from fundsvc.books.models import Period
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.periods import acts, reopening, service
from fundsvc.spending import service as spending
from fundsvc.units import service as units
from ledger import recipes
from tests.periods.conftest import AUGUST, JULY, SEPTEMBER, Give

CENTRE = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam"


def close(month: date, by: int | None = None, unit: str = "TW", **other: Any) -> service.Done:
    with transaction() as session:
        return service.close(session, unit, month, by=by, **{"seen": service.SEEN, **other})


def ask(month: date, by: int, reason: str = "Sót phiếu thu") -> reopening.Asked:
    with transaction() as session:
        return reopening.ask(session, "TW", month, reason, by=by)


def confirm(number: int, by: int) -> tuple[date, ...]:
    with transaction() as session:
        return reopening.confirm(session, number, by=by)


def states(session: Session) -> dict[str, str]:
    session.rollback()
    rows = session.execute(select(Period.month, Period.state).order_by(Period.month))
    return {f"{month:%m}": state for month, state in rows}


def test_a_month_is_closed_with_what_stood_then(
    give: Give, people: dict[str, int], session: Session
) -> None:
    give(date(2024, 9, 2), 300_000)
    last = give(date(2024, 9, 30), 200_000)
    give(date(2024, 10, 1), 900_000)
    done = close(SEPTEMBER, people["lan"])
    (closing,) = done.closed
    assert closing.month == SEPTEMBER
    assert (closing.facts["entries"], closing.facts["debit"]) == (2, 500_000)
    assert closing.facts["last_entry"] == last
    row = session.scalars(select(Period)).one()
    assert (row.state, row.closed_by, row.closing) == ("closed", people["lan"], closing.facts)
    act = session.scalars(select(Act).where(Act.kind == "period.close")).one()
    assert (act.subject, act.actor_id) == ("period:TW:2024-09", people["lan"])


def test_a_gift_in_a_closed_month_is_refused_with_who_when_and_what_to_do(
    give: Give, people: dict[str, int]
) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["lan"])
    with pytest.raises(Refusal) as refused:
        give(date(2024, 9, 3))
    (reason,) = refused.value.reasons
    assert str(reason.text) == (
        f"Tháng 09/2024 của {CENTRE} đã khóa sổ ngày 05/10/2024 bởi Lan."
        " Chọn ngày trong tháng còn mở, hoặc đề nghị mở lại sổ."
    )
    give(date(2024, 10, 1))
    give(date(2024, 9, 3), unit="HT-44")


def test_a_gift_before_a_closed_month_is_refused_too(give: Give, people: dict[str, int]) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["lan"])
    with pytest.raises(Refusal, match=f"Tháng 03/2019 của {CENTRE} đã khóa sổ"):
        give(date(2019, 3, 3))


def test_closing_again_changes_nothing(
    give: Give, people: dict[str, int], session: Session
) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["lan"])
    assert close(SEPTEMBER, people["hoa"]).closed == ()
    assert session.scalars(select(Period.closed_by)).one() == people["lan"]


def test_a_month_that_is_not_over_stays_open(give: Give) -> None:
    give(date(2024, 10, 1))
    with pytest.raises(Refusal, match="chưa hết; khóa sổ được từ ngày 01/11/2024"):
        close(date(2024, 10, 1))


def test_earlier_months_are_closed_first_or_in_the_same_act(give: Give, session: Session) -> None:
    give(date(2024, 7, 2))
    give(date(2024, 9, 2))
    with pytest.raises(Refusal, match="Còn tháng 07/2024 có bút toán chưa khóa"):
        close(SEPTEMBER)
    assert states(session) == {}
    done = close(SEPTEMBER, through=True)
    assert [each.month for each in done.closed] == [JULY, SEPTEMBER]
    assert states(session) == {"07": "closed", "09": "closed"}


@pytest.mark.parametrize("who", ["kiem", "nobody"])
def test_who_may_not_close(give: Give, people: dict[str, int], who: str) -> None:
    give(date(2024, 9, 2))
    with pytest.raises(Forbidden):
        close(SEPTEMBER, people.get(who, 10**9))


def test_a_unit_that_is_not_there(people: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        close(SEPTEMBER, unit="XX")


def test_a_till_below_zero_blocks(give: Give, session: Session) -> None:
    wrong = give(date(2024, 9, 2), 100_000)
    spent = spending.Spent("TW", "nghia-tinh", "gift", 80_000, date(2024, 9, 3), "A", "Quà")
    with transaction() as writing:
        spending.record_payment(writing, spent)
    # A donation that was wrong goes back after all by the shell; the service would refuse.
    with transaction() as writing:
        books.reverse(writing, wrong, on=date(2024, 9, 4), reason="x", maker_id=None)
    with pytest.raises(Refusal, match=r"âm.*Tiền mặt, Quỹ Nghĩa tình Trường Sơn: -80\.000 đ"):
        close(SEPTEMBER)
    assert states(session) == {}


def test_what_waits_must_have_been_seen_as_it_is(give: Give, session: Session) -> None:
    give(date(2024, 9, 2), 1)
    with transaction() as writing:
        for n in (1, 2):
            entry = recipes.sms_message(
                operator="viettel",
                on=date(2024, 9, n),
                unit="TW",
                fund="nghia-tinh",
                amount=20_000,
                description="",
            )
            books.post(writing, entry, source="sms:viettel", external_id=str(n))
    with pytest.raises(Refusal, match="đánh dấu đã xem"):
        close(SEPTEMBER, seen="")
    with pytest.raises(Refusal, match="Danh sách đã thay đổi"):
        close(SEPTEMBER, seen="khac")
    session.rollback()
    made = service.plan(session, units.by_code(session, "TW"), SEPTEMBER)
    assert [(item.code, item.count, item.amount) for item in made.items if item.wants_tick] == [
        ("receivables", 1, 40_000)
    ]
    assert close(SEPTEMBER, seen=made.mark).closed


def test_a_month_is_opened_again_by_two_people(
    give: Give, people: dict[str, int], session: Session
) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["lan"])
    asked = ask(SEPTEMBER, people["lan"])
    assert asked.months == (SEPTEMBER,)
    assert ask(SEPTEMBER, people["lan"]) == reopening.Asked(
        asked.id, SEPTEMBER, (SEPTEMBER,), new=False
    )
    with pytest.raises(Conflict):
        ask(SEPTEMBER, people["minh"], "Việc khác")
    with pytest.raises(Forbidden, match="Chỉ người duyệt"):
        confirm(asked.id, people["minh"])
    assert states(session) == {"09": "closed"}
    assert confirm(asked.id, people["hoa"]) == (SEPTEMBER,)
    assert states(session) == {"09": "open"}
    with pytest.raises(Conflict):
        confirm(asked.id, people["son"])
    give(date(2024, 9, 3), 50_000)
    (closing,) = close(SEPTEMBER, people["minh"]).closed
    assert closing.facts["debit"] == 150_000
    assert states(session) == {"09": "closed"}


def test_nobody_confirms_what_they_asked(give: Give, people: dict[str, int]) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["hoa"])
    asked = ask(SEPTEMBER, people["hoa"])
    with pytest.raises(Forbidden, match="không tự xác nhận được"):
        confirm(asked.id, people["hoa"])
    assert confirm(asked.id, people["son"]) == (SEPTEMBER,)


def test_later_closed_months_open_with_an_earlier_one(
    give: Give, people: dict[str, int], session: Session
) -> None:
    for month in (7, 8, 9):
        give(date(2024, month, 2))
    close(SEPTEMBER, people["lan"], through=True)
    asked = ask(AUGUST, people["lan"])
    assert asked.months == (AUGUST, SEPTEMBER)
    assert confirm(asked.id, people["hoa"]) == (AUGUST, SEPTEMBER)
    assert states(session) == {"07": "closed", "08": "open", "09": "open"}


def test_a_month_without_entries_is_named_when_it_opens(
    give: Give, people: dict[str, int], session: Session
) -> None:
    for month in (7, 9):
        give(date(2024, month, 2))
    close(SEPTEMBER, people["lan"], through=True)
    asked = ask(AUGUST, people["lan"])
    assert asked.months == (AUGUST, SEPTEMBER)
    assert confirm(asked.id, people["hoa"]) == (AUGUST, SEPTEMBER)
    assert states(session) == {"07": "closed", "09": "open"}
    unit = units.by_code(session, "TW")
    told = [
        [act.reason for act in acts.of_month(session, unit, month) if act.reason]
        for month in (JULY, AUGUST, SEPTEMBER, date(2024, 10, 1))
    ]
    assert told == [[], ["Sót phiếu thu"] * 2, ["Sót phiếu thu"] * 2, []]


def test_a_request_is_refused_or_withdrawn_and_the_month_stays_closed(
    give: Give, people: dict[str, int], session: Session
) -> None:
    give(date(2024, 9, 2))
    close(SEPTEMBER, people["lan"])
    first = ask(SEPTEMBER, people["lan"])
    with transaction() as writing, pytest.raises(Forbidden):
        reopening.withdraw(writing, first.id, by=people["minh"])
    with transaction() as writing:
        reopening.withdraw(writing, first.id, by=people["lan"])
    second = ask(SEPTEMBER, people["lan"])
    with transaction() as writing:
        reopening.refuse(writing, second.id, by=people["hoa"])
    assert states(session) == {"09": "closed"}
    with pytest.raises(Refusal, match="chưa khóa sổ"):
        ask(date(2024, 10, 1), people["lan"])
    with pytest.raises(Refusal, match="Xin ghi lý do"):
        ask(SEPTEMBER, people["lan"], "  ")
