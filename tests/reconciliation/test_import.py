"""Importing bank files into the books, on both engines, with real commits."""

import csv
import hashlib
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books import verify
from fundsvc.books.models import Entry
from fundsvc.db import db, read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation import service
from fundsvc.reconciliation.models import BankAccount, BankFile, BankLine
from fundsvc.units.models import Unit
from tests.reconciliation.importing import add, file, line, run
from tests.support import periods

DATA = Path(__file__).parents[1] / "data" / "bank"

pytestmark = pytest.mark.usefixtures("app", "clock")


def balance(session: Session, account: str) -> int:
    """Return a balance of the centre's charity fund."""
    return books.balance(session, account=account, fund="nghia-tinh", unit="TW")


@pytest.mark.parametrize(
    ("bank", "sum_in", "sum_out"),
    [
        ("vietcombank", 4_765_748_381, 55_000),
        ("agribank", 1_747_963_098, 0),
        ("vietinbank", 1_916_755_826, 0),
    ],
)
def test_a_sample_is_booked_to_the_dong_and_once(
    session: Session, bank: str, sum_in: int, sum_out: int
) -> None:
    add("SAMPLE", bank=bank)
    data = (DATA / f"{bank}-2024-09.csv").read_bytes()
    preview = run("SAMPLE", data, commit=False)
    assert (preview.new, preview.committed) == (3_000, False)
    assert session.scalar(select(func.count()).select_from(BankLine)) == 0

    report = run("SAMPLE", data)
    assert (report.lines, report.new, report.known) == (3_000, 3_000, 0)
    assert (report.sum_in, report.sum_out) == (sum_in, sum_out)
    assert not any((report.refused, report.breaks, report.doubtful))
    assert report.committed

    again = run("SAMPLE", data)
    assert (again.lines, again.new, again.known) == (3_000, 0, 3_000)
    session.rollback()
    assert balance(session, "112.SAMPLE") == sum_in - sum_out
    assert balance(session, "3381") == -sum_in
    assert balance(session, "615") == sum_out
    assert balance(session, "1388") == 0
    assert session.scalar(select(func.count()).select_from(Entry)) == 3_000
    assert session.scalar(select(func.count()).select_from(BankFile)) == 1
    assert list(verify.faults(session)) == []


def test_a_booked_statement_without_its_balance_is_not_booked_once_more(session: Session) -> None:
    add("SAMPLE", bank="Agribank")
    data = (DATA / "agribank-2024-09.csv").read_bytes()
    assert run("SAMPLE", data).new == 3_000
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    place = rows[0].index("Balance")
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*row[:place], *row[place + 1 :]] for row in rows)
    for layout in (None, "agribank"):
        with pytest.raises(Refusal, match="Thiếu cột Balance"):
            run("SAMPLE", out.getvalue(), layout=layout)
    assert session.scalar(select(func.count()).select_from(BankLine)) == 3_000


def test_a_file_of_another_bank_is_booked_only_when_its_layout_is_told(session: Session) -> None:
    add("VCB1", bank="NH Vietcombank CN Hà Nội")
    data = (DATA / "agribank-2024-09.csv").read_bytes()
    for commit in (False, True):
        with pytest.raises(Refusal, match=r"Agribank / VietinBank, còn .* thuộc Vietcombank"):
            run("VCB1", data, commit=commit)
    assert session.scalar(select(func.count()).select_from(Entry)) == 0
    add("ABC", bank="Ngân hàng ABC", number="777777")
    assert run("ABC", data, commit=False).layout == "agribank"
    assert run("VCB1", data, layout="agribank").new == 3_000


def test_the_file_and_what_it_said_are_kept(session: Session) -> None:
    add("VCB1")
    data = file(line(), '1,01/09/2024,2,,"1.000",90.000,a', "1,01/09/2024,3,,1.000,92.000,b")
    report = run("VCB1", data, name="tháng 9.csv")
    assert [found.as_json() for found in report.breaks] == [
        {"row": 4, "expected": 91_000, "found": 92_000}
    ]
    kept = session.scalars(select(BankFile)).one()
    assert evidence.read(kept.sha256) == data.encode()
    assert kept.name == "tháng 9.csv"
    assert kept.breaks == {"breaks": [{"row": 4, "expected": 91_000, "found": 92_000}]}
    assert (kept.opening, kept.closing) == (39_000, 92_000)


