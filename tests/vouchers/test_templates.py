"""What comes every month: a draft for each month, once, on a day that the month has."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import set_scope, transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.units import service as units
from fundsvc.vouchers import listing, templates
from fundsvc.vouchers.drafting import as_json, from_json
from fundsvc.vouchers.models import Voucher
from tests.support.periods import closed
from tests.vouchers.conftest import MOVED, PAID, Desk, bring


def add(desk: Desk, day: int = 31, name: str = "Phụ cấp văn phòng") -> int:
    with transaction() as session:
        return templates.add(session, name, day, PAID, by=desk.people.maker)


def draft_from(desk: Desk, template: int, month: date) -> int:
    with transaction() as session:
        return templates.draft_from(session, template, month, by=desk.people.maker2)


def test_a_month_gets_its_draft_once_on_its_last_day(session: Session, desk: Desk) -> None:
    bring(1, on=date(2024, 2, 1))
    template = add(desk)
    first = draft_from(desk, template, date(2024, 2, 10))
    assert draft_from(desk, template, date(2024, 2, 1)) == first
    session.rollback()
    facts = listing.one(session, first)
    assert facts is not None
    assert (facts.row.date, facts.row.maker, facts.template) == (
        date(2024, 2, 29),
        "Mai",
        "Phụ cấp văn phòng",
    )
    assert replace(facts.draft, date=PAID.date) == replace(PAID, amount=3_200_000, till="111")
    assert draft_from(desk, template, date(2024, 3, 1)) != first


def test_a_month_that_no_book_takes_in_gets_no_draft(session: Session, desk: Desk) -> None:
    template = add(desk)
    bring(1, unit="HUE", on=date(2024, 1, 1))
    for month, told in (
        (date(2030, 1, 1), r"Tháng 01/2030 chưa đến; .* đến tháng này \(09/2024\)"),
        (date(2024, 10, 1), "chưa đến"),
        (date(2024, 8, 1), r"bắt đầu từ tháng 09/2024; tháng 08/2024 ở trước đó"),
    ):
        with pytest.raises(Refusal, match=told) as caught:
            draft_from(desk, template, month)
        assert [reason.field for reason in caught.value.reasons] == ["month"]
    bring(1, on=date(2024, 7, 1))
    with transaction() as writing:
        unit = units.by_code(writing, "TW").id
        writing.add(closed(unit, date(2024, 7, 1)))
    with pytest.raises(Refusal, match=r"Tháng 07/2024 của .* đã khóa sổ") as caught:
        draft_from(desk, template, date(2024, 7, 1))
    assert [reason.field for reason in caught.value.reasons] == ["month"]
    draft_from(desk, template, date(2024, 8, 1))


def test_what_is_due_is_named_until_its_draft_is_made(session: Session, desk: Desk) -> None:
    late, early = add(desk, 31, "Lương"), add(desk, 5, "Điện nước")
    session.rollback()

    def due(today: date) -> list[tuple[int, date]]:
        session.rollback()
        return [(each.template_id, each.on) for each in templates.due(session, today)]

    september = date(2024, 9, 30)
    assert due(date(2024, 9, 29)) == [(early, date(2024, 9, 5))]
    assert due(september) == [(early, date(2024, 9, 5)), (late, september)]
    draft_from(desk, early, september)
    assert due(september) == [(late, september)]
    assert due(date(2024, 10, 6)) == [(late, september), (early, date(2024, 10, 5))]
    with transaction() as writing:
        templates.switch(writing, late, active=False, by=desk.people.maker)
    assert due(september) == []
    with pytest.raises(Refusal, match="ngừng dùng"):
        draft_from(desk, late, september)
    assert len(due(date(2026, 9, 30))) == templates.MONTHS_BACK


def test_a_discarded_draft_is_not_made_again(session: Session, desk: Desk) -> None:
    template = add(desk)
    number = draft_from(desk, template, date(2024, 9, 1))
    desk.act("discard", number)
    assert draft_from(desk, template, date(2024, 9, 1)) == number
    session.rollback()
    assert templates.due(session, date(2024, 9, 30)) == []


def test_what_cannot_be_a_template_is_refused(session: Session, desk: Desk) -> None:
    people = desk.people
    with transaction() as writing:
        for name, day, draft, field in (
            (" ", 1, PAID, "name"),
            ("x" * 101, 1, PAID, "name"),
            ("Tên", 0, PAID, "day"),
            ("Tên", 32, PAID, "day"),
            ("Tên", 1, replace(PAID, fund="x"), "fund"),
        ):
            with pytest.raises(Refusal) as caught:
                templates.add(writing, name, day, draft, by=people.maker)
            assert [reason.field for reason in caught.value.reasons] == [field]
        for by in (people.approver, people.auditor):
            with pytest.raises(Forbidden):
                templates.add(writing, "Tên", 1, PAID, by=by)
        with pytest.raises(NotFound):
            templates.draft_from(writing, 10**9, date(2024, 9, 1), by=people.maker)
    assert session.scalar(select(func.count(Voucher.id))) == 0


def test_another_units_template_is_not_there(session: Session, desk: Desk) -> None:
    template = add(desk)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        assert templates.listed(writing) == []
        assert templates.due(writing, date(2024, 9, 30)) == []
        with pytest.raises(NotFound):
            templates.draft_from(writing, template, date(2024, 9, 1), by=desk.people.maker)
        set_scope(writing, None)
    (row,) = templates.listed(session)
    assert (row.id, row.unit, row.kind_name, row.amount) == (template, "TW", "Phiếu chi", 3_200_000)


def test_a_draft_moved_to_another_unit_is_not_asked_for_again(session: Session, desk: Desk) -> None:
    own = replace(PAID, unit="HUE")
    with transaction() as writing:
        template = templates.add(writing, "Điện nước", 5, own, by=desk.people.maker)
    desk.act("edit", draft_from(desk, template, date(2024, 9, 1)), PAID)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        assert templates.due(writing, date(2024, 9, 30)) == []
        with pytest.raises(Conflict):
            templates.draft_from(writing, template, date(2024, 9, 1), by=desk.people.maker)
        set_scope(writing, None)
    assert session.scalar(select(func.count(Voucher.id))) == 1


def test_drafts_survive_json() -> None:
    for draft in (PAID, MOVED):
        assert from_json(as_json(draft)) == draft


def test_a_template_made_on_new_years_night_in_hanoi_begins_with_the_new_year(
    session: Session, desk: Desk
) -> None:
    with service_clock.fixed(datetime(2024, 12, 31, 18, tzinfo=UTC)):
        template = add(desk, 1)
    session.rollback()
    due = templates.due(session, date(2025, 1, 2))
    assert [(each.template_id, each.month) for each in due] == [(template, date(2025, 1, 1))]
