"""Units come in all together or not at all, and the same file again changes nothing."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books import service as books
from fundsvc.db import read_session, set_scope, transaction
from fundsvc.errors import NotFound
from fundsvc.units import importing, service
from fundsvc.units.importing import UnitsReport
from ledger import recipes

HEADER = "code,name,kind,parent,province,address,valid_from,valid_to\n"
TREE = (
    "CH1,Chi hội 1,branch,QT,,,,\n"
    "QT,Tỉnh hội Quảng Trị,provincial,TW,2025:44,Số 1,2020-01-01,\n"
    "BLL,Ban liên lạc,liaison,,,,,\n"
)


def bring(text: str, *, commit: bool = True) -> UnitsReport:
    with transaction() as session:
        return importing.import_units(session, (HEADER + text).encode(), commit=commit, by=None)


def codes(session: Session) -> list[str]:
    session.rollback()
    return [unit.code for unit in service.all_units(session)]


def places(report: UnitsReport) -> list[tuple[int, str | None]]:
    assert not report.committed
    return [(row.row, row.field) for row in report.refused]


@pytest.fixture
def tree(app: Flask) -> UnitsReport:
    return bring(TREE)


def test_a_parent_may_come_later_in_the_file(tree: UnitsReport, session: Session) -> None:
    assert (tree.lines, tree.new, tree.known, tree.committed) == (3, 3, 0, True)
    assert codes(session) == ["TW", "QT", "BLL", "CH1"]
    listed = {unit.code: unit for unit in service.listed(session)}
    assert listed["CH1"].parent == "QT"
    assert listed["QT"].parent == listed["BLL"].parent == "TW"
    assert listed["QT"].province == "2025:44"


def test_the_same_file_again_changes_nothing(tree: UnitsReport, session: Session) -> None:
    again = bring(TREE)
    assert (again.new, again.known, again.changed, again.committed) == (0, 3, 0, True)
    assert len(list(session.scalars(select(Act).where(Act.kind.startswith("unit."))))) == 1


def test_a_preview_writes_nothing(app: Flask, session: Session) -> None:
    seen = bring(TREE, commit=False)
    assert (seen.new, seen.committed) == (3, False)
    assert codes(session) == ["TW"]


def test_changes_are_made_and_noted(tree: UnitsReport, session: Session) -> None:
    report = bring("QT,Tỉnh hội mới,provincial,TW,2025:44,Số 2,2020-01-01,2030-01-01\n")
    assert (report.new, report.known, report.changed) == (0, 1, 1)
    session.rollback()
    unit = service.by_code(session, "QT")
    assert (unit.name, unit.address, str(unit.valid_to)) == ("Tỉnh hội mới", "Số 2", "2030-01-01")
    assert "tinh hoi moi" in unit.folded
    act = session.scalars(select(Act).where(Act.kind == "unit.change")).one()
    assert act.subject == "unit:QT"
    assert act.facts["name"] == ["Tỉnh hội Quảng Trị", "Tỉnh hội mới"]
    assert act.facts["valid_to"] == [None, "2030-01-01"]


def test_a_column_that_is_not_there_says_nothing(tree: UnitsReport, session: Session) -> None:
    with transaction() as writing:
        data = "code,name,kind,province\nQT,Tên khác,provincial,2025:44\n".encode()
        report = importing.import_units(writing, data, commit=True, by=None)
    assert report.changed == 1
    session.rollback()
    unit = service.by_code(session, "QT")
    assert (unit.name, unit.address) == ("Tên khác", "Số 1")


def test_one_refused_row_refuses_the_file(tree: UnitsReport, session: Session) -> None:
    report = bring("NEW,Chi hội,branch,TW,,,,\nBAD,Chi hội,branch,XX,,,,\n")
    assert places(report) == [(3, "parent")]
    assert "NEW" not in codes(session)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A,Một,branch,,,,,\nA,Hai,branch,,,,,\n", [(3, "code")]),
        ("A,Một,branch,,,,,\na,Hai,branch,,,,,\n", [(3, "code")]),
        ("qt,Một,branch,,,,,\n", [(2, "code")]),
        ("A,Một,branch,B,,,,\nB,Hai,branch,A,,,,\n", [(2, "parent"), (3, "parent")]),
        ("QT,Tỉnh hội,provincial,CH1,2025:44,,,\n", [(2, "parent")]),
        ("X,Hội,centre,,,,,\n", [(2, "kind")]),
        ("P,Tỉnh hội,provincial,,2025:99,,,\n", [(2, "province")]),
        ("P,Tỉnh hội,provincial,,2004:99,,,\n", [(2, "province")]),
    ],
)
def test_rows_that_do_not_go_together(
    tree: UnitsReport, text: str, expected: list[tuple[int, str | None]]
) -> None:
    assert places(bring(text)) == expected


def test_a_long_chain_of_parents_is_no_trouble(app: Flask) -> None:
    chain = "".join(f"C{n},Chi hội,branch,C{n + 1},,,,\n" for n in range(5_000))
    assert places(bring(chain)) == [(5_001, "parent")]


def test_kind_and_province_may_change_until_there_are_books(
    tree: UnitsReport, session: Session
) -> None:
    assert bring("QT,Tỉnh hội,provincial,TW,2004:45,,2020-01-01,\n").committed
    with transaction() as writing:
        entry = recipes.cash_donation(
            on=date(2024, 9, 2),
            unit="QT",
            fund="nghia-tinh",
            amount=1,
            description="Thử",
        )
        books.post(writing, entry, source="test", external_id="1")
    report = bring("QT,Tỉnh hội,provincial,TW,2025:44,,2020-01-01,\n")
    assert places(report) == [(2, "province")]
    assert places(bring("QT,Ban,liaison,TW,2004:45,,2020-01-01,\n")) == [(2, "kind")]
    assert bring("QT,Tên mới,provincial,TW,2004:45,,2020-01-01,\n").committed


def test_money_can_be_booked_for_a_unit_right_after_it_came_in(app: Flask) -> None:
    with transaction() as session:
        entry = recipes.cash_donation(
            on=date(2024, 9, 2), unit="TW", fund="base", amount=1, description="Thử"
        )
        books.post(session, entry, source="test", external_id="1")
        importing.import_units(session, (HEADER + TREE).encode(), commit=True, by=None)
        entry = recipes.cash_donation(
            on=date(2024, 9, 2), unit="QT", fund="base", amount=1, description="Thử"
        )
        assert books.post(session, entry, source="test", external_id="2").new


def test_units_of_others_look_like_none_at_all(tree: UnitsReport, session: Session) -> None:
    own = service.by_code(session, "QT").id
    set_scope(session, {own})
    assert [unit.code for unit in service.all_units(session)] == ["QT"]
    with pytest.raises(NotFound) as hidden:
        service.by_code(session, "BLL")
    with pytest.raises(NotFound) as missing:
        service.by_code(session, "BL2")
    assert str(hidden.value).replace("BLL", "BL2") == str(missing.value)


def test_provinces_and_what_became_of_them(app: Flask) -> None:
    session = read_session()
    old, new = service.province(session, "2004:44"), service.province(session, "2025:44")
    assert (old.name, new.name) == ("Tỉnh Quảng Bình", "Tỉnh Quảng Trị")
    assert service.successor(session, old) is new
    assert service.successor(session, new) is new
    assert [row.key for row in service.predecessors(session, new)] == ["2004:44", "2004:45"]
    assert len(service.all_provinces(session, "2025")) == 34
    assert len(service.all_provinces(session, "2004")) == 63
    for key in ("44", "2025:", "2025:44 ", "2025:4４", "", ":", "2004:99"):
        with pytest.raises(NotFound):
            service.province(session, key)
