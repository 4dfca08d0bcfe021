"""What is wrong with a voucher is said with its place, and nothing is done by halves."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Series
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.periods import service as closing
from fundsvc.units import service as units
from fundsvc.vouchers.drafting import DraftLine
from fundsvc.vouchers.models import Voucher
from tests.support import periods
from tests.vouchers.conftest import JOURNAL, Desk, bring
from tests.vouchers.standing import booked, reasons, state


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
