"""What a line of the bank can be, each kind as it stands in the books and after its undoing."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.dues.models import DuesTotal
from fundsvc.errors import Refusal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecision, BankDecisionPart, BankLine
from fundsvc.spending.models import Payment
from fundsvc.verify import faults
from fundsvc.workbench import choices
from fundsvc.workbench.decisions import would_undo
from ledger import recipes
from tests.workbench.deciding import book, hue, money_in, money_out, say, stands, take, waiting

pytestmark = pytest.mark.usefixtures("app", "clock")


def test_money_in_is_a_donation_of_a_donor(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    done = say(line, choices.Given(DonorFacts(name="Nguyễn Văn Thử")))
    assert (done.kind, done.new) == ("given", True)
    assert session.scalars(select(Donation)).one().amount == 200_000
    assert stands(session, "3381") == 0
    assert stands(session, "7113") == -200_000
    assert waiting(session) == 0
    assert list(faults(session)) == []


def test_money_out_is_a_payment(session: Session) -> None:
    (line,) = book("VCB1", money_out())
    done = say(line, choices.Spent("gift", "Cửa hàng Thử", "Quà 27/7"))
    paid = session.scalars(select(Payment)).one()
    assert (paid.amount, paid.paid_from) == (150_000, "1388")
    assert stands(session, "1388") == 0
    assert stands(session, "6112") == 150_000
    assert list(faults(session)) == []
    take(done.id)
    assert stands(session, "1388") == 150_000
    assert stands(session, "6112") == 0


def test_dues_that_came_by_bank(session: Session) -> None:
    (line,) = book("VCB1", money_in("900.000"), fund="dues")
    say(line, choices.Collected("TW", "2024-08"))
    total = session.scalars(select(DuesTotal)).one()
    assert (total.amount, total.paid_into, total.month.isoformat()) == (
        900_000,
        "3381",
        "2024-08-01",
    )
    assert stands(session, "7115", fund="dues") == -900_000
    assert stands(session, "3381", fund="dues") == 0
    assert list(faults(session)) == []


def test_dues_of_another_unit_are_owed_to_it(session: Session) -> None:
    hue()
    (line,) = book("VCB1", money_in("900.000"), fund="dues")
    done = say(line, choices.Collected("HUE", "2024-08"))
    here = [stands(session, code, fund="dues") for code in ("3381", "336", "7115")]
    there = [stands(session, code, fund="dues", unit="HUE") for code in ("136", "3381", "7115")]
    assert (here, there) == ([0, -900_000, 0], [900_000, 0, -900_000])
    assert list(faults(session)) == []
    take(done.id)
    here = [stands(session, code, fund="dues") for code in ("3381", "336", "7115")]
    there = [stands(session, code, fund="dues", unit="HUE") for code in ("136", "3381", "7115")]
    assert (here, there) == ([-900_000, 0, 0], [0, 0, 0])
    assert waiting(session) == 1
    assert list(faults(session)) == []


def resolved(
    amount: int, *, to_fund: str, to_unit: str = "TW", on: date = date(2024, 9, 1)
) -> None:
    """Let a transfer form make the Nghĩa tình fund of the centre owe somebody."""
    with transaction() as writing:
        lines = recipes.transfer(
            amount=amount, fund="nghia-tinh", unit="TW", to_fund=to_fund, to_unit=to_unit
        )
        entry = recipes.voucher_entry(
            "transfer", lines, on=on, unit="TW", description="Nghị quyết 12"
        )
        books.post(writing, entry, source="test", external_id=f"{to_fund}/{to_unit}")


def test_one_decision_is_for_both_sides_of_a_transfer(session: Session) -> None:
    (out,) = book("VCB1", money_out("5.000.000", "CHUYEN SANG BIDV"))
    (into,) = book("BIDV1", money_in("5.000.000", "NHAN TU VCB", day=4), fund="base")
    resolved(6_000_000, to_fund="base")
    done = say(out, choices.Mirrored(into))
    assert set(done.lines) == {out, into}
    assert waiting(session) == 0
    assert stands(session, "1388") == 0
    assert stands(session, "3381", fund="base") == 0
    assert stands(session, "136", fund="base") == 1_000_000
    assert stands(session, "336") == -1_000_000
    assert list(faults(session)) == []
    told = would_undo(session, done.id)
    assert told == "Ghi đảo bút toán 5.000.000 đ; cả hai dòng sao kê lại chờ quyết định."
    take(done.id)
    assert waiting(session) == 2
    assert stands(session, "1388") == 5_000_000
    assert stands(session, "336") == -6_000_000


@pytest.mark.parametrize(
    ("place", "resolved_for", "amount"),
    [
        ({"fund": "base"}, None, 0),
        ({"fund": "base"}, {"to_fund": "base"}, 4_999_999),
        ({"fund": "base"}, {"to_fund": "dues"}, 5_000_000),
        ({"unit": "HUE"}, None, 0),
        ({"unit": "HUE"}, {"to_fund": "nghia-tinh", "to_unit": "HUE"}, 4_999_999),
    ],
)
def test_money_moves_between_funds_and_units_by_resolution_only(
    session: Session,
    place: dict[str, str],
    resolved_for: dict[str, Any] | None,
    amount: int,
) -> None:
    hue()
    (out,) = book("VCB1", money_out("5.000.000"))
    (into,) = book("BIDV1", money_in("5.000.000", day=3), **place)
    if resolved_for:
        resolved(amount, **resolved_for)
    for line, other in ((out, into), (into, out)):
        with pytest.raises(Refusal, match="Hãy lập Giấy chuyển quỹ trước") as caught:
            say(line, choices.Mirrored(other))
        assert [reason.field for reason in caught.value.reasons] == ["other"]
    assert waiting(session) == 2
    assert session.scalar(select(func.count()).select_from(BankDecision)) == 0


def test_what_a_form_made_owed_is_moved_once(session: Session) -> None:
    out, again = book("VCB1", money_out("5.000.000"), money_out("5.000.000", day=4))
    into, anew = book("BIDV1", money_in("5.000.000"), money_in("5.000.000", day=4), fund="base")
    resolved(5_000_000, to_fund="base")
    say(out, choices.Mirrored(into))
    with pytest.raises(Refusal, match=r"còn phải chuyển .* 0 đ; hai dòng này là 5.000.000 đ"):
        say(again, choices.Mirrored(anew), "k2")
    assert waiting(session) == 2


def test_a_form_that_comes_after_the_money_settles_it_from_its_day_on(session: Session) -> None:
    (out,) = book("VCB1", money_out("5.000.000"))
    (into,) = book("BIDV1", money_in("5.000.000", day=3), fund="base")
    resolved(5_000_000, to_fund="base", on=date(2024, 9, 20))
    done = say(out, choices.Mirrored(into))
    entry = session.get_one(Entry, done.entry_id)
    assert entry.date == date(2024, 9, 30)
    assert stands(session, "136", fund="base") == 0
    assert list(faults(session)) == []


def test_dues_of_another_unit_stay_while_their_debt_is_paid(session: Session) -> None:
    hue()
    (line,) = book("VCB1", money_in("900.000"), fund="dues")
    (out,) = book("VCB2", money_out("900.000", day=4), fund="dues")
    (into,) = book("BIDV2", money_in("900.000", day=4), fund="dues", unit="HUE")
    collected = say(line, choices.Collected("HUE", "2024-08"))
    moved = say(out, choices.Mirrored(into), "k2")
    assert stands(session, "136", fund="dues", unit="HUE") == 0
    with pytest.raises(Refusal, match="Khoản nợ này đã thanh toán"):
        take(collected.id)
    take(moved.id)
    take(collected.id)
    assert stands(session, "336", fund="dues") == 0
    assert list(faults(session)) == []


def test_a_transfer_within_a_fund_moves_nothing_of_it(session: Session) -> None:
    (out,) = book("VCB1", money_out("5.000.000"))
    (into,) = book("BIDV1", money_in("5.000.000", day=3))
    say(into, choices.Mirrored(out))
    assert stands(session, "7119") == 0
    assert (stands(session, "1388"), stands(session, "3381")) == (0, 0)


def test_a_transfer_needs_the_same_amount(session: Session) -> None:
    (out,) = book("VCB1", money_out("5.000.000"))
    (into,) = book("BIDV1", money_in("4.000.000", day=3))
    with pytest.raises(Refusal, match="hai tài khoản"):
        say(into, choices.Mirrored(out))
    assert waiting(session) == 2


def test_a_split_adds_up_exactly(session: Session) -> None:
    (line,) = book("VCB1", money_in("200.000"))
    parts = (
        (150_000, choices.Given(DonorFacts(name="Nguyễn Văn Thử"))),
        (49_999, choices.Posted("7118", "Thu khác")),
    )
    with pytest.raises(Refusal, match="lệch 1 đ"):
        say(line, choices.Split(parts))
    assert session.scalar(select(func.count()).select_from(Donation)) == 0
    done = say(line, choices.Split((parts[0], (50_000, parts[1][1]))))
    assert stands(session, "3381") == 0
    assert session.scalar(select(func.sum(BankDecisionPart.amount))) == 200_000
    take(done.id)
    assert stands(session, "3381") == -200_000
    assert waiting(session) == 1


def test_what_is_held_waits_with_its_reason(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    with pytest.raises(Refusal, match="lý do tạm giữ"):
        say(line, choices.Held(" "))
    say(line, choices.Held("Hỏi chi hội Đồng Hới"))
    assert waiting(session) == 1
    assert session.scalar(select(func.count()).select_from(BankLine).where(decided.held())) == 1
    assert stands(session, "3381") == -200_000
    say(line, choices.Given(), key="k2")
    assert waiting(session) == 0
    rows = session.scalars(select(BankDecision).order_by(BankDecision.id)).all()
    assert [row.undone_at is None for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (choices.Posted("112.VCB1", "x"), "tài khoản ngân hàng"),
        (choices.Posted("3381", "x"), "chờ xác định"),
        (choices.Posted("7113", "x"), "biên nhận"),
        (choices.Posted("138.viettel", "x"), "quyết toán"),
        (choices.Posted("911", "x"), "kết chuyển"),
        (choices.Posted("4311", "x"), "khi mở sổ"),
        (choices.Posted("336", "x"), "hãy lập Giấy chuyển quỹ"),
        (choices.Posted("7119", "x"), "chỉ dùng trên giấy chuyển quỹ"),
        (choices.Posted("136", "x"), "Chỉ thanh toán được số còn nợ"),
        (choices.Posted("515", " "), "Thiếu nội dung"),
        (choices.Posted("999", "x"), "Không có tài khoản"),
        (choices.Spent("gift", "A", "B"), "tiền vào"),
        (choices.Collected("TW", "2024-08"), "hội phí"),
        (choices.Promised(77), "Không có lượt đăng ký"),
        (choices.Mirrored(77), "Không có dòng"),
        (choices.Booked(77), "Không có bút toán"),
    ],
)
def test_what_a_line_cannot_be(session: Session, choice: choices.Choice, why: str) -> None:
    (line,) = book("VCB1", money_in())
    with pytest.raises(Refusal, match=why):
        say(line, choice)
    assert waiting(session) == 1
    assert session.scalar(select(func.count()).select_from(BankDecision)) == 0
