"""What a line of the bank is decided to be: booked once by the recipes, undone by a reversal."""

from contextlib import suppress
from datetime import date
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.books.reversing import take_back
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.dues.models import DuesTotal
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecision, BankDecisionPart, BankLine
from fundsvc.spending.models import Payment
from fundsvc.units.importing import import_units
from fundsvc.verify import faults
from fundsvc.workbench import booking, choices, notes
from fundsvc.workbench.booking import Place
from fundsvc.workbench.decisions import Decided, decide, undo, would_undo
from fundsvc.workbench.proposals import propose
from ledger import recipes
from ledger.entries import Posting
from tests.reconciliation.test_import import add, file, run
from tests.support import periods

pytestmark = pytest.mark.usefixtures("app", "clock")


def book(code: str, *lines: str, fund: str = "nghia-tinh", unit: str = "TW") -> list[int]:
    """Book a statement of an account and return the ids of its lines, in their order."""
    add(code, number=f"00110{sum(map(ord, code))}", fund=fund, unit=unit)
    run(code, file(*lines), name=f"{code}.csv")
    with transaction() as session:
        return list(session.scalars(select(BankLine.id).order_by(BankLine.id)))[-len(lines) :]


def money_in(amount: str = "200.000", memo: str = "NGUYEN VAN A UNG HO", day: int = 2) -> str:
    return f"1,0{day}/09/2024,5213.{day},,{amount},,{memo}"


def money_out(amount: str = "150.000", memo: str = "MUA QUA", day: int = 3) -> str:
    return f"1,0{day}/09/2024,5214.{day},{amount},,,{memo}"


def hue() -> None:
    """Add a unit beside the central one."""
    data = "code,name,kind,province\nHUE,Thành hội Huế,provincial,2025:46\n".encode()
    with transaction() as session:
        assert import_units(session, data, commit=True, by=None).committed


def say(line_id: int, choice: choices.Choice, key: str = "k1") -> Decided:
    with transaction() as session:
        return decide(session, line_id, choice, by=None, key=key)


def take(decision_id: int, why: str = "Nhầm") -> None:
    with transaction() as session:
        undo(session, decision_id, by=None, why=why)


def stands(session: Session, account: str, fund: str = "nghia-tinh", unit: str = "TW") -> int:
    session.rollback()
    return books.balance(session, account=account, fund=fund, unit=unit)


def waiting(session: Session) -> int:
    session.rollback()
    query = select(func.count()).select_from(BankLine).where(decided.waiting())
    return session.scalar(query) or 0


