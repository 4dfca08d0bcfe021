"""Statements drawn from the books, on both engines, against what is worked out by hand."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.db import set_scope, transaction
from fundsvc.errors import Refusal
from fundsvc.statements.behind import PAGE, behind
from fundsvc.statements.options import Figure, Options
from fundsvc.statements.service import choices, fund_statement
from fundsvc.units.models import Unit
from ledger.statements import UnprovenError
from tests.statements import worked
from tests.statements.conftest import post, set_up

SEPTEMBER = date(2024, 9, 1), date(2024, 9, 30)


def options(**changes: Any) -> Options:
    first, last = SEPTEMBER
    asked: dict[str, Any] = {"fund": "nghia-tinh", "first": first, "last": last} | changes
    return Options(**asked)


def of(expected: worked.Expected) -> Options:
    scope = expected.scope
    return Options(scope.fund, scope.first, scope.last, scope.province, scope.unit, scope.provinces)


def test_worked_example_from_the_books(session: Session, example: worked.Example) -> None:
    for expected in example.statements:
        report = fund_statement(session, of(expected))
        worked.check(report.statement, expected)


def test_books_agree_with_working_by_hand(session: Session) -> None:
    set_up(session)
    book = worked.random_book(1, 150)
    post(session, book)
    entries = [entry for entry, _of in book]
    asked = product(
        ["nghia-tinh", "base"],
        [SEPTEMBER, (date(2024, 8, 10), date(2024, 8, 10)), (date(2024, 1, 1), date(2024, 12, 31))],
        [None, "2025:44", "2004:44", "none"],
        [None, "TW", "HTQT"],
        ["now", "then"],
    )
    for fund, (first, last), province, unit, provinces in asked:
        if (province or "").startswith("2004:") and provinces == "now":
            continue
        drawn = fund_statement(session, Options(fund, first, last, province, unit, provinces))
        by_hand = worked.by_hand(drawn.statement.scope, entries)
        assert worked.rows(drawn.statement) == worked.rows(by_hand)
        for name in ("receipts", "payments"):
            told, wanted = (
                {line.line: (line.amount, line.entries) for line in getattr(found, name)}
                for found in (drawn.statement, by_hand)
            )
            assert told == wanted


def test_provinces_add_up_to_the_whole(session: Session) -> None:
    set_up(session)
    post(session, worked.random_book(3, 80))
    for provinces in ("now", "then"):
        whole = fund_statement(session, options(provinces=provinces)).statement
        parts = [
            fund_statement(session, options(provinces=provinces, province=row.province)).statement
            for row in whole.rows
            if row.place in worked.rows(whole)
        ]
        for name in ("opening", "receipts_total", "payments_total", "closing"):
            assert sum(getattr(part, name) for part in parts) == getattr(whole, name)


def test_today_all_34_provinces_and_none_have_a_row(session: Session) -> None:
    statement = fund_statement(session, options()).statement
    keys = [row.province for row in statement.rows]
    assert len(keys) == 35
    assert keys[-1] == "none"
    assert keys[:-1] == sorted(key for key in keys if key and key.startswith("2025:"))


def test_as_recorded_the_provinces_of_the_period_have_a_row(session: Session) -> None:
    for first, last, rows in (
        (date(2024, 9, 1), date(2024, 9, 30), 64),
        (date(2025, 7, 1), date(2025, 9, 30), 35),
    ):
        asked = options(first=first, last=last, provinces="then")
        assert len(fund_statement(session, asked).statement.rows) == rows


def test_a_line_without_money_stands_with_zero(session: Session) -> None:
    statement = fund_statement(session, options()).statement
    assert [line.line for line in statement.receipts] == [
        "sms", "card", "bank", "cash", "dues", "base", "interest", "other", "transfer-in",
    ]  # fmt: skip
    assert [line.line for line in statement.payments] == [
        "house", "gift", "visit", "health", "activity", "admin", "fee", "other", "transfer-out",
    ]  # fmt: skip


def test_an_old_province_means_as_recorded(session: Session) -> None:
    report = fund_statement(session, options(province="2004:44"))
    assert report.statement.scope.provinces == "then"
    unchanged = fund_statement(session, options(province="2025:44"))
    assert unchanged.statement.scope.provinces == "now"


def test_an_old_province_is_told_from_a_new_one_of_the_same_name(session: Session) -> None:
    report = fund_statement(session, options(province="2004:45"))
    assert report.province_name == "Tỉnh Quảng Trị (cũ)"
    asked = options(first=date(2025, 6, 1), last=date(2025, 7, 31), provinces="then")
    names = fund_statement(session, asked).names
    assert names["2004:45", None] == "Tỉnh Quảng Trị (cũ)"
    assert names["2025:44", None] == "Tỉnh Quảng Trị"
    assert len(set(names.values())) == len(names)


def test_an_old_province_on_todays_map_is_refused_with_its_successor(session: Session) -> None:
    with pytest.raises(Refusal) as caught:
        fund_statement(session, options(province="2004:44", provinces="now"))
    (reason,) = caught.value.reasons
    assert reason.field == "province"
    assert "Quảng Trị" in reason.text
    assert "2025:44" in reason.text


def test_what_does_not_exist_is_refused(session: Session) -> None:
    for field, code in {
        "fund": "nothing", "unit": "NOWHERE", "province": "2025:99",
    }.items():  # fmt: skip
        with pytest.raises(Refusal) as caught:
            fund_statement(session, options(**{field: code}))
        assert [reason.field for reason in caught.value.reasons] == [field]


def test_a_unit_sees_its_own_books_only(session: Session, example: worked.Example) -> None:
    whole = fund_statement(session, options(unit="HTQT")).statement
    unit_id = session.scalars(select(Unit.id).where(Unit.code == "HTQT")).one()
    set_scope(session, {unit_id})
    mine = fund_statement(session, options())
    assert mine.statement == whole
    assert mine.unit_name == "Hội Trường Sơn HTQT"
    assert [code for code, _name in choices(session).units] == ["HTQT"]
    # The province of the unit: not what the centre received from it and spent in it.
    province = fund_statement(session, options(province="2025:44"))
    assert [row.unit for row in province.statement.rows] == ["HTQT"]
    assert province.only_units == ("Hội Trường Sơn HTQT",)
    for foreign in ("TW", "NOWHERE"):
        with pytest.raises(Refusal) as caught:
            fund_statement(session, options(unit=foreign))
        assert "NOWHERE" not in str(caught.value)
        assert [reason.field for reason in caught.value.reasons] == ["unit"]


def test_a_unit_sees_money_that_the_centre_sent_it(session: Session) -> None:
    set_up(session)
    sent = worked.transfer(
        on=SEPTEMBER[0], unit="TW", to="HTQT", fund="nghia-tinh", amount=5_000_000,
        description="Chuyển cho Tỉnh hội", province=None,
    )  # fmt: skip
    post(session, [(sent, None)])
    unit_id = session.scalars(select(Unit.id).where(Unit.code == "HTQT")).one()
    set_scope(session, {unit_id})
    mine = fund_statement(session, options())
    assert (mine.statement.receipts_total, mine.statement.closing) == (5_000_000, 5_000_000)
    assert [entry.amount for entry in behind(session, options(), Figure("closing")).entries] == [
        5_000_000
    ]


def test_every_figure_is_made_of_its_entries(session: Session) -> None:
    set_up(session)
    post(session, worked.random_book(4, 90))
    for asked in (options(), options(province="2025:44"), options(unit="TW", provinces="then")):
        statement = fund_statement(session, asked).statement
        figures: dict[Figure, tuple[int, int | None]] = {
            Figure("opening"): (statement.opening, None),
            Figure("closing"): (statement.closing, None),
            Figure("receipts"): (statement.receipts_total, None),
            Figure("payments"): (statement.payments_total, None),
        }
        for side, lines in (("receipts", statement.receipts), ("payments", statement.payments)):
            figures |= {Figure(side, line.line): (line.amount, line.entries) for line in lines}
        for figure, (amount, count) in figures.items():
            shown = behind(session, asked, figure)
            assert shown.total == amount == _through(session, asked, figure)
            assert count in {None, shown.count}
        for row in (row for row in statement.rows if row.place in worked.rows(statement)):
            place = {"province": row.province, "unit": row.unit or asked.unit}
            part = options(**place, provinces=statement.scope.provinces)
            assert behind(session, part, Figure("opening")).total == row.opening
            assert behind(session, part, Figure("receipts")).total == row.receipts_total
            assert behind(session, part, Figure("payments")).total == row.payments_total
            assert behind(session, part, Figure("closing")).total == row.closing


def _through(session: Session, asked: Options, figure: Figure) -> int:
    """Add up all pages of a figure's entries."""
    total, mark = 0, None
    seen: set[int] = set()
    while True:
        page = behind(session, asked, figure, mark)
        ids = [entry.entry_id for entry in page.entries]
        assert len(ids) <= PAGE
        assert seen.isdisjoint(ids)
        seen.update(ids)
        total += sum(entry.amount for entry in page.entries)
        if page.next is None:
            assert page.count == len(seen)
            return total
        mark = page.next


