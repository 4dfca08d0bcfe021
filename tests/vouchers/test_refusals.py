"""What is wrong with a voucher is said with its place, and nothing is done by halves."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Series
from fundsvc.db import OutOfScopeError, set_scope, transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.periods import service as closing
from fundsvc.units import service as units
from fundsvc.vouchers import listing, service
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.models import Voucher
from tests.support import periods
from tests.vouchers.conftest import DAY, PAID, Desk, bring

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


def reasons(caught: pytest.ExceptionInfo[Refusal]) -> list[Reason]:
    return list(caught.value.reasons)


def state(session: Session, number: int) -> tuple[str, int]:
    session.rollback()
    row = session.get_one(Voucher, number)
    return row.state, row.version


def booked(session: Session) -> int:
    session.rollback()
    query = select(func.count(Entry.id)).where(Entry.source == service.SOURCE)
    return session.scalar(query) or 0


def test_an_unbalanced_voucher_says_by_how_much_in_which_fund_and_unit(
    session: Session, desk: Desk
) -> None:
    number = desk.draft(JOURNAL, unit="HUE")
    with pytest.raises(Refusal) as caught:
        desk.act("submit", number)
    assert [reason.text for reason in reasons(caught)] == [
        (
            "Chứng từ lệch 250.000 đ ở Hội phí thường xuyên của Thành hội Huế: Nợ 700.000 đ,"
            " Có 450.000 đ."
        ),
        "Chứng từ lệch 10.000 đ ở Chân quỹ của Thành hội Huế: Nợ 90.000 đ, Có 100.000 đ.",
    ]
    assert {reason.field for reason in reasons(caught)} == {"lines"}
    assert state(session, number) == ("draft", 1), "what was typed is still there"


def test_lines_that_do_not_add_up_to_the_amount_are_refused(desk: Desk) -> None:
    number = desk.draft(amount=3_500_000)
    with pytest.raises(Refusal, match=r"3\.200\.000 đ.*3\.500\.000 đ: lệch 300\.000 đ"):
        desk.act("submit", number)


def test_a_closed_month_refuses_every_step_and_says_who_closed_it(
    session: Session, desk: Desk
) -> None:
    august = date(2024, 8, 20)
    bring(10_000_000, on=date(2024, 8, 1))
    numbers = {
        "submit": desk.draft(date=august),
        "approve": desk.submitted(date=august),
        "post": desk.approved(date=august),
    }
    with transaction() as writing:
        # By the table: the service waits for vouchers that wait for a person.
        unit_id = units.by_code(writing, "TW").id
        writing.add(periods.closed(unit_id, date(2024, 8, 1), desk.people.maker2))
    told = r"Tháng 08/2024 của Hội .* đã khóa sổ ngày 30/09/2024 bởi Mai\..* mở lại sổ"
    for act, number in numbers.items():
        before = state(session, number)
        with pytest.raises(Refusal, match=told) as caught:
            desk.act(act, number)
        assert [reason.field for reason in reasons(caught)] == ["date"]
        assert state(session, number) == before
    assert booked(session) == 0
    assert session.get(Series, ("voucher:PC:TW", 2024)) is None, "no number is used up"


def test_vouchers_that_wait_for_a_person_block_the_closing(desk: Desk) -> None:
    august = date(2024, 8, 20)
    bring(10_000_000, on=date(2024, 8, 1))
    desk.draft(date=august)
    waiting = desk.submitted(date=august)
    with (
        transaction() as writing,
        pytest.raises(Refusal, match="1 chứng từ chờ duyệt hoặc chờ ghi sổ"),
    ):
        closing.close(writing, "TW", august, seen=closing.SEEN, by=desk.people.maker2)
    desk.act("return_", waiting, "Sai ngày")
    with transaction() as writing:
        done = closing.close(writing, "TW", august, seen=closing.SEEN, by=desk.people.maker2)
    assert [(item.code, item.count) for item in done.items if item.wants_tick] == [
        ("vouchers-draft", 2)
    ]


def test_nobody_approves_what_they_made_or_sent(desk: Desk) -> None:
    both = desk.people.approver2
    mine = desk.draft(by=both)
    desk.act("submit", mine)
    sent = desk.draft()
    desk.act("submit", sent, by=both)
    edited = desk.draft()
    desk.act("edit", edited, replace(PAID, enclosed="01 hóa đơn"), by=both)
    desk.act("submit", edited)
    for number in (mine, sent, edited):
        with pytest.raises(Forbidden, match="không tự duyệt được; người khác phải duyệt"):
            desk.act("approve", number, by=both)
        desk.act("approve", number)


def test_a_second_approval_is_told_who_approved_and_when(session: Session, desk: Desk) -> None:
    number = desk.submitted()
    seen = desk.version(number)
    desk.act("approve", number)
    after = state(session, number)
    for by in (desk.people.approver, desk.people.approver2):
        with pytest.raises(Conflict, match=r"đã được Hung duyệt lúc 09:30 30/09/2024") as caught:
            desk.act("approve", number, by=by, version=seen)
        assert [reason.field for reason in reasons(caught)] == ["state"]
    assert state(session, number) == after


def test_a_stale_form_is_told_who_was_quicker(session: Session, desk: Desk) -> None:
    number = desk.draft()
    seen = desk.version(number)
    desk.act("edit", number, replace(PAID, enclosed="03 hóa đơn"), by=desk.people.maker2)
    for act, more in (("edit", [replace(PAID, party="Ai khác")]), ("submit", []), ("discard", [])):
        with pytest.raises(Conflict, match=r"Mai vừa thay đổi .* lúc 09:30 30/09/2024") as caught:
            desk.act(act, number, *more, version=seen)
        assert [reason.field for reason in reasons(caught)] == ["version"]
    session.rollback()
    facts = listing.one(session, number)
    assert facts is not None
    assert (facts.draft.enclosed, facts.row.maker, facts.version) == ("03 hóa đơn", "Mai", 2)


def test_what_was_sent_back_and_changed_cannot_be_approved_by_an_old_page(desk: Desk) -> None:
    number = desk.submitted()
    seen = desk.version(number)
    desk.act("return_", number, "Thiếu hóa đơn", by=desk.people.approver2)
    with pytest.raises(Conflict, match="đang là nháp"):
        desk.act("approve", number, version=seen)
    desk.act("edit", number, replace(PAID, enclosed="03 hóa đơn"))
    desk.act("submit", number)
    with pytest.raises(Conflict, match="Lan vừa thay đổi"):
        desk.act("approve", number, version=seen)


OUT_OF_TURN = (
    ("submitted", "edit", "đã được Lan trình duyệt lúc .* trả lại về nháp"),
    ("submitted", "submit", "đã được Lan trình duyệt"),
    ("submitted", "post", "đã được Lan trình duyệt"),
    ("draft", "approve", "đang là nháp"),
    ("draft", "post", "đang là nháp"),
    ("draft", "return_", "đang là nháp"),
    ("approved", "edit", "đã được Hung duyệt"),
    ("approved", "discard", "đã được Hung duyệt"),
    ("posted", "post", "đã ghi sổ với số PC-2024-000001 .* ghi đảo"),
    ("posted", "edit", "đã ghi sổ"),
    ("posted", "return_", "đã ghi sổ"),
    ("posted", "approve", "đã ghi sổ"),
    ("discarded", "edit", "đã bỏ"),
    ("discarded", "submit", "đã bỏ"),
)
MORE: dict[str, list[Any]] = {"edit": [PAID], "return_": ["Lý do"]}
WAY = {
    "draft": (),
    "submitted": ("submit",),
    "approved": ("submit", "approve"),
    "posted": ("submit", "approve", "post"),
    "discarded": ("discard",),
}


def test_a_step_out_of_turn_is_told_what_can_be_done(session: Session, desk: Desk) -> None:
    for start, steps in WAY.items():
        number = desk.draft(lines=(DraftLine(account="6112", amount=1_000),))
        for step in steps:
            desk.act(step, number)
        before = state(session, number)
        for act, told in ((act, told) for begin, act, told in OUT_OF_TURN if begin == start):
            more = MORE.get(act, [])
            with pytest.raises(Conflict, match=told):
                desk.act(act, number, *more)
            assert state(session, number) == before, (start, act)


def test_roles_are_held_whoever_asks(desk: Desk) -> None:
    people = desk.people
    draft, sent, approved = desk.draft(), desk.submitted(), desk.approved()
    for act, number, by in (
        ("submit", draft, people.approver),
        ("submit", draft, people.auditor),
        ("approve", sent, people.maker2),
        ("approve", sent, people.auditor),
        ("post", approved, people.auditor),
        ("discard", draft, 10**6),
    ):
        with pytest.raises(Forbidden):
            desk.act(act, number, by=by)
    with transaction() as session, pytest.raises(Forbidden):
        service.create(session, PAID, key="x", by=people.approver)


def test_a_reason_is_needed_to_send_back_and_is_told(session: Session, desk: Desk) -> None:
    number = desk.approved()
    for wrong in (" ", "x" * 301, "x\x00"):
        with pytest.raises(Refusal) as caught:
            desk.act("return_", number, wrong)
        assert [reason.field for reason in reasons(caught)] == ["reason"]
    desk.act("return_", number, "Sai tài khoản")
    session.rollback()
    facts = listing.one(session, number)
    assert facts is not None
    assert (facts.row.state, facts.return_reason, facts.approver) == (
        "draft",
        "Sai tài khoản",
        None,
    )
    assert facts.acts[-1].reason == "Sai tài khoản"
    desk.act("submit", number)
    desk.act("approve", number)


UNREADABLE: tuple[tuple[dict[str, Any], str, int | None], ...] = (
    ({"kind": "x\x00"}, "kind", None),
    ({"fund": "x\x00\ud800"}, "fund", None),
    ({"unit": "x\x00\ud800"}, "unit", None),
    ({"province": "44"}, "province", None),
    ({"party": "x\x00"}, "party", None),
    ({"party": "x" * 201}, "party", None),
    ({"description": "x\ud800"}, "description", None),
    ({"kind": "bank-out"}, "till", None),
    ({"kind": "bank-out", "till": "111"}, "till", None),
    ({"kind": "bank-out", "till": "112.HUENT"}, "till", None),
    ({"kind": "bank-out", "till": "112.x\x00\ud800"}, "till", None),
    ({"amount": 10**15 + 1}, "amount", None),
    ({"amount": -1}, "amount", None),
    ({"lines": (DraftLine(account="6112", amount=0),)}, "line_amount", 1),
    ({"lines": (DraftLine(account="6112", amount=1), DraftLine(account="6112", amount=-1))},
     "line_amount", 2),
    ({"lines": (DraftLine(account="6112", amount=10**15 + 1),)}, "line_amount", 1),
    ({"lines": (DraftLine(account="x\x00\ud800", amount=1),)}, "line_account", 1),
    ({"lines": (DraftLine(account="112", amount=1),)}, "line_account", 1),
    ({"lines": (DraftLine(account="112.HUENT", amount=1),)}, "line_account", 1),
    ({"lines": (DraftLine(account="111", amount=1),)}, "line_account", 1),
    ({"lines": (DraftLine(account="6112", amount=1),) * 201}, "lines", None),
)  # fmt: skip


def test_what_cannot_be_kept_is_refused_with_its_place(session: Session, desk: Desk) -> None:
    for other, field, row in UNREADABLE:
        with pytest.raises(Refusal) as caught:
            desk.draft(**other)
        assert (field, row) in [(reason.field, reason.row) for reason in reasons(caught)], other
        for reason in reasons(caught):
            str(reason.text).encode()
    session.rollback()
    assert session.scalar(select(func.count(Voucher.id))) == 0


def test_a_journal_line_names_its_place_too(desk: Desk) -> None:
    for line, field in (
        (DraftLine(account="336"), "line_debit"),
        (DraftLine(account="336", debit=1, credit=1), "line_debit"),
        (DraftLine(account="336", debit=-1), "line_debit"),
        (DraftLine(account="336", debit=1, fund="x"), "line_fund"),
        (DraftLine(account="336", debit=1, unit="x"), "line_unit"),
    ):
        with pytest.raises(Refusal) as caught:
            desk.draft(JOURNAL, lines=(JOURNAL.lines[0], line))
        assert [(reason.field, reason.row) for reason in reasons(caught)] == [(field, 2)]


LACKING: tuple[tuple[dict[str, Any], str], ...] = (
    ({"description": " "}, "description"),
    ({"party": ""}, "party"),
    ({"lines": ()}, "lines"),
    ({"date": date(2024, 10, 1)}, "date"),
    ({"lines": (DraftLine(account="6119", amount=1),)}, "line_account"),
    ({"lines": (DraftLine(account="6112", amount=100_000_001),)}, "amount"),
)


def test_a_draft_may_lack_what_a_submitted_voucher_needs(session: Session, desk: Desk) -> None:
    for other, field in LACKING:
        number = desk.draft(**other)
        with pytest.raises(Refusal) as caught:
            desk.act("submit", number)
        assert [reason.field for reason in reasons(caught)] == [field]
        assert state(session, number) == ("draft", 1)


def test_money_that_was_spent_since_the_approval_is_missed_at_posting(
    session: Session, desk: Desk
) -> None:
    big = (DraftLine(account="6112", amount=60_000_000),)
    first, second = desk.approved(lines=big), desk.approved(lines=big)
    desk.act("post", first)
    with pytest.raises(Refusal, match=r"còn 40\.000\.000 đ, thiếu 20\.000\.000 đ"):
        desk.act("post", second)
    assert state(session, second)[0] == "approved"
    _id, done = desk.posted()
    assert done.number == "PC-2024-000002", "the refused posting used no number"


def test_the_same_key_adds_nothing_and_another_voucher_is_a_conflict(
    session: Session, desk: Desk
) -> None:
    with transaction() as writing:
        first = service.create(writing, PAID, key="k", by=desk.people.maker)
    with transaction() as writing:
        assert service.create(writing, PAID, key="k", by=desk.people.maker) == first
    for other in ({"party": "Ai khác"}, {"lines": PAID.lines[:1]}):
        with transaction() as writing, pytest.raises(Conflict, match="nội dung khác"):
            service.create(writing, replace(PAID, **other), key="k", by=desk.people.maker)
    session.rollback()
    assert session.scalar(select(func.count(Voucher.id))) == 1


def test_a_key_used_in_a_unit_that_is_not_seen_is_a_conflict(session: Session, desk: Desk) -> None:
    own = replace(PAID, unit="HUE")
    with transaction() as writing:
        service.create(writing, PAID, key="k", by=desk.people.maker)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        with pytest.raises(Conflict) as caught:
            service.create(writing, own, key="k", by=desk.people.maker)
        assert [reason.field for reason in reasons(caught)] == ["key"]
        service.create(writing, own, key="k2", by=desk.people.maker)
        set_scope(writing, None)
    session.rollback()
    assert session.scalar(select(func.count(Voucher.id))) == 2


def test_a_unit_treasurer_sees_and_touches_only_the_own_unit(session: Session, desk: Desk) -> None:
    centre = desk.draft()
    own = desk.draft(unit="HUE", lines=(DraftLine(account="6112", amount=500),))
    shared = desk.draft(JOURNAL, unit="HUE")
    hue = units.by_code(session, "HUE").id
    with transaction() as writing:
        set_scope(writing, {hue})
        told = []
        for number in (centre, 10**9):
            assert listing.one(writing, number) is None
            with pytest.raises(NotFound) as caught:
                service.submit(writing, number, 1, by=desk.people.maker)
            told.append(caught.value.reasons)
        assert told[0] == told[1]
        year = listing.Filter(date(2024, 1, 1), date(2024, 12, 31))
        assert {row.id for row in listing.page(writing, year).rows} == {own, shared}
        with pytest.raises(NotFound):
            service.create(writing, PAID, key="x", by=desk.people.maker)
        service.submit(writing, own, 1, by=desk.people.maker)
        set_scope(writing, None)


def test_a_voucher_over_units_is_not_touched_by_one_who_sees_only_one(
    session: Session, desk: Desk
) -> None:
    lines = (DraftLine(account="136", debit=5), DraftLine(account="336", credit=5, unit="TW"))
    number = desk.draft(JOURNAL, unit="HUE", lines=lines)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        facts = listing.one(writing, number)
        assert facts is not None
        assert [line.unit for line in facts.lines] == ["HUE"]
        assert [line.unit for line in facts.draft.lines] == ["HUE"]
        with pytest.raises(OutOfScopeError):
            service.submit(writing, number, 1, by=desk.people.maker)
        set_scope(writing, None)


def test_a_voucher_is_reversed_once_and_its_number_stays(session: Session, desk: Desk) -> None:
    number, done = desk.posted()
    for new in (True, False):
        with transaction() as writing:
            gone = service.reverse(
                writing, number, on=None, reason="Ghi nhầm người nhận", by=desk.people.maker
            )
        assert (gone.entry_id, gone.new) == (done.entry_id, new)
    session.rollback()
    facts = listing.one(session, number)
    assert facts is not None
    assert facts.undone is not None
    assert (facts.row.reversed, facts.row.number, facts.undone.reason) == (
        True,
        done.number,
        "Ghi nhầm người nhận",
    )
    assert [act.kind for act in facts.acts].count("reverse") == 1
    draft = desk.draft()
    with transaction() as writing, pytest.raises(Conflict, match="đang là nháp"):
        service.reverse(writing, draft, on=None, reason="x", by=desk.people.maker)
    with transaction() as writing, pytest.raises(Forbidden):
        service.reverse(writing, number, on=None, reason="x", by=desk.people.approver)