def test_money_in_is_a_donation_of_a_donor(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    done = say(line, choices.Given(DonorFacts(name="Nguyễn Văn Thử")))
    assert (done.kind, done.new) == ("given", True)
    assert session.scalars(select(Donation)).one().amount == 200_000
    assert stands(session, "3381") == 0
    assert stands(session, "7113") == -200_000
    assert waiting(session) == 0
    assert list(faults(session)) == []


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


def test_what_was_recorded_by_hand_is_offered_again_after_undoing(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as writing:
        entry = recipes.voucher_entry(
            "test",
            (
                Posting("112.VCB1", "nghia-tinh", "TW", debit=200_000),
                Posting("7118", "nghia-tinh", "TW", credit=200_000),
            ),
            on=date(2024, 9, 2),
            unit="TW",
            description="NGUYEN VAN A UNG HO",
        )
        hand = books.post(writing, entry, source="test", external_id="1").id
    wanted = choices.Booked(hand)
    done = say(line, wanted)
    take(done.id)
    assert wanted in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    say(line, wanted, key="k2")
    assert stands(session, "112.VCB1") == 200_000


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_two_lines_do_not_share_what_is_left(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people decide at once, and a voucher has taken the money of one of the lines."""
    lines = book("VCB1", money_in(), money_in(memo="TRAN THI B", day=3))
    with transaction() as writing:
        entry = recipes.bank_identified(
            account="3388",
            on=date(2024, 9, 3),
            unit="TW",
            fund="nghia-tinh",
            amount=200_000,
            description="Chứng từ",
        )
        books.post(writing, entry, source="voucher", external_id="1")
    both, look = Barrier(2), booking.hold_waiting

    def look_together(session: Session, at: Place) -> None:
        look(session, at)
        with suppress(BrokenBarrierError):
            both.wait(2)

    monkeypatch.setattr("fundsvc.workbench.incoming.hold_waiting", look_together)
    told: list[str] = []

    def decide_one(line_id: int) -> None:
        with app.app_context():
            try:
                with transaction() as own:
                    key = f"k{line_id}"
                    told.append(decide(own, line_id, choices.Given(), by=None, key=key).kind)
            except Refusal:
                told.append("refused")

    threads = [Thread(target=decide_one, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["given", "refused"]
    assert stands(session, "3381") == 0


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


def test_one_decision_is_for_both_sides_of_a_transfer(session: Session) -> None:
    (out,) = book("VCB1", money_out("5.000.000", "CHUYEN SANG BIDV"))
    (into,) = book("BIDV1", money_in("5.000.000", "NHAN TU VCB", day=4), fund="base")
    done = say(out, choices.Mirrored(into))
    assert set(done.lines) == {out, into}
    assert waiting(session) == 0
    assert stands(session, "1388") == 0
    assert stands(session, "3381", fund="base") == 0
    assert stands(session, "7119", fund="base") == -5_000_000
    assert stands(session, "6119") == 5_000_000
    told = would_undo(session, done.id)
    assert told == "Ghi đảo bút toán 5.000.000 đ; cả hai dòng sao kê lại chờ quyết định."
    take(done.id)
    assert waiting(session) == 2
    assert stands(session, "1388") == 5_000_000


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


def test_what_was_booked_by_hand_counts_once_at_the_bank(session: Session) -> None:
    (line,) = book("VCB1", money_in("70.000", "LAI TIEN GUI"))
    with transaction() as writing:
        entry = recipes.interest(
            paid_into="112.VCB1",
            on=session.get_one(BankLine, line).booked_on,
            unit="TW",
            fund="nghia-tinh",
            amount=70_000,
            description="Lãi tháng 8",
        )
        hand = books.post(writing, entry, source="test", external_id="1").id
    assert stands(session, "112.VCB1") == 140_000, "counted twice until it is decided"
    done = say(line, choices.Booked(hand))
    assert stands(session, "112.VCB1") == 70_000
    assert stands(session, "3381") == 0
    assert "phần ghi trùng 70.000 đ" in would_undo(session, done.id)
    with pytest.raises(Refusal, match="bàn đối soát"), transaction() as writing:
        take_back(writing, hand, subject="x:1", on=None, reason="x", by=None)
    take(done.id)
    assert stands(session, "112.VCB1") == 140_000


def by_hand(key: str) -> int:
    """Record 200.000 đ on the bank account by hand, and return the entry's number."""
    with transaction() as session:
        lines = (
            Posting("112.VCB1", "nghia-tinh", "TW", debit=200_000),
            Posting("7118", "nghia-tinh", "TW", credit=200_000),
        )
        entry = recipes.voucher_entry(
            "test", lines, on=date(2024, 9, 2), unit="TW", description="NGUYEN VAN A UNG HO"
        )
        return books.post(session, entry, source="test", external_id=key).id


def test_what_was_taken_back_is_no_hand_entry_any_more(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    hand = by_hand("1")
    with transaction() as writing:
        take_back(writing, hand, subject="x:1", on=None, reason="nhầm", by=None)
    assert choices.Booked(hand) not in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    with pytest.raises(NotFound, match="Không có bút toán"):
        say(line, choices.Booked(hand))
    assert waiting(session) == 1


def test_a_hand_entry_is_offered_until_its_own_line_is_decided(session: Session) -> None:
    other, first, second = book("VCB1", money_in("90.000"), money_in(), money_in(day=3))
    hand = by_hand("1")
    say(other, choices.Split(((40_000, choices.Given()), (50_000, choices.Given()))), key="k0")
    offered = {
        line: [one.choice for one in found]
        for line, found in propose(session, [first, second]).items()
    }
    session.rollback()
    assert choices.Booked(hand) in offered[first]
    assert choices.Booked(hand) in offered[second]
    say(first, choices.Booked(hand), key="k1")
    assert choices.Booked(hand) not in [one.choice for one in propose(session, [second])[second]]


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


def test_money_a_voucher_has_taken_is_not_booked_again(session: Session) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as writing:
        entry = recipes.bank_donation(
            on=session.get_one(BankLine, line).booked_on,
            unit="TW",
            fund="nghia-tinh",
            amount=200_000,
            description="Chứng từ ghi sổ",
        )
        hand = books.post(writing, entry, source="voucher", external_id="1").id
    with pytest.raises(Refusal, match="chỉ còn 0 đ"):
        say(line, choices.Given())
    assert choices.Booked(hand) in [one.choice for one in propose(session, [line])[line]]
    session.rollback()
    say(line, choices.Booked(hand))
    assert waiting(session) == 0
    assert stands(session, "3381") == 0


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE bank_decision SET note = 'x'",
        "UPDATE bank_decision SET undone_at = NULL",
        "DELETE FROM bank_decision",
        "UPDATE bank_decision_part SET amount = 1",
        "DELETE FROM bank_decision_part",
    ],
)
def test_the_database_keeps_decisions(act: str) -> None:
    (line,) = book("VCB1", money_in())
    say(line, choices.Given())
    with pytest.raises(DBAPIError, match="guard"), transaction() as session:
        session.execute(text(act))


def test_the_database_undoes_a_decision_once() -> None:
    (line,) = book("VCB1", money_in())
    take(say(line, choices.Held("x")).id)
    with pytest.raises(DBAPIError, match="bank_decision_kept"), transaction() as session:
        session.execute(text("UPDATE bank_decision SET undone_why = 'y'"))


def test_the_database_holds_that_a_decision_is_for_the_whole_line() -> None:
    (line,) = book("VCB1", money_in())
    say(line, choices.Held("x"))
    copy = (
        "INSERT INTO bank_decision (bank_line_id, bank_account_id, unit_id, kind, amount, key, why,"
        " automatic, decided_at, note) SELECT bank_line_id, bank_account_id, unit_id, kind,"
        " amount - 1, 'other', why, automatic, decided_at, note FROM bank_decision"
    )
    take(1)
    with pytest.raises(DBAPIError, match="bank_decision_line"), transaction() as session:
        session.execute(text(copy))


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


@pytest.mark.parametrize("act", ["UPDATE bank_note SET words = 'x'", "DELETE FROM bank_note"])
def test_the_database_keeps_notes(act: str) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as session:
        notes.add(session, line, "Hỏi chi hội", None, by=1)
    with pytest.raises(DBAPIError, match="append"), transaction() as session:
        session.execute(text(act))