def test_entries_are_listed_newest_first_with_their_facts(
    session: Session, example: worked.Example
) -> None:
    shown = behind(session, options(), Figure("receipts", "cash"))
    assert shown.label == "Thu ủng hộ bằng tiền mặt"
    assert [(entry.on.day, entry.amount) for entry in shown.entries] == [
        (25, -400_000), (20, 400_000), (15, 700_000), (1, 1_000_000),
    ]  # fmt: skip
    assert [entry.province_name for entry in shown.entries] == [
        "Thành phố Huế", "Thành phố Huế", "", "Tỉnh Quảng Trị",
    ]  # fmt: skip
    spent = behind(session, options(), Figure("payments", "house"))
    assert [entry.amount for entry in spent.entries] == [5_000_000]


def test_names_follow_the_language(session: Session) -> None:
    labels = [line.label for line in fund_statement(session, options(), "en").statement.receipts]
    assert labels[0] == "Donations by text message"


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_books_that_contradict_themselves_are_not_drawn(
    session: Session, example: worked.Example
) -> None:
    with transaction():
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).all():
            session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(text("UPDATE posting SET credit = credit + 1 WHERE credit = 1000000"))
    with pytest.raises(UnprovenError):
        fund_statement(session, options())
    # The other fund is untouched and is drawn.
    fund_statement(session, options(fund="base"))
