"""Posting and reversing entries, one at a time and in bulk, on both engines."""

import threading
from contextlib import suppress
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Column, Text, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books import bulk, keys, series, service, verify
from fundsvc.books.models import Entry, Posting
from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.units.models import Unit
from ledger import recipes
from ledger.entries import Entry as LedgerEntry
from ledger.entries import Posting as LedgerPosting
from tests.support import periods

DAY = date(2026, 7, 27)


def donation(amount: int = 500_000, **other: object) -> LedgerEntry:
    facts: recipes.Facts = {
        "on": DAY,
        "unit": "TW",
        "fund": "nghia-tinh",
        "amount": amount,
        "description": "Ủng hộ tại quầy",
        "province": "2025:44",
    }
    return recipes.cash_donation(**(facts | other))  # type: ignore[arg-type]  # facts replaced by name


def message(unit: str = "TW") -> LedgerEntry:
    return recipes.sms_message(
        on=DAY, unit=unit, fund="nghia-tinh", amount=1, description="Tin nhắn", operator="viettel"
    )


def close(month: date) -> None:
    with transaction() as session:
        unit_id = keys.read(session).unit("TW")
        session.add(periods.closed(unit_id, month))


def book_in_bulk(*days: str) -> None:
    with transaction() as session, bulk.staging(session) as stage:
        template = stage.template(message(), "sms:viettel")
        rows = enumerate(days, start=1)
        stage.write((n, template, day, f"bulk-{n}", 5_000, None, None) for n, day in rows)
        stage.post(maker_id=None)


@pytest.fixture
def other_unit(app: Flask) -> int:
    with transaction() as session:
        unit = Unit(code="HT-44", name="Quảng Trị", folded="quang tri", kind="provincial")
        session.add(unit)
        session.flush()
        keys.forget(session)
        return unit.id


def test_an_entry_is_read_back_as_it_was_posted(session: Session) -> None:
    entry = LedgerEntry(
        DAY,
        "other",
        "Hội phí cho quỹ nghĩa tình vay",
        "TW",
        (
            LedgerPosting("136", "dues", "TW", debit=300_000),
            LedgerPosting("111", "dues", "TW", credit=300_000),
            LedgerPosting("111", "nghia-tinh", "TW", debit=300_000),
            LedgerPosting("336", "nghia-tinh", "TW", credit=300_000),
        ),
        province="2004:44",
    )
    with transaction() as writing:
        posted = service.post(writing, entry, source="test", external_id="1", maker_id=7)
    assert posted.new
    assert service.read_entry(session, posted.id) == entry
    assert service.balance(session, account="111", fund="dues", unit="TW") == -300_000
    assert list(verify.faults(session)) == []


def test_the_same_entry_again_is_the_same_entry(session: Session) -> None:
    with transaction() as writing:
        first = service.post(writing, donation(), source="test", external_id="1")
    with transaction() as writing:
        again = service.post(writing, donation(), source="test", external_id="1")
    assert (first.new, again.new, again.id) == (True, False, first.id)
    assert session.scalar(select(func.count(Entry.id))) == 1


@pytest.mark.parametrize("other", [{"amount": 1}, {"on": date(2026, 7, 28)}, {"fund": "dues"}])
def test_the_same_identity_with_another_content_is_a_conflict(
    session: Session, other: dict[str, object]
) -> None:
    with transaction() as writing:
        service.post(writing, donation(), source="test", external_id="1")
    with pytest.raises(Conflict, match="nội dung khác"), transaction() as writing:
        service.post(writing, donation(**other), source="test", external_id="1")  # type: ignore[arg-type]
    assert session.scalar(select(func.sum(Posting.debit))) == 500_000


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"fund": "x"}, "fund"), ({"unit": "x"}, "unit"), ({"province": "44"}, "province")],
)
def test_an_unknown_code_is_refused_by_its_field(
    session: Session, facts: dict[str, str], field: str
) -> None:
    with pytest.raises(Refusal) as error, transaction() as writing:
        service.post(writing, donation(**facts), source="test", external_id="1")  # type: ignore[arg-type]
    assert error.value.reasons[0].field == field
    assert session.scalar(select(func.count(Entry.id))) == 0


def test_a_closed_month_is_refused_in_words(session: Session) -> None:
    close(date(2026, 7, 1))
    with pytest.raises(Refusal, match="khóa sổ") as error, transaction() as writing:
        service.post(writing, donation(), source="test", external_id="1")
    assert error.value.reasons[0].field == "date"
    with transaction() as writing:
        service.post(writing, donation(on=date(2026, 8, 1)), source="test", external_id="1")


def test_a_reversal_takes_an_entry_back_once(session: Session) -> None:
    with transaction() as writing:
        posted = service.post(writing, donation(), source="test", external_id="1")
        back = service.reverse(
            writing, posted.id, on=date(2026, 8, 1), reason="Ghi nhầm", maker_id=None
        )
        again = service.reverse(
            writing, posted.id, on=date(2026, 8, 1), reason="Ghi nhầm", maker_id=None
        )
        assert (again.id, again.new) == (back.id, False)
    with pytest.raises(Refusal, match="lần nữa"), transaction() as writing:
        service.reverse(writing, back.id, on=DAY, reason="Lại", maker_id=None)
    with pytest.raises(NotFound), transaction() as writing:
        service.reverse(writing, 999, on=DAY, reason="Không có", maker_id=None)
    assert service.balance(session, account="111", fund="nghia-tinh", unit="TW") == 0
    assert list(verify.faults(session)) == []


