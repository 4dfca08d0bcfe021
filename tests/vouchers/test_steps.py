"""Steps of a voucher: each in its turn, by the right person, and told who was quicker."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Conflict, Forbidden, Refusal
from fundsvc.vouchers import listing, service
from fundsvc.vouchers.drafting import DraftLine
from tests.vouchers.conftest import PAID, Desk
from tests.vouchers.standing import reasons, state


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


def test_nobody_approves_a_version_after_their_own(session: Session, desk: Desk) -> None:
    both = desk.people.approver2
    made, changed = desk.draft(by=both), desk.draft()
    desk.act("submit", made, by=both)
    desk.act("edit", changed, replace(PAID, enclosed="01 hóa đơn"), by=both)
    desk.act("submit", changed)
    for number in (made, changed):
        desk.act("return_", number, "Thiếu hóa đơn", by=desk.people.approver)
        desk.act("edit", number, replace(PAID, enclosed="02 hóa đơn"), by=desk.people.maker2)
        desk.act("submit", number, by=desk.people.maker2)
        session.rollback()
        facts = listing.one(session, number)
        assert facts is not None
        assert [facts.is_maker(who) for who in (both, desk.people.approver)] == [True, False]
        told = r"lập, sửa hoặc trình chứng từ này \(kể cả bản đã bị trả lại\) nên không tự duyệt"
        with pytest.raises(Forbidden, match=told):
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