def test_each_line_says_where_it_comes_from_and_what_booked_it(session: Session) -> None:
    add("VCB1")
    run("VCB1", file("", line(day=2, doc="77.1")))
    stored = session.scalars(select(BankLine)).one()
    entry = session.get_one(Entry, stored.entry_id)
    assert (stored.row, stored.booked_on, stored.doc_no) == (3, date(2024, 9, 2), "77.1")
    assert (entry.date, entry.kind, entry.description) == (date(2024, 9, 2), "bank-in", "ung ho")
    assert (entry.source, entry.external_id) == ("bank:VCB1", f"{stored.fingerprint}:1")


def test_two_equal_lines_stay_two_and_a_third_one_later_is_one_more(session: Session) -> None:
    add("VCB1")
    assert run("VCB1", file(line(), line(day=2), line())).new == 3
    assert run("VCB1", file(line(), line(day=2), line())).new == 0
    report = run("VCB1", file(line(), line(), line(), line(day=3)))
    assert (report.new, report.known) == (2, 2)
    found = Counter(session.scalars(select(BankLine.booked_on)))
    assert found == {date(2024, 9, 1): 3, date(2024, 9, 2): 1, date(2024, 9, 3): 1}


def test_overlapping_halves_give_the_whole_once(session: Session) -> None:
    add("VCB1")
    lines = (DATA / "vietcombank-2024-09.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert run("VCB1", file(*lines[:2_000])).new == 2_000
    assert run("VCB1", file(*lines[1_000:])).new == 1_000
    assert balance(session, "112.VCB1") == 4_765_748_381 - 55_000


def test_a_known_line_alone_among_new_ones_is_shown_as_doubtful() -> None:
    add("VCB1")
    run("VCB1", file(line(day=2)))
    report = run("VCB1", file(line(day=1), line(day=2), line(day=3)), commit=False)
    assert (report.new, report.known, report.doubtful) == (2, 1, (3,))


def test_the_same_line_of_two_accounts_is_two_lines() -> None:
    add("VCB1")
    add("VCB2", number="0011009999")
    assert run("VCB1", file(line())).new == 1
    assert run("VCB2", file(line())).new == 1


def test_money_out_is_a_fee_or_waits_to_be_identified(session: Session) -> None:
    add("VCB1")
    report = run(
        "VCB1",
        file(
            "1,01/09/2024,1,11.000,,,THU PHI DICH VU SMS",
            "1,01/09/2024,2,5.000.000,,,Chi tien nha tinh nghia",
            "1,01/09/2024,3,2.000,,,",
        ),
    )
    assert (report.fees, report.debits) == (1, 2)
    assert balance(session, "615") == 11_000
    assert balance(session, "1388") == 5_002_000
    assert balance(session, "112.VCB1") == -5_013_000


def test_a_refused_row_refuses_the_file(session: Session) -> None:
    add("VCB1")
    report = run("VCB1", file(line(), line(day=0), "1,01/09/2024,1,,1_000,,x", "a,b"))
    assert [(row.row, row.field) for row in report.refused] == [
        (3, "TNXDate"),
        (4, "Credit"),
        (5, None),
    ]
    assert (report.lines, report.committed) == (4, False)
    assert session.scalar(select(func.count()).select_from(Entry)) == 0
    assert session.scalar(select(func.count()).select_from(BankFile)) == 0


CLOSED = (
    "Tháng 09/2024 của Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam đã khóa sổ"
    " ngày 30/09/2024 bởi người quản trị máy chủ."
    " Dòng sao kê của tháng này chỉ ghi sổ được sau khi mở lại sổ."
)


def test_a_line_in_a_closed_month_is_refused_by_row_unless_it_is_known(session: Session) -> None:
    add("VCB1")
    run("VCB1", file(line()))
    with transaction() as writing:
        unit_id = writing.scalars(select(Unit.id).filter_by(code="TW")).one()
        writing.add(periods.closed(unit_id, date(2024, 9, 1)))
    again = run("VCB1", file(line()))
    assert (again.known, again.refused_count) == (1, 0)
    report = run("VCB1", file(line(), line(day=2)))
    assert [(row.row, row.field, row.reason) for row in report.refused] == [(3, "date", CLOSED)]
    assert session.scalar(select(func.count()).select_from(Entry)) == 1


def test_a_sum_beyond_the_books_is_refused() -> None:
    add("VCB1")
    most = "1.000.000.000.000.000"
    with pytest.raises(Refusal, match="quá lớn"):
        run("VCB1", file(f"1,01/09/2024,1,,{most},,x", "1,01/09/2024,1,,1,,x"))
    assert run("VCB1", file(f"1,01/09/2024,1,,{most},,x")).new == 1


def test_a_file_is_read_and_looked_at_while_somebody_writes(session: Session) -> None:
    account = add("VCB1")
    data = file(line(), line(day=2)).encode()
    with db.engine.connect() as other:
        writing = other.execution_options(fundsvc_writes=True)
        with writing.begin():
            lock = select(BankAccount.id).where(BankAccount.id == account.id).with_for_update()
            writing.execute(lock)
            facts: dict[str, Any] = {"name": "f.csv", "account_code": "VCB1"}
            look = service.read(session, data, **facts, commit=False)
            assert service.import_bank(session, look, by=None).new == 2
            statement = service.read(session, data, **facts, commit=True)
            session.rollback()
    assert evidence.read(statement.sha256 or "") == data
    with transaction() as booking:
        assert service.import_bank(booking, statement, by=None).committed


def test_a_file_with_a_refused_row_is_not_kept(session: Session) -> None:
    add("VCB1")
    bad = file(line(day=0)).encode()
    statement = service.read(session, bad, name="f.csv", account_code="VCB1", commit=True)
    assert statement.sha256 is None
    with pytest.raises(NotFound):
        evidence.read(hashlib.sha256(bad).hexdigest())


def test_two_imports_of_one_file_at_once_store_it_once(app: Flask, session: Session) -> None:
    add("VCB1")
    data = file(*(line(doc=str(number)) for number in range(300)))

    def work(_number: int) -> int:
        with app.app_context():
            return run("VCB1", data).new

    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(work, range(4)))
    assert sorted(new) == [0, 0, 0, 300]
    assert session.scalar(select(func.count()).select_from(BankLine)) == 300


