"""Names and codes kept in memory: read once, and anew after any change by anybody."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import db, set_scope, transaction
from fundsvc.statements import reference
from tests.support.heard import heard

CHANGES = {
    "account": "UPDATE account SET name = 'Tên mới' WHERE code = '111'",
    "fund": "UPDATE fund SET name = 'Tên mới' WHERE code = 'dues'",
    "unit": "UPDATE unit SET name = 'Tên mới' WHERE code = 'TW'",
    "province": "UPDATE province SET name = 'Tên mới' WHERE scheme = '2025' AND code = '44'",
}
ADDED = (
    "INSERT INTO fund (code, name, name_en, prefix, restriction)"
    " VALUES ('new', 'Quỹ mới', 'New fund', 'QM', 'none')"
)


def names(session: Session) -> dict[str, str]:
    """Return what is kept of each table, by one of its names."""
    session.rollback()
    found = reference.load(session)
    province, unit = found.province("2025:44"), found.unit("TW")
    return {
        "account": next(fact.name for fact in found.accounts.values() if fact.code == "111"),
        "fund": found.funds["dues"][1],
        "unit": unit.name if unit else "",
        "province": province.name if province else "",
    }


def elsewhere(statement: str) -> None:
    """Change something as another process does, by a connection that tells this one nothing."""
    with db.engine.begin() as connection:
        connection.execute(text(statement))


def test_what_did_not_change_is_not_read_again(session: Session) -> None:
    reference.load(session)
    session.rollback()
    with heard(db.engine) as asked:
        reference.load(session)
    assert len([statement for statement, _values in asked if "SELECT" in statement]) == 1


@pytest.mark.parametrize("table", CHANGES)
def test_a_change_is_seen_at_once_whoever_made_it(session: Session, table: str) -> None:
    before = names(session)
    elsewhere(CHANGES[table])
    assert names(session) == before | {table: "Tên mới"}


def test_what_is_added_is_seen_in_every_language(session: Session) -> None:
    assert "new" not in reference.load(session).funds
    session.rollback()
    elsewhere(ADDED)
    assert reference.load(session).funds["new"][1] == "Quỹ mới"
    assert reference.load(session, "en").funds["new"][1] == "New fund"


def test_a_change_that_was_rolled_back_is_forgotten(session: Session) -> None:
    """Also when another change comes in its place, as a number that only counts would repeat."""
    before = names(session)
    with transaction() as writing:
        writing.execute(text(CHANGES["unit"]))
        found = reference.load(writing).unit("TW")
        assert found is not None
        assert found.name == "Tên mới"
        writing.rollback()
    assert names(session) == before
    elsewhere(CHANGES["fund"])
    assert names(session) == before | {"fund": "Tên mới"}


def test_what_is_kept_is_of_all_units_and_what_is_told_of_those_in_scope(session: Session) -> None:
    every = reference.load(session).units
    set_scope(session, {0})
    assert reference.load(session).units == {}
    set_scope(session, None)
    assert reference.load(session).units == every


def test_the_mark_itself_cannot_be_taken_away(app: Flask) -> None:
    with pytest.raises(DBAPIError, match="append"):
        elsewhere("DELETE FROM reference_mark")
