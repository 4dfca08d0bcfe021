"""The database keeps decisions and notes as they were made."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.workbench import choices, notes
from tests.workbench.deciding import book, money_in, say, take

pytestmark = pytest.mark.usefixtures("app", "clock")


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


@pytest.mark.parametrize("act", ["UPDATE bank_note SET words = 'x'", "DELETE FROM bank_note"])
def test_the_database_keeps_notes(act: str) -> None:
    (line,) = book("VCB1", money_in())
    with transaction() as session:
        notes.add(session, line, "Hỏi chi hội", None, by=1)
    with pytest.raises(DBAPIError, match="append"), transaction() as session:
        session.execute(text(act))