def test_a_statement_of_another_account_is_refused_and_a_message_is_booked(
    session: Session,
) -> None:
    add("OTHER", number="0099887766")
    add("OWN", number="0011004455", bank="VCB 2")
    for name in ("shapes.mt940", "shapes.camt053.xml", "shapes.ofx"):
        with pytest.raises(Refusal, match="số cuối 4455"):
            run("OTHER", (DATA / name).read_bytes())
    report = run("OWN", (DATA / "shapes.mt940").read_bytes())
    assert (report.new, report.opening, report.closing) == (4, 10_000_000, 10_700_000)
    assert (report.layout, report.breaks) == ("mt940", ())
    assert run("OWN", (DATA / "shapes.mt940").read_bytes()).new == 0
    session.rollback()
    assert balance(session, "112.OWN") == 700_000
    cut = (DATA / "shapes.mt940").read_bytes().replace(b"C200000,00", b"C20000,00")
    assert not run("OWN", cut).committed


def test_an_equal_line_in_a_later_export_is_asked_about_when_the_balance_says_so(
    session: Session,
) -> None:
    add("VCB1")
    morning = file("1,01/09/2024,7,,50.000,150.000,ung ho")
    evening = file("1,01/09/2024,7,,50.000,,ung ho", "1,01/09/2024,8,,10.000,210.000,x")
    assert run("VCB1", morning).new == 1
    asked = run("VCB1", evening)
    assert [(one.row, one.amount) for one in asked.asked] == [(2, 50_000)]
    assert (asked.committed, asked.before and asked.before.ahead) == (False, 50_000)
    session.rollback()
    assert balance(session, "112.VCB1") == 50_000
    statement = service.read(
        read_session(), evening.encode(), name="f", account_code="VCB1", commit=True
    )
    with transaction() as writing:
        done = service.import_bank(writing, statement, by=None, as_new={2})
    assert (done.committed, done.new, done.before and done.before.ahead) == (True, 2, 0)
    session.rollback()
    assert balance(session, "112.VCB1") == 110_000
    again = run("VCB1", evening)
    assert (again.new, again.asked) == (0, ())
    kept = session.scalars(select(BankFile).order_by(BankFile.id.desc()).limit(1)).one()
    assert kept.breaks["as_new"] == [2]


def test_an_overlapping_export_asks_nothing_and_a_gap_is_told() -> None:
    add("VCB1")
    lines = [f"1,0{day}/09/2024,{day},,100.000,{day}50.000,x" for day in range(1, 8)]
    assert run("VCB1", file(*lines[:4])).new == 4
    overlapping = run("VCB1", file(*lines[2:5]))
    assert (overlapping.new, overlapping.known, overlapping.asked) == (1, 2, ())
    assert overlapping.before is not None
    assert overlapping.before.ahead == 0
    gap = run("VCB1", file(*lines[6:]))
    assert (gap.committed, gap.asked, gap.before and gap.before.ahead) == (True, (), 100_000)
