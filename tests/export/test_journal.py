"""What an export holds: order, openings, reversals, and one moment of the books."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import OutOfScopeError, db, set_scope, snapshot, transaction
from fundsvc.export.journal import Carried, Item, Journal, Opening, Place, Standing
from fundsvc.export.paths import Paths
from ledger import recipes
from tests.export.books import export, month_ends
from tests.export.programs import FORMATS, check

CASH, GIVEN = Place("111", "base", "TW"), Place("7114", "base", "TW")


def give(session: Session, on: date, amount: int, number: str, province: str | None = None) -> int:
    entry = recipes.cash_donation(
        on=on, unit="TW", fund="base", amount=amount, description="Ủng hộ", province=province
    )
    return books.post(session, entry, source="test", external_id=number).id


@pytest.fixture
def ids(app: Flask) -> list[int]:
    """Three gifts, posted out of order; the first is taken back in October."""
    with transaction() as session:
        third = give(session, date(2024, 9, 30), 30, "c", "2025:44")
        first = give(session, date(2024, 8, 5), 10, "a")
        second = give(session, date(2024, 9, 2), 20, "b", "2004:45")
        back = books.reverse(session, first, on=date(2024, 10, 3), reason="sai", maker_id=None)
    return [first, second, third, back.id]


def items(journal: Journal) -> list[Item]:
    return [event for event in journal.events() if isinstance(event, Item)]


def test_entries_come_by_date_with_balances_at_month_ends(ids: list[int]) -> None:
    events = list(Journal(snapshot(), None, None).events())
    assert [event.on if isinstance(event, Standing) else event.id for event in events] == [  # type: ignore[union-attr]  # no opening
        ids[0], date(2024, 8, 31), ids[1], ids[2], date(2024, 9, 30), ids[3], date(2024, 10, 3),
    ]  # fmt: skip
    ends = [event.balances for event in events if isinstance(event, Standing)]
    assert ends == [[(CASH, sum_), (GIVEN, -sum_)] for sum_ in (10, 60, 50)]


def test_a_reversal_is_negative_on_the_same_sides_and_linked(ids: list[int]) -> None:
    found = {item.id: item for item in items(Journal(snapshot(), None, None))}
    back = found[ids[3]]
    assert [(line.place, line.debit, line.credit) for line in back.lines] == [
        (CASH, -10, 0),
        (GIVEN, 0, -10),
    ]
    assert (back.reverses, back.reversed_by, back.kind) == (ids[0], None, "reversal")
    assert found[ids[0]].reversed_by == ids[3]
    assert (found[ids[1]].lines[0].province, found[ids[0]].lines[0].province) == ("2004:45", "none")


def test_a_later_reversal_does_not_change_the_export_of_past_days(ids: list[int]) -> None:
    past = {item.id: item for item in items(Journal(snapshot(), None, date(2024, 9, 30)))}
    assert past[ids[0]].reversed_by is None
    assert ids[3] not in past


def test_what_stood_before_is_carried_in_the_day_before(ids: list[int]) -> None:
    opening, *events = Journal(snapshot(), date(2024, 9, 3), date(2024, 9, 30)).events()
    assert opening == Opening(
        date(2024, 9, 2),
        [
            Carried(CASH, "2004:45", 20),
            Carried(CASH, "none", 10),
            Carried(GIVEN, "2004:45", -20),
            Carried(GIVEN, "none", -10),
        ],
    )
    assert [getattr(event, "id", None) for event in events] == [ids[2], None]


@pytest.mark.parametrize(
    ("first", "last", "entries"),
    [
        (None, date(2024, 9, 2), 2),
        (date(2024, 9, 2), None, 3),
        (date(2024, 9, 2), date(2024, 9, 2), 1),
        (date(2023, 1, 1), date(2023, 12, 31), 0),
        (None, date(2023, 1, 1), 0),
        (date(2030, 1, 1), None, 0),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_any_span_is_one_that_the_programs_take(
    ids: list[int], tmp_path: Path, first: date | None, last: date | None, entries: int
) -> None:
    for kind in FORMATS:
        told = export(kind, tmp_path / kind, first, last)
        assert (told.entries, told.postings) == (entries, entries * 2)
        done = check(kind, tmp_path / kind)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_same_books_give_the_same_bytes(ids: list[int], tmp_path: Path) -> None:
    for kind in FORMATS:
        export(kind, tmp_path / "one")
        export(kind, tmp_path / "two")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_empty_books_are_an_empty_journal(app: Flask, tmp_path: Path) -> None:
    for kind in FORMATS:
        told = export(kind, tmp_path / kind)
        assert (told.first, told.last, told.entries) == (None, None, 0)
        assert check(kind, tmp_path / kind).returncode == 0


def test_what_is_posted_meanwhile_is_not_seen(ids: list[int]) -> None:
    events = Journal(snapshot(), None, date(2024, 12, 31)).events()
    begun = next(events)
    with Session(db.engine) as other:
        other.connection(execution_options={"fundsvc_writes": True})
        new = give(other, date(2024, 9, 10), 1_000, "d")
        other.commit()
    found = [begun, *events]
    assert new not in {getattr(event, "id", None) for event in found}
    (*_before, last) = found
    assert last == Standing(date(2024, 12, 31), [(CASH, 50), (GIVEN, -50)])
    assert new in {item.id for item in items(Journal(snapshot(), None, None))}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_more_entries_than_are_fetched_at_once(
    ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = items(Journal(snapshot(), None, None))
    monkeypatch.setattr("fundsvc.export.journal.CHUNK", 2)
    assert items(Journal(snapshot(), None, None)) == whole


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_somebody_of_one_unit_gets_no_whole_journal(ids: list[int], session: Session) -> None:
    set_scope(session, {1})
    with pytest.raises(OutOfScopeError):
        Journal(session, None, None)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_codes_that_look_alike_stay_apart(ids: list[int]) -> None:
    book = Journal(snapshot(), None, None).book()
    for code in ("112.A", "112-A", "112 A"):
        book.accounts[code] = book.accounts["111"]
    paths = Paths(book, dict.fromkeys(("asset", "income", "liability", "equity", "expense"), "x"),
                  lambda code: code.replace(".", "-").replace(" ", "-"))  # fmt: skip
    names = [paths.account(code) for code in ("112.A", "112-A", "112 A")]
    assert names == ["x:112-A", "x:112-A-2", "x:112-A-3"]


def test_month_ends_by_hand() -> None:
    assert month_ends(date(2024, 1, 31), date(2024, 3, 5)) == [
        date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 5),
    ]  # fmt: skip
