"""What no voucher books by hand: equity, and debts between funds and units that nobody decided."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Account
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.vouchers import byhand, choices, service, templates, workflow
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.verify import faults
from tests.books.test_verify import guards_off
from tests.vouchers.conftest import MOVED, PAID, Desk, bring, journal
from tests.vouchers.standing import booked, reasons

LEND = journal(("nghia-tinh/TW", "N", "4311", 5_000), ("nghia-tinh/TW", "C", "336", 5_000))
BORROW = journal(("dues/TW", "N", "136", 5_000), ("dues/TW", "C", "4311", 5_000))


def slip(kind: str, fund: str, account: str, amount: int = 5_000) -> Draft:
    """A cash voucher of the centre with one counter-account."""
    return replace(PAID, kind=kind, fund=fund, lines=(DraftLine(account=account, amount=amount),))


@pytest.mark.parametrize(
    ("draft", "rows"),
    [
        (LEND, [1, 2]),
        (BORROW, [1, 2]),
        (slip("cash-out", "nghia-tinh", "136"), [1]),
        (slip("cash-in", "dues", "336"), [1]),
        (slip("cash-out", "nghia-tinh", "4311"), [1]),
        (slip("cash-in", "dues", "421"), [1]),
        (journal(("nghia-tinh/TW", "N", "421", 9), ("nghia-tinh/TW", "C", "911", 9)), [1, 2]),
        (journal(("nghia-tinh/TW", "N", "811", 9), ("nghia-tinh/TW", "C", "336", 9)), [2]),
        (
            journal(
                ("nghia-tinh/TW", "N", "811", 9),
                ("nghia-tinh/TW", "C", "336", 9),
                ("dues/TW", "N", "136", 9),
                ("dues/TW", "C", "7118", 9),
            ),
            [2, 3],
        ),
    ],
)
def test_money_leaves_a_fund_by_no_voucher_but_a_transfer_form(
    session: Session, desk: Desk, draft: Draft, rows: list[int]
) -> None:
    with pytest.raises(Refusal, match="hãy lập Giấy chuyển quỹ, kèm số nghị quyết") as caught:
        desk.draft(draft)
    assert [(each.field, each.row) for each in reasons(caught)] == [
        ("line_account", row) for row in rows
    ]
    assert booked(session) == 0


def test_a_template_and_its_drafts_are_held_to_it_too(desk: Desk) -> None:
    with transaction() as writing, pytest.raises(Refusal, match="hãy lập Giấy chuyển quỹ"):
        templates.add(writing, "Cho mượn", 5, LEND, by=desk.people.maker)


@pytest.mark.parametrize("act", ["submit", "approve", "post"])
def test_what_was_drafted_before_is_refused_at_the_next_step(
    session: Session, desk: Desk, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    with monkeypatch.context() as before:
        before.setattr(byhand, "refused", lambda *_given, **_named: None)
        before.setattr(byhand, "hold_settled", lambda *_given, **_named: None)
        make = {"submit": desk.draft, "approve": desk.submitted, "post": desk.approved}[act]
        number = make(slip("cash-out", "nghia-tinh", "136"))
    with pytest.raises(Refusal, match="Không ghi tay Nợ 136"):
        desk.act(act, number)
    assert booked(session) == 0


def test_books_that_hold_such_a_voucher_are_told_of_until_it_is_reversed(
    session: Session, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with guards_off("voucher"), monkeypatch.context() as before:
        before.setattr(byhand, "refused", lambda *_given, **_named: None)
        before.setattr(byhand, "hold_settled", lambda *_given, **_named: None)
        made = [desk.posted(slip("cash-out", "nghia-tinh", code)) for code in ("136", "4311")]
    desk.posted(MOVED)
    session.rollback()
    found = [(fault.rule, fault.place) for fault in faults(session)]
    assert found == [("voucher-by-hand", f"voucher:{number}") for number, _done in made]
    for number, _done in made:
        with transaction() as writing:
            service.reverse(writing, number, on=None, reason="Sai", by=desk.people.maker)
    session.rollback()
    assert list(faults(session)) == []


def test_a_voucher_that_its_writer_approved_is_told_of(
    session: Session, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = desk.people.approver2
    number = desk.draft(by=both)
    desk.act("edit", number, PAID)
    desk.act("submit", number)
    with guards_off("voucher"), monkeypatch.context() as before:
        before.setattr(workflow, "hands", lambda *_given: frozenset())
        desk.act("approve", number, by=both, post=True)
    session.rollback()
    found = [(fault.rule, fault.place) for fault in faults(session)]
    assert found == [("voucher-four-eyes", f"voucher:{number}")]


def test_what_is_owed_is_settled_but_no_more_than_that(session: Session, desk: Desk) -> None:
    desk.posted(MOVED)  # The centre owes HUE 40,000,000.
    paid = slip("cash-out", "nghia-tinh", "336", 40_000_001)
    told = r"Chỉ thanh toán được số còn nợ: tài khoản 336 .* còn 40\.000\.000 đ, .* 40\.000\.001 đ"
    with pytest.raises(Refusal, match=told) as caught:
        desk.act("submit", desk.draft(paid))
    assert [each.field for each in reasons(caught)] == ["amount"]
    desk.posted(slip("cash-out", "nghia-tinh", "336", 30_000_000))
    with pytest.raises(Refusal, match=r"còn 10\.000\.000 đ"):
        desk.act("submit", desk.draft(slip("cash-out", "nghia-tinh", "336", 10_000_001)))
    with pytest.raises(Refusal, match=r"tài khoản 136 .* còn 0 đ"):
        desk.act("submit", desk.draft(slip("cash-in", "dues", "136")))
    with pytest.raises(Refusal, match=r"đến ngày 09/09/2024 còn 0 đ"):
        desk.act("submit", desk.draft(slip("cash-out", "nghia-tinh", "336"), date=date(2024, 9, 9)))
    desk.posted(slip("cash-in", "nghia-tinh", "136", 40_000_000), unit="HUE")
    session.rollback()
    assert books.balance(session, account="136", fund="nghia-tinh", unit="HUE") == 0


def test_two_approved_payments_of_one_debt_are_not_both_posted(desk: Desk) -> None:
    desk.posted(MOVED)
    both = [desk.approved(slip("cash-out", "nghia-tinh", "336", 40_000_000)) for _n in range(2)]
    desk.act("post", both[0])
    with pytest.raises(Refusal, match=r"còn 0 đ"):
        desk.act("post", both[1])


def test_a_transfer_is_not_taken_back_after_its_money_moved(session: Session, desk: Desk) -> None:
    form, _done = desk.posted(MOVED)
    paid, _done = desk.posted(slip("cash-out", "nghia-tinh", "336", 1_000))
    told = r"trong 40\.000\.000 đ chỉ còn 39\.999\.000 đ"
    with transaction() as writing, pytest.raises(Refusal, match=told):
        service.reverse(writing, form, on=None, reason="Nhầm", by=desk.people.maker)
    for number in (paid, form):
        with transaction() as writing:
            service.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    session.rollback()
    assert books.balance(session, account="336", fund="nghia-tinh", unit="TW") == 0


def test_a_debt_is_paid_with_the_fee_of_the_bank_beside_it(desk: Desk) -> None:
    desk.posted(MOVED)
    lines = (DraftLine(account="336", amount=40_000_000), DraftLine(account="615", amount=5_500))
    desk.posted(PAID, kind="bank-out", till="112.TWNT", party="", lines=lines)


def test_a_debt_comes_in_less_what_the_bank_kept(desk: Desk) -> None:
    desk.posted(MOVED)
    desk.posted(
        journal(
            ("nghia-tinh/HUE", "N", "111", 39_994_500),
            ("nghia-tinh/HUE", "N", "615", 5_500),
            ("nghia-tinh/HUE", "C", "136", 40_000_000),
        )
    )


def test_what_funds_owe_each_other_is_settled_by_a_journal(desk: Desk) -> None:
    desk.posted(MOVED)
    desk.posted(
        journal(
            ("nghia-tinh/TW", "N", "336", 5_000),
            ("nghia-tinh/TW", "C", "111", 5_000),
            ("nghia-tinh/HUE", "N", "111", 5_000),
            ("nghia-tinh/HUE", "C", "136", 5_000),
        )
    )


def test_what_a_fund_owes_is_not_written_off(desk: Desk) -> None:
    desk.posted(MOVED)
    for lines in (
        (("nghia-tinh/TW", "N", "336", 5), ("nghia-tinh/TW", "C", "7118", 5)),
        (("nghia-tinh/HUE", "N", "811", 5), ("nghia-tinh/HUE", "C", "136", 5)),
    ):
        with pytest.raises(Refusal, match="không ghi cùng tài khoản thu, chi") as caught:
            desk.act("submit", desk.draft(journal(*lines)))
        assert [each.field for each in reasons(caught)] == ["lines"]


def test_no_voucher_of_one_fund_spends_what_a_restricted_fund_does_not_have(desk: Desk) -> None:
    owing = journal(("nghia-tinh/TW", "N", "811", 1), ("nghia-tinh/TW", "C", "3388", 1))
    bring(1_000, fund="dues")
    desk.posted(PAID, lines=(DraftLine(account="6112", amount=100_000_000),))
    desk.posted(PAID, kind="bank-out", till="112.TWNT", party="",
                lines=(DraftLine(account="6112", amount=50_000_000),))  # fmt: skip
    with pytest.raises(Refusal, match=r"không được âm: .* còn 0 đ, thiếu 1 đ") as caught:
        desk.act("submit", desk.draft(owing))
    assert [each.field for each in reasons(caught)] == ["lines"]
    desk.posted(slip("cash-in", "nghia-tinh", "3388", 7_000))
    with pytest.raises(Refusal, match=r"thiếu 7\.000 đ\. Tiền chờ xác định không tính"):
        desk.act("submit", desk.draft(slip("cash-out", "nghia-tinh", "6112", 7_000)))
    desk.posted(slip("cash-out", "nghia-tinh", "3388", 7_000))
    desk.posted(replace(owing, fund="dues", lines=tuple(
        replace(line, fund="dues", debit=line.debit * 9_000, credit=line.credit * 9_000)
        for line in owing.lines
    )))  # fmt: skip


def test_a_form_offers_no_account_that_is_refused(session: Session, desk: Desk) -> None:
    for kind, owed in (
        ("cash-in", {"136"}),
        ("bank-in", {"136"}),
        ("cash-out", {"336"}),
        ("bank-out", {"336"}),
        ("journal", {"136", "336"}),
    ):
        offered = {code for _type, rows in choices.accounts(session, kind) for code, _n in rows}
        assert offered & {"136", "336", "4311", "421", "911"} == owed
    assert set(session.scalars(select(Account.code))) >= {"136", "336", "4311", "421", "911"}