def test_a_session_of_one_unit_neither_sees_nor_touches_another(
    session: Session, other_unit: int
) -> None:
    with transaction() as writing:
        posted = service.post(writing, donation(), source="test", external_id="1")
    db.set_scope(session, [other_unit])
    assert session.scalars(select(Entry)).all() == []
    assert session.scalar(select(func.count()).select_from(Posting)) == 0
    with pytest.raises(NotFound):
        service.read_entry(session, posted.id)
    with pytest.raises(db.OutOfScopeError), transaction() as writing:
        service.post(writing, donation(), source="test", external_id="2")
    with pytest.raises(db.OutOfScopeError):
        book_in_bulk("2026-07-27")
    with pytest.raises(db.OutOfScopeError):
        close(date(2026, 7, 1))
    with transaction() as writing:
        service.post(writing, donation(unit="HT-44"), source="test", external_id="3")
    assert [entry.unit_id for entry in session.scalars(select(Entry))] == [other_unit]


def test_a_commit_that_a_guard_refuses_leaves_the_session_fit_for_use(session: Session) -> None:
    # On SQLite this guard speaks at COMMIT only, on PostgreSQL at the statement.
    with pytest.raises(DBAPIError), transaction() as writing:
        writing.execute(
            text(
                "INSERT INTO entry (date, kind, description, unit_id, source, external_id, lines,"
                " posted_at) VALUES ('2026-01-01', 'x', '', 1, 's', '1', 2, '2026-01-01')"
            )
        )
    with transaction() as writing:
        service.post(writing, donation(), source="test", external_id="1")
    assert session.scalar(select(func.count(Entry.id))) == 1


def test_transactions_do_not_nest(app: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError, match="within"), transaction():
        pass


def test_rows_are_booked_by_their_templates_in_order(session: Session, other_unit: int) -> None:
    with transaction() as writing, bulk.staging(writing, Column("phone", Text)) as stage:
        centre = stage.template(message(), "sms:viettel")
        province = stage.template(message("HT-44"), "sms:viettel")
        known = keys.read(writing)
        stage.write(
            [
                (1, centre, "2026-07-27", "a", 20_000, None, None, "0901"),
                (2, None, "2026-07-27", "b", 5_000, None, None, "0902"),
                (3, province, "2026-07-28", "c", 30_000, "Ủng hộ", known.province("2004:45"), ""),
            ]
        )
        assert stage.post(maker_id=3) == 2
        phones = writing.execute(select(stage.table.c.phone).order_by(stage.table.c.n))
        assert [row.phone for row in phones] == ["0901", "0902", ""]
    entries = session.scalars(select(Entry).order_by(Entry.id)).all()
    assert [(entry.external_id, entry.description) for entry in entries] == [
        ("a", "Tin nhắn"),
        ("c", "Ủng hộ"),
    ]
    assert service.balance(session, account="138.viettel", fund="nghia-tinh", unit="TW") == 20_000
    assert service.balance(session, account="7111", fund="nghia-tinh", unit="HT-44") == -30_000
    assert list(verify.faults(session)) == []


def test_bulk_in_a_closed_month_books_nothing(session: Session) -> None:
    close(date(2026, 6, 1))
    with pytest.raises(Refusal, match="khóa sổ"):
        book_in_bulk("2026-07-01", "2026-06-30")
    assert session.scalar(select(func.count(Entry.id))) == 0


def test_single_entries_follow_bulk_ones_without_clash(session: Session) -> None:
    for turn in range(3):
        with transaction() as writing, bulk.staging(writing) as stage:
            template = stage.template(message(), "sms:viettel")
            rows = range(1, 101)
            stage.write((n, template, "2026-07-27", f"{turn}-{n}", 1, None, None) for n in rows)
            stage.post(maker_id=None)
        with transaction() as writing:
            assert service.post(writing, donation(), source="test", external_id=str(turn)).new
    assert session.scalar(select(func.count(Entry.id))) == 303


def take_one(*, broken: bool) -> int:
    """Take the next number in a transaction that may come to nothing."""
    with transaction() as session:
        number = series.next_number(session, "NT", 2026)
        if broken:
            raise InterruptedError
    return number


def test_eight_writers_get_numbers_without_gaps(app: Flask) -> None:
    given: list[int] = []

    def take(writer: int) -> None:
        with app.app_context():
            for turn in range(10):
                with suppress(InterruptedError):
                    given.append(take_one(broken=(writer + turn) % 5 == 0))

    writers = [threading.Thread(target=take, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(given) == list(range(1, 65))


def test_two_writers_of_one_entry_make_one(app: Flask) -> None:
    outcomes: list[bool] = []
    start = threading.Barrier(6)

    def write() -> None:
        with app.app_context():
            start.wait()
            with transaction() as session:
                posted = service.post(session, donation(), source="test", external_id="1")
            outcomes.append(posted.new)

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == [False] * 5 + [True]
